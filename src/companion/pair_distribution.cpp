#include "vitrum/companion/pair_distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include <fmt/format.h>

#include "curve_fit.hpp"
#include "sine_transform.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = std::numbers::pi;

using Values = std::vector<double>;

/// The points between q_min and q_max.
Scattering cut(const Scattering& s, const PairOptions& o) {
  Scattering out;
  out.normalised = s.normalised;
  for (std::size_t i = 0; i < s.q_inv_angstrom.size(); ++i) {
    const double q = s.q_inv_angstrom[i];
    if (!(q > 0) || q < o.q_min || q > o.q_max)
      continue;
    out.q_inv_angstrom.push_back(q);
    out.intensity.push_back(s.intensity[i]);
    out.intensity_error.push_back(s.intensity_error.empty() ? nan : s.intensity_error[i]);
    out.mean_square.push_back(s.normalised ? 1 : s.mean_square[i]);
    out.square_mean.push_back(s.normalised ? 1 : s.square_mean[i]);
  }
  constexpr std::size_t fewest = 20;
  if (out.q_inv_angstrom.size() < fewest)
    throw DataError(
        fmt::format("{} points of I(q) between {:g} and {:g} 1/angstrom, expected {} or "
                    "more",
                    out.q_inv_angstrom.size(),
                    o.q_min,
                    o.q_max,
                    fewest));
  return out;
}

void check(const Scattering& s) {
  const std::size_t n = s.q_inv_angstrom.size();
  if (s.intensity.size() != n || (!s.intensity_error.empty() && s.intensity_error.size() != n) ||
      (!s.normalised && (s.mean_square.size() != n || s.square_mean.size() != n)))
    throw DataError(fmt::format("I(q) with {} q, {} intensities and {} form factors",
                                n,
                                s.intensity.size(),
                                s.mean_square.size()));
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(s.q_inv_angstrom[i]) || !std::isfinite(s.intensity[i]))
      throw DataError(fmt::format("row {} of I(q): q {} and intensity {}, expected numbers",
                                  i + 1,
                                  s.q_inv_angstrom[i],
                                  s.intensity[i]));
    if (i > 0 && !(s.q_inv_angstrom[i] > s.q_inv_angstrom[i - 1]))
      throw DataError(fmt::format("row {} of I(q): q {:g} after {:g}, expected ascending q",
                                  i + 1,
                                  s.q_inv_angstrom[i],
                                  s.q_inv_angstrom[i - 1]));
  }
}

/// Errors that are not given: the noise from point to point, in windows of the curve.
void find_errors(Scattering& s) {
  if (std::all_of(s.intensity_error.begin(), s.intensity_error.end(), [](double e) {
        return std::isfinite(e) && e >= 0;
      }))
    return;
  constexpr std::size_t half = 25;
  const std::size_t n = s.intensity.size();
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = i > half ? i - half : 0, last = std::min(n, i + half);
    s.intensity_error[i] =
        noise_of(std::span<const double>(s.intensity).subspan(first, last - first));
  }
}

/// What depends on the grids alone.
struct Plan {
  Values q; // with 0 in front
  Values window, window_of_other;
  SineTransform transform, shorter;
  std::size_t high_first = 0; // of the points for the normalisation
  int poly_terms = 0;
  Values r;
};

double lorch(double q, double q_max) {
  const double x = pi * q / q_max;
  return x > 0 ? std::sin(x) / x : 1;
}

/// One pass from an intensity to G(r).
struct Pass {
  double scale = 1;
  Values structure, correction, f; // f: q (S − 1) with the zero in front
};

Pass structure_of(const Scattering& s, const Values& intensity, const Plan& plan) {
  Pass pass;
  const std::size_t n = s.q_inv_angstrom.size();
  if (!s.normalised) {
    double yy = 0, xy = 0;
    for (std::size_t i = plan.high_first; i < n; ++i) {
      // in units of ⟨f⟩², so that all of the range counts alike
      const double x = intensity[i] / s.square_mean[i], y = s.mean_square[i] / s.square_mean[i];
      yy += y * y;
      xy += x * y;
    }
    if (!(xy > 0))
      throw DataError(
          "the intensity at high q is not positive: it cannot be normalised to what free "
          "atoms scatter");
    pass.scale = yy / xy; // of the form factors against the intensity, which has the noise
  }
  pass.structure.resize(n);
  pass.correction.assign(n, 0.0);
  pass.f.assign(n + 1, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    pass.structure[i] = (pass.scale * intensity[i] - s.mean_square[i]) / s.square_mean[i] + 1;
    pass.f[i + 1] = s.q_inv_angstrom[i] * (pass.structure[i] - 1);
  }
  if (plan.poly_terms > 0) {
    const auto slow = fit_odd_polynomial(plan.q, pass.f, plan.poly_terms);
    for (std::size_t i = 0; i < n; ++i) {
      pass.correction[i] = slow[i + 1];
      pass.f[i + 1] -= slow[i + 1];
      pass.structure[i] = 1 + pass.f[i + 1] / s.q_inv_angstrom[i];
    }
  }
  return pass;
}

