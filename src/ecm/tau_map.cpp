#include "vitrum/ecm/tau_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <memory>
#include <mutex>
#include <numbers>

#include <fftw3.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::ecm {
namespace {

struct Region {
  Index y0, y1, x0, x1;
};

/// Sums of products and numbers of pairs of one region against distance, by Fourier transform of
/// the values and of their mask, padded so that nothing wraps.
struct Correlogram {
  std::vector<double> sum, pairs; // [distance]
};

struct Released {
  void operator()(fftw_complex* memory) const { fftw_free(memory); }
};

Correlogram
correlogram(std::span<const double> values, Index columns, const Region& region, Index longest) {
  const Index h = region.y1 - region.y0, w = region.x1 - region.x0;
  const Index rows = h + longest, wide = w + longest;
  const auto size = static_cast<std::size_t>(rows * wide);
  std::unique_ptr<fftw_complex[], Released> data(
      static_cast<fftw_complex*>(fftw_malloc(size * sizeof(fftw_complex))));
  fftw_plan forward = nullptr, backward = nullptr;
  {
    const std::lock_guard lock(fft_planner_mutex());
    const int n0 = static_cast<int>(rows), n1 = static_cast<int>(wide);
    forward = fftw_plan_dft_2d(n0, n1, data.get(), data.get(), FFTW_FORWARD, FFTW_ESTIMATE);
    backward = fftw_plan_dft_2d(n0, n1, data.get(), data.get(), FFTW_BACKWARD, FFTW_ESTIMATE);
  }
  // values as the real part and their mask as the imaginary part of one transform
  for (std::size_t i = 0; i < size; ++i)
    data[i][0] = data[i][1] = 0;
  for (Index y = 0; y < h; ++y)
    for (Index x = 0; x < w; ++x)
      if (const double v =
              values[static_cast<std::size_t>((region.y0 + y) * columns + region.x0 + x)];
          std::isfinite(v)) {
        data[static_cast<std::size_t>(y * wide + x)][0] = v;
        data[static_cast<std::size_t>(y * wide + x)][1] = 1;
      }
  fftw_execute(forward);
  std::vector<std::array<double, 2>> power(size);
  for (Index y = 0; y < rows; ++y)
    for (Index x = 0; x < wide; ++x) {
      const auto i = static_cast<std::size_t>(y * wide + x);
      const auto j = static_cast<std::size_t>((rows - y) % rows * wide + (wide - x) % wide);
      const std::complex<double> f(data[i][0], data[i][1]), g(data[j][0], -data[j][1]);
      power[i] = {std::norm(0.5 * (f + g)), std::norm(0.5 * (f - g))};
    }
  for (std::size_t i = 0; i < size; ++i) {
    data[i][0] = power[i][0];
    data[i][1] = power[i][1];
  }
  fftw_execute(backward); // both powers are even, so both transforms are real
  Correlogram out;
  out.sum.resize(static_cast<std::size_t>(longest) + 1);
  out.pairs.resize(out.sum.size());
  for (Index dy = 0; dy <= longest; ++dy)
    for (Index dx = -longest; dx <= longest; ++dx) {
      const auto r = static_cast<Index>(
          std::lround(std::hypot(static_cast<double>(dy), static_cast<double>(dx))));
      if (r > longest)
        continue;
      const auto i = static_cast<std::size_t>(dy * wide + (dx + wide) % wide);
      out.sum[static_cast<std::size_t>(r)] += data[i][0] / static_cast<double>(size);
      out.pairs[static_cast<std::size_t>(r)] += data[i][1] / static_cast<double>(size);
    }
  {
    const std::lock_guard lock(fft_planner_mutex());
    fftw_destroy_plan(forward);
    fftw_destroy_plan(backward);
  }
  return out;
}

struct TwoParts {
  double noise = 0, sample = 0, length = 0, chi2 = 0;
};

/// noise·exp(−2 (r/s)²) + sample·exp(−(r/length)²), both amplitudes not negative, by least squares:
/// linear for every length of a fine grid.
TwoParts fit_parts(const std::vector<double>& covariance,
                   const std::vector<double>& weight,
                   double speckle) {
  TwoParts best;
  best.chi2 = -1;
  const auto longest = static_cast<double>(covariance.size() - 1);
  for (double length = std::max(1.0, 1.05 * speckle); length < longest; length *= 1.02) {
    double nn = 0, ns = 0, ss = 0, ny = 0, sy = 0, yy = 0;
    for (std::size_t r = 0; r < covariance.size(); ++r) {
      const auto d = static_cast<double>(r);
      const double n = std::exp(-2 * d * d / (speckle * speckle));
      const double s = std::exp(-d * d / (length * length));
      const double w = weight[r];
      nn += w * n * n;
      ns += w * n * s;
      ss += w * s * s;
      ny += w * n * covariance[r];
      sy += w * s * covariance[r];
      yy += w * covariance[r] * covariance[r];
    }
    const double determinant = nn * ss - ns * ns;
    double noise = determinant > 0 ? (ny * ss - sy * ns) / determinant : 0;
    double sample = determinant > 0 ? (sy * nn - ny * ns) / determinant : 0;
    if (noise < 0) {
      noise = 0;
      sample = std::max(0.0, sy / ss);
    } else if (sample < 0) {
      sample = 0;
      noise = std::max(0.0, ny / nn);
    }
    const double chi2 = yy - 2 * (noise * ny + sample * sy) + noise * noise * nn +
                        2 * noise * sample * ns + sample * sample * ss;
    if (best.chi2 < 0 || chi2 < best.chi2)
      best = {noise, sample, length, chi2};
  }
  return best;
}

} // namespace

