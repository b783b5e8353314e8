#include "vitrum/fem/gain.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

constexpr Index parts = 16;
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

/// A neighbour's speckle is as wide as its mean: it is brought to the mean of the pixel.
void add_products(std::span<const double> fluctuation,
                  std::span<const double> mean,
                  const PolarMap& map,
                  Products& to) {
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
          if (map.pixels[q].first_ring < 0 || !(mean[q] > 0))
            continue;
          to.sum[d][r] += fluctuation[p] * fluctuation[q] * mean[p] / mean[q];
          to.number[d][r] += 1;
        }
    }
}

/// What one ring says, part by part.
struct RingMoments {
  double mean = 0;
  double variance[parts]{}, shared[parts]{};

  /// Mean over the parts without two of them (−1: none).
  [[nodiscard]] static double
  without(const double (&values)[parts], Index left_out, Index other = -1) {
    double sum = 0, n = 0;
    for (Index i = 0; i < parts; ++i)
      if (i != left_out && i != other) {
        sum += values[i];
        ++n;
      }
    return sum / n;
  }
};

/// Gain, squared reading noise and factor of the speckle. Variance and covariance of a part have
/// the same fluctuations of speckle in them, so that a plain fit of one to the other is drawn away;
/// the covariance of the other parts stands in as instrument: Σ w z (variance − gain · mean − read²
/// − factor · shared) = 0 for z = mean, 1, covariance of the others.
std::array<double, 3>
solve(const std::vector<RingMoments>& rings, const std::vector<double>& weight, Index left_out) {
  double m[3][4]{};
  for (std::size_t r = 0; r < rings.size(); ++r)
    for (Index i = 0; i < parts; ++i) {
      if (i == left_out)
        continue;
      const auto& one = rings[r];
      const double z[3] = {one.mean, 1, RingMoments::without(one.shared, left_out, i)};
      const double x[4] = {one.mean, 1, one.shared[i], one.variance[i]};
      for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 4; ++column)
          m[row][column] += weight[r] * z[row] * x[column];
    }
  for (int pivot = 0; pivot < 3; ++pivot) { // Gauss, the largest of the column first
    int best = pivot;
    for (int row = pivot + 1; row < 3; ++row)
      best = std::abs(m[row][pivot]) > std::abs(m[best][pivot]) ? row : best;
    std::swap(m[pivot], m[best]);
    for (int row = 0; row < 3; ++row)
      if (row != pivot) {
        const double factor = m[row][pivot] / m[pivot][pivot];
        for (int column = pivot; column < 4; ++column)
          m[row][column] -= factor * m[pivot][column];
      }
  }
  return {m[0][3] / m[0][0], m[1][3] / m[1][1], m[2][3] / m[2][2]};
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
    add_products(pattern, mean, map, part[static_cast<std::size_t>(i * parts / number)]);
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
    for (Index i = 0; i < parts; ++i) {
      const auto& from = part[static_cast<std::size_t>(i)];
      one.variance[i] = few * from.sum[0][ring] / from.number[0][ring];
      one.shared[i] = few * from.sum[1][ring] / from.number[1][ring];
    }
    shared += RingMoments::without(one.shared, -1);
    whole += RingMoments::without(one.variance, -1);
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
  // errors of variances go with the variances themselves: those that the fit expects
  std::vector<double> weight;
  for (const auto& one : rings)
    weight.push_back(1 / std::pow(RingMoments::without(one.variance, -1), 2));
  std::array<double, 3> best{};
  for (int round = 0; round < 3; ++round) {
    best = solve(rings, weight, -1);
    for (std::size_t r = 0; r < rings.size(); ++r) {
      const double found = RingMoments::without(rings[r].variance, -1);
      const double expected =
          best[0] * rings[r].mean + best[1] + best[2] * RingMoments::without(rings[r].shared, -1);
      weight[r] = 1 / std::pow(std::max(expected, 0.1 * found), 2);
    }
  }
  Moments jackknife[3];
  for (Index i = 0; i < parts; ++i) {
    const auto one = solve(rings, weight, i);
    for (std::size_t p = 0; p < one.size(); ++p)
      jackknife[p].add(one[p]);
  }
  const auto value = [&](std::size_t p) {
    return Value{best[p],
                 std::sqrt(jackknife[p].sum_squares * static_cast<double>(parts - 1) /
                           static_cast<double>(parts))};
  };
  out.gain = value(0);
  out.read_noise_squared = value(1);
  out.speckle_factor = value(2);
  out.chi2 = 0;
  std::vector<double> share;
  for (const auto& one : rings) {
    Moments noise;
    for (Index i = 0; i < parts; ++i)
      noise.add(one.variance[i] - best[2] * one.shared[i]);
    out.mean.push_back(one.mean);
    out.noise.push_back(noise.mean);
    share.push_back(noise.error() / RingMoments::without(one.variance, -1));
  }
  const double typical = median(share);
  for (std::size_t r = 0; r < rings.size(); ++r) {
    out.noise_error.push_back(typical * RingMoments::without(rings[r].variance, -1));
    const double expected = best[0] * out.mean[r] + best[1];
    out.chi2 += std::pow((out.noise[r] - expected) / out.noise_error[r], 2);
  }
  constexpr double wrong = 8; // a camera that cuts at zero, or speckle of several shapes
  if (const double misfit = out.chi2 / static_cast<double>(rings.size() - 3); misfit > wrong)
    throw DataError(fmt::format("{}: the gain cannot be measured: variances miss gain · mean + "
                                "read² + speckle by {:.1f} times their errors squared, need less "
                                "than {:g}; give --gain as a number",
                                info.path,
                                misfit,
                                wrong));
  return out;
}

} // namespace vitrum::fem
