#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>

#include "problem.hpp"

namespace vitrum::fit {

// Levenberg–Marquardt with Nielsen's damping (IMM-REP-1999-05). Parameters on a bound that the
// gradient pushes outward are left out of the step; a step across a bound is cut back to it.
// Contrast and baseline are solved exactly at every trial point, which straightens the curved
// valley along which they trade with the time.
Minimum minimise(Problem& problem, const Vector& start, Index max_iterations, Index held) {
  std::vector<Index> column; // of the Jacobian, of the parameters that move here
  for (Index f = 0; f < problem.free_count(); ++f)
    if (problem.free[static_cast<std::size_t>(f)] != held)
      column.push_back(f);

  Minimum best{start.cwiseMax(problem.low).cwiseMin(problem.high), 0, false};
  if (held >= 0)
    best.all[held] = start[held];
  Eigen::VectorXd residuals;
  Jacobian jacobian;
  problem.solve_linear(best.all, held);
  best.chi2 = problem.linearise(best.all, residuals, jacobian);
  double data_norm = 0; // of value/sigma: steps that move the curve by less are rounding
  for (const double v : problem.target)
    data_norm = std::hypot(data_norm, v);
  double damping = 1e-3, growth = 2;
  int stalled = 0;
  for (Index iteration = 0; iteration < max_iterations; ++iteration) {
    const Vector gradient = jacobian.transpose() * residuals;
    std::vector<Index> moving;
    for (const Index f : column) {
      const Index j = problem.free[static_cast<std::size_t>(f)];
      const bool outward = (best.all[j] <= problem.low[j] && gradient[f] > 0) ||
                           (best.all[j] >= problem.high[j] && gradient[f] < 0);
      if (!outward)
        moving.push_back(f);
    }
    const auto m = static_cast<Index>(moving.size());
    Matrix normal(m, m);
    Vector right(m), scale(m);
    double steepest = 0; // largest cosine between residuals and a column
    for (Index a = 0; a < m; ++a) {
      const Index fa = moving[static_cast<std::size_t>(a)];
      for (Index b = 0; b <= a; ++b)
        normal(a, b) = normal(b, a) =
            jacobian.col(fa).dot(jacobian.col(moving[static_cast<std::size_t>(b)]));
      scale[a] = normal(a, a) > 0 ? std::sqrt(normal(a, a)) : 1;
      right[a] = -gradient[fa] / scale[a];
      steepest = std::max(steepest, std::abs(right[a]));
    }
    if (m == 0 || steepest <= 1e-11 * std::sqrt(best.chi2) || best.chi2 == 0) {
      best.converged = true;
      break;
    }
    normal.array().colwise() /= scale.array();
    normal.array().rowwise() /= scale.transpose().array();

    Matrix damped = normal;
    damped.diagonal().array() += damping;
    const Vector step = damped.ldlt().solve(right);
    Vector next = best.all;
    Vector taken(m);
    for (Index a = 0; a < m; ++a) {
      const Index j = problem.free[static_cast<std::size_t>(moving[static_cast<std::size_t>(a)])];
      next[j] = std::clamp(best.all[j] + step[a] / scale[a], problem.low[j], problem.high[j]);
      taken[a] = (next[j] - best.all[j]) * scale[a];
    }
    const double predicted = 2 * right.dot(taken) - taken.dot(normal * taken);
    const double chi2 = taken.allFinite() ? problem.solve_linear(next, held) : best.chi2;
    const double gain = best.chi2 - chi2;
    if (gain > 0) {
      const double ratio = predicted > 0 ? gain / predicted : 1;
      damping *= std::max(1.0 / 3, 1 - std::pow(2 * ratio - 1, 3));
      damping = std::max(damping, 1e-12);
      growth = 2;
      best.all = next;
      best.chi2 = problem.linearise(best.all, residuals, jacobian);
      stalled = gain <= 1e-11 * best.chi2 || taken.norm() <= 1e-13 * data_norm ? stalled + 1 : 0;
    } else {
      damping *= growth;
      growth *= 2;
      // No step, however short, goes down: rounding is all that is left.
      if (taken.norm() <= std::max(1e-12 * std::sqrt(best.chi2), 1e-13 * data_norm) ||
          damping > 1e16)
        stalled = 2;
    }
    if (stalled >= 2) {
      best.converged = true;
      break;
    }
  }
  return best;
}

} // namespace vitrum::fit
