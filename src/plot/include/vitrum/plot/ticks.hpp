// Where the ticks of an axis stand and what they say.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::plot {

struct Tick {
  double value = 0;
  std::string label;
};

struct Ticks {
  std::vector<Tick> major;
  std::vector<double> minor;
  int exponent = 0; // labels are value / 10^exponent; the axis label says so
};

/// Ticks at multiples of 1, 2 or 5 times a power of ten, at most about `wanted` of them, inside
/// [lower, upper]. Labels all show the same number of decimals. A power of ten is taken out when
/// labels would be longer than five digits and `may_scale` is true.
[[nodiscard]] Ticks linear_ticks(double lower, double upper, Index wanted, bool may_scale = true);

/// Ticks at powers of ten (10⁻², 10⁰, 10³), some left out when there are too many; at 1, 2, 5 times
/// them, or as on a linear axis, when the axis covers too little. Needs 0 < lower < upper.
[[nodiscard]] Ticks log_ticks(double lower, double upper, Index wanted);

/// "10⁻³" and "2×10⁵".
[[nodiscard]] std::string power_of_ten(int exponent);
/// An integer in superscript digits: "⁻³".
[[nodiscard]] std::string superscript(int number);

/// The label with a power of ten before its unit: ("age (s)", 3) gives "age (10³ s)".
[[nodiscard]] std::string scaled_label(const std::string& label, int exponent);

/// The value with at most `digits` significant digits, without trailing zeros, minus sign "−",
/// power of ten in superscript when it is far from 1; "–" for NaN.
[[nodiscard]] std::string short_number(double value, int digits = 4);

} // namespace vitrum::plot
