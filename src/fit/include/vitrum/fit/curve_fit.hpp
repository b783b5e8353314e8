// Least squares for any function that a few parameters describe (peaks, rings, lines): careful
// Levenberg–Marquardt with bounds and derivatives by differences.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::fit {

/// Fills the residuals, each divided by its standard deviation (or whitened), for these parameters.
using Residuals = std::function<void(std::span<const double> parameters, std::span<double> out)>;

struct CurveFitOptions {
  std::vector<double> low, high; // of each parameter; empty: free
  std::vector<double> scale; // typical size of a change of each parameter; empty: from its start
  Index max_iterations = 200;
  double gain = 1e-10;       // relative change of chi² below which the search ends
  bool scale_errors = false; // multiply the covariance with chi²/(points − parameters), for
                             // residuals whose standard deviation is not known
};

struct CurveFit {
  std::vector<double> value, error; // [parameter] with standard errors; NaN at a bound
  std::vector<double> covariance;   // [parameter, parameter]
  double chi2 = 0;                  // sum of squared residuals
  Index points = 0;
  bool converged = false;
  bool near_bound = false; // some parameter ended on a bound

  [[nodiscard]] double covariance_of(std::size_t i, std::size_t j) const {
    return covariance[i * value.size() + j];
  }
};

/// Minimises the sum of squared residuals. Throws OptionError when bounds, scale and start differ
/// in size or there are fewer points than parameters, DataError when residuals are not finite at
/// the start.
[[nodiscard]] CurveFit fit_curve(const Residuals& residuals,
                                 Index points,
                                 std::vector<double> start,
                                 const CurveFitOptions& options = {});

/// Weighted straight line y = slope·x + intercept, in closed form.
struct LineFit {
  double slope = 0, intercept = 0;
  double slope_error = 0, intercept_error = 0, covariance = 0; // from the errors of the points
  double chi2 = 0;
  Index points = 0;
};
/// Throws DataError for fewer than two points or errors that are not positive.
[[nodiscard]] LineFit
fit_line(std::span<const double> x, std::span<const double> y, std::span<const double> error);

} // namespace vitrum::fit
