#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compare_stage.hpp"
#include "fit_input.hpp"
#include "fit_stage.hpp"
#include "large_result.hpp"
#include "located.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "result_tree.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

Curves from_result(const Tree& tree) {
  Curves curves;
  curves.bins = curves_of(tree);
  curves.frame_time_s = frame_time_of(tree);
  return curves;
}

} // namespace

std::string run_fit(FitOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  auto plan = make_fit_plan(options.fit);
  plan.share_bins = true;
  const auto comparison = make_compare_plan(options.compare, options.fit);
  const auto& path = options.inputs.at(0);
  const auto kind = kind_of_curves(path);
  const auto config = to_toml(describe(options));
  auto input = kind == CurveFile::result ? read_large_result(path) : LargeResult{};
  auto& tree = input.tree;
  tree = kind == CurveFile::result ? continue_result(std::move(tree), invocation, config)
                                   : make_result(invocation, config);
  auto curves =
      kind == CurveFile::result ? from_result(tree) : read_curves(path, kind, options.frame_time_s);
  if (kind != CurveFile::table && kind != CurveFile::datasets && !std::isnan(options.frame_time_s))
    throw OptionError("--frame-time: is for tables whose lags count frames");
  if (options.run.dry_run)
    return fmt::format(
        "{}: {} bins, {} lags\n", path, curves.bins.size(), curves.bins.at(0).lags());
  for (const auto& bin : curves.bins)
    if (plan.weighted &&
        std::all_of(bin.error.begin(), bin.error.end(), [](double e) { return std::isnan(e); })) {
      plan.weighted = false;
      curves.warnings.push_back("the points have no errors: fits are unweighted");
    }
  if (plan.weighted && kind != CurveFile::result)
    curves.warnings.push_back(
        "the correlation between lags is not known: points are taken as independent, "
        "and errors of parameters are too small when they are not");
  add_input(tree, path);
  for (const auto& warning : curves.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  if (comparison.wanted && !plan.weighted)
    throw DataError(fmt::format("{}: --compare needs errors of g2", path));
  if (kind == CurveFile::result) {
    tree.erase("entry/fit");
    tree.erase("entry/comparison");
  } else {
    tree.set("entry/title",
             make_scalar(curves.title.empty() ? fmt::format("Fits of {}", path) : curves.title));
    std::vector<double> q;
    for (const auto& bin : curves.where)
      q.push_back(bin.q_inv_angstrom);
    add_bins(tree, curves.where, curves.q_unit, {}, {});
    add_g2(tree, "g2", curves.bins, q, curves.q_unit, curves.frame_time_s, curves.estimator);
    tree.set("entry/series/frame_time_s", make_scalar(curves.frame_time_s, "s"));
  }
  if (kind != CurveFile::result && !any_value(curves.bins))
    throw DataError(fmt::format("{}: every g2 is NaN, expected points to fit", path));
  about(path, [&] {
    fit_bins(tree, plan, curves.bins, curves.frame_time_s, monitor);
    fit_pixel_bins(tree, plan, curves.frame_time_s, monitor);
    compare_bins(tree, comparison, curves.bins, curves.frame_time_s, monitor);
  });
  write_large_result(options.output.output, tree, path, input.maps, options.output.overwrite);
  return summary_of(tree) + options.output.output + "\n";
}

} // namespace vitrum::app
