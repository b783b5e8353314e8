// The sums over contour nodes, for blocks of x, in the instruction set of this machine.
#pragma once
#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::models::detail {

/// value[i] for `count` values of x >= 0.
void sum_values(const MittagLeffler::Nodes& nodes, const double* x, double* value, Index count);

/// Value and derivatives; any of the outputs may be null but `value`.
void sum_gradient(const MittagLeffler::Nodes& nodes,
                  const double* x,
                  double* value,
                  double* dx,
                  double* dalpha,
                  double* dbeta,
                  Index count);

/// The instruction set that the sums run on: "avx512", "avx2" or "baseline".
const char* instruction_set();

} // namespace vitrum::models::detail
