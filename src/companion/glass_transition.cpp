#include "vitrum/companion/glass_transition.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "curve_fit.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::companion {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Solves a symmetric positive definite system in place; false when it is singular.
template <std::size_t N>
bool solve(std::array<std::array<double, N>, N>& a, std::array<double, N>& b) {
  for (std::size_t j = 0; j < N; ++j) {
    if (!(a[j][j] > 1e-300))
      return false;
    for (std::size_t i = j + 1; i < N; ++i) {
      const double f = a[i][j] / a[j][j];
      for (std::size_t k = j; k < N; ++k)
        a[i][k] -= f * a[j][k];
      b[i] -= f * b[j];
    }
  }
  for (std::size_t j = N; j-- > 0;) {
    for (std::size_t k = j + 1; k < N; ++k)
      b[j] -= a[j][k] * b[k];
    b[j] /= a[j][j];
  }
  return std::all_of(b.begin(), b.end(), [](double v) { return std::isfinite(v); });
}

Blend blend_fit(CurveView curve, Range range, double centre, double width) {
  const auto [first, last] = curve.indices(range);
  std::array<std::array<double, 4>, 4> a{};
  std::array<double, 4> b{};
  double yy = 0;
  for (std::size_t i = first; i < last; ++i) {
    const double u = curve.x[i] - centre, s = 1 / (1 + std::exp(-u / width));
    const std::array<double, 4> row{1 - s, (1 - s) * u, s, s * u};
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t k = 0; k < 4; ++k)
        a[j][k] += row[j] * row[k];
      b[j] += row[j] * curve.y[i];
    }
    yy += curve.y[i] * curve.y[i];
  }
  const auto right = b;
  Blend blend{centre, width};
  if (!solve(a, b))
    return blend;
  blend.glass = b[0];
  blend.glass_slope = b[1];
  blend.liquid = b[2];
  blend.liquid_slope = b[3];
  blend.squares = yy - (b[0] * right[0] + b[1] * right[1] + b[2] * right[2] + b[3] * right[3]);
  return blend;
}

/// Improves centre and width by halving steps.
Blend refine(CurveView curve, Range range, Blend best, int rounds = 40) {
  double step_centre = best.width, factor = 1.5;
  for (int round = 0; round < rounds; ++round) {
    Blend next = best;
    for (const auto& [dc, f] : {std::pair(-step_centre, 1.0),
                                std::pair(step_centre, 1.0),
                                std::pair(0.0, factor),
                                std::pair(0.0, 1 / factor)}) {
      const Blend tried = blend_fit(curve, range, best.centre + dc, best.width * f);
      if (tried.squares < next.squares && tried.centre > range.first && tried.centre < range.last)
        next = tried;
    }
    if (next.squares < best.squares) {
      best = next;
    } else {
      step_centre /= 2;
      factor = std::sqrt(factor);
    }
  }
  return best;
}

/// Spacing of the points and how many of them a range holds must allow a step to be told.
constexpr Index fewest_points = 12;

/// The window that shows a step of this width: as much of the glass and the liquid as there is.
Range window_of(const Blend& blend, Range within) {
  const double reach = std::max(14 * blend.width, 25.0);
  return {std::max(within.first, blend.centre - reach),
          std::min(within.last, blend.centre + reach)};
}

/// Twice the gain of likelihood of two lines and a step over a polynomial, for noise that is not
/// known. Residuals that rounding makes count as none.
double gain_over(CurveView curve, Range window, const Polynomial& smooth, const Blend& blend) {
  const auto [first, last] = curve.indices(window);
  double squares = 0, all = 0;
  for (std::size_t i = first; i < last; ++i) {
    squares += std::pow(curve.y[i] - smooth(curve.x[i]), 2);
    all += curve.y[i] * curve.y[i];
  }
  const double rounding = 1e-11 * all;
  return static_cast<double>(last - first) *
         std::log((squares + rounding) / (std::max(blend.squares, 0.0) + rounding));
}

