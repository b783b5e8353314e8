#include "least_squares.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::frames {

// Golub & Van Loan, Matrix Computations, algorithms 5.2.1 and 5.3.2.
std::vector<double>
solve_least_squares(std::vector<double> a, std::vector<double> b, Index columns) {
  const auto n = static_cast<std::size_t>(columns);
  const std::size_t m = b.size();
  if (m < n)
    throw DataError(fmt::format("least squares with {} values for {} unknowns", m, n));
  std::vector<double> diagonal(n);
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) {
    double norm = 0;
    for (std::size_t i = k; i < m; ++i)
      norm = std::hypot(norm, a[i * n + k]);
    const double alpha = a[k * n + k] > 0 ? -norm : norm;
    diagonal[k] = alpha;
    largest = std::max(largest, norm);
    if (!(norm > 1e-12 * largest))
      throw DataError("least squares without a unique answer: the points do not fix the surface");
    a[k * n + k] -= alpha;
    double square = 0;
    for (std::size_t i = k; i < m; ++i)
      square += a[i * n + k] * a[i * n + k];
    const auto reflect = [&](auto&& at) {
      double dot = 0;
      for (std::size_t i = k; i < m; ++i)
        dot += a[i * n + k] * at(i);
      for (std::size_t i = k; i < m; ++i)
        at(i) -= 2 * dot / square * a[i * n + k];
    };
    for (std::size_t j = k + 1; j < n; ++j)
      reflect([&](std::size_t i) -> double& { return a[i * n + j]; });
    reflect([&](std::size_t i) -> double& { return b[i]; });
  }
  std::vector<double> x(n);
  for (std::size_t k = n; k-- > 0;) {
    double rest = b[k];
    for (std::size_t j = k + 1; j < n; ++j)
      rest -= a[k * n + j] * x[j];
    x[k] = rest / diagonal[k];
  }
  return x;
}

} // namespace vitrum::frames