Values transformed(const Values& f, const Values& window, const SineTransform& transform) {
  Values weighted(transform.points());
  for (std::size_t i = 0; i < weighted.size(); ++i)
    weighted[i] = f[i] * window[i];
  auto g = transform.apply(weighted);
  for (double& v : g)
    v *= 2 / pi;
  return g;
}

struct Maximum {
  double at = 0, height = 0;
  std::size_t index = 0;
};
/// The maximum about a point: of a quartic through it and two to either side. The parabola through
/// seven that noisy points need would jump when the highest of them changes.
Maximum refined(const Values& x, const Values& y, std::size_t i) {
  Maximum out{x[i], y[i], i};
  constexpr std::size_t reach = 2;
  if (i < reach || i + reach >= x.size())
    return out;
  const auto fit = fit_polynomial({x, y}, {x[i - reach], x[i + reach]}, 4);
  const double at = crossing([&](double r) { return fit.slope(r); }, x[i - 1], x[i + 1]);
  if (std::isfinite(at)) {
    out.at = at;
    out.height = fit(at);
  }
  return out;
}

std::vector<Maximum> maxima_of(const Values& x, const Values& y) {
  std::vector<Maximum> out;
  for (std::size_t i = 1; i + 1 < y.size(); ++i)
    if (y[i] > y[i - 1] && y[i] >= y[i + 1])
      out.push_back(refined(x, y, i));
  return out;
}

/// The first maximum that has two fifths of the height of the highest: the first shell in G(r).
const Maximum* first_large(const std::vector<Maximum>& maxima, double from, double share) {
  double highest = 0;
  for (const auto& m : maxima)
    if (m.at >= from)
      highest = std::max(highest, m.height);
  for (const auto& m : maxima)
    if (m.at >= from && m.height >= share * highest)
      return &m;
  return nullptr;
}

/// Maximum of y within ±reach of a place.
double near(const Values& x, const Values& y, double place, double reach) {
  std::size_t best = 0;
  bool any = false;
  for (std::size_t i = 1; i + 1 < x.size(); ++i)
    if (std::abs(x[i] - place) <= reach && (!any || y[i] > y[best])) {
      best = i;
      any = true;
    }
  return any ? refined(x, y, best).at : nan;
}

/// −slope/(4π) of G(r) through the origin between two distances.
double density_from_slope(const Values& r, const Values& g, double first, double last) {
  double rr = 0, rg = 0;
  for (std::size_t i = 0; i < r.size(); ++i)
    if (r[i] >= first && r[i] <= last) {
      rr += r[i] * r[i];
      rg += r[i] * g[i];
    }
  return rr > 0 ? -rg / rr / (4 * pi) : nan;
}

/// ∫ (r G + 4π ρ r²) dr: atoms in the shell.
double
coordination_of(const Values& r, const Values& g, double density, double first, double last) {
  double sum = 0;
  const auto at = [&](std::size_t i) { return r[i] * g[i] + 4 * pi * density * r[i] * r[i]; };
  for (std::size_t i = 1; i < r.size(); ++i) {
    if (r[i] <= first || r[i - 1] >= last)
      continue;
    const double a = std::max(r[i - 1], first), b = std::min(r[i], last), h = r[i] - r[i - 1];
    const auto value = [&](double x) {
      return at(i - 1) + (at(i) - at(i - 1)) * (x - r[i - 1]) / h;
    };
    sum += 0.5 * (b - a) * (value(a) + value(b));
  }
  return sum;
}

/// Ends of the shell about `place`: where r G + 4π ρ r² comes up from nothing or turns, and the
/// next minimum of g.
std::pair<double, double>
shell_of(const Values& r, const Values& g, double density, double place, double stated_last) {
  auto top = static_cast<std::size_t>(std::lower_bound(r.begin(), r.end(), place) - r.begin());
  top = std::min(top, r.size() - 2);
  const auto radial = [&](std::size_t i) { return r[i] * g[i] + 4 * pi * density * r[i] * r[i]; };
  const auto pair = [&](std::size_t i) { return 1 + g[i] / (4 * pi * r[i] * density); };
  while (top > 1 && radial(top - 1) > radial(top))
    --top;
  std::size_t first = top, last = top;
  constexpr double nothing = 0.003; // of the height
  while (first > 1 && radial(first) > nothing * radial(top) && radial(first - 1) <= radial(first))
    --first;
  while (last + 1 < r.size() && (last == top || pair(last + 1) < pair(last)))
    ++last;
  return {r[first], std::isnan(stated_last) ? r[last] : stated_last};
}

