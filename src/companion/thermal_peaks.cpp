#include "vitrum/companion/thermal_peaks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "curve_fit.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::companion {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double reach = 3.5; // half widths from a maximum to where a peak begins or ends

std::vector<double> upward(std::span<const double> flow, bool exotherms) {
  std::vector<double> out(flow.begin(), flow.end());
  if (exotherms)
    for (double& h : out)
      h = -h;
  return out;
}

/// From `at` in direction `step` to where the values have fallen to `level`; the end else.
double falls_to(CurveView curve, Index at, int step, double level) {
  const auto n = static_cast<Index>(curve.x.size());
  Index i = at;
  while (i + step >= 0 && i + step < n && curve.y[static_cast<std::size_t>(i)] > level)
    i += step;
  return curve.x[static_cast<std::size_t>(i)];
}

/// A maximum with the temperatures at which it has fallen to shares of its prominence.
struct Shape {
  Index at = 0;
  double prominence = 0, t = 0, half_left = 0, half_right = 0;
};

Shape shape_of(CurveView curve, const Extremum& peak) {
  const auto at = static_cast<std::size_t>(peak.at);
  const double half = curve.y[at] - 0.5 * peak.prominence;
  return {peak.at,
          peak.prominence,
          curve.x[at],
          curve.x[at] - falls_to(curve, peak.at, -1, half),
          falls_to(curve, peak.at, 1, half) - curve.x[at]};
}

double lowest_between(CurveView curve, Index first, Index last) {
  return *std::min_element(curve.y.begin() + static_cast<std::ptrdiff_t>(first),
                           curve.y.begin() + static_cast<std::ptrdiff_t>(last) + 1);
}

/// Whether the curve comes back to the foot of the higher of two neighbours in between.
bool separate(CurveView curve, const Shape& a, const Shape& b) {
  constexpr double share = 0.15;
  const double of_a = curve.y[static_cast<std::size_t>(a.at)],
               of_b = curve.y[static_cast<std::size_t>(b.at)];
  const double base = of_a > of_b ? of_a - a.prominence : of_b - b.prominence;
  return lowest_between(curve, a.at, b.at) - base < share * (std::min(of_a, of_b) - base);
}

PeakRanges ranges_of(CurveView curve, const std::vector<Shape>& group, Range within) {
  PeakRanges r;
  const double start = curve.x.front(), stop = curve.x.back();
  const auto value = [&](const Shape& s) { return curve.y[static_cast<std::size_t>(s.at)]; };
  // all maxima of a group stand on the foot of the highest
  const Shape& highest =
      *std::max_element(group.begin(), group.end(), [&](const Shape& a, const Shape& b) {
        return value(a) < value(b);
      });
  r.prominence = highest.prominence;
  const double base = value(highest) - highest.prominence;
  const auto outward = [&](const Shape& s, int step, double part) {
    return falls_to(curve, s.at, step, base + part * (value(s) - base));
  };
  const Shape &head = group.front(), &tail = group.back();
  const double half_left = head.t - outward(head, -1, 0.5),
               half_right = outward(tail, 1, 0.5) - tail.t;
  constexpr double least_k = 10, lines = 6;
  r.before_last_c = std::max(within.first, head.t - reach * half_left);
  r.before_first_c =
      std::max({start, within.first, r.before_last_c - std::max(lines * half_left, least_k)});
  if (r.before_last_c - r.before_first_c < 1)
    r.before_first_c = std::max(start, r.before_last_c - 1);
  r.after_first_c = std::min(within.last, tail.t + reach * half_right);
  r.after_last_c =
      std::min({stop, within.last, r.after_first_c + std::max(lines * half_right, least_k)});
  r.lead_first_c = outward(head, -1, 0.12);
  r.lead_last_c = outward(head, -1, 0.85);
  r.trail_first_c = outward(tail, 1, 0.85);
  r.trail_last_c = outward(tail, 1, 0.12);
  const double spacing = (stop - start) / static_cast<double>(curve.x.size() - 1);
  constexpr double fewest = 4; // points of a flank
  r.lead_first_c = std::min(r.lead_first_c, r.lead_last_c - fewest * spacing);
  r.trail_last_c = std::max(r.trail_last_c, r.trail_first_c + fewest * spacing);
  // a maximum on the shoulder of another has little prominence, but a few points to be found from
  for (const Shape& s : group) {
    const auto share = [&](int step) {
      return falls_to(curve, s.at, step, value(s) - 0.25 * s.prominence);
    };
    const double least = std::max(4 * spacing, 0.3 * std::min(s.half_left, s.half_right));
    r.top_first_c.push_back(std::min(share(-1), s.t - least));
    r.top_last_c.push_back(std::max(share(1), s.t + least));
  }
  return r;
}

} // namespace

