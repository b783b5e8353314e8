#include <fftw3.h>

#include <cmath>
#include <limits>

#include "pixel_transform.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::correlate {

RealTransform::RealTransform(Index length) : length_(length) {
  Buffer<double> real(length_);
  Buffer<double> complex(2 * complex_length());
  auto* out = reinterpret_cast<fftw_complex*>(complex.data());
  const std::scoped_lock lock(fft_planner_mutex());
  forward_ = fftw_plan_dft_r2c_1d(static_cast<int>(length_), real.data(), out, FFTW_ESTIMATE);
  inverse_ = fftw_plan_dft_c2r_1d(static_cast<int>(length_), out, real.data(), FFTW_ESTIMATE);
}

RealTransform::~RealTransform() {
  const std::scoped_lock lock(fft_planner_mutex());
  fftw_destroy_plan(static_cast<fftw_plan>(forward_));
  fftw_destroy_plan(static_cast<fftw_plan>(inverse_));
}

void RealTransform::forward(double* in, double* out) const {
  fftw_execute_dft_r2c(static_cast<fftw_plan>(forward_), in, reinterpret_cast<fftw_complex*>(out));
}

void RealTransform::inverse(double* in, double* out) const {
  fftw_execute_dft_c2r(static_cast<fftw_plan>(inverse_), reinterpret_cast<fftw_complex*>(in), out);
}

Index good_transform_length(Index length) {
  // Time per point relative to a power of two, of real transforms of 2,000 to 20,000 points.
  struct Factor {
    Index odd;
    double cost;
  };
  constexpr Factor factors[] = {{1, 1.0}, {3, 1.25}, {5, 1.1}, {9, 1.6}, {15, 1.5}, {25, 1.35}};
  Index best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const Factor& factor : factors) {
    Index size = 2 * factor.odd;
    while (size < length)
      size *= 2;
    const double cost = factor.cost * static_cast<double>(size);
    if (cost < least) {
      least = cost;
      best = size;
    }
  }
  return best;
}

bool transforms_are_faster(const LagPlan& plan, PixelNormalization normalization) {
  if (plan.levels.size() != 1 || plan.levels.front().frames_per_step != 1)
    return false;
  const Index lags = plan.levels.front().lags;
  const auto points = static_cast<double>(good_transform_length(plan.frames + lags));
  const double products = static_cast<double>(plan.frames) * static_cast<double>(lags);
  // Nanoseconds per multiply-add and per point of a transform there, or there and back.
  const double per_point = normalization == PixelNormalization::symmetric ? 7 : 3;
  return 0.04 * products > per_point * points;
}

double transform_error(Index length, Index series, double energy) {
  constexpr double roundoff = 1.1102230246251565e-16;
  const auto n = static_cast<double>(length);
  return roundoff * energy * (8 * std::log2(n) * (2 + std::sqrt(n)) + static_cast<double>(series));
}

} // namespace vitrum::correlate
