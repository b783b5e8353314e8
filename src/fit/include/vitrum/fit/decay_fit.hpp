// Fits one relaxation model to one g2: own starting values, bounds, errors and a status that says
// whether to believe them.
#pragma once
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/models/decay.hpp"

namespace vitrum::fit {

/// A lag at which the decay is taken, and its share in a mean over lags.
struct LagShare {
  double lag_s = 0, share = 0;
};

/// One correlation function. A point whose value, sigma, lag or deviation is NaN is skipped and
/// counted.
struct FitData {
  std::vector<double> lag_s;      // >= 0, any order
  std::vector<double> value;      // g2
  std::vector<double> sigma;      // standard errors, > 0; empty: unweighted
  std::vector<double> covariance; // [lag, lag] of the values, empty: independent. May be singular:
                                  // it enters the errors only. Without sigma its diagonal weighs
  std::vector<double> lag_spread_s; // standard deviation of the lags that a value averages, empty:
                                    // single lags. The model is averaged alike, over lag ± spread:
                                    // exact for a curve of third order within a bin
  std::vector<std::vector<LagShare>> averages; // [lag]: the mean of the decay that the model is
                                               // compared with, empty: as above
  std::vector<double> deviation; // [rank, lag]: a factor of the covariance, Σ_r d_r(l) d_r(l'), for
                                 // any number of lags; when given, it is used in place of it
};

struct FitOptions {
  std::map<std::string, double> fixed;                     // parameter name → value held
  std::map<std::string, std::pair<double, double>> bounds; // name → (low, high), inclusive
  bool profile = true; // find where chi² rises by one: error_low, error_high; costs five times as
                       // much, and without it the statuses rest on rules of thumb about errors
  bool whole_covariance = false; // weigh by the inverse of the covariance of the data (generalised
                                 // least squares) and not by their own errors alone; it must be
                                 // positive definite, so estimated from enough samples or shrunk
  Index max_iterations = 300;    // of the refinement of one start
};
/// Throws OptionError that names the parameter: unknown, bounds crossed, fixed value out of range.
void validate(const FitOptions& options, models::DecayModel model);

/// From the data and the fit alone, the gravest that applies:
enum class FitStatus {
  converged,
  near_bound,     // a bound is nearer than one standard error: that side of an interval is cut off
  at_bound,       // a parameter sits on its bound; it has no error, the others are given it
  unidentifiable, // the data do not determine the parameters: the fit, or the interval in which
                  // chi² rises by less than one, runs to a contrast of 30 times the span of the
                  // values or to a time ten decades beyond the lags; or the derivatives are
                  // dependent
  not_converged,  // out of iterations
  too_few_points, // fewer than free parameters + 1; no values are given
};
/// "converged", "near bound", "at bound", "unidentifiable", "not converged", "too few points"
[[nodiscard]] std::string_view name(FitStatus status);

struct FittedParameter {
  std::string name; // as in models::parameters
  std::string unit;
  double value = 0;
  double error = 0; // standard error; 0 when fixed, NaN when at a bound or undetermined. A time's
                    // error is tau times that of ln tau: an interval is tau·exp(± k·error/tau)
  double error_low = 0; // distances to where chi² has risen by one, the others refitted: the honest
  double error_high =
      0; // interval where chi² is no parabola. Infinite when open, NaN when not made
  bool fixed = false;
  bool shared = false; // one value for several data sets (joint_fit.hpp)
  bool at_bound = false;
};

struct FitResult {
  models::DecayModel model = models::DecayModel::kww;
  std::vector<FittedParameter> parameters; // in the order of models::parameters
  std::vector<double> covariance;          // [parameter, parameter], 0 where fixed or at a bound
  std::vector<double> parameter_deviation; // [rank, parameter]: what each deviation of the data
                                           // does to the values, to first order; a factor of
                                           // `covariance`. Empty without deviations or errors
  Index points = 0;                        // used
  Index skipped = 0;                       // NaN
  double chi2 = 0;                         // Σ((value − curve)/sigma)², sigma 1 when unweighted
  Index degrees_of_freedom = 0;            // points − free parameters
  /// χ² over what the right model would have: points − free parameters; with correlated points
  /// weighted by their errors alone tr(WΣ) − tr((JᵀWJ)⁻¹JᵀWΣWJ).
  double chi2_reduced = 0;
  double r_squared = 0;    // 1 − chi2/chi2 of the weighted mean
  double aic = 0, bic = 0; // chi2 + 2k, chi2 + k ln n with sigma; n ln(chi2/n) + … without. With a
                           // covariance, k is Takeuchi's effective number of parameters
  FitStatus status = FitStatus::too_few_points;
  std::string message; // why the status is what it is
  /// Where the status leaves tau open: what g2 alone says about it, with 95 % each; NaN: nothing,
  /// or not needed. `message` has the reason.
  double tau_low_s = std::numeric_limits<double>::quiet_NaN();
  double tau_high_s = std::numeric_limits<double>::quiet_NaN();
  double mean_time_s = 0; // ∫ decay dt (models::mean_time), NaN when it diverges
  double mean_time_error_s = 0;
  double mean_field_time_s = 0; // ∫ g1 dt, NaN when it diverges or is unknown
  double mean_field_time_error_s = 0;
  std::string mean_time_note; // why one of them is NaN
  std::vector<double> curve;  // fitted g2 at every lag of the data, skipped ones included, averaged
                              // over the lags as the data are

  /// The parameter of that name. Throws OptionError when the model has none.
  [[nodiscard]] const FittedParameter& at(std::string_view parameter) const;
};

/// Weighted least squares with the model's analytic derivatives, in ln tau. Starts come from the
/// data: for every point of a grid of times and exponents the best contrast and baseline follow by
/// linear algebra (variable projection, Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413); the
/// best local minima of that grid are refined by Levenberg–Marquardt, the lowest chi² is kept.
///
/// Errors: (JᵀWJ)⁻¹ with sigma; times chi2_reduced without; with a covariance Σ the sandwich
/// (JᵀWJ)⁻¹ JᵀWΣWJ (JᵀWJ)⁻¹, right for correlated lags although the minimum is that of the diagonal
/// weights. With `whole_covariance` the minimum is that of rᵀΣ⁻¹r and (JᵀΣ⁻¹J)⁻¹ its error.
///
/// Throws DataError for sizes that disagree, a sigma <= 0 or infinite, a negative lag; OptionError
/// from validate. Everything else is a status.
[[nodiscard]] FitResult
fit_decay(models::DecayModel model, const FitData& data, const FitOptions& options = {});

} // namespace vitrum::fit
