#include "vitrum/md/kink.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
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
  Index points = 0;
};

Line line_between(std::span<const double> x, std::span<const double> y, double low, double high) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < low || x[i] > high)
      continue;
    n += 1;
    sx += x[i];
    sy += y[i];
    sxx += x[i] * x[i];
    sxy += x[i] * y[i];
  }
  Line line;
  line.points = static_cast<Index>(n);
  line.slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
  line.offset = (sy - line.slope * sx) / n;
  return line;
}

} // namespace

Kink fit_glass_transition(std::span<const double> x, std::span<const double> y) {
  Kink out = fit_kink(x, y);
  constexpr Index least = 4;     // points of a line
  constexpr std::size_t few = 6; // ranges
  for (int round = 0; round < 30; ++round) {
    std::vector<double> at, below, above, value;
    for (const double glass_to : {0.5, 0.6, 0.7})
      for (const double liquid_from : {1.2, 1.3, 1.4})
        for (const double liquid_to : {1.7, 1.9}) {
          const auto glass = line_between(x, y, 0, glass_to * out.at);
          const auto liquid = line_between(x, y, liquid_from * out.at, liquid_to * out.at);
          const double meet = (liquid.offset - glass.offset) / (glass.slope - liquid.slope);
          if (glass.points < least || liquid.points < least || !(meet > 0) || !std::isfinite(meet))
            continue;
          at.push_back(meet);
          below.push_back(glass.slope);
          above.push_back(liquid.slope);
          value.push_back(glass.offset + glass.slope * meet);
        }
    if (at.size() < few)
      throw DataError(fmt::format("too few points below 0.6 or between 1.3 and 1.8 times {:.3g}: "
                                  "cool further, from higher, or more slowly",
                                  out.at));
    const double before = out.at;
    out.at = median(at);
    out.error = moments(at).deviation();
    out.slope_below = median(below);
    out.slope_above = median(above);
    out.value = median(value);
    if (std::abs(out.at - before) < 1e-4 * before)
      break;
  }
  return out;
}

} // namespace vitrum::md
