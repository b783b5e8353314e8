#include "division.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "age_noise.hpp"

namespace vitrum::aging {
namespace {

constexpr double change_cost = 1; // windows; more than uncertain ones make by turns
constexpr double jump_chi2 = 9;   // three standard deviations of a jump

double at(std::span<const double> values, Index i) {
  return values[static_cast<std::size_t>(i)];
}

/// χ² of windows [first, last) about two lines that meet at `age_s`.
double chi2_of_bend(std::span<const double> age,
                    std::span<const double> y,
                    std::span<const double> error,
                    Index first,
                    Index last,
                    double age_s) {
  // normal equations of 1, min(x, 0), max(x, 0) with x from the bend: two lines without a product
  double w0 = 0, a1 = 0, a2 = 0, b1 = 0, b2 = 0, y0 = 0, ya = 0, yb = 0, yy = 0;
  for (Index k = first; k < last; ++k) {
    const double w = 1 / (at(error, k) * at(error, k)), v = at(y, k);
    const double x = at(age, k) - age_s;
    w0 += w;
    y0 += w * v;
    yy += w * v * v;
    (x < 0 ? a1 : b1) += w * x;
    (x < 0 ? a2 : b2) += w * x * x;
    (x < 0 ? ya : yb) += w * x * v;
  }
  if (!(a2 > 0) || !(b2 > 0))
    return std::numeric_limits<double>::infinity();
  // the slopes eliminated
  const double p = w0 - a1 * a1 / a2 - b1 * b1 / b2;
  const double q = y0 - a1 * ya / a2 - b1 * yb / b2;
  return yy - ya * ya / a2 - yb * yb / b2 - (p > 0 ? q * q / p : 0);
}

double edge_between(std::span<const double> age, Index k) {
  return (at(age, k - 1) + at(age, k)) / 2;
}

} // namespace

std::vector<Index> best_division(std::span<const std::array<double, dynamics_kinds>> probability,
                                 std::span<const Index> most_probable,
                                 Index shortest) {
  const auto n = static_cast<Index>(probability.size());
  std::vector<std::array<double, dynamics_kinds>> sum(static_cast<std::size_t>(n) + 1);
  sum[0].fill(0);
  for (std::size_t i = 0; i < probability.size(); ++i)
    for (std::size_t k = 0; k < dynamics_kinds; ++k)
      sum[i + 1][k] = sum[i][k] + probability[i][k];
  struct Best {
    double windows = -std::numeric_limits<double>::infinity();
    Index from = 0;
    std::size_t kind = 0;
  };
  std::vector<Best> best(static_cast<std::size_t>(n) + 1);
  best[0].windows = change_cost;
  for (Index j = shortest; j <= n; ++j)
    for (Index i = 0; i + shortest <= j; ++i)
      for (std::size_t k = 0; k < dynamics_kinds; ++k) {
        const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
        const double total = best[a].windows - change_cost + sum[b][k] - sum[a][k];
        if (total > best[b].windows)
          best[b] = {total, i, k};
      }
  std::vector<Index> bounds{n};
  while (bounds.back() > 0)
    bounds.push_back(best[static_cast<std::size_t>(bounds.back())].from);
  std::reverse(bounds.begin(), bounds.end());
  // where a stretch goes on as one of its kind, only another slope tells, of which `probability`
  // knows nothing
  const auto kinds = bounds;
  for (const Index k : most_probable) {
    const auto after = std::upper_bound(kinds.begin(), kinds.end(), k);
    if (after == kinds.begin() || after == kinds.end())
      continue;
    if (k - *(after - 1) >= shortest && *after - k >= shortest)
      bounds.push_back(k);
  }
  std::sort(bounds.begin(), bounds.end());
  return bounds;
}

void join_lines(std::span<const double> age,
                std::span<const double> log_tau,
                std::span<const double> error,
                Index shortest,
                std::vector<Index>& bounds) {
  const WhitenedSums sums(age, log_tau, error, 0);
  for (int sweep = 0; sweep < 3; ++sweep) {
    bool moved_any = false;
    for (std::size_t b = 1; b + 1 < bounds.size(); ++b) {
      const Index first = bounds[b - 1], last = bounds[b + 1];
      Index place = bounds[b];
      double meeting = std::numeric_limits<double>::infinity(), apart = meeting;
      for (Index k = first + shortest; k + shortest <= last; ++k) {
        const double bend = chi2_of_bend(age, log_tau, error, first, last, edge_between(age, k));
        if (bend < meeting) {
          meeting = bend;
          place = k;
        }
        apart = std::min(apart,
                         fit_line(moved(sums.range(first, k), at(age, first))).chi2 +
                             fit_line(moved(sums.range(k, last), at(age, k))).chi2);
      }
      if (!(meeting < apart + jump_chi2))
        continue;
      moved_any |= place != bounds[b];
      bounds[b] = place;
    }
    if (!moved_any)
      break;
  }
}

} // namespace vitrum::aging
