#include "vitrum/aging/event_kind.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

/// Correlation coefficient of before(y, x) and after(y + dy, x + dx) over pixels used in both.
double coefficient(const PatternPair& p, Index dy, Index dx) {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  const auto used = [&](Index i) {
    return p.used.empty() || p.used[static_cast<std::size_t>(i)] != 0;
  };
  for (Index y = std::max<Index>(0, -dy); y < std::min(p.height, p.height - dy); ++y)
    for (Index x = std::max<Index>(0, -dx); x < std::min(p.width, p.width - dx); ++x) {
      const Index i = y * p.width + x;
      const Index j = (y + dy) * p.width + x + dx;
      if (!used(i) || !used(j))
        continue;
      const double u = p.before[static_cast<std::size_t>(i)];
      const double v = p.after[static_cast<std::size_t>(j)];
      n += 1;
      a += u;
      b += v;
      aa += u * u;
      bb += v * v;
      ab += u * v;
    }
  const double scale = (aa - a * a / n) * (bb - b * b / n);
  return n > 8 && scale > 0 ? (ab - a * b / n) / std::sqrt(scale) : 0.0;
}

/// Top of the parabola through three values at −1, 0, 1.
double top(double left, double middle, double right) {
  const double curvature = left - 2 * middle + right;
  return curvature < 0 ? std::clamp(0.5 * (left - right) / curvature, -0.5, 0.5) : 0.0;
}

} // namespace

ShiftTest test_shift(const PatternPair& patterns, Index reach) {
  const auto size = static_cast<std::size_t>(patterns.height * patterns.width);
  if (patterns.before.size() != size || patterns.after.size() != size ||
      (!patterns.used.empty() && patterns.used.size() != size))
    throw DataError(fmt::format("patterns of {} and {} values: not {} x {}",
                                patterns.before.size(),
                                patterns.after.size(),
                                patterns.height,
                                patterns.width));
  if (reach < 2 || 2 * reach >= std::min(patterns.height, patterns.width))
    throw OptionError(fmt::format("shifts of up to {} px: need at least 2 and a frame of more than "
                                  "twice that, found {} x {}",
                                  reach,
                                  patterns.height,
                                  patterns.width));
  ShiftTest out;
  Index best_y = 0, best_x = 0;
  std::vector<double> far;
  for (Index dy = -reach; dy <= reach; ++dy)
    for (Index dx = -reach; dx <= reach; ++dx) {
      const double c = coefficient(patterns, dy, dx);
      if (dy == 0 && dx == 0)
        out.still = c;
      if ((dy == -reach && dx == -reach) || c > out.moved) {
        out.moved = c;
        best_y = dy;
        best_x = dx;
      }
      if (std::max(std::abs(dy), std::abs(dx)) > reach / 2)
        far.push_back(c);
    }
  // the peak itself may lie far out: the robust width is deaf to it
  out.noise = robust_deviation(far);
  out.y_px = static_cast<double>(best_y) + top(coefficient(patterns, best_y - 1, best_x),
                                               out.moved,
                                               coefficient(patterns, best_y + 1, best_x));
  out.x_px = static_cast<double>(best_x) + top(coefficient(patterns, best_y, best_x - 1),
                                               out.moved,
                                               coefficient(patterns, best_y, best_x + 1));
  // of the difference of two coefficients
  out.shifted =
      (best_y != 0 || best_x != 0) && out.moved - out.still > 5 * std::sqrt(2.0) * out.noise;
  return out;
}

void apply_shift(Event& event, const ShiftTest& test) {
  if (!test.shifted)
    return;
  event.kind = EventKind::shift;
  event.shift_y_px = test.y_px;
  event.shift_x_px = test.x_px;
}

void compare_intensity(std::span<Event> events,
                       std::span<const double> mean_counts,
                       Index block,
                       double limit) {
  const auto n = static_cast<Index>(mean_counts.size());
  for (Event& event : events) {
    Moments before, after;
    for (Index k = 0; k < std::max<Index>(block, 8); ++k) {
      if (const Index t = event.frame - 1 - k;
          t >= 0 && !std::isnan(mean_counts[static_cast<std::size_t>(t)]))
        before.add(mean_counts[static_cast<std::size_t>(t)]);
      if (const Index t = event.frame + k;
          t < n && !std::isnan(mean_counts[static_cast<std::size_t>(t)]))
        after.add(mean_counts[static_cast<std::size_t>(t)]);
    }
    if (before.count < 2 || after.count < 2 || !(before.mean > 0))
      continue;
    event.intensity_ratio = after.mean / before.mean;
    const double error = event.intensity_ratio *
                         std::hypot(before.error() / before.mean, after.error() / after.mean);
    const double off = std::abs(event.intensity_ratio - 1);
    if (off > limit && off > 5 * error && event.kind == EventKind::structural)
      event.kind = EventKind::intensity;
  }
}

} // namespace vitrum::aging
