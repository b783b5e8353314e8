#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "shared_errors.hpp"
#include "sized_peaks.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fem/correlation_length.hpp"

namespace vitrum::fem {
namespace {

/// Probe sizes, heights, their own errors and those they share, by size.
struct Points {
  std::vector<double> size, height, error;
  std::vector<SharedErrors::Pair> common;

  [[nodiscard]] bool shares() const {
    return std::any_of(
        common.begin(), common.end(), [](const auto& one) { return one[0] != 0 || one[1] != 0; });
  }
  /// Moves the height of a point by what so many standard deviations of the shared unknowns do.
  [[nodiscard]] double moved(std::size_t i, const SharedErrors::Pair& by) const {
    return by[0] * common[i][0] + by[1] * common[i][1];
  }
};

/// A draw of all errors: each point's own, the shared ones once.
std::vector<double> draw(const Points& p, Random& random) {
  std::vector<double> out;
  const bool shares = p.shares();
  const SharedErrors::Pair by{shares ? random.normal() : 0, shares ? random.normal() : 0};
  for (std::size_t i = 0; i < p.size.size(); ++i)
    out.push_back(p.error[i] * random.normal() + p.moved(i, by));
  return out;
}

/// y = level + slope · x by weighted least squares.
struct Line {
  double level = unknown, slope = unknown;
};

template <class X, class Y, class W>
Line fit_line_to(std::size_t first, std::size_t last, X&& x, Y&& y, W&& weight) {
  double s = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = first; i < last; ++i) {
    const double w = weight(i), u = x(i), v = y(i);
    s += w;
    sx += w * u;
    sy += w * v;
    sxx += w * u * u;
    sxy += w * u * v;
  }
  const double slope = (s * sxy - sx * sy) / (s * sxx - sx * sx);
  return {(sy - slope * sx) / s, slope};
}

/// 1/V = a + b R² of probes wider than the order; below `size` V is less by (R/size)^rise.
struct Branches {
  double a = unknown, b = unknown;
  double size = unknown, rise = unknown;
  double chi2 = std::numeric_limits<double>::infinity();

  [[nodiscard]] double beyond(double r) const { return 1 / (a + b * r * r); }
  [[nodiscard]] double at(double r) const {
    return beyond(r) * std::min(1.0, std::pow(r / size, rise));
  }
  /// Whether V rises up to the size.
  [[nodiscard]] bool usable() const {
    return a > 0 && b >= 0 && std::isfinite(size) &&
           rise > 2 * b * size * size / (a + b * size * size);
  }
};

/// Both branches with the first `rising` points on the first. Errors of ln V and of 1/V are those
/// of V where the fit has it, which later rounds know.
Branches fit_branches(const Points& p, std::size_t rising) {
  Branches out;
  const auto n = p.size.size();
  double level = unknown;
  for (std::size_t i = 0; i < n; ++i)
    if (!(p.height[i] > 0))
      return out;
  for (int round = 0; round < 3; ++round) {
    const auto expected = [&](std::size_t i) {
      return round == 0 ? p.height[i]
             : i >= rising
                 ? out.beyond(p.size[i])
                 : out.beyond(p.size[i]) * std::exp(level + out.rise * std::log(p.size[i]));
    };
    const Line second = fit_line_to(
        rising,
        n,
        [&](std::size_t i) { return p.size[i] * p.size[i]; },
        [&](std::size_t i) { // first order about what is expected
          const double v = expected(i);
          return 1 / v - (p.height[i] - v) / (v * v);
        },
        [&](std::size_t i) { return std::pow(expected(i) * expected(i) / p.error[i], 2); });
    Branches next;
    next.a = second.level;
    next.b = second.slope;
    for (std::size_t i = 0; i < rising; ++i)
      if (!(next.beyond(p.size[i]) > 0))
        return {};
    const Line first = fit_line_to(
        0,
        rising,
        [&](std::size_t i) { return std::log(p.size[i]); },
        [&](std::size_t i) {
          const double v = expected(i);
          return std::log(v / next.beyond(p.size[i])) + (p.height[i] - v) / v;
        },
        [&](std::size_t i) { return std::pow(expected(i) / p.error[i], 2); });
    level = first.level;
    next.rise = first.slope;
    next.size = std::exp(-level / next.rise);
    out = next;
    if (!out.usable())
      return out;
  }
  out.chi2 = 0;
  for (std::size_t i = 0; i < n; ++i)
    out.chi2 += std::pow((p.height[i] - out.at(p.size[i])) / p.error[i], 2);
  return out;
}

/// The best of all divisions of the points. Each branch needs two points.
Branches best_branches(const Points& p) {
  Branches best;
  for (std::size_t rising = 2; rising + 2 <= p.size.size(); ++rising) {
    const auto one = fit_branches(p, rising);
    if (one.usable() && one.chi2 < best.chi2 && one.size > p.size.front() &&
        one.size < p.size.back())
      best = one;
  }
  return best;
}

/// The same with shared errors: what the points say of the shared unknowns is taken off them and
/// the branches are fitted again, a few times.
Branches best_shared_branches(const Points& p) {
  auto best = best_branches(p);
  if (!p.shares() || !std::isfinite(best.chi2))
    return best;
  const SharedErrors errors(p.error, p.common);
  SharedErrors::Pair by{};
  auto moved = p;
  std::vector<double> left(p.size.size());
  constexpr int most = 3;        // errors are simulated with as many
  constexpr double close = 0.05; // of their standard deviations
  for (int round = 0; round < most; ++round) {
    for (std::size_t i = 0; i < left.size(); ++i)
      left[i] = p.height[i] - best.at(p.size[i]);
    const auto next = errors.unknowns(left);
    const double step = std::hypot(next[0] - by[0], next[1] - by[1]);
    by = next;
    for (std::size_t i = 0; i < left.size(); ++i)
      moved.height[i] = p.height[i] - p.moved(i, by);
    best = best_branches(moved);
    if (!std::isfinite(best.chi2))
      return best;
    if (step < close)
      break;
  }
  best.chi2 += by[0] * by[0] + by[1] * by[1];
  return best;
}

/// ln R and V at the top of the weighted parabola through the largest value and its neighbours.
bool parabola_top(const Points& p, double& top_r, double& top_v) {
  const auto high = static_cast<std::size_t>(std::max_element(p.height.begin(), p.height.end()) -
                                             p.height.begin());
  if (high == 0 || high + 1 == p.size.size())
    return false;
  const double x0 = std::log(p.size[high - 1] / p.size[high]),
               x1 = std::log(p.size[high + 1] / p.size[high]);
  const double y0 = p.height[high - 1] - p.height[high], y1 = p.height[high + 1] - p.height[high];
  const double bend = (y0 / x0 - y1 / x1) / (x0 - x1), slope = y0 / x0 - bend * x0;
  const double top = std::clamp(-0.5 * slope / bend, x0, x1);
  top_r = p.size[high] * std::exp(top);
  top_v = p.height[high] + slope * top + bend * top * top;
  return true;
}

void set_by_parabola(StrattonVoyles& out, const Points& p, std::uint64_t seed) {
  const auto high = static_cast<std::size_t>(std::max_element(p.height.begin(), p.height.end()) -
                                             p.height.begin());
  double r = 0, v = 0;
  if (!parabola_top(p, r, v))
    return;
  out.length_nm.value = r;
  out.maximum.value = v;
  out.points = 3;
  Random random(seed);
  Moments place, height;
  constexpr int samples = 400;
  auto moved = p;
  for (int s = 0; s < samples; ++s) {
    const auto by = draw(p, random);
    for (std::size_t i = 0; i < p.size.size(); ++i)
      moved.height[i] = p.height[i] + by[i];
    if (parabola_top(moved, r, v)) {
      place.add(r);
      height.add(v);
    }
  }
  const double gap = p.size[high + 1] - p.size[high - 1];
  out.length_nm.error = std::hypot(place.deviation(), gap / std::sqrt(12.0));
  out.maximum.error = height.deviation();
  out.smallest_beyond = p.size[high];
}

} // namespace

