#include "vitrum/core/simd.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum {

std::string_view name_of(SimdLevel level) {
  switch (level) {
  case SimdLevel::baseline:
    return "baseline";
  case SimdLevel::avx2:
    return "avx2";
  case SimdLevel::avx512:
    return "avx512";
  case SimdLevel::vnni:
    break;
  }
  return "vnni";
}

std::vector<SimdLevel> simd_levels() {
  std::vector<SimdLevel> levels{SimdLevel::baseline};
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return levels;
  levels.push_back(SimdLevel::avx2);
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
    return levels;
  levels.push_back(SimdLevel::avx512);
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vpopcntdq"))
    levels.push_back(SimdLevel::vnni);
#endif
  return levels;
}

SimdLevel parse_simd_level(const char* name) {
  const std::vector<SimdLevel> levels = simd_levels();
  if (name == nullptr)
    return levels.back();
  const std::string_view asked = name;
  for (const auto level :
       {SimdLevel::baseline, SimdLevel::avx2, SimdLevel::avx512, SimdLevel::vnni})
    if (asked == name_of(level)) {
      if (std::find(levels.begin(), levels.end(), level) == levels.end())
        throw OptionError(fmt::format(
            "VITRUM_SIMD = {}: this processor has {} at most", asked, name_of(levels.back())));
      return level;
    }
  throw OptionError(fmt::format("VITRUM_SIMD = {}: must be baseline, avx2, avx512 or vnni", asked));
}

SimdLevel simd_level() {
  static const SimdLevel level = parse_simd_level(std::getenv("VITRUM_SIMD"));
  return level;
}

} // namespace vitrum
