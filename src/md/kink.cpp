#include "vitrum/md/kink.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

/// y = c + a·min(x − k, 0) + b·max(x − k, 0), linear in c, a, b.
struct Lines {
  double value = 0, below = 0, above = 0, squares = 0, slope_variance = 0;
};

Lines fit_lines(std::span<const double> x, std::span<const double> y, double k) {
  std::array<std::array<double, 4>, 3> m{}; // normal equations with their right side
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::array<double, 3> f{1, std::min(x[i] - k, 0.0), std::max(x[i] - k, 0.0)};
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 3; ++c)
        m[r][c] += f[r] * f[c];
      m[r][3] += f[r] * y[i];
    }
  }
  std::array<std::array<double, 3>, 3> inverse{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (std::size_t p = 0; p < 3; ++p) {
    const double pivot = m[p][p];
    for (auto& v : m[p])
      v /= pivot;
    for (auto& v : inverse[p])
      v /= pivot;
    for (std::size_t r = 0; r < 3; ++r) {
      if (r == p)
        continue;
      const double factor = m[r][p];
      for (std::size_t c = 0; c < 4; ++c)
        m[r][c] -= factor * m[p][c];
      for (std::size_t c = 0; c < 3; ++c)
        inverse[r][c] -= factor * inverse[p][c];
    }
  }
  Lines out{m[0][3], m[1][3], m[2][3], 0, 0};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double model =
        out.value + out.below * std::min(x[i] - k, 0.0) + out.above * std::max(x[i] - k, 0.0);
    out.squares += (y[i] - model) * (y[i] - model);
  }
  out.slope_variance = inverse[1][1] + inverse[2][2] - 2 * inverse[1][2];
  return out;
}

} // namespace

Kink fit_kink(std::span<const double> x, std::span<const double> y) {
  constexpr std::size_t least = 10;
  if (x.size() != y.size() || x.size() < least)
    throw DataError(fmt::format("{} points, a kink needs {}", x.size(), least));
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[2], high = sorted[sorted.size() - 3];
  constexpr int steps = 400;
  const auto place = [&](int s) { return low + (high - low) * s / steps; };
  std::vector<double> squares;
  double best = std::numeric_limits<double>::infinity();
  int at = 0;
  for (int s = 0; s <= steps; ++s) {
    squares.push_back(fit_lines(x, y, place(s)).squares);
    if (squares.back() < best) {
      best = squares.back();
      at = s;
    }
  }
  Kink out;
  out.at = place(at);
  const auto lines = fit_lines(x, y, out.at);
  out.slope_below = lines.below;
  out.slope_above = lines.above;
  out.value = lines.value;
  const double variance = best / static_cast<double>(x.size() - 4);
  out.residual = std::sqrt(variance);
  const double difference = std::abs(lines.above - lines.below);
  if (!(difference > 3 * std::sqrt(variance * lines.slope_variance)))
    throw DataError(fmt::format(
        "the slopes {:.4g} and {:.4g} do not differ: no kink", lines.below, lines.above));
  int left = at, right = at;
  while (left > 0 && squares[static_cast<std::size_t>(left)] < best + variance)
    --left;
  while (right < steps && squares[static_cast<std::size_t>(right)] < best + variance)
    ++right;
  out.error = std::max(0.5 * (place(right) - place(left)), (high - low) / steps);
  return out;
}

namespace {

struct Line {
  double slope = 0, offset = 0;
  double points = 0;
};

/// Points in ascending x; each stands for the cell between the middles to its neighbours.
struct Cells {
  std::vector<double> x, y, from, to;

  Cells(std::span<const double> at, std::span<const double> value) {
    std::vector<std::size_t> order(at.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return at[a] < at[b]; });
    for (const auto i : order) {
      x.push_back(at[i]);
      y.push_back(value[i]);
    }
    const auto last = x.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
      from.push_back(0.5 * (x[i] + (i > 0 ? x[i - 1] : 2 * x[0] - x[1])));
      to.push_back(0.5 * (x[i] + (i < last ? x[i + 1] : 2 * x[last] - x[last - 1])));
    }
  }
  /// The share of a point that lies in a range: it changes steadily with the range, where in or
  /// out would leave no range that agrees with the Tg it leads to.
  [[nodiscard]] double share(std::size_t i, double low, double high) const {
    const double cell = to[i] - from[i];
    return cell > 0 ? std::clamp((std::min(high, to[i]) - std::max(low, from[i])) / cell, 0.0, 1.0)
                    : (x[i] >= low && x[i] <= high ? 1 : 0);
  }
};

Line line_between(const Cells& cells, double low, double high) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < cells.x.size(); ++i) {
    const double w = cells.share(i, low, high), x = cells.x[i], y = cells.y[i];
    n += w;
    sx += w * x;
    sy += w * y;
    sxx += w * x * x;
    sxy += w * x * y;
  }
  Line line;
  line.points = n;
  line.slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
  line.offset = (sy - line.slope * sx) / n;
  return line;
}

} // namespace

GlassTransition fit_glass_transition(std::span<const double> x, std::span<const double> y) {
  // shares of Tg
  constexpr std::array<double, 3> glass_to{0.5, 0.6, 0.7}, liquid_from{1.2, 1.3, 1.4};
  constexpr std::array<double, 2> liquid_to{1.7, 1.9};
  constexpr double least = 4;    // points of a line
  constexpr std::size_t few = 6; // ranges
  constexpr int rounds = 100;
  constexpr double settled = 1e-4;
  GlassTransition out;
  const Cells cells(x, y);
  out.at = fit_kink(x, y).at;
  double before = 0, meet = 0, change = 0, step = 1;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> at, below, above, value;
    for (const double end : glass_to)
      for (const double from : liquid_from)
        for (const double to : liquid_to) {
          const auto glass = line_between(cells, 0, end * out.at);
          const auto liquid = line_between(cells, from * out.at, to * out.at);
          const double one = (liquid.offset - glass.offset) / (glass.slope - liquid.slope);
          if (glass.points < least || liquid.points < least || !(one > 0) || !std::isfinite(one))
            continue;
          at.push_back(one);
          below.push_back(glass.slope);
          above.push_back(liquid.slope);
          value.push_back(glass.offset + glass.slope * one);
        }
    if (at.size() < few)
      throw DataError(fmt::format("too few points below {:.2g} or between {:.2g} and {:.2g} times "
                                  "{:.3g}: cool further, from higher, or more slowly",
                                  glass_to.back(),
                                  liquid_from.front(),
                                  liquid_to.back(),
                                  out.at));
    before = out.at;
    meet = median(at);
    if ((meet - before) * change < 0) // overshot
      step *= 0.5;
    change = meet - before;
    out.at = before + step * change;
    const auto [low, high] = std::minmax_element(at.begin(), at.end());
    out.lowest = *low;
    out.highest = *high;
    out.slope_below = median(below);
    out.slope_above = median(above);
    out.value = median(value);
    if (std::abs(meet - before) < settled * before) {
      out.at = meet;
      return out;
    }
  }
  // where a range comes to be left out the median jumps, and may jump over itself
  if (out.lowest <= before && before <= out.highest) {
    out.at = before;
    return out;
  }
  throw DataError(
      fmt::format("the ranges of the lines do not settle: with those about {:.4g} they meet at "
                  "{:.4g}",
                  before,
                  out.at));
}

} // namespace vitrum::md
