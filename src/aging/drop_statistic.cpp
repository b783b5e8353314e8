#include "drop_statistic.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "excursions.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double outlier = 4;   // beyond this a value does not count for the noise
constexpr Index own_blocks = 2; // whose values share pairs of frames
// on each side: more would follow the beam less, fewer would make the tails heavier
constexpr Index width_blocks = 40;
constexpr Index loss_blocks = 10;

/// Sums of finite values up to an index.
struct Prefix {
  std::vector<double> sum;
  std::vector<Index> count;

  void assign(std::span<const float> values) {
    sum.assign(values.size() + 1, 0);
    count.assign(values.size() + 1, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool good = !std::isnan(values[i]);
      sum[i + 1] = sum[i] + (good ? static_cast<double>(values[i]) - 1 : 0.0);
      count[i + 1] = count[i] + (good ? 1 : 0);
    }
  }
  [[nodiscard]] double mean(Index first, Index last, Index& n) const {
    const auto a = static_cast<std::size_t>(first);
    const auto b = static_cast<std::size_t>(last);
    n = count[b] - count[a];
    return n > 0 ? (sum[b] - sum[a]) / static_cast<double>(n) : 0.0;
  }
};

/// Sums over a neighbourhood [first, last) of t without [own_first, own_last).
struct Neighbourhood {
  std::size_t first, last, own_first, own_last;

  /// A window of constant length, moved inwards at the ends.
  Neighbourhood(Index t, Index half, Index own, Index n) {
    const Index begin = std::clamp<Index>(t - half, 0, std::max<Index>(0, n - 2 * half));
    const Index end = std::min(n, begin + 2 * half);
    first = static_cast<std::size_t>(begin);
    last = static_cast<std::size_t>(end);
    own_first = static_cast<std::size_t>(std::clamp(t - own, begin, end));
    own_last = static_cast<std::size_t>(std::clamp(t + own + 1, begin, end));
  }
  [[nodiscard]] double sum(const std::vector<double>& prefix) const {
    return prefix[last] - prefix[first] - (prefix[own_last] - prefix[own_first]);
  }
};

template <class Value>
std::vector<double> prefix_sums(std::size_t n, const Value& value) {
  std::vector<double> out(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i)
    out[i + 1] = out[i] + value(i);
  return out;
}

/// L(t) from a line through its neighbourhood; 0 where that says less.
std::vector<double> smooth_loss(const DropStatistic& s, const std::vector<std::uint8_t>& left_out) {
  const std::size_t n = s.loss.size();
  const auto good = [&](std::size_t i) { return !std::isnan(s.loss[i]) && left_out[i] == 0; };
  const auto power = [&](std::size_t i, int p, bool with) {
    const double x = static_cast<double>(i) / static_cast<double>(n) - 0.5; // keeps digits
    return good(i) ? std::pow(x, p) * (with ? s.loss[i] : 1.0) : 0.0;
  };
  const auto sums = [&](int p, bool with) {
    return prefix_sums(n, [&](std::size_t i) { return power(i, p, with); });
  };
  const auto s0 = sums(0, false), s1 = sums(1, false), s2 = sums(2, false), y0 = sums(0, true),
             y1 = sums(1, true);
  std::vector<double> out(n, nan);
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(s.drop[i]))
      continue;
    const Neighbourhood near(
        static_cast<Index>(i), loss_blocks * s.block, own_blocks * s.block, static_cast<Index>(n));
    const double m = near.sum(s0);
    if (m < 8)
      continue;
    const double mean_x = near.sum(s1) / m, mean_y = near.sum(y0) / m;
    const double xx = near.sum(s2) / m - mean_x * mean_x;
    const double xy = near.sum(y1) / m - mean_x * mean_y;
    const double x = static_cast<double>(i) / static_cast<double>(n) - 0.5;
    out[i] = std::max(0.0, mean_y + (xx > 0 ? xy / xx * (x - mean_x) : 0.0));
  }
  return out;
}

/// √(a + b·L) at every frame, 1 where L is not known, and how its logarithm changes with b/a.
struct Shape {
  std::vector<double> width, slope;
};