Blend best_candidate(CurveView curve, Range within) {
  Blend best;
  double best_gain = 0;
  for (const double width : {1.0, 1.6, 2.5, 4.0, 6.5, 10.0}) {
    const double pace = std::max(0.7 * width, 0.7);
    for (double centre = within.first + 3 * width; centre <= within.last - 3 * width;
         centre += pace) {
      Blend blend{centre, width};
      const Range window = window_of(blend, within);
      const Index points = curve.count(window);
      if (points < fewest_points || curve.count({window.first, centre}) < 4 ||
          curve.count({centre, window.last}) < 4)
        continue;
      blend = blend_fit(curve, window, centre, width);
      if (!(blend.step() > 0))
        continue;
      const auto smooth = fit_polynomial(curve, window, 3);
      const double gain = gain_over(curve, window, smooth, blend);
      if (gain > best_gain) {
        best_gain = gain;
        best = blend;
      }
    }
  }
  return best;
}

/// Standard error of the step for lines through both sides whose noise is correlated.
double step_error(CurveView curve, const Blend& blend, Range window) {
  const std::array<Range, 2> ranges{Range{window.first, blend.centre - 3 * blend.width},
                                    Range{blend.centre + 3 * blend.width, window.last}};
  if (curve.count(ranges[0]) < 3 || curve.count(ranges[1]) < 3)
    return std::numeric_limits<double>::infinity();
  const std::array<Polynomial, 2> lines{fit_polynomial(curve, ranges[0], 1),
                                        fit_polynomial(curve, ranges[1], 1)};
  const Noise noise = noise_about(curve, ranges, lines);
  double variance = 0;
  for (const Range& range : ranges) {
    const auto n = static_cast<double>(curve.count(range));
    const double length = std::max(range.length(), 1e-9);
    const double off = (blend.centre - 0.5 * (range.first + range.last)) / length;
    variance += (1 + 12 * off * off) / n; // of a line through evenly spaced points
  }
  const double inflation = (1 + noise.correlation) / (1 - noise.correlation);
  return noise.deviation * std::sqrt(variance * inflation);
}

/// Smallest and largest temperature of the flank that lies between 10 and 90 % of the step.
Range flank_of(CurveView smooth, const Blend& blend) {
  const auto fraction = [&](std::size_t i) {
    const double u = smooth.x[i] - blend.centre;
    const double low = blend.glass + blend.glass_slope * u;
    return (smooth.y[i] - low) / (blend.liquid + blend.liquid_slope * u - low);
  };
  auto middle = smooth.indices({blend.centre, blend.centre}).first;
  middle = std::min(middle, smooth.x.size() - 1);
  std::size_t first = middle, last = middle;
  while (first > 0 && fraction(first) > 0.1 && blend.centre - smooth.x[first] < 5 * blend.width)
    --first;
  while (last + 1 < smooth.x.size() && fraction(last) < 0.9 &&
         smooth.x[last] - blend.centre < 5 * blend.width)
    ++last;
  return {smooth.x[first], smooth.x[last]};
}

/// Where the smoothed curve has come down to the line of the liquid after an overshoot.
double end_of_overshoot(CurveView smooth, const Blend& blend, double from, double last) {
  const Range far{std::max(from, last - std::max(6 * blend.width, 0.4 * (last - from))), last};
  if (smooth.count(far) < 5)
    return from;
  const auto line = fit_polynomial(smooth, far, 1);
  const double tolerance = 0.03 * std::abs(blend.step());
  const auto [first, stop] = smooth.indices({from, far.first});
  for (std::size_t i = stop; i-- > first;)
    if (smooth.y[i] - line(smooth.x[i]) > tolerance)
      return smooth.x[i];
  return from;
}

