#include "../clusters.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include <gtest/gtest.h>

namespace vitrum::synth {
namespace {

TEST(Clusters, HaveTheFractionAndDensityThatWereAsked) {
  ClusterOptions o;
  double ordered = 0, all = 0;
  constexpr double radius = 6;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    const auto layer = make_layer(o, radius, random);
    ordered += static_cast<double>(layer.ordered);
    all += static_cast<double>(layer.x.size());
  }
  EXPECT_NEAR(ordered / all, o.fraction, 0.02); // of 400 clusters, some across the edge
  const double volume = std::numbers::pi * radius * radius * o.layer_nm;
  EXPECT_NEAR(all / 20 / volume / density_of(o), 1, 0.03);
  EXPECT_NEAR(density_of(o), 60, 1);
}

TEST(Clusters, PatternsAreTheObviousSums) {
  ClusterOptions o;
  Random random(3);
  auto layer = make_layer(o, 1.5, random);
  for (std::size_t i = 0; i < layer.amplitude.size(); ++i)
    layer.amplitude[i] = static_cast<float>(0.5 + 0.5 * random.uniform());
  for (const auto& [height, width] : {std::pair<Index, Index>(16, 24), {31, 17}}) {
    constexpr double pitch = 0.4;
    const double cx = 0.5 * static_cast<double>(width) - 0.8,
                 cy = 0.4 * static_cast<double>(height);
    ClusterPattern pattern(height, width, pitch);
    std::vector<double> fast(static_cast<std::size_t>(height * width), 0);
    const double squares = pattern.add(layer, cx, cy, fast);
    double expected_squares = 0;
    for (const float a : layer.amplitude)
      expected_squares += static_cast<double>(a) * static_cast<double>(a);
    EXPECT_NEAR(squares, expected_squares, 1e-9 * squares);
    for (Index v = 0; v < height; ++v)
      for (Index u = 0; u < width; ++u) {
        std::complex<double> sum = 0;
        for (std::size_t i = 0; i < layer.x.size(); ++i)
          sum += std::polar(static_cast<double>(layer.amplitude[i]),
                            2 * std::numbers::pi * pitch *
                                ((static_cast<double>(u) - cx) * static_cast<double>(layer.x[i]) +
                                 (static_cast<double>(v) - cy) * static_cast<double>(layer.y[i])));
        EXPECT_NEAR(fast[static_cast<std::size_t>(v * width + u)],
                    std::norm(sum),
                    3e-4 * squares + 1e-5 * std::norm(sum));
      }
  }
}

TEST(Clusters, OrderShowsAtItsSpacing) {
  // a sphere of lattice alone: the powder mean over orientations peaks at 1/spacing
  ClusterOptions o;
  o.fraction = 0.3;
  ClusterPattern pattern(64, 64, 0.2);
  std::vector<double> sum(64 * 64, 0);
  double squares = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    squares += pattern.add(make_layer(o, 2, random), 31.5, 31.5, sum);
  }
  std::vector<double> ring(40, 0), pixels(40, 0);
  for (int v = 0; v < 64; ++v)
    for (int u = 0; u < 64; ++u) {
      const double k = 0.2 * std::hypot(u - 31.5, v - 31.5);
      const auto r = static_cast<std::size_t>(k / 0.2);
      if (r < ring.size()) {
        ring[r] += sum[static_cast<std::size_t>(v * 64 + u)] / squares;
        ++pixels[r];
      }
    }
  for (std::size_t r = 0; r < ring.size(); ++r)
    ring[r] /= std::max(1.0, pixels[r]);
  const auto at = [&](double k) { return ring[static_cast<std::size_t>(k / 0.2)]; };
  EXPECT_GT(at(1 / o.spacing_nm), 1.15 * at(3.3));
}

} // namespace
} // namespace vitrum::synth
