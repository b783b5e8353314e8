// Errors of a fit at its minimum.
#pragma once
#include "problem.hpp"

namespace vitrum::fit {

struct Curvature {
  std::vector<Index> moving;       // free parameters not on a bound, indices among all
  Matrix covariance;               // of those, internal units
  Matrix naive;                    // the same without the covariance of the data: (JᵀWJ)⁻¹
  Jacobian shifts;                 // [rank, moving]: what each deviation of the data does to them
  double effective_parameters = 0; // Takeuchi: tr((JᵀWJ)⁻¹ JᵀWΣWJ); their number without Σ
  double expected_chi2 = 0; // of the right model: tr(WΣ) − effective_parameters; n − free without Σ
  double scale = 1;         // what the residual variance multiplied, unweighted
  bool singular = false;
};

[[nodiscard]] Curvature curvature(Problem& problem, const FitData& data, const Minimum& minimum);

/// Distances (internal units) at which chi², minimised over the others, has risen by one in units
/// of the naive covariance; infinite where a bound or a limit of the data comes first.
struct ProfileWidth {
  double low = 0, high = 0;
  bool open = false; // a limit of the data came first on at least one side
};
/// May find a lower minimum on its way: then `minimum` is replaced and false returned.
[[nodiscard]] bool profile(Problem& problem,
                           const Curvature& curvature,
                           Index which,
                           Index max_iterations,
                           Minimum& minimum,
                           ProfileWidth& width);

} // namespace vitrum::fit