GlassRanges ranges_of(CurveView smooth, const Blend& blend, Range within) {
  GlassRanges ranges;
  const Range flank = flank_of(smooth, blend);
  const double gap = 7.5 * blend.width; // a logistic step is within 0.06 % of its lines there
  ranges.flank_first_c = flank.first;
  ranges.flank_last_c = flank.last;
  ranges.glass_last_c = std::max(within.first, blend.centre - gap);
  ranges.glass_first_c =
      std::max(within.first, ranges.glass_last_c - std::max(15 * blend.width, 30.0));
  ranges.liquid_first_c =
      end_of_overshoot(smooth, blend, std::min(within.last, blend.centre + gap), within.last);
  ranges.liquid_last_c =
      std::min(within.last, ranges.liquid_first_c + std::max(15 * blend.width, 30.0));
  return ranges;
}

} // namespace

StepSearch find_glass_transition(std::span<const double> temperature_c,
                                 std::span<const double> flow,
                                 double first_c,
                                 double last_c) {
  const CurveView curve{temperature_c, flow};
  const Range within{std::max(first_c, temperature_c.front()),
                     std::min(last_c, temperature_c.back())};
  StepSearch search;
  search.at_c = nan;
  search.step = search.step_error = nan;
  if (curve.count(within) < fewest_points || within.length() < 10) {
    search.reason = fmt::format("{} points over {:.0f} K before the first exotherm",
                                curve.count(within),
                                std::max(within.length(), 0.0));
    return search;
  }
  Blend blend = best_candidate(curve, within);
  if (!std::isfinite(blend.squares)) {
    search.reason = "no step towards higher heat capacity";
    return search;
  }
  blend = refine(curve, window_of(blend, within), blend);
  const Range window = window_of(blend, within);
  blend = refine(curve, window, blend);
  search.at_c = blend.centre;
  search.step = blend.step();
  search.step_error = step_error(curve, blend, window);
  // a curved baseline is no step: a polynomial with as many parameters must do worse
  const auto polynomial = fit_polynomial(curve, window, 5);
  const double gain = gain_over(curve, window, polynomial, blend);
  constexpr double errors_wanted = 6, gain_wanted = 10;
  if (!(search.step > errors_wanted * search.step_error)) {
    search.reason =
        fmt::format("the largest step, at {:.0f} °C, is {:.2g} ± {:.2g}, expected {:.0f} "
                    "errors",
                    search.at_c,
                    search.step,
                    search.step_error,
                    errors_wanted);
    return search;
  }
  if (!(gain > gain_wanted)) {
    search.reason =
        fmt::format("what rises at {:.0f} °C is as well a curved baseline as a step", search.at_c);
    return search;
  }
  const auto smooth_values = smoothed(temperature_c, flow);
  search.blend = blend;
  search.ranges = ranges_of({temperature_c, smooth_values}, blend, within);
  const GlassRanges& ranges = search.ranges;
  constexpr Index fewest = 4;
  for (const auto& [name, range] :
       {std::pair("glass", Range{ranges.glass_first_c, ranges.glass_last_c}),
        std::pair("liquid", Range{ranges.liquid_first_c, ranges.liquid_last_c})})
    if (curve.count(range) < fewest || range.length() < 2 * blend.width) {
      search.reason =
          fmt::format("the step at {:.0f} °C leaves {:.0f} K of the {} for its line; give --{}",
                      search.at_c,
                      std::max(range.length(), 0.0),
                      name,
                      name);
      return search;
    }
  search.found = true;
  return search;
}

