#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "compare_stage.hpp"
#include "fit_stage.hpp"
#include "large_result.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "result_tree.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/aps_result.hpp"
#include "vitrum/io/recognise.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// g2 of several bins, from wherever it came.
struct Curves {
  std::vector<correlate::OneTime> bins;
  std::vector<frames::Bin> where;
  std::string q_unit, title, estimator;
  double frame_time_s = 1;
  std::vector<std::string> warnings;
};

correlate::OneTime
make_curve(std::vector<double> lag, std::vector<double> value, std::vector<double> error) {
  correlate::OneTime curve;
  curve.pairs.assign(value.size(), 1);
  curve.lag_frames = std::move(lag);
  curve.value = std::move(value);
  curve.error = std::move(error);
  return curve;
}

Curves from_result(const Tree& tree) {
  Curves curves;
  curves.bins = curves_of(tree);
  curves.frame_time_s = frame_time_of(tree);
  return curves;
}

/// Real files hold errors of zero where few pixels were left; such a point has no known error.
Curves from_aps(const std::string& path) {
  const auto aps = io::read_aps_result(path);
  Curves curves;
  curves.frame_time_s =
      aps.frame_time_s * static_cast<double>(aps.stride_frames * aps.average_frames);
  const auto lags = aps.delay_frames.size();
  Index without_error = 0;
  for (Index b = 0; b < aps.bins; ++b) {
    const auto begin = static_cast<std::ptrdiff_t>(b) * static_cast<std::ptrdiff_t>(lags);
    const auto end = begin + static_cast<std::ptrdiff_t>(lags);
    std::vector<double> error(aps.g2_errors.begin() + begin, aps.g2_errors.begin() + end);
    for (double& e : error)
      if (!(e > 0)) {
        e = nan;
        ++without_error;
      }
    curves.bins.push_back(make_curve(
        aps.delay_frames, {aps.g2.begin() + begin, aps.g2.begin() + end}, std::move(error)));
    auto& bin = curves.where.emplace_back();
    if (static_cast<Index>(aps.q.size()) == aps.bins)
      bin.q_inv_angstrom = aps.q[static_cast<std::size_t>(b)];
    if (static_cast<Index>(aps.phi_deg.size()) == aps.bins)
      bin.phi_deg = aps.phi_deg[static_cast<std::size_t>(b)];
  }
  if (without_error > 0)
    curves.warnings.push_back(fmt::format(
        "{} points have an error of zero or none in the file and are left out of the fits",
        without_error));
  curves.q_unit = aps.q_unit.empty() ? "1/angstrom" : aps.q_unit;
  curves.title = aps.title;
  curves.estimator = "as computed by the program that wrote the file (APS 8-ID multi-tau)";
  return curves;
}

/// Columns lag_s (or lag_frames with --frame-time), g2, and if there are any g2_errors; `bin` parts
/// several curves. The names that `export` and the report write, "lag [s]", "g2_error" and "q", do
/// as well.
Curves from_table(const std::string& path, double frame_time_s) {
  auto table = io::read_csv(path);
  std::string q_unit = "1/angstrom";
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    const auto unit = c < table.units.size() ? table.units[c] : "";
    if (table.names[c] == "lag" && unit == "s")
      table.names[c] = "lag_s";
    else if (table.names[c] == "g2_error")
      table.names[c] = "g2_errors";
    else if (table.names[c] == "q") {
      table.names[c] = "q_inv_angstrom";
      q_unit = unit;
    }
  }
  auto has = [&](const char* name) {
    return std::find(table.names.begin(), table.names.end(), name) != table.names.end();
  };
  if (!has("g2") || (!has("lag_s") && !has("lag_frames")))
    throw FormatError(path,
                      "header",
                      fmt::format("columns {}", fmt::join(table.names, ", ")),
                      "lag_s or lag_frames, g2, and if known g2_errors and bin");
  Curves curves;
  const bool in_frames = !has("lag_s");
  if (in_frames && std::isnan(frame_time_s))
    throw OptionError(fmt::format("{}: the lags count frames; give --frame-time SECONDS", path));
  if (in_frames)
    curves.frame_time_s = frame_time_s;
  const auto& lag = table.column(in_frames ? "lag_frames" : "lag_s");
  const auto& value = table.column("g2");
  for (Index row = 0; row < table.rows(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    const double bin = has("bin") ? table.column("bin")[i] : 1;
    if (bin != std::floor(bin) || bin < 1 || bin > 1e6)
      throw FormatError(
          path, fmt::format("row {}", row + 1), fmt::format("bin {}", bin), "1, 2, …");
    while (static_cast<double>(curves.bins.size()) < bin) {
      curves.bins.emplace_back();
      curves.where.emplace_back();
    }
    auto& curve = curves.bins[static_cast<std::size_t>(bin) - 1];
    curve.lag_frames.push_back(lag[i]);
    curve.value.push_back(value[i]);
    curve.error.push_back(has("g2_errors") ? table.column("g2_errors")[i] : nan);
    curve.pairs.push_back(1);
    if (has("q_inv_angstrom"))
      curves.where[static_cast<std::size_t>(bin) - 1].q_inv_angstrom =
          table.column("q_inv_angstrom")[i];
  }
  curves.q_unit = has("q_inv_angstrom") ? q_unit : "";
  curves.estimator = "as given in the table";
  return curves;
}

