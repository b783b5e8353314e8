#include "errors.hpp"

#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>

namespace vitrum::fit {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

} // namespace

Curvature curvature(Problem& problem, const FitData& data, const Minimum& minimum) {
  Curvature result;
  Eigen::VectorXd residuals;
  Jacobian whole;
  problem.linearise(minimum.all, residuals, whole);
  std::vector<Index> columns;
  for (Index f = 0; f < problem.free_count(); ++f) {
    const Index j = problem.free[static_cast<std::size_t>(f)];
    const double value = minimum.all[j];
    const double slack = 1e-9 * std::max(1.0, std::abs(value));
    if (value > problem.low[j] + slack && value < problem.high[j] - slack) {
      result.moving.push_back(j);
      columns.push_back(f);
    }
  }
  const auto m = static_cast<Index>(columns.size());
  const Index n = problem.points();
  Jacobian jacobian(n, m);
  for (Index a = 0; a < m; ++a)
    jacobian.col(a) = whole.col(columns[static_cast<std::size_t>(a)]);
  Vector scale(m);
  for (Index a = 0; a < m; ++a)
    scale[a] = jacobian.col(a).norm();
  result.singular = m > 0 && !(scale.minCoeff() > 0);
  result.effective_parameters = static_cast<double>(m);
  if (m == 0 || result.singular)
    return result;
  const Matrix normal = scale.cwiseInverse().asDiagonal() *
                        Matrix(jacobian.transpose() * jacobian) * scale.cwiseInverse().asDiagonal();
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(normal);
  // Derivatives carry about 1e-13 of error, so smaller eigenvalues are noise.
  result.singular = !(eigen.eigenvalues().minCoeff() > 1e-12);
  if (result.singular)
    return result;
  Matrix inverse = eigen.eigenvectors() * eigen.eigenvalues().cwiseInverse().asDiagonal() *
                   eigen.eigenvectors().transpose();
  inverse = scale.cwiseInverse().asDiagonal() * inverse * scale.cwiseInverse().asDiagonal();
  if (!problem.weighted)
    result.scale = n > problem.free_count()
                       ? residuals.squaredNorm() / static_cast<double>(n - problem.free_count())
                       : nan;
  result.naive = inverse;
  result.covariance = inverse * result.scale;
  if (!data.covariance.empty()) {
    const auto size = static_cast<Index>(data.lag_s.size());
    Eigen::MatrixXd weighted(n, n); // W^½ Σ W^½ over the points in use
    for (Index i = 0; i < n; ++i)
      for (Index k = 0; k < n; ++k)
        weighted(i, k) = data.covariance[static_cast<std::size_t>(
                             problem.row[static_cast<std::size_t>(i)] * size +
                             problem.row[static_cast<std::size_t>(k)])] *
                         problem.weight[static_cast<std::size_t>(i)] *
                         problem.weight[static_cast<std::size_t>(k)];
    const Matrix middle = jacobian.transpose() * weighted * jacobian;
    result.covariance = inverse * middle * inverse;
    result.effective_parameters = (inverse * middle).trace();
  }
  return result;
}

bool profile(Problem& problem,
             const Curvature& curvature,
             Index which,
             Index max_iterations,
             Minimum& minimum,
             ProfileWidth& width) {
  const auto m = static_cast<Index>(curvature.moving.size());
  Index place = 0;
  while (curvature.moving[static_cast<std::size_t>(place)] != which)
    ++place;
  const double target = problem.weighted ? 1 : curvature.scale;
  const double sigma = std::sqrt(curvature.naive(place, place) * target);
  // A covariance of the data widens every distance by its own factor.
  const double widen = std::sqrt(curvature.covariance(place, place)) / sigma;
  const auto rise = [&](double distance, Vector& from) {
    Vector start = from;
    start[which] = minimum.all[which] + distance;
    const Minimum there = minimise(problem, start, max_iterations, which);
    from = there.all;
    return there;
  };
  for (const double sign : {-1.0, 1.0}) {
    double& out = sign < 0 ? width.low : width.high;
    out = nan;
    const double room = sign < 0 ? minimum.all[which] - problem.low[which]
                                 : problem.high[which] - minimum.all[which];
    double distance = sigma, inside = 0, outside = std::numeric_limits<double>::infinity();
    Vector from = minimum.all;
    for (Index a = 0; a < m; ++a) // along the valley
      from[curvature.moving[static_cast<std::size_t>(a)]] +=
          sign * curvature.naive(a, place) * target / sigma;
    for (int attempt = 0; attempt < 20; ++attempt) {
      distance = std::min(distance, room);
      const Minimum there = rise(sign * distance, from);
      const double relative = (there.chi2 - minimum.chi2) / target;
      if (relative < -1e-6) {
        minimum = there;
        return false;
      }
      if (std::abs(relative - 1) < 0.01) {
        out = distance * widen;
        break;
      }
      (relative < 1 ? inside : outside) = distance;
      if (relative < 1 && (distance >= room || distance > 30 * sigma))
        break; // open: the data do not bound it on this side
      double guess = relative > 0.05 ? distance / std::sqrt(relative) : 3 * distance;
      guess = std::min(guess, 3 * distance);
      if (!(guess > inside && guess < outside))
        guess = std::isfinite(outside) ? (inside + outside) / 2 : 2 * distance;
      distance = guess;
    }
  }
  return true;
}

} // namespace vitrum::fit
