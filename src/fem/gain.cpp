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
constexpr Index distances = 2;

/// Sums of products of fluctuations at distances 0 and 1 along both axes, per ring.
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

/// Variance and covariance of neighbours of one ring, of all parts and without each.
struct RingMoments {
  double mean = 0;
  double variance[parts + 1]{}, shared[parts + 1]{}; // [0] of all
};

/// Error of variance − factor · shared by the parts.
double error_of(const RingMoments& ring, double factor) {
  Moments jackknife;
  for (Index i = 1; i <= parts; ++i)
    jackknife.add(ring.variance[i] - factor * ring.shared[i]);
  return std::sqrt(jackknife.sum_squares * static_cast<double>(parts - 1) /
                   static_cast<double>(parts));
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
  // of the pixels whose products are taken, which lie further out than what their rings hold
  std::vector<double> profile(static_cast<std::size_t>(map.rings), 0),
      members(static_cast<std::size_t>(map.rings), 0);
  for (std::size_t p = 0; p < pixels; ++p)
    if (const auto ring = map.pixels[p].first_ring; ring >= 0) {
      profile[static_cast<std::size_t>(ring)] += mean[p];
      members[static_cast<std::size_t>(ring)] += 1;
    }
  for (std::size_t r = 0; r < profile.size(); ++r)
    profile[r] = members[r] > 0 ? profile[r] / members[r] : 0;
  const double few = static_cast<double>(number) / static_cast<double>(number - 1);
  constexpr double enough = 50; // pixels
  double shared = 0, whole = 0;
  std::vector<RingMoments> rings;
  for (Index r = 0; r < map.rings; ++r) {
    const auto ring = static_cast<std::size_t>(r);
    if (members[ring] < enough || !(profile[ring] > 0))
      continue;
    RingMoments one;
    one.mean = profile[ring];
    for (Index left_out = -1; left_out < parts; ++left_out) {
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
      one.variance[left_out + 1] = c[0];
      one.shared[left_out + 1] = c[1];
    }
    if (!(error_of(one, 1) > 0))
      continue;
    shared += one.shared[0];
    whole += one.variance[0];
    rings.push_back(one);
  }
  out.resolved = whole > 0 ? shared / whole : 0;
  constexpr double too_little = 0.05;
  constexpr std::size_t fewest = 8;
  if (rings.size() < fewest)
    throw DataError(fmt::format("{}: {} rings of {:g} pixels or more to measure the gain from, "
                                "need {}",
                                info.path,
                                rings.size(),
                                enough,
                                fewest));
  if (out.resolved < too_little)
    throw DataError(fmt::format("{}: the gain cannot be measured: neighbouring pixels share {:.1f} "
                                "% of their fluctuations, need 5 % to tell speckle from counting; "
                                "give --gain as a number",
                                info.path,
                                100 * out.resolved));
  // twice, as the weights depend on the share of the speckle
  fit::CurveFit line;
  double factor = 1;
  std::vector<double> error;
  for (int round = 0; round < 3; ++round) {
    error.clear();
    std::vector<double> share;
    for (const auto& one : rings)
      share.push_back(error_of(one, factor) / one.variance[0]);
    // The error of a ring from eight parts scatters by a quarter, and with what was found there:
    // all have the median, as a share of the variance that the fit expects, so that rings that came
    // out low weigh no more.
    const double typical = median(share);
    for (const auto& one : rings) {
      const double expected =
          round == 0 ? one.variance[0]
                     : line.value[0] * one.mean + line.value[1] + line.value[2] * one.shared[0];
      error.push_back(typical * std::max(expected, 0.1 * one.variance[0]));
    }
    const auto residuals = [&](std::span<const double> p, std::span<double> left) {
      for (std::size_t i = 0; i < left.size(); ++i)
        left[i] = (p[0] * rings[i].mean + p[1] + p[2] * rings[i].shared[0] - rings[i].variance[0]) /
                  error[i];
    };
    const double start = rings.front().variance[0] / rings.front().mean;
    fit::CurveFitOptions options;
    options.scale = {start, rings.front().variance[0], 1};
    line =
        fit::fit_curve(residuals, static_cast<Index>(rings.size()), {start, 0.0, factor}, options);
    factor = line.value[2];
  }
  for (std::size_t i = 0; i < rings.size(); ++i) {
    out.mean.push_back(rings[i].mean);
    out.noise.push_back(rings[i].variance[0] - factor * rings[i].shared[0]);
    out.noise_error.push_back(error[i]);
  }
  constexpr double wrong = 8; // a camera that cuts at zero, or speckle of several shapes
  if (const double misfit = line.chi2 / static_cast<double>(line.points - 3); misfit > wrong)
    throw DataError(fmt::format("{}: the gain cannot be measured: variances miss gain · mean + "
                                "read² + speckle by {:.1f} times their errors squared, need less "
                                "than {:g}; give --gain as a number",
                                info.path,
                                misfit,
                                wrong));
  // neighbouring rings share speckle: scatter sets the errors
  const double scale = std::sqrt(std::max(1.0, line.chi2 / static_cast<double>(line.points - 3)));
  out.chi2 = line.chi2;
  out.gain = {line.value[0], line.error[0] * scale};
  out.read_noise_squared = {line.value[1], line.error[1] * scale};
  out.speckle_factor = {line.value[2], line.error[2] * scale};
  return out;
}

} // namespace vitrum::fem
