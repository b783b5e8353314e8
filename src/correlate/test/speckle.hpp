// A small virtual experiment, independent of the synth module: speckle cells whose field is a
// complex Ornstein–Uhlenbeck process, several modes, Poisson counts.
#pragma once
#include <cmath>
#include <vector>

#include "vitrum/core/random.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate::testing_speckle {

struct Speckle {
  Index frames = 1000, height = 20, width = 20;
  double tau = 10;        // frames; g1 = exp(−t/τ)
  Index modes = 1;        // contrast = 1/modes
  double mean_counts = 0; // per pixel; 0: no photon noise
  Index statics = 1;      // vertical stripes
  double slope = 0;  // mean intensity 1 + slope · (x/width − 1/2), x the middle of the stripe
  Index cell_px = 1; // edge of the square that one speckle covers
  double blink = 0;  // common to all pixels: contrast varies by this fraction (slowly)
  double blink_tau = 5;
};

inline double truth(const Speckle& s, double lag) {
  return 1 + std::exp(-2 * lag / s.tau) / double(s.modes);
}

inline PixelMatrix make(const Speckle& s, std::uint64_t seed, const GroupOptions& options = {}) {
  std::vector<std::int32_t> dynamic(s.height * s.width, 1);
  std::vector<std::int32_t> fine(s.height * s.width);
  for (Index i = 0; i < s.height * s.width; ++i)
    fine[i] = std::int32_t(1 + i % s.width * s.statics / s.width);
  GroupOptions group_options = options;
  group_options.seed = seed;
  PixelMatrix m =
      make_pixel_matrix(s.frames, make_groups(dynamic, fine, s.width, 1, group_options));
  const Index cells_x = (s.width + s.cell_px - 1) / s.cell_px;
  const Index cells_y = (s.height + s.cell_px - 1) / s.cell_px;
  std::vector<double> field(cells_x * cells_y * s.modes * 2);
  std::vector<double> intensity(cells_x * cells_y);
  Random random(seed, 1);
  for (double& e : field)
    e = random.normal() * std::sqrt(0.5);
  const double keep = std::exp(-1 / s.tau);
  const double kick = std::sqrt(0.5 * (1 - keep * keep));
  double blink = s.blink > 0 ? random.normal() : 0;
  const double blink_keep = std::exp(-1 / s.blink_tau);
  for (Index t = 0; t < s.frames; ++t) {
    if (t > 0)
      for (double& e : field)
        e = keep * e + kick * random.normal();
    // A blinking contrast: the pattern is mixed with a uniform one.
    if (s.blink > 0 && t > 0)
      blink = blink_keep * blink + std::sqrt(1 - blink_keep * blink_keep) * random.normal();
    const double visibility = std::clamp(1 - s.blink * (1 + blink), 0.0, 1.0);
    for (Index c = 0; c < cells_x * cells_y; ++c) {
      double sum = 0;
      for (Index k = 0; k < 2 * s.modes; ++k)
        sum += field[c * 2 * s.modes + k] * field[c * 2 * s.modes + k];
      intensity[c] = 1 + visibility * (sum / double(s.modes) - 1);
    }
    for (Index p = 0; p < m.pixels(); ++p) {
      const Index y = m.groups.position[p] / s.width;
      const Index x = m.groups.position[p] % s.width;
      const double stripe = double(x * s.statics / s.width) + 0.5;
      const double shape = 1 + s.slope * (stripe / double(s.statics) - 0.5);
      const double mean = shape * intensity[y / s.cell_px * cells_x + x / s.cell_px];
      m.row(t)[p] = float(s.mean_counts > 0 ? double(random.poisson(s.mean_counts * mean)) : mean);
    }
  }
  return m;
}

} // namespace vitrum::correlate::testing_speckle
