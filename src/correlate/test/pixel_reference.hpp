// The slow and obvious twin of per-pixel g2, in double precision. Never optimised.
#pragma once
#include <vector>

#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate::reference {

/// G, IP, IF of one pixel at one lag, from the definition; false when no pair is valid.
struct Pixel {
  double product = 0, left = 0, right = 0, pairs = 0;
};

inline Pixel pixel_at(const std::vector<double>& series,
                      const std::vector<std::uint8_t>& valid,
                      Index first_lag,
                      Index last_lag) {
  Pixel sum;
  const Index n = Index(series.size());
  for (Index lag = first_lag; lag < last_lag; ++lag)
    for (Index t = 0; t + lag < n; ++t)
      if (valid[t] != 0 && valid[t + lag] != 0) {
        sum.product += series[t] * series[t + lag];
        sum.left += series[t];
        sum.right += series[t + lag];
        sum.pairs += 1;
      }
  sum.product /= sum.pairs;
  sum.left /= sum.pairs;
  sum.right /= sum.pairs;
  return sum;
}

/// g2 of one entry: lags [first, last) in units of 2^level frames.
inline double pixel_g2(const PixelMatrix& m,
                       PixelNormalization normalization,
                       bool weighted,
                       Index first_lag,
                       Index last_lag,
                       Index level) {
  double ratio_sum = 0, ratio_count = 0;
  std::vector<Pixel> statics(std::size_t(m.groups.static_bins));
  std::vector<double> members(statics.size(), 0.0);
  for (Index p = 0; p < m.pixels(); ++p) {
    std::vector<double> series(std::size_t(m.frames));
    std::vector<std::uint8_t> valid = m.valid;
    double mean = 0;
    for (Index t = 0; t < m.frames; ++t) {
      series[t] = m.row(t)[p];
      mean += valid[t] != 0 ? series[t] / double(m.valid_frames()) : 0;
    }
    for (Index l = 0; l < level; ++l) {
      std::vector<double> coarse(series.size() / 2);
      std::vector<std::uint8_t> good(series.size() / 2);
      for (std::size_t t = 0; t < coarse.size(); ++t) {
        coarse[t] = (series[2 * t] + series[2 * t + 1]) / 2;
        good[t] = valid[2 * t] & valid[2 * t + 1];
      }
      series = coarse;
      valid = good;
    }
    const Pixel pixel = pixel_at(series, valid, first_lag, last_lag);
    const double denominator =
        normalization == PixelNormalization::plain ? mean * mean : pixel.left * pixel.right;
    if (denominator > 0) {
      ratio_sum += pixel.product / denominator;
      ratio_count += 1;
    }
    const auto s = std::size_t(m.groups.static_bin[p]);
    statics[s].product += pixel.product;
    statics[s].left += pixel.left;
    statics[s].right += pixel.right;
    members[s] += 1;
  }
  if (normalization != PixelNormalization::symmetric_bin)
    return ratio_sum / ratio_count;
  double sum = 0, weights = 0;
  for (std::size_t s = 0; s < statics.size(); ++s) {
    const double weight = weighted ? members[s] : 1;
    sum += weight * statics[s].product * members[s] / (statics[s].left * statics[s].right);
    weights += weight;
  }
  return sum / weights;
}

} // namespace vitrum::correlate::reference
