#include "vitrum/models/renewal.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::models {
namespace {

constexpr double pi = std::numbers::pi;

// Nodes of the double exponential rule (Takahasi and Mori, Publ. RIMS 9 (1974) 721) on (0, 1):
// distance from the nearer end and weight.
struct Node {
  double from_end, weight;
};
constexpr int half_nodes = 44;
constexpr double step = 1.0 / 13;

const std::array<Node, half_nodes>& nodes() {
  static const auto table = [] {
    std::array<Node, half_nodes> list{};
    for (int k = 0; k < half_nodes; ++k) {
      const double x = k * step, s = pi / 2 * std::sinh(x), c = std::cosh(s);
      list[static_cast<std::size_t>(k)] = {std::exp(-s) / (2 * c),
                                           step * pi / 4 * std::cosh(x) / (c * c)};
    }
    return list;
  }();
  return table;
}

} // namespace

double renewal_correlation(double tau_s, double exponent, double kept, double t1_s, double t2_s) {
  if (!(tau_s > 0) || !(exponent > 0 && exponent <= 1) || !(kept >= 0 && kept < 1) ||
      !(t1_s >= 0 && t1_s <= t2_s) || std::isinf(t2_s))
    throw OptionError(
        fmt::format("renewal correlation: tau {} s, exponent {}, kept {}, times {} and {} s",
                    tau_s,
                    exponent,
                    kept,
                    t1_s,
                    t2_s));
  const double b = exponent, lost = 1 - kept;
  const double t1 = t1_s / tau_s, t2 = t2_s / tau_s;
  const MittagLeffler function(b, 1);
  if (t1 == 0)
    return function(lost * std::pow(t2, b));
  if (t1 == t2)
    return 1;
  // In v = s^b the rate of jumps is even, and what is left of it is singular at the end t2 alone.
  const double low = std::pow(t1, b);
  const double width = low * std::expm1(b * std::log(t2 / t1));
  std::array<double, 2 * half_nodes> x{}, value{};
  std::size_t count = 0;
  const auto add = [&](double v, double from_top) {
    // t2 − s, where s^b = v, without cancellation at the top
    const double elapsed = -t2 * std::expm1(std::log1p(-from_top / (v + from_top)) / b);
    x[count++] = lost * std::pow(elapsed, b);
  };
  for (const Node& node : nodes()) {
    add(low + width * node.from_end, width * (1 - node.from_end));
    add(low + width * (1 - node.from_end), width * node.from_end);
  }
  function.evaluate(x, value);
  double sum = 0;
  for (std::size_t k = 0; k < nodes().size(); ++k) // the middle node stands on both sides
    sum += nodes()[k].weight * (value[2 * k] + value[2 * k + 1]) * (k == 0 ? 0.5 : 1);
  return 1 - lost * sum * width / (b * std::tgamma(b));
}

double mittag_leffler_wait(double tau_s, double exponent, double u, double v) {
  const double b = exponent;
  if (b == 1)
    return -tau_s * std::log(u);
  return -tau_s * std::log(u) * std::pow(std::sin(b * pi * (1 - v)) / std::sin(b * pi * v), 1 / b);
}

} // namespace vitrum::models
