// Fits one model to many correlation functions that have some parameters in common.
#pragma once
#include <string>
#include <vector>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

struct JointOptions {
  std::vector<std::string> shared; // parameters with one value for all data, by name
  FitOptions fit;                  // bounds and fixed values, for all data
  bool common_samples =
      true; // row r of the deviations of every data set is the same sample (windows
            // of the same pixels): what the data have in common then counts once
            // and not many times. False: the data sets are independent
};
/// Throws OptionError: nothing shared, a name that the model does not have or that is fixed.
void validate(const JointOptions& options, models::DecayModel model);

struct JointFit {
  std::vector<FitResult> fits; // one per data set; shared parameters have the same value and error
  std::vector<FittedParameter> shared;
  double chi2 = 0; // of all that were fitted together
  Index used = 0;  // data sets with enough points; the others have the status too_few_points
  bool converged = false;
};

/// Minimises the sum of chi² by Levenberg–Marquardt. The normal matrix is an arrow: one block per
/// data set and the shared columns, eliminated block by block, so the cost grows linearly with
/// their number. Contrast and baseline, where not shared, are solved exactly at every step. Starts:
/// the fit of each alone, the shared parameters at the weighted mean and at the median of those.
/// Errors as in decay_fit.hpp, of all parameters together.
[[nodiscard]] JointFit fit_jointly(models::DecayModel model,
                                   const std::vector<FitData>& data,
                                   const JointOptions& options);

} // namespace vitrum::fit
