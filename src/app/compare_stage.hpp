// The comparison of laws of decay that xpcs and fit share, from flags to Tree.
#pragma once
#include <vector>

#include "vitrum/app/options.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/fit/comparison.hpp"

namespace vitrum::app {

struct ComparePlan {
  bool wanted = false;
  fit::ComparisonOptions options;
  Index per_decade = 5;
};
/// Throws OptionError for what makes no sense. --fix and --bounds of the fits hold here too.
[[nodiscard]] ComparePlan make_compare_plan(const CompareFlags& flags, const FitFlags& fit);

/// entry/comparison, and entry/fit/preferred_model by its verdict. Nothing when not wanted.
void compare_bins(Tree& tree,
                  const ComparePlan& plan,
                  const std::vector<correlate::OneTime>& bins,
                  double frame_time_s,
                  const Monitor& monitor);

} // namespace vitrum::app
