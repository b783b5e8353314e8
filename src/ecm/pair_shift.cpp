#include "pair_shift.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include <fftw3.h>

#include "vitrum/core/fft_lock.hpp"

namespace vitrum::ecm {
namespace {

/// Sums over all frequencies of c = product · e^{i k·d}: the value of the cross-correlation at d,
/// its derivatives, and the scatter of the imaginary parts.
struct Sums {
  double value = 0, by_y = 0, by_x = 0, by_yy = 0, by_xx = 0, by_yx = 0;
  double scatter_y = 0, scatter_x = 0, power = 0;
};

Sums sums_at(const std::complex<float>* product,
             const std::vector<double>& ky,
             const std::vector<double>& kx,
             double y,
             double x,
             std::vector<std::complex<float>>& phase_x,
             bool scatter) {
  const std::size_t columns = kx.size();
  phase_x.resize(columns);
  for (std::size_t c = 0; c < columns; ++c)
    phase_x[c] = {static_cast<float>(std::cos(kx[c] * x)), static_cast<float>(std::sin(kx[c] * x))};
  Sums s;
  for (std::size_t r = 0; r < ky.size(); ++r) {
    const auto cy = static_cast<float>(std::cos(ky[r] * y)),
               sy = static_cast<float>(std::sin(ky[r] * y));
    // of this row: Σ c, Σ kx c, Σ kx² c; k in units of its step, a whole number
    float re0 = 0, im1 = 0, re2 = 0, im0 = 0, re1 = 0, im_square = 0, im_square_x = 0, power = 0;
    const std::complex<float>* row = product + r * columns;
    for (std::size_t c = 0; c < columns; ++c) {
      const float pr = row[c].real(), pi = row[c].imag();
      const float wr = phase_x[c].real() * cy - phase_x[c].imag() * sy;
      const float wi = phase_x[c].real() * sy + phase_x[c].imag() * cy;
      const float re = pr * wr - pi * wi, im = pr * wi + pi * wr;
      const auto k = static_cast<float>(c);
      re0 += re;
      im0 += im;
      re1 += k * re;
      im1 += k * im;
      re2 += k * k * re;
      if (scatter) {
        im_square += im * im;
        im_square_x += k * k * im * im;
        power += re * re + im * im;
      }
    }
    const double step = columns > 1 ? kx[1] : 0;
    s.value += static_cast<double>(re0);
    s.by_y -= ky[r] * static_cast<double>(im0);
    s.by_x -= step * static_cast<double>(im1);
    s.by_yy -= ky[r] * ky[r] * static_cast<double>(re0);
    s.by_xx -= step * step * static_cast<double>(re2);
    s.by_yx -= ky[r] * step * static_cast<double>(re1);
    s.scatter_y += ky[r] * ky[r] * static_cast<double>(im_square);
    s.scatter_x += step * step * static_cast<double>(im_square_x);
    s.power += static_cast<double>(power);
  }
  return s;
}

Index grid_size(Index frequencies) {
  for (Index n = frequencies + frequencies / 2;; ++n) {
    Index rest = n;
    for (const Index prime : {2, 3, 5, 7})
      while (rest % prime == 0)
        rest /= prime;
    if (rest == 1 && n % 2 == 0)
      return n;
  }
}

} // namespace

PairFinder::PairFinder(const TileTransform& transform, std::vector<float> weights)
    : transform_(transform), rows_(transform.rows()), columns_(transform.columns()),
      tiles_(transform.tiles()), grid_rows_(grid_size(rows_)),
      grid_columns_(grid_size(2 * columns_)),
      products_(static_cast<std::size_t>(tiles_ * rows_ * columns_)),
      sum_(static_cast<std::size_t>(rows_ * columns_)), weights_(std::move(weights)) {
  for (Index r = 0; r < rows_; ++r)
    ky_.push_back(transform.row_frequency(r));
  for (Index c = 0; c < columns_; ++c)
    kx_.push_back(transform.column_frequency(c));
  const Index half = grid_columns_ / 2 + 1;
  surface_ = static_cast<float*>(
      fftwf_malloc(static_cast<std::size_t>(grid_rows_ * grid_columns_) * sizeof(float)));
  spectrum_ = static_cast<std::complex<float>*>(
      fftwf_malloc(static_cast<std::size_t>(grid_rows_ * half) * sizeof(fftwf_complex)));
  const std::lock_guard lock(fft_planner_mutex());
  plan_ = fftwf_plan_dft_c2r_2d(static_cast<int>(grid_rows_),
                                static_cast<int>(grid_columns_),
                                reinterpret_cast<fftwf_complex*>(spectrum_),
                                surface_,
                                FFTW_ESTIMATE);
}

PairFinder::~PairFinder() {
  const std::lock_guard lock(fft_planner_mutex());
  fftwf_destroy_plan(static_cast<fftwf_plan>(plan_));
  fftwf_free(surface_);
  fftwf_free(spectrum_);
}

void PairFinder::multiply(const TileSpectrum& a, const TileSpectrum& b) {
  std::fill(sum_.begin(), sum_.end(), std::complex<float>{});
  const std::size_t size = sum_.size();
  for (std::size_t tile = 0; tile < static_cast<std::size_t>(tiles_); ++tile)
    for (std::size_t i = 0; i < size; ++i) {
      const auto& u = a.values[tile * size + i];
      const auto& v = b.values[tile * size + i];
      // b conj(a), written out: the operator checks for infinities
      const float w = weights_[i];
      const std::complex<float> c{w * (u.real() * v.real() + u.imag() * v.imag()),
                                  w * (u.real() * v.imag() - u.imag() * v.real())};
      products_[tile * size + i] = c;
      sum_[i] += c;
    }
}

PairShift PairFinder::climb(double y, double x) {
  PairShift shift;
  const double y0 = y, x0 = x;
  const double reach = 4 / std::max(ky_.back(), kx_.back()); // beyond it is another peak
  Sums s;
  for (int iteration = 0; iteration < 12; ++iteration) {
    s = sums_at(sum_.data(), ky_, kx_, y, x, phase_x_, false);
    const double determinant = s.by_yy * s.by_xx - s.by_yx * s.by_yx;
    double step_y, step_x;
    if (s.by_yy < 0 && s.by_xx < 0 && determinant > 0) {
      step_y = -(s.by_xx * s.by_y - s.by_yx * s.by_x) / determinant;
      step_x = -(s.by_yy * s.by_x - s.by_yx * s.by_y) / determinant;
    } else { // no maximum near: uphill
      const double slope = std::hypot(s.by_y, s.by_x);
      step_y = 0.2 * reach * s.by_y / slope;
      step_x = 0.2 * reach * s.by_x / slope;
    }
    const double length = std::hypot(step_y, step_x);
    if (length > 0.25 * reach) {
      step_y *= 0.25 * reach / length;
      step_x *= 0.25 * reach / length;
    }
    y += step_y;
    x += step_x;
    if (!(std::hypot(y - y0, x - x0) < reach))
      return shift;
    if (length < 2e-4)
      break;
  }
  s = sums_at(sum_.data(), ky_, kx_, y, x, phase_x_, true);
  if (!(s.by_yy < 0 && s.by_xx < 0))
    return shift;
  shift.y = y;
  shift.x = x;
  shift.significance = s.value / std::sqrt(0.5 * s.power);
  constexpr double rounding = 1e-8; // of single precision, where there is no noise
  shift.variance =
      rounding + 0.5 * (s.scatter_y / (s.by_yy * s.by_yy) + s.scatter_x / (s.by_xx * s.by_xx));
  shift.curvature = -0.5 * (s.by_yy + s.by_xx);
  shift.value = s.value;
  shift.found = true;
  // moved tiles have less in common: the product of correlation and overlap, whose relative slope
  // is a, has the spectrum P + i a P', its phase that of a displacement by −a P'/(k P); speckle of
  // size s has P ∝ exp(−k² s²/4)
  const double half_square = std::isnan(transform_.speckle_px())
                                 ? 0
                                 : 0.5 * transform_.speckle_px() * transform_.speckle_px();
  const double more_y = -half_square * transform_.overlap_y(y);
  const double more_x = -half_square * transform_.overlap_x(x);
  shift.y += more_y;
  shift.x += more_x;
  for (Index tile = 0; tile < tiles_; ++tile) {
    const auto one =
        sums_at(products_.data() + tile * rows_ * columns_, ky_, kx_, y, x, phase_x_, false);
    // curvature of the mean tile: that of one alone is noisy
    const auto n = static_cast<double>(tiles_);
    shift.tile_y.push_back(shift.y - n * one.by_y / s.by_yy);
    shift.tile_x.push_back(shift.x - n * one.by_x / s.by_xx);
  }
  return shift;
}

PairShift PairFinder::refine(const TileSpectrum& a, const TileSpectrum& b, double y, double x) {
  multiply(a, b);
  return climb(y, x);
}

PairShift PairFinder::search(const TileSpectrum& a, const TileSpectrum& b) {
  multiply(a, b);
  const Index half = grid_columns_ / 2 + 1;
  std::fill_n(spectrum_, grid_rows_ * half, std::complex<float>{});
  for (Index r = 0; r < rows_; ++r) {
    const Index to = (r - rows_ / 2 + grid_rows_) % grid_rows_;
    for (Index c = 0; c < columns_; ++c) {
      // the library adds the mirror image itself
      const auto value = sum_[static_cast<std::size_t>(r * columns_ + c)];
      spectrum_[to * half + c] = c == 0 ? value : value * 0.5F;
    }
  }
  fftwf_execute(static_cast<fftwf_plan>(plan_));
  const float* top = std::max_element(surface_, surface_ + grid_rows_ * grid_columns_);
  const Index at = top - surface_;
  const auto wrapped = [](Index i, Index n) { return i > n / 2 ? i - n : i; };
  // the surface holds Σ product e^{+ik·d} at d, one grid step being tile / grid pixels
  const double y = static_cast<double>(wrapped(at / grid_columns_, grid_rows_)) *
                   static_cast<double>(transform_.tile_height()) / static_cast<double>(grid_rows_);
  const double x = static_cast<double>(wrapped(at % grid_columns_, grid_columns_)) *
                   static_cast<double>(transform_.tile_width()) /
                   static_cast<double>(grid_columns_);
  return climb(y, x);
}

} // namespace vitrum::ecm
