#include "vitrum/fem/gain.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {
namespace {

constexpr Index parts = 8;
constexpr Index distances = 3;

/// Sums of products of fluctuations at distances 0, 1, 2 along both axes, per ring.
struct Products {
  explicit Products(Index rings) {
    for (auto& one : sum)
      one.assign(static_cast<std::size_t>(rings), 0);
    for (auto& one : number)
      one.assign(static_cast<std::size_t>(rings), 0);
  }
  std::vector<double> sum[distances], number[distances];
};

void add_products(std::span<const double> fluctuation, const PolarMap& map, Products& to) {
  for (Index y = 0; y < map.height; ++y)
    for (Index x = 0; x < map.width; ++x) {
      const auto p = static_cast<std::size_t>(y * map.width + x);
      const auto ring = map.pixels[p].first_ring;
      if (ring < 0)
        continue;
      const auto r = static_cast<std::size_t>(ring);
      to.sum[0][r] += fluctuation[p] * fluctuation[p];
      to.number[0][r] += 1;
      for (Index d = 1; d < distances; ++d)
        for (const bool down : {false, true}) {
          if (down ? y + d >= map.height : x + d >= map.width)
            continue;
          const auto q = p + static_cast<std::size_t>(down ? d * map.width : d);
          if (map.pixels[q].first_ring < 0)
            continue;
          to.sum[d][r] += fluctuation[p] * fluctuation[q];
          to.number[d][r] += 1;
        }
    }
}

/// White part of the variance: what is at distance 0 beyond the Gaussian through 1 and 2.
double white_part(double c0, double c1, double c2) {
  if (!(c1 > 0))
    return c0;
  const double shared = c2 > 0 && c2 < c1 ? c1 * std::cbrt(c1 / c2) : c1;
  return c0 - std::min(shared, c0);
}

} // namespace

GainFit measure_gain(frames::FrameSource& source,
                     const PolarMap& map,
                     std::span<const std::uint8_t> use,
                     std::span<const float> dark,
                     Index most,
                     const Monitor& monitor) {
  const auto& info = source.info();
  std::vector<Index> list;
  for (Index i = 0; i < info.frames; ++i)
    if (use.empty() || use[static_cast<std::size_t>(i)] != 0)
      list.push_back(i);
  const auto total = static_cast<Index>(list.size());
  const Index number = std::min(most, total);
  if (number < 2 * parts)
    throw DataError(fmt::format(
        "{}: {} patterns to measure the gain from, need {}", info.path, number, 2 * parts));
  const auto pixels = static_cast<std::size_t>(info.pixels());
  std::vector<std::byte> raw(static_cast<std::size_t>(info.frame_bytes()));
  std::vector<double> pattern(pixels), mean(pixels, 0);
  const auto read = [&](Index i) {
    source.read(list[static_cast<std::size_t>(i * total / number)], 1, raw.data());
    frames::visit(info.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* values = reinterpret_cast<const T*>(raw.data());
      for (std::size_t p = 0; p < pixels; ++p)
        pattern[p] =
            static_cast<double>(values[p]) - (dark.empty() ? 0 : static_cast<double>(dark[p]));
    });
  };
  Progress progress(monitor, "measuring the gain", "patterns", 2 * number);
  for (Index i = 0; i < number; ++i) {
    read(i);
    for (std::size_t p = 0; p < pixels; ++p)
      mean[p] += pattern[p] / static_cast<double>(number);
    progress.advance();
  }
  std::vector<Products> part(static_cast<std::size_t>(parts), Products(map.rings));
  for (Index i = 0; i < number; ++i) {
    read(i);
    for (std::size_t p = 0; p < pixels; ++p)
      pattern[p] -= mean[p];
    add_products(pattern, map, part[static_cast<std::size_t>(i * parts / number)]);
    progress.advance();
  }
  GainFit out;
  out.patterns = number;
  const auto profile = ring_means(map, mean);
  const double few = static_cast<double>(number) / static_cast<double>(number - 1);
  double shared = 0, whole = 0;
  for (Index r = 0; r < map.rings; ++r) {
    const auto ring = static_cast<std::size_t>(r);
    constexpr double enough = 200; // pixels
    if (map.area[ring] < enough || !(profile[ring] > 0))
      continue;
    const auto white_without = [&](Index left_out) {
      double c[distances];
      for (Index d = 0; d < distances; ++d) {
        double sum = 0, n = 0;
        for (Index i = 0; i < parts; ++i)
          if (i != left_out) {
            sum += part[static_cast<std::size_t>(i)].sum[d][ring];
            n += part[static_cast<std::size_t>(i)].number[d][ring];
          }
        c[d] = few * sum / n;
      }
      if (left_out < 0) {
        shared += c[1];
        whole += c[0];
      }
      return white_part(c[0], c[1], c[2]);
    };
    const double white = white_without(-1);
    Moments jackknife;
    for (Index i = 0; i < parts; ++i)
      jackknife.add(white_without(i));
    const double error = std::sqrt(jackknife.sum_squares * static_cast<double>(parts - 1) /
                                   static_cast<double>(parts));
    if (!(white > 0) || !(error > 0))
      continue;
    out.mean.push_back(profile[ring]);
    out.noise.push_back(white);
    out.noise_error.push_back(error);
  }
  out.resolved = shared / whole;
  constexpr double too_little = 0.05;
  if (out.mean.size() < 3 || out.resolved < too_little)
    throw DataError(fmt::format("{}: the gain cannot be measured: neighbouring pixels share {:.1f} "
                                "% of their fluctuations, need 5 % to tell speckle from counting; "
                                "give --gain as a number",
                                info.path,
                                100 * out.resolved));
  // errors of rings from eight parts scatter by a quarter: smoothed, as a share of the noise
  std::vector<double> share;
  for (std::size_t i = 0; i < out.noise.size(); ++i)
    share.push_back(out.noise_error[i] / out.noise[i]);
  const double typical = median(share);
  for (std::size_t i = 0; i < out.noise.size(); ++i)
    out.noise_error[i] = std::max(out.noise_error[i], typical * out.noise[i]);
  const auto line = fit::fit_line(out.mean, out.noise, out.noise_error);
  // neighbouring rings share speckle, and the Gaussian is a model: scatter sets the errors
  const double scale = std::sqrt(std::max(1.0, line.chi2 / static_cast<double>(line.points - 2)));
  out.chi2 = line.chi2;
  out.gain = {line.slope, line.slope_error * scale};
  out.read_noise_squared = {line.intercept, line.intercept_error * scale};
  return out;
}

} // namespace vitrum::fem
