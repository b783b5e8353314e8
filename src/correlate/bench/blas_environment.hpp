// The environment of the BLAS that the benchmarks compare with.
#pragma once
#include <cstdlib>
#include <string_view>

namespace vitrum::correlate {
namespace detail {

/// The best kernels of OpenBLAS 0.3.21 that this processor can run; null leaves the choice to it.
inline const char* best_core() {
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512)
    return "SkylakeX";
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return avx2 ? "Haswell" : nullptr;
}

} // namespace detail

/// OpenBLAS chooses its kernels when the program is loaded, from the environment or by a table of
/// processors. Both go wrong: an exported OPENBLAS_CORETYPE may name slower ones, and a processor
/// younger than the table gets the ones of 2004. This puts the variables right for this processor
/// (AVX-512: SkylakeX, AVX2: Haswell) and returns true when that changed something: only a program
/// that is executed again then runs at full speed.
[[nodiscard]] inline bool set_blas_environment() {
  bool changed = false;
  for (const char* name : {"OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR"})
    if (std::getenv(name) != nullptr) {
      unsetenv(name);
      changed = true;
    }
  const char* const now = std::getenv("OPENBLAS_CORETYPE");
  const char* const best = detail::best_core();
  if (best == nullptr) {
    if (now != nullptr) {
      unsetenv("OPENBLAS_CORETYPE");
      changed = true;
    }
  } else if (now == nullptr || std::string_view(now) != best) {
    setenv("OPENBLAS_CORETYPE", best, 1);
    changed = true;
  }
  return changed;
}

} // namespace vitrum::correlate