SpaceCorrelation
correlate_in_space(std::span<const double> log_tau, Index rows, Index columns, double speckle_px) {
  if (static_cast<Index>(log_tau.size()) != rows * columns)
    throw DataError(fmt::format("{} values for {} x {} pixels", log_tau.size(), rows, columns));
  SpaceCorrelation out;
  const double nan = std::nan("");
  out.length_px = out.length_error_px = out.amplitude = out.noise_amplitude = out.amplitude_error =
      nan;
  std::vector<double> finite;
  for (const double v : log_tau)
    if (std::isfinite(v))
      finite.push_back(v);
  const Index longest = std::min(rows, columns) / 3;
  if (finite.size() < 100 || longest < 4 || !(speckle_px > 0))
    return out;
  // far-off values would rule the products
  const double middle = median(finite), reach = 4 * robust_deviation(finite);
  double mean = 0;
  for (double& v : finite)
    mean += std::clamp(v, middle - reach, middle + reach) / static_cast<double>(finite.size());
  std::vector<double> values(log_tau.begin(), log_tau.end());
  for (double& v : values)
    if (std::isfinite(v))
      v = std::clamp(v, middle - reach, middle + reach) - mean;
  const auto covariance_of = [&](const Region& region, std::vector<double>& weight) {
    const auto c = correlogram(values, columns, region, longest);
    std::vector<double> covariance;
    weight.clear();
    for (std::size_t r = 0; r < c.sum.size(); ++r) {
      covariance.push_back(c.pairs[r] > 0.5 ? c.sum[r] / c.pairs[r] : 0);
      // rings of many pairs say more, but neighbours share what they say
      weight.push_back(c.pairs[r] > 0.5 ? 1 / (1 + static_cast<double>(r) / speckle_px) : 0);
    }
    return covariance;
  };
  std::vector<double> weight;
  out.covariance = covariance_of({0, rows, 0, columns}, weight);
  const auto whole = fit_parts(out.covariance, weight, speckle_px);
  for (std::size_t r = 0; r < out.covariance.size(); ++r) {
    const auto d = static_cast<double>(r);
    out.distance_px.push_back(d);
    out.noise.push_back(whole.noise * std::exp(-2 * d * d / (speckle_px * speckle_px)));
    out.sample.push_back(whole.sample * std::exp(-d * d / (whole.length * whole.length)));
  }
  out.amplitude = whole.sample;
  out.noise_amplitude = whole.noise;
  const double speckles =
      static_cast<double>(rows * columns) / (std::numbers::pi * speckle_px * speckle_px);
  out.amplitude_error = (whole.sample + whole.noise) / std::sqrt(2 * speckles);
  Moments lengths;
  for (int q = 0; q < 4; ++q) {
    const Index y0 = q / 2 * rows / 2, x0 = q % 2 * columns / 2;
    const auto part = covariance_of({y0, y0 + rows / 2, x0, x0 + columns / 2}, weight);
    const auto one = fit_parts(part, weight, speckle_px);
    if (one.sample > 0)
      lengths.add(one.length);
  }
  // what the scatter about the two parts would make at random
  double scatter = 0;
  for (std::size_t r = out.covariance.size() / 2; r < out.covariance.size(); ++r)
    scatter = std::max(scatter, std::abs(out.covariance[r] - out.sample[r]));
  if (const double square = whole.length * whole.length - speckle_px * speckle_px;
      whole.sample > 2 * scatter && square > 0) {
    out.length_px = std::sqrt(square);
    out.variance_share = square / (whole.length * whole.length);
    out.length_error_px =
        lengths.count > 2 ? lengths.deviation() / 2 * whole.length / out.length_px : nan;
  }
  return out;
}

