// Virtual patterns for the tests: gamma-distributed speckle of known variance, counted.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "vitrum/core/random.hpp"
#include "vitrum/fem/polar_map.hpp"
#include "vitrum/frames/mask.hpp"

namespace vitrum::fem::test {

struct Patterns {
  Index count = 100, height = 64, width = 64;
  double mean = 100;     // electrons
  double variance = 0.2; // of the speckle, relative; each pixel its own speckle
  double gain = 1;       // counts per electron
  double read_noise = 0; // counts
  std::uint64_t seed = 1;

  template <class T>
  [[nodiscard]] std::vector<T> make() const {
    std::vector<T> values(static_cast<std::size_t>(count * height * width));
    Random random(seed, 77);
    for (auto& v : values) {
      const double intensity = variance > 0 ? mean * variance * random.gamma(1 / variance) : mean;
      const double counts = gain * static_cast<double>(random.poisson(intensity)) +
                            (read_noise > 0 ? read_noise * random.normal() : 0);
      v = static_cast<T>(read_noise > 0 ? std::round(counts) : counts);
    }
    return values;
  }
};

inline RingShape centered(double x, double y) {
  RingShape shape;
  shape.center_x_px = x;
  shape.center_y_px = y;
  return shape;
}

} // namespace vitrum::fem::test
