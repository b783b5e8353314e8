// The least-squares problem behind a fit: clean data, and the free parameters as the minimiser
// sees them (ln of a time, everything else as it is).
#pragma once
#include <array>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

constexpr int max_parameters = 7;
using Vector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, max_parameters, 1>;
using Matrix =
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, max_parameters, max_parameters>;
using Jacobian = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class Problem {
public:
  Problem(models::DecayModel model, const FitData& data, const FitOptions& options);

  [[nodiscard]] models::DecayModel model() const { return model_; }
  [[nodiscard]] Index points() const { return static_cast<Index>(lag_s.size()); }
  [[nodiscard]] Index free_count() const { return static_cast<Index>(free.size()); }
  [[nodiscard]] bool is_time(Index parameter) const;

  /// Parameters in natural units from internal ones, and back, all of them.
  [[nodiscard]] std::vector<double> natural(const Vector& internal) const;
  [[nodiscard]] Vector internal(std::span<const double> natural_values) const;

  /// Whether a parameter sits on a bound, or on one that is only a limit of the data.
  [[nodiscard]] bool on_bound(const Vector& all, Index parameter) const;
  [[nodiscard]] bool on_limit(const Vector& all) const;

  /// Puts the best contrast and baseline within their bounds for the other parameters, except one
  /// that is held, and returns chi².
  double solve_linear(Vector& all, Index held);
  /// chi² and, per free parameter, the weighted derivatives; residuals are (curve − value)/sigma.
  double linearise(const Vector& all, Eigen::VectorXd& residuals, Jacobian& jacobian);
  /// Puts other values and the Cholesky factor of another covariance in the place of those of the
  /// data; only where the whole covariance is used. The bounds stay.
  void replace_data(std::span<const double> values, const Eigen::MatrixXd& factor);

  /// Any model at the points, averaged over lags as the data are. `jacobian` may be empty.
  void evaluate(models::DecayModel model,
                std::span<const double> p,
                std::span<double> curve,
                std::span<double> jacobian);

  /// Brings a curve at the points to units of independent errors of one: divides by sigma, or
  /// solves with the Cholesky factor of the covariance.
  void whiten(std::span<double> curve) const;
  [[nodiscard]] bool whole_covariance() const { return factor_.size() > 0; }
  [[nodiscard]] const Eigen::MatrixXd& factor() const { return factor_; }

  std::vector<double> lag_s, value, weight; // weight = 1/sigma
  std::vector<double> one, target;          // whitened: a constant of one, the values
  std::vector<double> lag_low, lag_high;    // lag ∓ spread; empty: single lags
  std::vector<double> average_lag_s;        // lags of all averages, each once; empty: none
  std::vector<Index> average_begin;         // shares of point i: [begin[i], begin[i + 1])
  std::vector<std::pair<Index, double>> average_share; // place in average_lag_s, share
  std::vector<Index> row;                              // place of each point in the data given
  std::vector<Index> free;                             // indices of the parameters that move
  Vector low, high;                // bounds of all parameters, internal; fixed: low = high
  std::vector<bool> low_is_limit;  // the bound is nobody's wish but where the data end to
  std::vector<bool> high_is_limit; // say anything: reaching it means "not determined"
  bool weighted = false;
  Index skipped = 0;
  double first_lag_s = 0, last_lag_s = 0; // smallest positive and largest lag

private:
  models::DecayModel model_;
  std::vector<bool> time_;
  Eigen::MatrixXd factor_; // lower Cholesky factor of the covariance; empty: independent points
  std::vector<double> curve_, full_jacobian_, other_curve_, other_jacobian_;
};

/// Lower Cholesky factor of a covariance. Throws DataError unless it is positive definite.
Eigen::MatrixXd cholesky(const Eigen::MatrixXd& covariance);

/// Where Levenberg–Marquardt ended.
struct Minimum {
  Vector all; // internal, all parameters
  double chi2 = 0;
  bool converged = false;
};

/// Box-bounded Levenberg–Marquardt over the free parameters from `start`; those in `held` (by index
/// among all parameters) stay.
Minimum minimise(Problem& problem, const Vector& start, Index max_iterations, Index held = -1);

/// Starting values from the data, the most promising first.
std::vector<Vector> starting_values(Problem& problem);

} // namespace vitrum::fit
