#include "vitrum/correlate/blas.hpp"

#include <cstdlib>
#include <string_view>

namespace vitrum::correlate {
namespace {

/// The best kernels of OpenBLAS 0.3.21 that this processor can run; null leaves the choice to it.
const char* best_core() {
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512)
    return "SkylakeX";
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return avx2 ? "Haswell" : nullptr;
}

} // namespace

bool set_blas_environment() {
  bool changed = false;
  for (const char* name : {"OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR"})
    if (std::getenv(name) != nullptr) {
      unsetenv(name);
      changed = true;
    }
  const char* const now = std::getenv("OPENBLAS_CORETYPE");
  const char* const best = best_core();
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