/// a, b ≥ 0 make the squares of D about its centre most probable (iterated least squares with the
/// weights of a normal D, 1/variance²).
Shape noise_shape(const DropStatistic& s,
                  const std::vector<double>& centre,
                  const std::vector<double>& loss,
                  const std::vector<std::uint8_t>& left_out) {
  const std::size_t n = s.drop.size();
  double a = 1, b = 0;
  for (int step = 0; step < 12; ++step) {
    double w0 = 0, w1 = 0, w2 = 0, v0 = 0, v1 = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double v = (s.drop[i] - centre[i]) * (s.drop[i] - centre[i]);
      if (std::isnan(v) || std::isnan(loss[i]) || left_out[i] != 0)
        continue;
      const double w = 1 / ((a + b * loss[i]) * (a + b * loss[i]));
      w0 += w;
      w1 += w * loss[i];
      w2 += w * loss[i] * loss[i];
      v0 += w * v;
      v1 += w * v * loss[i];
    }
    const double det = w0 * w2 - w1 * w1;
    if (!(w0 > 0) || !(v0 > 0))
      return {std::vector<double>(n, 1), std::vector<double>(n, 0)};
    b = det > 1e-9 * w0 * w2 ? (w0 * v1 - w1 * v0) / det : 0;
    a = (v0 - b * w1) / w0;
    if (b < 0 || !(a + b > 0)) {
      b = 0;
      a = v0 / w0;
    } else if (a < 0) {
      a = 0;
      b = v1 / w2;
    }
    // a loss of nothing is no noise of nothing
    a = std::max(a, 1e-3 * b * w1 / w0);
  }
  Shape out{std::vector<double>(n, 1), std::vector<double>(n, 0)};
  for (std::size_t i = 0; i < n; ++i)
    if (!std::isnan(loss[i])) {
      out.width[i] = std::sqrt(a + b * loss[i]);
      out.slope[i] = a * loss[i] / (a + b * loss[i]);
    }
  return out;
}

/// Centre and width of values over the neighbourhood; NaN where it says less.
struct Local {
  std::vector<double> centre, width;
};

Local local_moments(const std::vector<double>& values,
                    const std::vector<std::uint8_t>& left_out,
                    Index block) {
  const std::size_t n = values.size();
  const double middle = median(values);
  const auto at = [&](std::size_t i) {
    return !std::isnan(values[i]) && left_out[i] == 0 ? values[i] - middle : 0.0;
  };
  const auto sum = prefix_sums(n, at);
  const auto square = prefix_sums(n, [&](std::size_t i) { return at(i) * at(i); });
  const auto count = prefix_sums(
      n, [&](std::size_t i) { return !std::isnan(values[i]) && left_out[i] == 0 ? 1.0 : 0.0; });
  Local out{std::vector<double>(n, nan), std::vector<double>(n, nan)};
  for (std::size_t i = 0; i < n; ++i) {
    if (std::isnan(values[i]))
      continue;
    const Neighbourhood near(
        static_cast<Index>(i), width_blocks * block, own_blocks * block, static_cast<Index>(n));
    const double m = near.sum(count);
    if (m < 8)
      continue;
    const double mean = near.sum(sum) / m;
    const double variance = (near.sum(square) / m - mean * mean) * m / (m - 1);
    if (!(variance > 0))
      continue;
    out.centre[i] = middle + mean;
    out.width[i] = std::sqrt(variance);
  }
  return out;
}

/// Σ_k ρ(k)² over both signs of k within two blocks, where the statistic is correlated by the pairs
/// of frames that its values share; less what the noise of ρ adds.
double correlated_squares(const std::vector<double>& correlation, Index block, double values) {
  const auto reach = std::min(correlation.size() - 1, static_cast<std::size_t>(own_blocks * block));
  double squares = 1;
  for (std::size_t k = 1; k <= reach; ++k)
    squares += 2 * correlation[k] * correlation[k];
  return std::max(1.0, squares / (1 + 2 * static_cast<double>(reach) / values));
}

/// Degrees of freedom of the width at each frame, and (`mean`) of the mean width of the series.
struct Degrees {
  std::vector<double> at;
  double mean = 0;
};

Degrees degrees_of(const std::vector<double>& quiet,
                   const std::vector<double>& slope,
                   Index block,
                   double squares) {
  const std::size_t n = quiet.size();
  const auto power = [&](int p) {
    return prefix_sums(
        n, [&](std::size_t i) { return std::isnan(quiet[i]) ? 0.0 : std::pow(slope[i], p); });
  };
  const auto s0 = power(0), s1 = power(1), s2 = power(2);
  Degrees out{std::vector<double>(n, nan), s0[n] / squares};
  const double spread = s2[n] - s1[n] * s1[n] / s0[n];
  for (std::size_t i = 0; i < n; ++i) {
    const Neighbourhood near(
        static_cast<Index>(i), width_blocks * block, own_blocks * block, static_cast<Index>(n));
    const double m = near.sum(s0);
    if (m < 1)
      continue;
    const double here = near.sum(s1) / m, away = slope[i] - here;
    const double of_slope = away * (away + 2 * (here - s1[n] / s0[n]));
    // the part of the slope can be negative where the neighbourhood leans the other way
    out.at[i] = 1 / (squares * std::max(1 / m + (spread > 0 ? of_slope / spread : 0), 1 / s0[n]));
  }
  return out;
}

} // namespace

