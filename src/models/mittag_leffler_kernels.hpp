// The sums over contour nodes, for blocks of x, in the instruction set of this machine.
#pragma once
#include <vector>

#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::models::detail {

/// The sums in one instruction set.
struct Kernels {
  const char* name = ""; // "avx512", "avx2", "baseline"
  /// value[i] for `count` values of x >= 0.
  void (*values)(const MittagLeffler::Nodes& nodes,
                 const double* x,
                 double* value,
                 Index count) = nullptr;
  /// Value and derivatives.
  void (*gradient)(const MittagLeffler::Nodes& nodes,
                   const double* x,
                   double* value,
                   double* dx,
                   double* dalpha,
                   double* dbeta,
                   Index count) = nullptr;
};

/// Those that this machine can run, the fastest first.
[[nodiscard]] const std::vector<Kernels>& supported_kernels();
/// The fastest that simd_level() allows.
[[nodiscard]] const Kernels& chosen_kernels();

} // namespace vitrum::models::detail