Plan make_plan(const Scattering& s, const PairOptions& o) {
  Plan plan;
  plan.q.push_back(0);
  plan.q.insert(plan.q.end(), s.q_inv_angstrom.begin(), s.q_inv_angstrom.end());
  const double q_max = plan.q.back();
  for (const double q : plan.q) {
    plan.window.push_back(o.window == Window::lorch ? lorch(q, q_max) : 1);
    plan.window_of_other.push_back(o.window == Window::lorch ? 1 : lorch(q, q_max));
  }
  for (double r = o.r_step; r <= o.r_max * (1 + 1e-9); r += o.r_step)
    plan.r.push_back(r);
  plan.transform = SineTransform(plan.q, plan.r);
  constexpr double shorter = 0.9;
  std::size_t few = plan.q.size();
  while (few > 2 && plan.q[few - 1] > shorter * q_max)
    --few;
  plan.shorter = SineTransform(std::span<const double>(plan.q).first(few), plan.r);
  constexpr double third = 2.0 / 3;
  const double from = std::isnan(o.normalise_from) ? third * q_max : o.normalise_from;
  while (plan.high_first < s.q_inv_angstrom.size() && s.q_inv_angstrom[plan.high_first] < from)
    ++plan.high_first;
  constexpr std::size_t fewest = 5;
  if (!s.normalised && s.q_inv_angstrom.size() - plan.high_first < fewest)
    throw DataError(fmt::format("{} points of I(q) above {:g} 1/angstrom for the normalisation, "
                                "expected {} or more",
                                s.q_inv_angstrom.size() - plan.high_first,
                                from,
                                fewest));
  // a polynomial of degree n in q follows structure up to r = π n/q_max (Juhás et al. 2013)
  plan.poly_terms =
      o.r_poly > 0 ? std::max(1, static_cast<int>(o.r_poly * q_max / pi / 2 + 0.5)) : 0;
  return plan;
}

/// The numbers that are simulated.
struct Numbers {
  double q1 = nan, density = nan, coordination = nan;
  Values shells;
};

} // namespace

Window parse_window(const std::string& name) {
  if (name == "lorch")
    return Window::lorch;
  if (name == "step")
    return Window::step;
  throw OptionError(fmt::format("window '{}': expected lorch or step", name));
}

void validate(const PairOptions& o) {
  const auto demand = [](bool good, const char* name, double value, const char* what) {
    if (!good)
      throw OptionError(fmt::format("{} = {:g}: {}", name, value, what));
  };
  demand(o.q_min >= 0, "q_min", o.q_min, "must not be negative");
  demand(o.q_max > o.q_min, "q_max", o.q_max, "must be above q_min");
  demand(o.r_step > 0 && std::isfinite(o.r_step), "r_step", o.r_step, "must be positive");
  demand(o.r_max > 10 * o.r_step && o.r_max / o.r_step <= 1e5,
         "r_max",
         o.r_max,
         "must be 10 to 100000 steps of r");
  demand(o.r_poly >= 0, "r_poly", o.r_poly, "must not be negative");
  demand(std::isnan(o.density) || o.density > 0, "density", o.density, "must be positive");
  demand(o.density_error >= 0, "density_error", o.density_error, "must not be negative");
  demand(o.replicates >= 20 && o.replicates <= 10000,
         "replicates",
         static_cast<double>(o.replicates),
         "expected 20 to 10000");
}