DropStatistic make_statistic(const Band& band, Index block) {
  const Index n = band.frames;
  const auto size = static_cast<std::size_t>(n);
  const std::vector<double> nothing(size, nan);
  DropStatistic s{block, nothing, nothing, nothing, nothing};
  std::vector<double> drop(size, 0), around(size, 0), across(size, 0), weight(size, 0);
  const Index edge = std::max<Index>(1, block / 4); // lags that count as short, and as long
  std::vector<double> near(size, 0), near_weight(size, 0), far(size, 0), far_weight(size, 0);
  Prefix prefix;
  for (Index lag = 1; lag <= block; ++lag) {
    prefix.assign(band.diagonal(lag));
    for (Index t = 2 * block; t + 2 * block <= n; ++t) {
      Index nx = 0, nb = 0, na = 0;
      const double x = prefix.mean(t - lag, t, nx);
      const double b = prefix.mean(t - 2 * lag, t - lag, nb);
      const double a = prefix.mean(t, t + lag, na);
      const auto w = static_cast<double>(std::min({nx, nb, na}));
      const auto i = static_cast<std::size_t>(t);
      drop[i] += w * ((a + b) / 2 - x);
      around[i] += w * (a + b) / 2;
      across[i] += w * x;
      weight[i] += w;
      if (lag <= edge) {
        near[i] += w * (a + b) / 2;
        near_weight[i] += w;
      } else if (lag > block - edge) {
        far[i] += w * (a + b) / 2;
        far_weight[i] += w;
      }
    }
  }
  const double full = 0.5 * static_cast<double>(block * (block + 1));
  for (Index t = 2 * block; t + 2 * block <= n; ++t) {
    const auto i = static_cast<std::size_t>(t);
    if (weight[i] < full / 2 || std::isnan(band.at(1, t - 1)))
      continue;
    s.around[i] = around[i] / weight[i];
    s.drop[i] = drop[i] / weight[i] / (1 + s.around[i]);
    s.across[i] = across[i] / weight[i];
    if (near_weight[i] > 0 && far_weight[i] > 0)
      s.loss[i] = (near[i] / near_weight[i] - far[i] / far_weight[i]) / (1 + s.around[i]);
  }
  return s;
}

ScaledStatistic scale(const DropStatistic& s) {
  const auto n = static_cast<Index>(s.drop.size());
  const Index own = own_blocks * s.block;
  ScaledStatistic out;
  out.z.assign(s.drop.size(), nan);
  out.centre = out.width = out.z;
  std::vector<std::uint8_t> left_out(s.drop.size(), 0);
  for (int pass = 0; pass < 6; ++pass) {
    const auto centre = local_moments(s.drop, left_out, s.block).centre;
    const auto shape = noise_shape(s, centre, smooth_loss(s, left_out), left_out);
    std::vector<double> ratio(s.drop.size());
    for (std::size_t i = 0; i < ratio.size(); ++i)
      ratio[i] = s.drop[i] / shape.width[i];
    const Local local = local_moments(ratio, left_out, s.block);
    std::vector<double> quiet(ratio.size(), nan);
    double values = 0;
    for (std::size_t i = 0; i < ratio.size(); ++i) {
      out.centre[i] = local.centre[i] * shape.width[i];
      out.width[i] = local.width[i] * shape.width[i];
      out.z[i] = (ratio[i] - local.centre[i]) / local.width[i];
      if (left_out[i] == 0)
        quiet[i] = out.z[i];
      values += std::isnan(quiet[i]) ? 0 : 1;
    }
    const auto correlation = autocorrelation(quiet, 4 * s.block);
    out.correlation = tapered(correlation);
    const auto degrees =
        degrees_of(quiet,
                   shape.slope,
                   s.block,
                   correlated_squares(correlation, s.block, std::max(1.0, values)));
    out.degrees = degrees.mean;
    for (std::size_t i = 0; i < ratio.size(); ++i)
      out.z[i] = normal_equivalent(out.z[i], degrees.at[i]);
    bool changed = false;
    for (Index t = 0; t < n; ++t)
      if (std::abs(out.z[static_cast<std::size_t>(t)]) > outlier)
        for (Index k = std::max<Index>(0, t - own); k < std::min(n, t + own + 1); ++k) {
          changed |= left_out[static_cast<std::size_t>(k)] == 0;
          left_out[static_cast<std::size_t>(k)] = 1;
        }
    if (!changed)
      break;
  }
  return out;
}

} // namespace vitrum::aging
