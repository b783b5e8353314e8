// The inner loops of resampled variances: weighted sums of groups, and what rings take from pixels.
#pragma once
#include "vitrum/fem/polar_map.hpp"

namespace vitrum::fem {

/// For each sample s and pixel p: sum[s·out_stride + p] = Σ_g weights[s·groups + g] ·
/// group_sum[g·stride + p], and the same of squares.
void combine_groups(const float* group_sum,
                    const float* group_squares,
                    Index stride,
                    Index pixels,
                    const float* weights,
                    Index groups,
                    Index samples,
                    float* sum,
                    float* squares,
                    Index out_stride);

/// What a ring knows of its pixels, each with mean m and variance v over the positions; sums with
/// the pixels' weights.
struct PixelMoments {
  double weight = 0;         // of pixels with m > 0
  double mean = 0;           // Σ m
  double mean_square = 0;    // Σ m²
  double variance = 0;       // Σ v
  double relative = 0;       // Σ v/m², of pixels with m > 0
  double inverse = 0;        // Σ 1/m
  double inverse_square = 0; // Σ 1/m²

  void add(const PixelMoments& other) {
    weight += other.weight;
    mean += other.mean;
    mean_square += other.mean_square;
    variance += other.variance;
    relative += other.relative;
    inverse += other.inverse;
    inverse_square += other.inverse_square;
  }
};

/// Adds one pixel of this mean and variance to moments[ring].
inline void add_pixel(const PolarMap::Pixel& pixel, double m, double v, PixelMoments* moments) {
  if (pixel.first_ring < 0)
    return;
  const bool counted = m > 0;
  const double inverse = counted ? 1 / m : 0;
  for (Index i = 0; i < PolarMap::spread; ++i) {
    if (pixel.share[i] == 0)
      continue;
    const double w = pixel.share[i] / static_cast<double>(PolarMap::pieces);
    auto& to = moments[pixel.first_ring + i];
    to.mean += w * m;
    to.mean_square += w * m * m;
    to.variance += w * v;
    if (counted) {
      to.weight += w;
      to.relative += w * v * inverse * inverse;
      to.inverse += w * inverse;
      to.inverse_square += w * inverse * inverse;
    }
  }
}

/// Adds pixels with sums about `center` over `patterns` patterns to moments[ring].
void add_moments(const float* sum,
                 const float* squares,
                 const double* center,
                 const PolarMap::Pixel* pixels,
                 Index count,
                 double patterns,
                 PixelMoments* moments);

} // namespace vitrum::fem
