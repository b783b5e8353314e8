#include "vitrum/fit/curve_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

class Search {
public:
  Search(const Residuals& residuals,
         Index points,
         std::vector<double> start,
         const CurveFitOptions& options)
      : residuals_(residuals), points_(points), at_(std::move(start)), low_(options.low),
        high_(options.high), scale_(options.scale), gain_(options.gain) {
    const std::size_t n = at_.size();
    if (low_.empty())
      low_.assign(n, -std::numeric_limits<double>::infinity());
    if (high_.empty())
      high_.assign(n, std::numeric_limits<double>::infinity());
    if (scale_.empty())
      for (const double v : at_)
        scale_.push_back(v != 0 ? std::abs(v) : 1);
    if (low_.size() != n || high_.size() != n || scale_.size() != n)
      throw OptionError(fmt::format("bounds and scale must have {} values", n));
    if (points_ < static_cast<Index>(n))
      throw OptionError(fmt::format("{} points, expected {} or more", points_, n));
    for (std::size_t i = 0; i < n; ++i)
      at_[i] = std::clamp(at_[i], low_[i], high_[i]);
    now_ = evaluate(at_);
    chi2_ = now_.squaredNorm();
    if (!std::isfinite(chi2_))
      throw DataError("the start of a fit gives residuals that are not finite");
  }

  CurveFit run(Index iterations) {
    CurveFit out;
    double damping = 1e-3;
    for (Index i = 0; i < iterations && !out.converged; ++i) {
      differentiate();
      out.converged = !step(damping);
    }
    differentiate();
    finish(out);
    return out;
  }

private:
  Vector evaluate(const std::vector<double>& p) const {
    Vector r(points_);
    residuals_(p, {r.data(), static_cast<std::size_t>(points_)});
    return r;
  }

  /// Central differences, one-sided at a bound.
  void differentiate() {
    jacobian_.resize(points_, static_cast<Index>(at_.size()));
    for (std::size_t j = 0; j < at_.size(); ++j) {
      const double h = 1e-5 * scale_[j];
      auto up = at_, down = at_;
      up[j] = std::min(at_[j] + h, high_[j]);
      down[j] = std::max(at_[j] - h, low_[j]);
      if (up[j] > down[j])
        jacobian_.col(static_cast<Index>(j)) = (evaluate(up) - evaluate(down)) / (up[j] - down[j]);
      else
        jacobian_.col(static_cast<Index>(j)).setZero();
    }
  }

  bool pinned(std::size_t j, double gradient) const {
    return (at_[j] <= low_[j] && gradient >= 0) || (at_[j] >= high_[j] && gradient <= 0);
  }

  /// False when nothing is left to gain.
  bool step(double& damping) {
    const Vector gradient = jacobian_.transpose() * now_;
    std::vector<Index> moving;
    for (std::size_t j = 0; j < at_.size(); ++j)
      if (!pinned(j, gradient[static_cast<Index>(j)]) &&
          jacobian_.col(static_cast<Index>(j)).squaredNorm() > 0)
        moving.push_back(static_cast<Index>(j));
    if (moving.empty() || chi2_ == 0)
      return false;
    const Matrix columns = jacobian_(Eigen::all, moving);
    const Vector norm = columns.colwise().norm();
    const Matrix scaled = columns * norm.cwiseInverse().asDiagonal();
    const Matrix normal = scaled.transpose() * scaled;
    const Vector right = -scaled.transpose() * now_;
    for (; damping < 1e12; damping *= 4) {
      Matrix damped = normal;
      damped.diagonal().array() += damping;
      const Vector move = damped.ldlt().solve(right).cwiseQuotient(norm);
      auto next = at_;
      double moved = 0;
      for (std::size_t a = 0; a < moving.size(); ++a) {
        const auto j = static_cast<std::size_t>(moving[a]);
        next[j] = std::clamp(at_[j] + move[static_cast<Index>(a)], low_[j], high_[j]);
        moved = std::max(moved, std::abs(next[j] - at_[j]) / scale_[j]);
      }
      const Vector r = evaluate(next);
      const double chi2 = r.squaredNorm();
      if (std::isfinite(chi2) && chi2 < chi2_) {
        const bool small = chi2_ - chi2 < gain_ * chi2_;
        at_ = next;
        now_ = r;
        chi2_ = chi2;
        damping = std::max(damping / 6, 1e-12);
        return !small;
      }
      if (moved < 1e-10)
        return false;
    }
    return false;
  }

