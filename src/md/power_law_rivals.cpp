// The laws that a power law is compared with, fitted to the same censored tail.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "simplex.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/md/power_law.hpp"

namespace vitrum::md {
namespace {

/// ln density and ln survival above t_min at x = ln(t/t_min); −∞ where parameters are not allowed.
struct Law {
  const char* name;
  std::vector<double> start, step;
  std::function<std::pair<double, double>(const std::vector<double>&, double)> logs;
};

constexpr double impossible = -std::numeric_limits<double>::infinity();

double log_normal_survival(double z) {
  if (z < 25)
    return std::log(0.5 * std::erfc(z / std::numbers::sqrt2));
  return -0.5 * z * z - std::log(z * std::sqrt(2 * std::numbers::pi)); // asymptotic
}

/// Γ(−s, x) for 0 < s < 3, x > 0, by the recurrence to a positive order.
double upper_gamma_negative(double s, double x) {
  // Γ(a, x) = (Γ(a+1, x) − x^a e^−x) / a
  double a = -s;
  std::vector<double> orders;
  while (a <= 0) {
    orders.push_back(a);
    a += 1;
  }
  double value = std::tgamma(a) * upper_gamma(a, x);
  for (auto it = orders.rbegin(); it != orders.rend(); ++it) {
    if (std::abs(*it) < 1e-9)
      return std::numeric_limits<double>::quiet_NaN();
    value = (value - std::pow(x, *it) * std::exp(-x)) / *it;
  }
  return value;
}

std::vector<Law> laws(double slope) {
  // dt = t dx adds the same to all densities and is left out, with t_min = 1
  return {{"lognormal",
           {0.0, 2.0},
           {2.0, 1.0},
           [](const std::vector<double>& p, double x) {
             const double mean = p[0], sigma = p[1];
             if (!(sigma > 0.05) || sigma > 50 || std::abs(mean) > 500)
               return std::pair(impossible, impossible);
             const double above = log_normal_survival(-mean / sigma), z = (x - mean) / sigma;
             return std::pair(-0.5 * z * z - std::log(sigma * std::sqrt(2 * std::numbers::pi)) - x -
                                  above,
                              log_normal_survival(z) - above);
           }},
          {"stretched-exponential",
           {0.0, std::log(0.4)},
           {1.0, 0.5},
           [](const std::vector<double>& p, double x) {
             const double rate = std::exp(p[0]), stretch = std::exp(p[1]);
             if (stretch > 20 || std::abs(p[0]) > 50)
               return std::pair(impossible, impossible);
             const double grown = std::exp(stretch * x);
             const double log_survival = -rate * (grown - 1);
             return std::pair(std::log(rate * stretch) + (stretch - 1) * x + log_survival,
                              log_survival);
           }},
          {"truncated-power-law",
           {slope, std::log(1e-3)},
           {0.2, 2.0},
           [](const std::vector<double>& p, double x) {
             const double s = p[0], rate = std::exp(p[1]);
             if (s < -0.9 || s > 2.9 || rate < 1e-12 || rate > 1e3)
               return std::pair(impossible, impossible);
             // density ~ t^−(1+s) exp(−rate t)
             const double whole = upper_gamma_negative(s, rate);
             const double rest = upper_gamma_negative(s, rate * std::exp(x));
             if (!(whole > 0) || !(rest > 0))
               return std::pair(impossible, impossible);
             return std::pair(-(1 + s) * x - rate * std::exp(x) - s * std::log(rate) -
                                  std::log(whole),
                              std::log(rest / whole));
           }}};
}

} // namespace

std::vector<Rival> compare_power_law(const std::vector<Interval>& intervals, const PowerLaw& fit) {
  std::vector<Interval> tail;
  for (const auto& one : intervals)
    if (one.time >= fit.t_min)
      tail.push_back({std::log(one.time / fit.t_min), one.ended});
  // a fit of two parameters needs no more; every k-th in order of time keeps the shape
  std::sort(tail.begin(), tail.end(), [](auto& a, auto& b) {
    return a.time < b.time || (a.time == b.time && a.ended && !b.ended);
  });
  constexpr std::size_t enough = 4000;
  std::vector<Interval> used;
  const std::size_t step = std::max<std::size_t>(1, tail.size() / enough);
  for (std::size_t i = step / 2; i < tail.size(); i += step)
    used.push_back(tail[i]);
  const double slope = fit.exponent - 1;
  std::vector<Rival> out;
  for (const auto& law : laws(slope)) {
    const auto likelihood = [&](const std::vector<double>& p) {
      double sum = 0;
      for (const auto& one : used) {
        const auto [density, survival] = law.logs(p, one.time);
        sum += one.ended ? density : survival;
      }
      return std::isnan(sum) ? std::numeric_limits<double>::infinity() : -sum;
    };
    const auto best = minimise_simplex(likelihood, law.start, law.step);
    Moments ratio;
    for (const auto& one : used) {
      const auto [density, survival] = law.logs(best, one.time);
      const double own = one.ended ? std::log(slope) - (1 + slope) * one.time : -slope * one.time;
      ratio.add(own - (one.ended ? density : survival));
    }
    Rival rival{law.name, 0, 1, best};
    // on all intervals, not those used alone, the error is smaller
    const double error = ratio.deviation() / std::sqrt(static_cast<double>(used.size()));
    rival.ratio_z = error > 0 ? ratio.mean / error * std::sqrt(static_cast<double>(step)) : 0;
    rival.p_value = std::erfc(std::abs(rival.ratio_z) / std::numbers::sqrt2);
    out.push_back(std::move(rival));
  }
  return out;
}

} // namespace vitrum::md