/// Columns lag in seconds, g2 and, if there is a third, its error.
Curves from_matrix(const std::string& path) {
  const auto matrix = io::read_matrix(path);
  if (matrix.columns != 2 && matrix.columns != 3)
    throw FormatError(path,
                      "",
                      fmt::format("{} columns", matrix.columns),
                      "two or three: lag in seconds, g2 and its error");
  std::vector<double> lag, value, error;
  for (Index row = 0; row < matrix.rows; ++row) {
    const auto at = [&](Index column) {
      return matrix.values[static_cast<std::size_t>(row * matrix.columns + column)];
    };
    lag.push_back(at(0));
    value.push_back(at(1));
    error.push_back(matrix.columns == 3 ? at(2) : nan);
  }
  Curves curves;
  curves.bins.push_back(make_curve(std::move(lag), std::move(value), std::move(error)));
  curves.where.emplace_back();
  curves.estimator = "as given in the table";
  return curves;
}

enum class Kind { result, aps, matrix, table };

/// The 8-ID layout is known by its group, a result of vitrum by its kind.
Kind kind_of(const std::string& path) {
  const bool inside = path.find("::") != std::string::npos;
  if (inside || path.ends_with(".npy"))
    return Kind::matrix;
  if (!io::is_hdf5(path))
    return Kind::table;
  const auto tree = io::read_tree(path, {.largest_array = 4096});
  return tree.find_group("xpcs/multitau") != nullptr ? Kind::aps : Kind::result;
}

} // namespace

std::string run_fit(FitOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  auto plan = make_fit_plan(options.fit);
  plan.share_bins = true;
  const auto comparison = make_compare_plan(options.compare, options.fit);
  const auto& path = options.inputs.at(0);
  const auto kind = kind_of(path);
  const auto config = to_toml(describe(options));
  auto [tree, maps] = kind == Kind::result ? read_large_result(path) : LargeResult{};
  tree = kind == Kind::result ? continue_result(std::move(tree), invocation, config)
                              : make_result(invocation, config);
  auto curves = kind == Kind::result   ? from_result(tree)
                : kind == Kind::aps    ? from_aps(path)
                : kind == Kind::matrix ? from_matrix(path)
                                       : from_table(path, options.frame_time_s);
  if (kind != Kind::table && !std::isnan(options.frame_time_s))
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
  if (plan.weighted && kind != Kind::result)
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
  if (kind == Kind::result) {
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
  try {
    fit_bins(tree, plan, curves.bins, curves.frame_time_s, monitor);
    fit_pixel_bins(tree, plan, curves.frame_time_s, monitor);
    compare_bins(tree, comparison, curves.bins, curves.frame_time_s, monitor);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
  write_large_result(options.output.output, tree, path, maps, options.output.overwrite);
  return summary_of(tree) + options.output.output + "\n";
}

} // namespace vitrum::app
