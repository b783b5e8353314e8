// The batch fits with AVX2.
#include "batch_kww_kernel.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_TARGET __attribute__((target("avx2,fma")))
#include "batch_kww_loop.hpp"

namespace vitrum::fit {

VITRUM_TARGET void floats_avx2(const BatchPlan<float>& plan,
                               const float* values,
                               Index count,
                               float* side_by_side,
                               BatchOut<float>& out) {
  run_block<float, 8>(plan, values, count, side_by_side, out);
}
VITRUM_TARGET void doubles_avx2(const BatchPlan<double>& plan,
                                const double* values,
                                Index count,
                                double* side_by_side,
                                BatchOut<double>& out) {
  run_block<double, 4>(plan, values, count, side_by_side, out);
}

} // namespace vitrum::fit
#endif
