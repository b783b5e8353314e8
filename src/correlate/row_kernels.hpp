// Sums over rows of tiles, in the widest instruction set of the machine.
#pragma once
#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

void add_row(const float* from, float* to, Index count);  // to += from
void add_row(const float* from, double* to, Index count); // to += from
void add_row_skipping_nan(const float* from, double* to, Index count);
void add_row_twice(const float* from, float* to, float* also, Index count); // both += from

} // namespace vitrum::correlate
