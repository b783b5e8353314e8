#include "vitrum/correlate/pixel_g2.hpp"

#include <algorithm>

namespace vitrum::correlate {
namespace {

/// −C̄(k). With m = N − k and d = |i − j|, d runs over k … N − 1 with weight N − d, over k − 1 …
/// with weight m − k + d, and beyond zero over 1 … m − 1 − k with weight m − k − d. Prefix sums
/// give each in O(1).
std::vector<double> symmetric_bias(std::span<const double> c) {
  const auto n = static_cast<Index>(c.size());
  std::vector<double> s0(c.size() + 1, 0.0), s1(c.size() + 1, 0.0); // Σ_{d < x} C(d), d C(d)
  for (Index d = 0; d < n; ++d) {
    s0[d + 1] = s0[d] + c[d];
    s1[d + 1] = s1[d] + static_cast<double>(d) * c[d];
  }
  std::vector<double> bias(c.size());
  for (Index k = 0; k < n; ++k) {
    const Index m = n - k;
    const auto whole = static_cast<double>(n);
    double sum = whole * (s0[n] - s0[k]) - (s1[n] - s1[k]);
    const Index low = std::max<Index>(0, k - m + 1);
    sum += static_cast<double>(m - k) * (s0[k] - s0[low]) + (s1[k] - s1[low]);
    if (m - k > 1)
      sum += static_cast<double>(m - k) * (s0[m - k] - s0[1]) - (s1[m - k] - s1[1]);
    bias[k] = -sum / (static_cast<double>(m) * static_cast<double>(m));
  }
  return bias;
}

/// 3 A(0) − 4 A(k), A(k) the mean of C(|i − j|) over i in [0, N), j in [0, N − k).
std::vector<double> plain_bias(std::span<const double> c) {
  const auto n = static_cast<Index>(c.size());
  std::vector<double> s0(c.size() + 1, 0.0);
  for (Index d = 0; d < n; ++d)
    s0[d + 1] = s0[d] + c[d];
  std::vector<double> rows(c.size() + 1, 0.0); // Σ_{j < x} Σ_i C(|i − j|)
  for (Index j = 0; j < n; ++j)
    rows[j + 1] = rows[j] + s0[j + 1] + s0[n - j] - c[0];
  const auto mean = [&](Index k) {
    return rows[n - k] / (static_cast<double>(n) * static_cast<double>(n - k));
  };
  std::vector<double> bias(c.size());
  for (Index k = 0; k < n; ++k)
    bias[k] = 3 * mean(0) - 4 * mean(k);
  return bias;
}

} // namespace

std::vector<double> expected_bias(std::span<const double> correlation,
                                  PixelNormalization normalization) {
  switch (normalization) {
  case PixelNormalization::plain:
    return plain_bias(correlation);
  case PixelNormalization::symmetric:
    return symmetric_bias(correlation);
  case PixelNormalization::symmetric_bin:
    break;
  }
  return std::vector<double>(correlation.size(), 0.0);
}

} // namespace vitrum::correlate