std::vector<Extremum> find_maxima(std::span<const double> values) {
  std::vector<Extremum> found;
  const std::size_t n = values.size();
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (!(values[i] > values[i - 1] && values[i] >= values[i + 1]))
      continue;
    double left = values[i], right = values[i];
    for (std::size_t j = i; j-- > 0 && values[j] <= values[i];)
      left = std::min(left, values[j]);
    for (std::size_t j = i + 1; j < n && values[j] <= values[i]; ++j)
      right = std::min(right, values[j]);
    found.push_back({static_cast<Index>(i), values[i] - std::max(left, right)});
  }
  return found;
}

std::vector<PeakRanges>
find_peaks(std::span<const double> temperature_c, std::span<const double> flow, bool exotherms) {
  const auto up = upward(flow, exotherms);
  const auto smooth = smoothed(temperature_c, up);
  const CurveView curve{temperature_c, smooth};
  const auto all = find_maxima(smooth);
  double largest = 0;
  for (const auto& one : all)
    largest = std::max(largest, one.prominence);
  constexpr double noises = 10, share = 0.05;
  const double least = std::max(noises * noise_of(flow), share * largest);
  std::vector<Shape> shapes;
  for (const auto& one : all)
    if (one.prominence > least)
      shapes.push_back(shape_of(curve, one));
  std::vector<std::vector<Shape>> groups;
  for (const auto& shape : shapes)
    if (groups.empty() || separate(curve, groups.back().back(), shape))
      groups.push_back({shape});
    else
      groups.back().push_back(shape);
  std::vector<PeakRanges> peaks;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Range within{temperature_c.front(), temperature_c.back()};
    const auto valley = [&](std::size_t a, std::size_t b) {
      const Index first = groups[a].back().at, last = groups[b].front().at;
      const auto low = std::min_element(smooth.begin() + static_cast<std::ptrdiff_t>(first),
                                        smooth.begin() + static_cast<std::ptrdiff_t>(last) + 1);
      return temperature_c[static_cast<std::size_t>(low - smooth.begin())];
    };
    if (g > 0)
      within.first = valley(g - 1, g);
    if (g + 1 < groups.size())
      within.last = valley(g, g + 1);
    peaks.push_back(ranges_of(curve, groups[g], within));
  }
  return peaks;
}

PeaksOfBoth find_all_peaks(std::span<const double> temperature_c, std::span<const double> flow) {
  struct Candidate {
    PeakRanges ranges;
    bool exotherm;
  };
  std::vector<Candidate> list;
  for (const bool exotherm : {true, false})
    for (auto& ranges : find_peaks(temperature_c, flow, exotherm))
      list.push_back({std::move(ranges), exotherm});
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.ranges.prominence > b.ranges.prominence;
  });
  std::vector<Candidate> kept;
  for (auto& one : list) {
    const auto& r = one.ranges;
    const bool within = std::any_of(kept.begin(), kept.end(), [&](const Candidate& k) {
      return r.top_last_c.front() > k.ranges.before_last_c &&
             r.top_first_c.back() < k.ranges.after_first_c;
    });
    if (!within)
      kept.push_back(std::move(one));
  }
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.ranges.top_first_c.front() < b.ranges.top_first_c.front();
  });
  PeaksOfBoth both;
  for (auto& one : kept)
    (one.exotherm ? both.exotherms : both.endotherms).push_back(std::move(one.ranges));
  return both;
}