StrattonVoyles find_stratton_voyles(std::span<const SizedPeak> peaks, std::uint64_t seed) {
  StrattonVoyles out;
  validate(peaks);
  Points p;
  for (const auto& one : sorted_by_size(peaks)) {
    p.size.push_back(one.probe_size_nm);
    p.height.push_back(one.height);
    p.error.push_back(one.error);
    p.common.push_back(one.common);
  }
  const auto n = p.size.size();
  if (n < 4) {
    out.status = fmt::format("{} probe sizes, need 4 for a maximum", n);
    return out;
  }
  const auto largest = static_cast<std::size_t>(std::max_element(p.height.begin(), p.height.end()) -
                                                p.height.begin());
  if (largest == 0 || largest + 1 == n) {
    out.status = fmt::format("the largest V is at the {} probe size, {} nm: no maximum inside the "
                             "series",
                             largest == 0 ? "smallest" : "largest",
                             p.size[largest]);
    return out;
  }
  constexpr std::size_t parameters = 4;
  const Branches best = n > parameters ? best_shared_branches(p) : Branches{};
  if (!std::isfinite(best.chi2)) {
    set_by_parabola(out, p, seed);
    out.status = "maximum of a parabola: too few probe sizes on one side for its branch";
    return out;
  }
  const auto degrees = static_cast<double>(n - parameters);
  constexpr double unlikely = 0.01;
  out.chi2 = best.chi2;
  if (chi2_survival(best.chi2, degrees) < unlikely) {
    set_by_parabola(out, p, seed);
    out.status = fmt::format("maximum of a parabola: two branches miss the points (chi2 {:.1f} of "
                             "{:g} degrees)",
                             best.chi2,
                             degrees);
    return out;
  }
  out.points = static_cast<Index>(n);
  out.length_nm.value = best.size;
  out.maximum.value = best.at(out.length_nm.value);
  out.rise.value = best.rise;
  for (const double r : p.size)
    if (r >= out.length_nm.value) {
      out.smallest_beyond = r;
      break;
    }
  constexpr int places = 120;
  for (int i = 0; i <= places; ++i) { // evenly in 1/R², as it is drawn
    const double low = 1 / (p.size.back() * p.size.back()),
                 high = 1 / (p.size.front() * p.size.front());
    out.curve_size_nm.push_back(1 / std::sqrt(low + (high - low) * i / places));
    out.curve.push_back(best.at(out.curve_size_nm.back()));
  }
  Random random(seed);
  Moments place, height, rise;
  constexpr int samples = 400;
  auto moved = p;
  for (int s = 0; s < samples; ++s) {
    const auto by = draw(p, random);
    for (std::size_t i = 0; i < n; ++i)
      moved.height[i] = best.at(p.size[i]) + by[i];
    const auto one = best_shared_branches(moved);
    if (!std::isfinite(one.chi2))
      continue;
    place.add(one.size);
    height.add(one.at(one.size));
    rise.add(one.rise);
  }
  const double scale = std::sqrt(std::max(1.0, best.chi2 / degrees));
  out.length_nm.error = scale * place.deviation();
  out.maximum.error = scale * height.deviation();
  out.rise.error = scale * rise.deviation();
  out.status = "maximum";
  return out;
}

} // namespace vitrum::fem
