// The batch fits for any processor, and the choice among those for each instruction set.
#define VITRUM_TARGET
#include "batch_kww_loop.hpp"

namespace vitrum::fit {
namespace {

void floats_plain(const BatchPlan<float>& plan,
                  const float* values,
                  Index count,
                  float* side_by_side,
                  BatchOut<float>& out) {
  run_block<float, 4>(plan, values, count, side_by_side, out);
}
void doubles_plain(const BatchPlan<double>& plan,
                   const double* values,
                   Index count,
                   double* side_by_side,
                   BatchOut<double>& out) {
  run_block<double, 2>(plan, values, count, side_by_side, out);
}

} // namespace

BatchKernels batch_kernels([[maybe_unused]] SimdLevel level) {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
  if (level >= SimdLevel::avx512)
    return {&floats_avx512, &doubles_avx512};
  if (level >= SimdLevel::avx2)
    return {&floats_avx2, &doubles_avx2};
#endif
  return {&floats_plain, &doubles_plain};
}

} // namespace vitrum::fit
