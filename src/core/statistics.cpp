#include "vitrum/core/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vitrum {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> finite_sorted(std::span<const double> values) {
  std::vector<double> out;
  out.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(out), [](double x) {
    return !std::isnan(x);
  });
  std::sort(out.begin(), out.end());
  return out;
}

double quantile_of_sorted(const std::vector<double>& sorted, double p) {
  if (sorted.empty())
    return nan;
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

} // namespace

void Moments::add(double x) {
  ++count;
  const double step = x - mean;
  mean += step / static_cast<double>(count);
  sum_squares += step * (x - mean);
}

double Moments::variance() const {
  return count > 1 ? sum_squares / static_cast<double>(count - 1) : nan;
}

double Moments::deviation() const {
  return std::sqrt(variance());
}

double Moments::error() const {
  return std::sqrt(variance() / static_cast<double>(count));
}

Moments moments(std::span<const double> values) {
  Moments out;
  for (const double x : values)
    out.add(x);
  return out;
}

double quantile(std::span<const double> values, double p) {
  return quantile_of_sorted(finite_sorted(values), p);
}

double median(std::span<const double> values) {
  return quantile(values, 0.5);
}

double robust_deviation(std::span<const double> values) {
  const double centre = median(values);
  std::vector<double> distance;
  distance.reserve(values.size());
  for (const double x : values)
    distance.push_back(std::abs(x - centre));
  return 1.4826 * median(distance);
}

// Series for x < a + 1, continued fraction (modified Lentz) beyond.
double upper_gamma(double a, double x) {
  if (x <= 0)
    return 1;
  const double prefactor = std::exp(-x + a * std::log(x) - std::lgamma(a));
  constexpr double tolerance = 1e-16;
  if (x < a + 1) {
    double term = 1 / a;
    double sum = term;
    for (double n = a + 1; term > tolerance * sum; n += 1) {
      term *= x / n;
      sum += term;
    }
    return 1 - prefactor * sum;
  }
  constexpr double tiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / tiny;
  double d = 1 / b;
  double h = d;
  for (int i = 1; i < 10000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = b + an / c;
    c = std::abs(c) < tiny ? tiny : c;
    const double factor = c * d;
    h *= factor;
    if (std::abs(factor - 1) < tolerance)
      break;
  }
  return prefactor * h;
}

double chi2_survival(double chi2, double degrees) {
  return upper_gamma(degrees / 2, chi2 / 2);
}

} // namespace vitrum