  void finish(CurveFit& out) const {
    const std::size_t n = at_.size();
    out.value = at_;
    out.chi2 = chi2_;
    out.points = points_;
    out.error.assign(n, std::numeric_limits<double>::quiet_NaN());
    out.covariance.assign(n * n, std::numeric_limits<double>::quiet_NaN());
    std::vector<Index> free;
    for (std::size_t j = 0; j < n; ++j)
      if (at_[j] > low_[j] && at_[j] < high_[j])
        free.push_back(static_cast<Index>(j));
      else if (low_[j] < high_[j])
        out.near_bound = true;
    if (free.empty())
      return;
    const Matrix columns = jacobian_(Eigen::all, free);
    const Vector norm = columns.colwise().norm();
    if (norm.minCoeff() <= 0)
      return;
    const Matrix scaled = columns * norm.cwiseInverse().asDiagonal();
    const Matrix normal = scaled.transpose() * scaled;
    const Eigen::CompleteOrthogonalDecomposition<Matrix> rank(normal);
    if (rank.rank() < normal.rows())
      return; // some parameters trade freely: none has an error
    const Matrix inverse = rank.pseudoInverse();
    for (std::size_t a = 0; a < free.size(); ++a)
      for (std::size_t b = 0; b < free.size(); ++b) {
        const auto ia = static_cast<Index>(a), ib = static_cast<Index>(b);
        out.covariance[static_cast<std::size_t>(free[a]) * n + static_cast<std::size_t>(free[b])] =
            inverse(ia, ib) / (norm[ia] * norm[ib]);
      }
    for (const Index j : free) {
      const auto k = static_cast<std::size_t>(j);
      out.error[k] = std::sqrt(out.covariance[k * n + k]);
    }
  }

  const Residuals& residuals_;
  Index points_;
  std::vector<double> at_, low_, high_, scale_;
  double gain_;
  Vector now_;
  double chi2_ = 0;
  Matrix jacobian_;
};

} // namespace

CurveFit fit_curve(const Residuals& residuals,
                   Index points,
                   std::vector<double> start,
                   const CurveFitOptions& options) {
  const auto n = static_cast<Index>(start.size());
  auto out = Search(residuals, points, std::move(start), options).run(options.max_iterations);
  if (options.scale_errors && points > n) {
    const double factor = out.chi2 / static_cast<double>(points - n);
    for (double& c : out.covariance)
      c *= factor;
    for (double& e : out.error)
      e *= std::sqrt(factor);
  }
  return out;
}

LineFit
fit_line(std::span<const double> x, std::span<const double> y, std::span<const double> error) {
  if (x.size() < 2 || y.size() != x.size() || error.size() != x.size())
    throw DataError(fmt::format("a line needs two points or more, found {}", x.size()));
  double w = 0, wx = 0, wy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(error[i] > 0))
      throw DataError(fmt::format("point {} of a line: error {}, must be positive", i, error[i]));
    const double one = 1 / (error[i] * error[i]);
    w += one;
    wx += one * x[i];
    wy += one * y[i];
  }
  const double mean_x = wx / w, mean_y = wy / w;
  double sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double one = 1 / (error[i] * error[i]);
    sxx += one * (x[i] - mean_x) * (x[i] - mean_x);
    sxy += one * (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(sxx > 0))
    throw DataError("a line needs two points at different places");
  LineFit out;
  out.points = static_cast<Index>(x.size());
  out.slope = sxy / sxx;
  out.intercept = mean_y - out.slope * mean_x;
  out.slope_error = std::sqrt(1 / sxx);
  out.intercept_error = std::sqrt(1 / w + mean_x * mean_x / sxx);
  out.covariance = -mean_x / sxx;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double r = (y[i] - out.slope * x[i] - out.intercept) / error[i];
    out.chi2 += r * r;
  }
  return out;
}

} // namespace vitrum::fit
