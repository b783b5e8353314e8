// The comparison of laws of decay as the figure, the tables and the CSV need it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "result.hpp"

namespace vitrum::report {

/// Of one bin; [model] first where both count.
struct ComparisonOfBin {
  std::vector<std::string> models;
  std::vector<double> lag_s, decay, decay_errors;
  std::vector<std::vector<double>> fits; // at lag_s
  std::vector<double> curve_lag_s, ml_short_time, ml_long_time;
  std::vector<std::vector<double>> curves; // at curve_lag_s
  bool has_limits = false;
  std::vector<double> goodness, held_out, tau_with_factor_s, tau_without_factor_s;
  std::vector<std::vector<double>> probability, statistic; // [model][rival]
  std::vector<ModelFit> fit;                               // of all bins
  double lag_difference_s = 0, lag_difference_error_s = 0, lag_difference_level = 0;
  std::string verdict, reason, normalised_by;
  double level = 0;
};

/// nullopt when the result has no comparison. `bin` counts from 1.
[[nodiscard]] std::optional<ComparisonOfBin> comparison_of(const Result& result, Index bin);

/// HTML: verdicts in words, then a table of numbers. "" without a comparison.
[[nodiscard]] std::string comparison_text(const Result& result);

} // namespace vitrum::report
