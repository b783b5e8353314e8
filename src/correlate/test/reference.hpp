// Slow and obvious twins of the correlators, in double precision. Never optimised.
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "vitrum/core/random.hpp"
#include "vitrum/correlate/normalization.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate::reference {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// C [t1, t2] by its definition.
inline std::vector<double> two_time(const PixelMatrix& counts, Normalization normalization) {
  const Index n = counts.frames;
  const Index pixels = counts.pixels();
  std::vector<std::vector<double>> x(n, std::vector<double>(pixels));
  std::vector<bool> good(n);
  for (Index t = 0; t < n; ++t) {
    good[t] = counts.valid[t] != 0;
    const float* row = counts.row(t);
    double mean = 0;
    for (Index p = 0; p < pixels; ++p)
      mean += double(row[p]) / double(pixels);
    double variance = 0;
    for (Index p = 0; p < pixels; ++p)
      variance += (double(row[p]) - mean) * (double(row[p]) - mean) / double(pixels);
    if (normalization == Normalization::corrcoef ? variance <= 0 : mean <= 0)
      good[t] = false;
    for (Index p = 0; p < pixels; ++p) {
      if (normalization == Normalization::plain)
        x[t][p] = row[p];
      else if (normalization == Normalization::corrcoef)
        x[t][p] = (double(row[p]) - mean) / std::sqrt(variance);
      else {
        double sum = 0;
        double count = 0;
        for (Index o = 0; o < pixels; ++o)
          if (counts.groups.static_bin[o] == counts.groups.static_bin[p]) {
            sum += row[o];
            count += 1;
          }
        if (sum <= 0)
          good[t] = false;
        x[t][p] = row[p] / (sum / count);
      }
    }
  }
  std::vector<double> c(n * n, nan);
  for (Index a = 0; a < n; ++a)
    for (Index b = 0; b < n; ++b) {
      if (!good[a] || !good[b])
        continue;
      double product = 0, left = 0, right = 0;
      for (Index p = 0; p < pixels; ++p) {
        product += x[a][p] * x[b][p];
        left += x[a][p];
        right += x[b][p];
      }
      c[a * n + b] = normalization == Normalization::corrcoef
                         ? 1 + product / double(pixels)
                         : product * double(pixels) / (left * right);
    }
  return c;
}

/// Whole-frame labels as a bin with `statics` static bins in vertical stripes.
inline PixelGroups
stripe_groups(Index height, Index width, Index statics, Index groups = 32, Index block_px = 4) {
  std::vector<std::int32_t> dynamic(height * width, 1);
  std::vector<std::int32_t> fine(height * width);
  for (Index i = 0; i < height * width; ++i)
    fine[i] = std::int32_t(1 + i % width * statics / width);
  GroupOptions options;
  options.groups = groups;
  options.block_px = block_px;
  return make_groups(dynamic, fine, width, 1, options);
}

/// Uncorrelated counts around a mean, with gaps at the given frames.
inline PixelMatrix random_counts(PixelGroups groups,
                                 Index frames,
                                 double mean,
                                 const std::vector<Index>& gaps,
                                 std::uint64_t seed) {
  PixelMatrix m = make_pixel_matrix(frames, std::move(groups));
  Random random(seed);
  for (Index t = 0; t < frames; ++t)
    for (Index p = 0; p < m.pixels(); ++p)
      m.row(t)[p] = float(random.poisson(mean));
  for (const Index t : gaps) {
    m.valid[t] = 0;
    std::fill_n(m.row(t), m.stride, 0.0F);
  }
  return m;
}

} // namespace vitrum::correlate::reference
