// The batch fits for each instruction set.
#include "batch_kww_loop.hpp"

namespace vitrum::fit {
namespace {

void floats_plain(const BatchPlan<float>& plan,
                  const float* values,
                  Index stride,
                  BatchOut<float, float_lanes>& out) {
  run_batch<float, float_lanes, 4>(plan, values, stride, out);
}
void doubles_plain(const BatchPlan<double>& plan,
                   const double* values,
                   Index stride,
                   BatchOut<double, double_lanes>& out) {
  run_batch<double, double_lanes, 2>(plan, values, stride, out);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
#define VITRUM_AVX2 __attribute__((target("avx2,fma")))
#define VITRUM_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,fma")))

VITRUM_AVX2 void floats_avx2(const BatchPlan<float>& plan,
                             const float* values,
                             Index stride,
                             BatchOut<float, float_lanes>& out) {
  run_batch<float, float_lanes, 8>(plan, values, stride, out);
}
VITRUM_AVX2 void doubles_avx2(const BatchPlan<double>& plan,
                              const double* values,
                              Index stride,
                              BatchOut<double, double_lanes>& out) {
  run_batch<double, double_lanes, 4>(plan, values, stride, out);
}
VITRUM_AVX512 void floats_avx512(const BatchPlan<float>& plan,
                                 const float* values,
                                 Index stride,
                                 BatchOut<float, float_lanes>& out) {
  run_batch<float, float_lanes, 16>(plan, values, stride, out);
}
VITRUM_AVX512 void doubles_avx512(const BatchPlan<double>& plan,
                                  const double* values,
                                  Index stride,
                                  BatchOut<double, double_lanes>& out) {
  run_batch<double, double_lanes, 8>(plan, values, stride, out);
}
#endif

} // namespace

BatchKernels batch_kernels([[maybe_unused]] SimdLevel level) {
#ifdef VITRUM_VECTORS
  if (level >= SimdLevel::avx512)
    return {&floats_avx512, &doubles_avx512};
  if (level >= SimdLevel::avx2)
    return {&floats_avx2, &doubles_avx2};
#endif
  return {&floats_plain, &doubles_plain};
}

} // namespace vitrum::fit