GlassRanges found_again(const StepSearch& search,
                        std::span<const double> temperature_c,
                        std::span<const double> flow) {
  const GlassRanges& old = search.ranges;
  const Range within{old.glass_first_c, old.liquid_last_c};
  // what lies about the transition alone: the whole curve takes long
  const auto [first, last] = CurveView{temperature_c, flow}.indices(within);
  const auto t = temperature_c.subspan(first, last - first);
  const auto h = flow.subspan(first, last - first);
  const CurveView curve{t, h};
  constexpr int rounds = 10;
  Blend blend = search.blend;
  blend = refine(curve,
                 window_of(blend, within),
                 blend_fit(curve, window_of(blend, within), blend.centre, blend.width),
                 rounds);
  if (!std::isfinite(blend.squares) || !(blend.step() > 0))
    return old;
  const auto values = smoothed(t, h);
  GlassRanges out = ranges_of({t, values}, blend, within);
  // ends that came from elsewhere stay
  const GlassRanges was = ranges_of({t, values}, search.blend, within);
  const auto follow = [](double old_end, double now, double then) { return old_end + now - then; };
  out.glass_first_c = old.glass_first_c;
  out.liquid_last_c = old.liquid_last_c;
  out.glass_last_c =
      std::max(old.glass_first_c + 1, follow(old.glass_last_c, out.glass_last_c, was.glass_last_c));
  out.liquid_first_c = std::min(old.liquid_last_c - 1,
                                follow(old.liquid_first_c, out.liquid_first_c, was.liquid_first_c));
  out.flank_first_c = std::max(out.flank_first_c, out.glass_last_c);
  out.flank_last_c = std::min(out.flank_last_c, out.liquid_first_c);
  return out;
}

void smooth_transition(const StepSearch& search,
                       std::span<const double> temperature_c,
                       std::span<double> flow) {
  const Blend& blend = search.blend;
  constexpr double apart = 8; // widths: an overshoot ends later
  if (search.ranges.liquid_first_c > blend.centre + apart * blend.width)
    return;
  for (std::size_t i = 0; i < flow.size(); ++i) {
    const double u = temperature_c[i] - blend.centre;
    if (temperature_c[i] < search.ranges.glass_last_c ||
        temperature_c[i] > search.ranges.liquid_first_c)
      continue;
    const double share = 1 / (1 + std::exp(-u / blend.width));
    flow[i] = (1 - share) * (blend.glass + blend.glass_slope * u) +
              share * (blend.liquid + blend.liquid_slope * u);
  }
}

GlassTransition measure_glass_transition(std::span<const double> temperature_c,
                                         std::span<const double> flow,
                                         const GlassRanges& r) {
  const CurveView curve{temperature_c, flow};
  const auto glass = fit_polynomial(curve, {r.glass_first_c, r.glass_last_c}, 1);
  const auto liquid = fit_polynomial(curve, {r.liquid_first_c, r.liquid_last_c}, 1);
  const Range flank{r.flank_first_c, r.flank_last_c};
  const Index points = curve.count(flank);
  const auto rise = fit_polynomial(curve, flank, points >= 14 ? 5 : points >= 7 ? 3 : 1);
  GlassTransition out;
  out.inflection_c = 0.5 * (flank.first + flank.last);
  constexpr int places = 200;
  // the steepest place inside: ends of polynomials run wild
  for (int i = places / 5; i <= places - places / 5; ++i) {
    const double at = flank.first + flank.length() * i / places;
    if (rise.slope(at) > rise.slope(out.inflection_c))
      out.inflection_c = at;
  }
  const double at = out.inflection_c;
  out.tangent_value = rise(at);
  out.tangent_slope = rise.slope(at);
  out.glass_value = glass(at);
  out.glass_slope = glass.slope(at);
  out.liquid_value = liquid(at);
  out.liquid_slope = liquid.slope(at);
  const auto meets = [&](double value, double slope) {
    const double difference = out.tangent_slope - slope;
    return difference > 0 ? at + (value - out.tangent_value) / difference : nan;
  };
  out.onset_c = meets(out.glass_value, out.glass_slope);
  out.end_c = meets(out.liquid_value, out.liquid_slope);
  out.midpoint_c = crossing(
      [&](double t) { return rise(t) - 0.5 * (glass(t) + liquid(t)); }, flank.first, flank.last);
  out.step = liquid(out.midpoint_c) - glass(out.midpoint_c);
  return out;
}

} // namespace vitrum::companion
