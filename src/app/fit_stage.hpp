// The part that xpcs, age and fit share: fits of g2 and of windows, from flags to Tree.
#pragma once
#include <string>
#include <vector>

#include "result_tree.hpp"
#include "vitrum/app/options.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::app {

/// The models and the options of each. A --fix or --bounds whose parameter no model has is refused.
struct FitPlan {
  std::vector<models::DecayModel> models;
  std::vector<fit::FitOptions> options; // one per model
  bool weighted = true;
  std::vector<std::vector<std::string>> share; // per model: one value for all windows of a bin
  bool share_bins = false;                     // … or for all bins
};
[[nodiscard]] FitPlan make_fit_plan(const FitFlags& flags);

/// Fits every model to every bin: entry/`group`/<model>, entry/`group`/preferred_model. Warns about
/// fits not to be believed.
void fit_bins(Tree& tree,
              const FitPlan& plan,
              const std::vector<correlate::OneTime>& bins,
              double frame_time_s,
              const Monitor& monitor,
              const std::string& group = "fit");

/// The same of the curves that were correlated pixel by pixel, where the result has them:
/// entry/fit_pixel.
void fit_pixel_bins(Tree& tree, const FitPlan& plan, double frame_time_s, const Monitor& monitor);

/// Fits every model to every window and works out plateaus and decays: entry/window.
void fit_windows(Tree& tree,
                 const FitPlan& plan,
                 const AgeFlags& flags,
                 std::vector<std::vector<correlate::OneTime>> windows, // [bin][window]
                 double frame_time_s,
                 const Monitor& monitor);

/// Windows of the flags in frames: a length of 0 means a tenth of the series. Rounded to whole
/// frames, at least `least` long.
[[nodiscard]] std::vector<correlate::AgeWindow>
plan_windows(const AgeFlags& flags, Index frames, double frame_time_s);
[[nodiscard]] correlate::AgeConvention parse_age(const std::string& text);
[[nodiscard]] correlate::LagOptions
parse_lags(const std::string& text, Index points_per_decade, Index max_lag);

/// Lines for the terminal: bins with the leading numbers of each model.
[[nodiscard]] std::string summary_of(const Tree& tree);

} // namespace vitrum::app
