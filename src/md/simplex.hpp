// Minimum of a function of a few variables without derivatives (Nelder and Mead 1965).
#pragma once
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace vitrum::md {

template <class F>
std::vector<double> minimise_simplex(F&& f,
                                     const std::vector<double>& start,
                                     const std::vector<double>& step,
                                     int most_calls = 400) {
  const auto n = start.size();
  std::vector<std::vector<double>> point(n + 1, start);
  for (std::size_t i = 0; i < n; ++i)
    point[i + 1][i] += step[i];
  std::vector<double> value;
  for (const auto& p : point)
    value.push_back(f(p));
  for (int calls = static_cast<int>(n) + 1; calls < most_calls;) {
    std::vector<std::size_t> order(n + 1);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return value[a] < value[b]; });
    const auto best = order.front(), worst = order.back(), second = order[n - 1];
    if (std::abs(value[worst] - value[best]) < 1e-9 * (1 + std::abs(value[best])))
      break;
    std::vector<double> centre(n, 0);
    for (const auto i : order)
      if (i != worst)
        for (std::size_t d = 0; d < n; ++d)
          centre[d] += point[i][d] / static_cast<double>(n);
    const auto along = [&](double t) {
      std::vector<double> p(n);
      for (std::size_t d = 0; d < n; ++d)
        p[d] = centre[d] + t * (point[worst][d] - centre[d]);
      return p;
    };
    auto trial = along(-1);
    double at = f(trial);
    ++calls;
    if (at < value[best]) {
      auto further = along(-2);
      const double there = f(further);
      ++calls;
      if (there < at) {
        trial = std::move(further);
        at = there;
      }
    } else if (!(at < value[second])) {
      trial = along(at < value[worst] ? -0.5 : 0.5);
      at = f(trial);
      ++calls;
      if (!(at < value[worst])) {
        for (std::size_t i = 0; i <= n; ++i)
          if (i != best) {
            for (std::size_t d = 0; d < n; ++d)
              point[i][d] = 0.5 * (point[i][d] + point[best][d]);
            value[i] = f(point[i]);
            ++calls;
          }
        continue;
      }
    }
    point[worst] = std::move(trial);
    value[worst] = at;
  }
  return point[static_cast<std::size_t>(std::min_element(value.begin(), value.end()) -
                                        value.begin())];
}

} // namespace vitrum::md
