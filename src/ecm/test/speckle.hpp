// A small movie of drifting speckle for the tests: complex white noise of the sample, each source
// decaying as exp(−t/τ), blurred by a Gaussian.
#pragma once
#include <cmath>
#include <vector>

#include "vitrum/core/random_fill.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

struct SpeckleMovie {
  Index frames = 60, height = 96, width = 96;
  double tau = 1e9; // frames, of the field
  double speckle_px = 4;
  double noise = 0; // added, relative to the mean intensity of 1
  std::vector<double> drift_y, drift_x;
  std::uint64_t seed = 1;
};

inline std::vector<float> make_speckle(const SpeckleMovie& m) {
  const auto reach = static_cast<Index>(std::ceil(3.2 * m.speckle_px));
  const Index margin = reach + 12;
  const Index rows = m.height + 2 * margin;
  const Index columns = (m.width + 2 * margin + 63) / 64 * 64;
  const auto sites = static_cast<std::size_t>(rows * columns);
  std::vector<float> field[2] = {std::vector<float>(sites), std::vector<float>(sites)};
  std::vector<float> fresh(sites), movie;
  const auto kept = static_cast<float>(std::exp(-1 / m.tau));
  const float added = std::sqrt(1 - kept * kept);
  for (Index t = 0; t < m.frames; ++t) {
    const double dy = m.drift_y.empty() ? 0 : m.drift_y[static_cast<std::size_t>(t)];
    const double dx = m.drift_x.empty() ? 0 : m.drift_x[static_cast<std::size_t>(t)];
    std::vector<double> image(static_cast<std::size_t>(m.height * m.width));
    const auto taps = [&](double shift) {
      std::vector<double> w;
      for (Index i = -reach; i <= reach; ++i) {
        const double u = (static_cast<double>(i) + shift) / m.speckle_px;
        w.push_back(std::exp(-u * u));
      }
      return w;
    };
    const auto wy = taps(dy - std::floor(dy)), wx = taps(dx - std::floor(dx));
    const auto y0 = static_cast<Index>(std::floor(dy)), x0 = static_cast<Index>(std::floor(dx));
    double norm_y = 0, norm_x = 0;
    for (const double w : wy)
      norm_y += w * w;
    for (const double w : wx)
      norm_x += w * w;
    for (std::uint64_t part = 0; part < 2; ++part) {
      fill_normal(m.seed, part, t * static_cast<Index>(sites), fresh);
      for (std::size_t i = 0; i < sites; ++i)
        field[part][i] = t == 0 ? fresh[i] : kept * field[part][i] + added * fresh[i];
      std::vector<double> line(static_cast<std::size_t>(columns));
      for (Index y = 0; y < m.height; ++y) {
        std::fill(line.begin(), line.end(), 0.0);
        for (Index i = -reach; i <= reach; ++i)
          for (Index x = 0; x < columns; ++x)
            line[static_cast<std::size_t>(x)] +=
                wy[static_cast<std::size_t>(i + reach)] *
                static_cast<double>(
                    field[part][static_cast<std::size_t>((y + margin - y0 + i) * columns + x)]);
        for (Index x = 0; x < m.width; ++x) {
          double sum = 0;
          for (Index i = -reach; i <= reach; ++i)
            sum += wx[static_cast<std::size_t>(i + reach)] *
                   line[static_cast<std::size_t>(x + margin - x0 + i)];
          image[static_cast<std::size_t>(y * m.width + x)] += 0.5 * sum * sum / (norm_y * norm_x);
        }
      }
    }
    std::vector<float> extra((image.size() + 63) / 64 * 64);
    fill_normal(m.seed, 9, t * static_cast<Index>(extra.size()), extra);
    for (std::size_t i = 0; i < image.size(); ++i)
      movie.push_back(static_cast<float>(image[i] + m.noise * static_cast<double>(extra[i])));
  }
  return movie;
}

inline std::unique_ptr<frames::FrameSource> speckle_source(const SpeckleMovie& m) {
  return frames::make_memory_source(make_speckle(m), m.frames, m.height, m.width);
}

} // namespace vitrum::ecm
