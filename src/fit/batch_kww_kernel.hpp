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
  std::vector<T> log_lag;  // [lag]
  std::vector<T> weight;   // [lag]: 1/sigma²
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

/// Results of one batch, [lane].
template <class T, int lanes>
struct BatchOut {
  T contrast[lanes], log_tau[lanes], exponent[lanes], baseline[lanes], chi2[lanes];
  T covariance[6][lanes]; // of contrast, ln tau, exponent: rows of the lower triangle
  std::uint8_t status[lanes];
};

inline constexpr int float_lanes = 16, double_lanes = 8;
inline constexpr Index offset_ranks = 12; // at most

using FloatBatch = void (*)(const BatchPlan<float>&,
                            const float*,
                            Index,
                            BatchOut<float, float_lanes>&);
using DoubleBatch = void (*)(const BatchPlan<double>&,
                             const double*,
                             Index,
                             BatchOut<double, double_lanes>&);

/// `values` points at lane 0 of lag 0; lags are `stride` apart.
struct BatchKernels {
  FloatBatch floats;
  DoubleBatch doubles;
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
