#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <mutex>

#include <fftw3.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fem/ring_center.hpp"

namespace vitrum::fem {
namespace {

using Complex = std::complex<double>;

/// The pattern on fewer pixels: means over blocks, zero where nothing is in use.
struct Coarse {
  Index block = 1, height = 0, width = 0;
  std::vector<double> value, use;
};

Coarse make_coarse(std::span<const double> image, const frames::Mask& mask) {
  Coarse c;
  constexpr Index wanted = 160; // pixels along an edge: the maximum is interpolated
  c.block = std::max<Index>(1, std::max(mask.height, mask.width) / wanted);
  c.height = mask.height / c.block;
  c.width = mask.width / c.block;
  std::vector<double> used;
  for (std::size_t p = 0; p < mask.use.size(); ++p)
    if (mask.use[p] != 0)
      used.push_back(image[p]);
  const double low = used.empty() ? 0 : quantile(used, 0.05);
  const double typical = used.empty() ? 0 : median(used);
  // the shadow of a beam stop and the direct beam are no part of the halo
  constexpr double dark = 0.25, bright = 10;
  if (!(typical > 0))
    throw DataError("centre not found: half of the pixels in use hold nothing");
  for (Index y = 0; y < c.height; ++y)
    for (Index x = 0; x < c.width; ++x) {
      double sum = 0, n = 0;
      for (Index j = 0; j < c.block; ++j)
        for (Index i = 0; i < c.block; ++i) {
          const auto p = static_cast<std::size_t>((y * c.block + j) * mask.width + x * c.block + i);
          if (mask.use[p] != 0 && image[p] > dark * typical && image[p] < bright * typical) {
            sum += image[p];
            ++n;
          }
        }
      const bool good = 2 * n >= static_cast<double>(c.block * c.block);
      c.use.push_back(good ? 1 : 0);
      c.value.push_back(good ? std::log(std::max(sum / n, std::max(low, 0.05 * typical))) : 0);
    }
  return c;
}

/// Convolutions on a grid of twice the size, so that nothing wraps around.
class Convolver {
public:
  Convolver(Index height, Index width)
      : rows_(2 * height), columns_(2 * width), half_(columns_ / 2 + 1),
        real_(fftw_alloc_real(static_cast<std::size_t>(rows_ * columns_))),
        complex_(fftw_alloc_complex(static_cast<std::size_t>(rows_ * half_))) {
    const std::scoped_lock lock(fft_planner_mutex());
    const int n0 = static_cast<int>(rows_), n1 = static_cast<int>(columns_);
    forward_ = fftw_plan_dft_r2c_2d(n0, n1, real_, complex_, FFTW_ESTIMATE);
    backward_ = fftw_plan_dft_c2r_2d(n0, n1, complex_, real_, FFTW_ESTIMATE);
  }
  ~Convolver() {
    const std::scoped_lock lock(fft_planner_mutex());
    fftw_destroy_plan(forward_);
    fftw_destroy_plan(backward_);
    fftw_free(real_);
    fftw_free(complex_);
  }
  Convolver(const Convolver&) = delete;
  Convolver& operator=(const Convolver&) = delete;

  std::vector<Complex> transform(const std::vector<double>& values, Index height, Index width) {
    std::fill(real_, real_ + rows_ * columns_, 0.0);
    for (Index y = 0; y < height; ++y)
      std::copy_n(
          values.begin() + static_cast<std::ptrdiff_t>(y * width), width, real_ + y * columns_);
    fftw_execute(forward_);
    const auto* from = reinterpret_cast<const Complex*>(complex_);
    return {from, from + rows_ * half_};
  }

  std::vector<double> product(const std::vector<Complex>& a, const std::vector<Complex>& b) {
    auto* to = reinterpret_cast<Complex*>(complex_);
    for (std::size_t i = 0; i < a.size(); ++i)
      to[i] = a[i] * b[i];
    fftw_execute(backward_);
    const double scale = 1.0 / static_cast<double>(rows_ * columns_);
    std::vector<double> out(real_, real_ + rows_ * columns_);
    for (double& v : out)
      v *= scale;
    return out;
  }

  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index columns() const { return columns_; }

private:
  Index rows_, columns_, half_;
  double* real_;
  fftw_complex* complex_;
  fftw_plan forward_{}, backward_{};
};

/// Place of the top of a parabola through three values, −0.5 … 0.5 from the middle one.
double top_of(double before, double at, double after) {
  const double bend = before - 2 * at + after;
  return bend < 0 ? std::clamp(0.5 * (before - after) / bend, -0.5, 0.5) : 0;
}

} // namespace

RingShape find_symmetry_center(std::span<const double> image, const frames::Mask& mask) {
  const auto c = make_coarse(image, mask);
  Convolver convolver(c.height, c.width);
  std::vector<double> squares(c.value.size());
  for (std::size_t i = 0; i < squares.size(); ++i)
    squares[i] = c.value[i] * c.value[i];
  const auto value = convolver.transform(c.value, c.height, c.width);
  const auto square = convolver.transform(squares, c.height, c.width);
  const auto use = convolver.transform(c.use, c.height, c.width);
  const auto vv = convolver.product(value, value), vu = convolver.product(value, use),
             su = convolver.product(square, use), uu = convolver.product(use, use);
  double pixels = 0;
  for (const double u : c.use)
    pixels += u;
  // [twice the centre]: correlation coefficient between pattern and half turn
  std::vector<double> likeness(vv.size(), -1);
  std::size_t best = 0;
  constexpr double least_overlap = 0.3;
  for (std::size_t i = 0; i < vv.size(); ++i) {
    if (uu[i] < least_overlap * pixels)
      continue;
    const double mean = vu[i] / uu[i];
    const double variance = su[i] / uu[i] - mean * mean;
    if (variance > 1e-12)
      likeness[i] = (vv[i] / uu[i] - mean * mean) / variance;
    if (likeness[i] > likeness[best])
      best = i;
  }
  constexpr double least_likeness = 0.3;
  if (likeness[best] < least_likeness)
    throw DataError(fmt::format("centre not found: no point about which the mean pattern is "
                                "symmetric (correlation {:.2f}); give --center-x and --center-y",
                                likeness[best]));
  const auto columns = static_cast<std::size_t>(convolver.columns());
  const auto y = best / columns, x = best % columns;
  double dx = 0, dy = 0;
  if (x > 0 && x + 1 < columns)
    dx = top_of(likeness[best - 1], likeness[best], likeness[best + 1]);
  if (y > 0 && y + 1 < static_cast<std::size_t>(convolver.rows()))
    dy = top_of(likeness[best - columns], likeness[best], likeness[best + columns]);
  RingShape shape;
  const auto block = static_cast<double>(c.block);
  const double offset = (block - 1) / 2; // centre of a block in pixels
  shape.center_x_px = 0.5 * (static_cast<double>(x) + dx) * block + offset;
  shape.center_y_px = 0.5 * (static_cast<double>(y) + dy) * block + offset;
  return shape;
}

} // namespace vitrum::fem