Domains find_domains(std::span<const double> tau_s,
                     Index rows,
                     Index columns,
                     double threshold_s,
                     Index least_pixels) {
  if (static_cast<Index>(tau_s.size()) != rows * columns)
    throw DataError(fmt::format("{} values for {} x {} pixels", tau_s.size(), rows, columns));
  Domains out;
  std::vector<std::uint8_t> seen(tau_s.size(), 0);
  std::vector<std::vector<Index>> members;
  Index known = 0;
  for (Index start = 0; start < rows * columns; ++start) {
    known += std::isfinite(tau_s[static_cast<std::size_t>(start)]);
    if (seen[static_cast<std::size_t>(start)] != 0 ||
        !(tau_s[static_cast<std::size_t>(start)] > threshold_s))
      continue;
    std::vector<Index> pixels{start};
    seen[static_cast<std::size_t>(start)] = 1;
    for (std::size_t k = 0; k < pixels.size(); ++k) {
      const Index y = pixels[k] / columns, x = pixels[k] % columns;
      const std::array<std::pair<Index, Index>, 4> around{
          {{y - 1, x}, {y + 1, x}, {y, x - 1}, {y, x + 1}}};
      for (const auto& [v, u] : around) {
        if (v < 0 || v >= rows || u < 0 || u >= columns)
          continue;
        const auto i = static_cast<std::size_t>(v * columns + u);
        if (seen[i] == 0 && tau_s[i] > threshold_s) {
          seen[i] = 1;
          pixels.push_back(v * columns + u);
        }
      }
    }
    if (static_cast<Index>(pixels.size()) >= least_pixels)
      members.push_back(std::move(pixels));
  }
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
    return a.size() > b.size();
  });
  out.labels.assign(tau_s.size(), 0);
  double area = 0;
  for (const auto& pixels : members) {
    Domain domain;
    domain.pixels = static_cast<Index>(pixels.size());
    std::vector<double> tau;
    for (const Index p : pixels) {
      domain.y += static_cast<double>(p / columns) / static_cast<double>(pixels.size());
      domain.x += static_cast<double>(p % columns) / static_cast<double>(pixels.size());
      tau.push_back(tau_s[static_cast<std::size_t>(p)]);
      out.labels[static_cast<std::size_t>(p)] = static_cast<std::int32_t>(out.list.size()) + 1;
    }
    domain.median_tau_s = median(tau);
    area += static_cast<double>(pixels.size());
    out.list.push_back(domain);
  }
  out.area_fraction = known > 0 ? area / static_cast<double>(known) : 0;
  return out;
}

} // namespace vitrum::ecm
