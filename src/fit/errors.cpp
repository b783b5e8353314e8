#include "errors.hpp"

#include <algorithm>
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
    if (!problem.on_bound(minimum.all, j)) {
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
  result.expected_chi2 = static_cast<double>(n - problem.free_count());
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
  if (!data.deviation.empty()) {
    const auto size = static_cast<Index>(data.lag_s.size());
    const Index rank = static_cast<Index>(data.deviation.size()) / size;
    Jacobian weighted(rank, n); // F W^½ over the points in use
    for (Index r = 0; r < rank; ++r)
      for (Index i = 0; i < n; ++i) {
        const auto point = static_cast<std::size_t>(i);
        weighted(r, i) = data.deviation[static_cast<std::size_t>(r * size + problem.row[point])];
      }
    for (Index r = 0; r < rank; ++r)
      problem.whiten({&weighted(r, 0), static_cast<std::size_t>(n)});
    const Jacobian projected = weighted * jacobian; // F W J
    result.shifts = projected * inverse;
    if (problem.whole_covariance())
      return result;
    result.covariance = result.shifts.transpose() * result.shifts;
    result.effective_parameters = (inverse * Matrix(projected.transpose() * projected)).trace();
    result.expected_chi2 = weighted.squaredNorm() - result.effective_parameters;
  } else if (!data.covariance.empty() && !problem.whole_covariance()) {
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
    for (Index a = 0; a < m; ++a) // rounding of a singular Σ
      result.covariance(a, a) = std::max(result.covariance(a, a), 0.0);
    result.effective_parameters = (inverse * middle).trace();
    result.expected_chi2 = weighted.trace() - result.effective_parameters;
  }
  return result;
}

bool profile(Problem& problem,
             const Curvature& curvature,
             Index which,
             Index max_iterations,
             Minimum& minimum,
             ProfileWidth& width) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const auto found = std::find(curvature.moving.begin(), curvature.moving.end(), which);
  const bool moves = found != curvature.moving.end();
  const Index place = found - curvature.moving.begin();
  const double target = problem.weighted ? 1 : curvature.scale;
  // On a bound there is no curvature to start from, only a guess.
  const double sigma = moves ? std::sqrt(curvature.naive(place, place) * target)
                             : 0.01 * std::max(std::abs(minimum.all[which]), 1e-3);
  // A covariance of the data widens every distance by its own factor.
  double widen = 1;
  for (Index a = 0; a < curvature.naive.rows(); ++a)
    if (!moves || a == place)
      widen = std::max(a == 0 || a == place ? 0 : widen,
                       std::sqrt(curvature.covariance(a, a) / (curvature.naive(a, a) * target)));
  width = {};
  for (const double sign : {-1.0, 1.0}) {
    double& out = sign < 0 ? width.low : width.high;
    out = infinite;
    const double room = sign < 0 ? minimum.all[which] - problem.low[which]
                                 : problem.high[which] - minimum.all[which];
    if (room <= 1e-9 * std::max(1.0, std::abs(minimum.all[which]))) {
      width.open = width.open || problem.on_limit(minimum.all);
      continue;
    }
    double distance = sigma, inside = 0, outside = infinite;
    Vector from = minimum.all;
    for (std::size_t a = 0; moves && a < curvature.moving.size(); ++a) // along the valley
      from[curvature.moving[a]] +=
          sign * curvature.naive(static_cast<Index>(a), place) * target / sigma;
    for (int attempt = 0; attempt < 30; ++attempt) {
      distance = std::min(distance, room);
      Vector start = from;
      start[which] = minimum.all[which] + sign * distance;
      const Minimum there = minimise(problem, start, max_iterations, which);
      from = there.all;
      const double rise = (there.chi2 - minimum.chi2) / target;
      if (rise < -1e-6) {
        minimum = there;
        return false;
      }
      if (rise < 1 && (distance >= room || problem.on_limit(there.all))) {
        width.open = width.open || problem.on_limit(there.all);
        break;
      }
      if (std::abs(rise - 1) < 0.01 ||
          (std::isfinite(outside) && outside - inside < 1e-6 * outside)) {
        if (problem.on_limit(there.all)) // it rose only because another parameter could not follow
          width.open = true;
        else
          out = distance * widen;
        break;
      }
      (rise < 1 ? inside : outside) = distance;
      double guess = rise > 0.05 ? distance / std::sqrt(rise) : 3 * distance;
      guess = std::min(guess, 3 * distance);
      if (!(guess > inside && guess < outside))
        guess = std::isfinite(outside) ? (inside + outside) / 2 : 2 * distance;
      distance = guess;
    }
  }
  return true;
}

} // namespace vitrum::fit