PairDistribution
pair_distribution(const Scattering& scattering, const PairOptions& o, const Monitor& monitor) {
  validate(o);
  check(scattering);
  Scattering s = cut(scattering, o);
  find_errors(s);
  const Plan plan = make_plan(s, o);
  const Pass pass = structure_of(s, s.intensity, plan);
  PairDistribution out;
  out.q = s.q_inv_angstrom;
  out.structure_factor = pass.structure;
  out.correction = pass.correction;
  out.scale = pass.scale;
  out.r = plan.r;
  out.reduced = transformed(pass.f, plan.window, plan.transform);
  const double q_max = out.q.back();
  // full width at half maximum of the transform of the window
  out.resolution = (o.window == Window::lorch ? 5.437 : 3.791) / q_max;
  {
    Values window;
    for (std::size_t i = 0; i < plan.shorter.points(); ++i)
      window.push_back(
          o.window == Window::lorch ? lorch(plan.q[i], plan.q[plan.shorter.points() - 1]) : 1);
    const auto shorter = transformed(pass.f, window, plan.shorter);
    for (std::size_t i = 0; i < shorter.size(); ++i)
      out.termination.push_back(std::abs(out.reduced[i] - shorter[i]));
  }

  const auto smooth_s = smoothed_points(out.structure_factor, out.q);
  const auto q_maxima = maxima_of(out.q, smooth_s);
  const Maximum* q1 = first_large(q_maxima, 0, 0.6);
  const auto other = transformed(pass.f, plan.window_of_other, plan.transform);
  constexpr double shortest = 1; // angstrom; no atoms are closer
  const auto r_maxima = maxima_of(out.r, out.reduced);
  const Maximum* first = first_large(r_maxima, shortest, 0.4);
  out.density = o.density;
  out.density_error = o.density_error;
  double slope_first = 0, slope_last = 0;
  if (first != nullptr) {
    slope_first = std::max(0.3, 1.2 * o.r_poly);
    slope_last = std::max(slope_first + 4 * o.r_step, first->at - 1.5 * out.resolution - 0.5);
    if (std::isnan(o.density)) {
      out.density_found = true;
      out.density = density_from_slope(out.r, out.reduced, slope_first, slope_last);
      if (!(out.density > 0))
        out.density = nan;
    }
  }
  const bool dense = std::isfinite(out.density);
  if (first != nullptr && dense)
    std::tie(out.shell_first, out.shell_last) =
        shell_of(out.r, out.reduced, out.density, first->at, o.shell_last);

  // simulated intensities
  const std::size_t nr = out.r.size(), nq = out.q.size();
  std::vector<Moments> of_g(nr), of_s(nq);
  Moments of_scale, of_q1, of_density, of_coordination;
  std::vector<Moments> of_shell(r_maxima.size());
  Random random(o.seed);
  Values noisy(nq);
  Progress progress(monitor, "simulating", "intensities", o.replicates);
  for (Index k = 0; k < o.replicates; ++k) {
    for (std::size_t i = 0; i < nq; ++i)
      noisy[i] = s.intensity[i] + s.intensity_error[i] * random.normal();
    const Pass one = structure_of(s, noisy, plan);
    const auto g = transformed(one.f, plan.window, plan.transform);
    for (std::size_t i = 0; i < nr; ++i)
      of_g[i].add(g[i]);
    for (std::size_t i = 0; i < nq; ++i)
      of_s[i].add(one.structure[i]);
    of_scale.add(one.scale);
    if (q1 != nullptr)
      if (const double at = near(out.q, smoothed_points(one.structure, out.q), q1->at, 0.15);
          std::isfinite(at))
        of_q1.add(at);
    for (std::size_t j = 0; j < r_maxima.size(); ++j)
      if (const double at = near(out.r, g, r_maxima[j].at, 0.3 * out.resolution + 3 * o.r_step);
          std::isfinite(at))
        of_shell[j].add(at);
    double density = out.density;
    if (out.density_found && dense) {
      density = density_from_slope(out.r, g, slope_first, slope_last);
      of_density.add(density);
    } else if (o.density_error > 0) {
      density += o.density_error * random.normal();
    }
    if (first != nullptr && dense)
      of_coordination.add(coordination_of(out.r, g, density, out.shell_first, out.shell_last));
    progress.advance();
  }
  for (const auto& m : of_g)
    out.reduced_error.push_back(m.deviation());
  for (const auto& m : of_s)
    out.structure_factor_error.push_back(m.deviation());
  out.scale_error = of_scale.deviation();
  if (out.density_found && dense)
    out.density_error = of_density.deviation();
  if (q1 != nullptr)
    out.first_q = {q1->at, of_q1.deviation(), q1->height};
  if (first == nullptr) {
    out.notes.emplace_back("G(r) has no maximum beyond 1 \xC3\x85: no first shell");
    return out;
  }
  constexpr double errors_wanted = 4;
  for (std::size_t j = 0; j < r_maxima.size(); ++j) {
    const auto& m = r_maxima[j];
    if (m.at < first->at || !(m.height > errors_wanted * out.reduced_error[m.index]))
      continue;
    out.shells.push_back({m.at, of_shell[j].deviation(), m.height});
  }
  out.window_shift = near(out.r, other, first->at, out.resolution) - first->at;
  if (!dense) {
    out.notes.emplace_back("no density is given and G(r) does not fall at small r: no g(r), no "
                           "coordination number");
    return out;
  }
  for (std::size_t i = 0; i < nr; ++i)
    out.pair_correlation.push_back(1 + out.reduced[i] / (4 * pi * out.r[i] * out.density));
  out.coordination =
      coordination_of(out.r, out.reduced, out.density, out.shell_first, out.shell_last);
  // the end of the shell is a choice: a tenth of a minimum's width either way
  const double reach = 0.25 * out.resolution;
  const double more = coordination_of(
                   out.r, out.reduced, out.density, out.shell_first, out.shell_last + reach),
               less = coordination_of(
                   out.r, out.reduced, out.density, out.shell_first, out.shell_last - reach);
  out.coordination_error = std::hypot(of_coordination.deviation(), 0.5 * (more - less));
  return out;
}

} // namespace vitrum::companion
