#include <algorithm>
#include <cmath>

#include "correlation.hpp"

namespace vitrum::synth {
namespace {

// Least squares over the columns of `chosen` by modified Gram–Schmidt with a second pass.
std::vector<double> solve_chosen(const std::vector<double>& a,
                                 const std::vector<double>& b,
                                 std::size_t columns,
                                 const std::vector<std::size_t>& chosen) {
  const std::size_t m = b.size(), n = chosen.size();
  std::vector<std::vector<double>> q(n, std::vector<double>(m));
  std::vector<double> r(n * n, 0), projected(n, 0), rest = b;
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < m; ++i)
      q[k][i] = a[i * columns + chosen[k]];
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t j = 0; j < k; ++j) {
        double dot = 0;
        for (std::size_t i = 0; i < m; ++i)
          dot += q[j][i] * q[k][i];
        r[j * n + k] += dot;
        for (std::size_t i = 0; i < m; ++i)
          q[k][i] -= dot * q[j][i];
      }
    double norm = 0;
    for (std::size_t i = 0; i < m; ++i)
      norm += q[k][i] * q[k][i];
    norm = std::sqrt(norm);
    r[k * n + k] = norm;
    double dot = 0;
    for (std::size_t i = 0; i < m; ++i) {
      q[k][i] = norm > 0 ? q[k][i] / norm : 0;
      dot += q[k][i] * rest[i];
    }
    projected[k] = dot;
    for (std::size_t i = 0; i < m; ++i)
      rest[i] -= dot * q[k][i];
  }
  std::vector<double> x(n);
  for (std::size_t k = n; k-- > 0;) {
    double sum = projected[k];
    for (std::size_t j = k + 1; j < n; ++j)
      sum -= r[k * n + j] * x[j];
    x[k] = r[k * n + k] > 0 ? sum / r[k * n + k] : 0;
  }
  return x;
}

} // namespace

std::vector<double>
solve_nonnegative(const std::vector<double>& a, const std::vector<double>& b, Index columns) {
  const auto n = static_cast<std::size_t>(columns);
  const std::size_t m = b.size();
  constexpr double small_gradient = 1e-10;
  std::vector<double> x(n, 0);
  std::vector<std::uint8_t> passive(n, 0), refused(n, 0);
  for (std::size_t round = 0; round < 10 * n; ++round) {
    std::vector<double> rest = b;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t k = 0; k < n; ++k)
        rest[i] -= a[i * n + k] * x[k];
    double steepest = small_gradient;
    std::size_t entering = n;
    for (std::size_t k = 0; k < n; ++k) {
      double gradient = 0;
      for (std::size_t i = 0; i < m; ++i)
        gradient += a[i * n + k] * rest[i];
      if (passive[k] == 0 && refused[k] == 0 && gradient > steepest) {
        steepest = gradient;
        entering = k;
      }
    }
    if (entering == n)
      break;
    passive[entering] = 1;
    bool moved = false;
    while (true) {
      std::vector<std::size_t> chosen;
      for (std::size_t k = 0; k < n; ++k)
        if (passive[k] != 0)
          chosen.push_back(k);
      const std::vector<double> s = solve_chosen(a, b, n, chosen);
      double step = 1;
      std::size_t leaving = n;
      for (std::size_t i = 0; i < chosen.size(); ++i)
        if (s[i] <= 0) {
          const double now = x[chosen[i]] / (x[chosen[i]] - s[i]);
          if (!(now >= step)) {
            step = now;
            leaving = chosen[i];
          }
        }
      for (std::size_t i = 0; i < chosen.size(); ++i)
        x[chosen[i]] += step * (s[i] - x[chosen[i]]);
      if (leaving == n)
        break;
      x[leaving] = 0;
      passive[leaving] = 0;
      moved |= leaving != entering;
      if (leaving == entering && step == 0) { // rounding: the column brings nothing
        refused[entering] = 1;
        break;
      }
    }
    if (moved || passive[entering] != 0)
      std::fill(refused.begin(), refused.end(), std::uint8_t{0});
  }
  return x;
}

} // namespace vitrum::synth
