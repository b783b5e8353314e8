// One batch of KWW fits in registers: the same code for every instruction set, compiled once for
// each by batch_kww_<set>.cpp.
#pragma once
#include <cstdint>

#include "vitrum/core/index.hpp"
#include "vitrum/fit/batch_kww.hpp"

namespace vitrum::fit {

/// What all batches share. Numbers of lags are small: 10 to a few hundred.
template <class T>
struct BatchPlan {
  Index lags = 0, parameters = 3;
  std::vector<T> log_lag; // [lag]
  std::vector<T> weight;  // [lag]: 1/sigma², the largest 1
  bool weighted = false;  // not all alike
  T weight_sum = 0;
  std::vector<T> vectors;  // [rank, lag] of the offset
  std::vector<double> lag; // [lag]
  double log_tau_low = 0, log_tau_high = 0, exponent_low = 0, exponent_high = 0, tolerance = 0;
  Index max_iterations = 0;
  const DecayOffset* offset = nullptr;
  // curves among which the start is looked for, the same for all pixels
  Index nodes = 0;
  std::vector<T> node_weights; // [node, lag]: scalar product with the values gives √(fall of chi²)
  std::vector<T> node_scale;   // [node]: contrast = that product times this
  std::vector<T> node_log_tau, node_exponent; // [node]
};

inline constexpr Index block_curves = 512; // fitted together; their values stay in a near cache
inline constexpr Index row_lanes = 16;     // values of a block are [curve / 16, lag, curve % 16]
inline constexpr Index offset_ranks = 12;  // at most

/// Results of one block, [curve].
template <class T>
struct BatchOut {
  T contrast[block_curves], log_tau[block_curves], exponent[block_curves], baseline[block_curves],
      chi2[block_curves];
  T covariance[6][block_curves]; // of contrast, ln tau, exponent: rows of the lower triangle
  std::uint8_t status[block_curves];
};

/// `count` curves of a block, `side_by_side` room for [lag, 16] values.
template <class T>
using BatchKernel = void (*)(
    const BatchPlan<T>& plan, const T* values, Index count, T* side_by_side, BatchOut<T>& out);

void floats_avx512(const BatchPlan<float>&, const float*, Index, float*, BatchOut<float>&);
void doubles_avx512(const BatchPlan<double>&, const double*, Index, double*, BatchOut<double>&);
void floats_avx2(const BatchPlan<float>&, const float*, Index, float*, BatchOut<float>&);
void doubles_avx2(const BatchPlan<double>&, const double*, Index, double*, BatchOut<double>&);

struct BatchKernels {
  BatchKernel<float> floats;
  BatchKernel<double> doubles;
};
[[nodiscard]] BatchKernels batch_kernels(SimdLevel level);

/// a_r and its derivatives at one place of the table.
void offset_coefficients(const DecayOffset& offset,
                         double log_tau,
                         double exponent,
                         double* value,
                         double* by_log_tau,
                         double* by_exponent);

} // namespace vitrum::fit