ThermalPeak measure_peak(std::span<const double> temperature_c,
                         std::span<const double> flow,
                         const PeakRanges& r,
                         bool exotherm) {
  const auto up = upward(flow, exotherm);
  const CurveView curve{temperature_c, up};
  ThermalPeak out;
  const auto before = fit_polynomial(curve, {r.before_first_c, r.before_last_c}, 1);
  const Range tail{r.after_first_c, r.after_last_c};
  out.extrapolated = curve.count(tail) < 4;
  const auto after = out.extrapolated ? before : fit_polynomial(curve, tail, 1);
  const auto steepest = [&](Range flank, double sign, double& at, double& value, double& slope) {
    const Index points = curve.count(flank);
    const auto fit = fit_polynomial(curve, flank, points >= 14 ? 5 : points >= 7 ? 3 : 1);
    at = 0.5 * (flank.first + flank.last);
    constexpr int places = 200;
    for (int i = places / 10; i <= places - places / 10; ++i)
      if (const double t = flank.first + flank.length() * i / places;
          sign * fit.slope(t) > sign * fit.slope(at))
        at = t;
    value = fit(at);
    slope = fit.slope(at);
  };
  const auto meets = [](const Polynomial& line, double at, double value, double slope) {
    const double difference = slope - line.slope(at);
    return difference != 0 ? at - (value - line(at)) / difference : nan;
  };
  steepest({r.lead_first_c, r.lead_last_c}, 1, out.lead_at_c, out.lead_value, out.lead_slope);
  steepest({r.trail_first_c, r.trail_last_c}, -1, out.trail_at_c, out.trail_value, out.trail_slope);
  out.onset_c = meets(before, out.lead_at_c, out.lead_value, out.lead_slope);
  out.end_c =
      out.extrapolated ? nan : meets(after, out.trail_at_c, out.trail_value, out.trail_slope);
  out.before_value = before(out.lead_at_c);
  out.before_slope = before.slope(out.lead_at_c);

  // baseline: before + share of the area so far × (after − before)
  const auto [first, last] = curve.indices({r.before_last_c, r.after_first_c});
  const std::size_t n = last - first;
  std::vector<double> share(n, 0.0), base(n);
  for (int round = 0; round < 8; ++round) {
    std::vector<double> sum(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      const double t = curve.x[first + i];
      base[i] = before(t) + share[i] * (after(t) - before(t));
      if (i > 0)
        sum[i] = sum[i - 1] + 0.5 * (t - curve.x[first + i - 1]) *
                                  (up[first + i] - base[i] + up[first + i - 1] - base[i - 1]);
    }
    out.area_k = n > 0 ? sum.back() : 0;
    if (!(out.area_k > 0) || out.extrapolated)
      break;
    for (std::size_t i = 0; i < n; ++i)
      share[i] = std::clamp(sum[i] / out.area_k, 0.0, 1.0);
  }
  out.baseline_first = static_cast<Index>(first);
  const auto baseline_at = [&, first = first, last = last](double t) {
    const auto at = curve.indices({t, t}).first;
    return base[std::clamp(at, first, last - 1) - first];
  };
  for (std::size_t k = 0; k < r.top_first_c.size(); ++k) {
    const Range top{r.top_first_c[k], r.top_last_c[k]};
    const Index points = curve.count(top);
    const auto fit = fit_polynomial(curve, top, points >= 24 ? 6 : points >= 8 ? 4 : 2);
    double t = 0.5 * (top.first + top.last);
    constexpr int places = 400;
    for (int i = 0; i <= places; ++i)
      if (const double tried = top.first + top.length() * i / places; fit(tried) > fit(t))
        t = tried;
    // the last steps by the zero of the slope
    const double pace = top.length() / places;
    if (const double zero =
            crossing([&](double x) { return fit.slope(x); }, t - 2 * pace, t + 2 * pace);
        std::isfinite(zero))
      t = zero;
    out.maximum_c.push_back(t);
    const double height = n > 0 ? fit(t) - baseline_at(t) : nan;
    if (k == 0 || height > out.height) {
      out.height = height;
      out.highest_c = t;
    }
  }
  out.baseline = std::move(base);
  if (exotherm) {
    for (double* v : {&out.lead_value,
                      &out.lead_slope,
                      &out.trail_value,
                      &out.trail_slope,
                      &out.before_value,
                      &out.before_slope})
      *v = -*v;
    for (double& v : out.baseline)
      v = -v;
  }
  return out;
}

} // namespace vitrum::companion
