#include "fit_input.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/io/aps_result.hpp"
#include "vitrum/io/recognise.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index largest_table = 20'000'000; // numbers in a dataset that may be a curve

correlate::OneTime
make_curve(std::vector<double> lag, std::vector<double> value, std::vector<double> error) {
  correlate::OneTime curve;
  curve.pairs.assign(value.size(), 1);
  curve.lag_frames = std::move(lag);
  curve.value = std::move(value);
  curve.error = std::move(error);
  return curve;
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
/// as well. Without a header two or three columns are lag_s, g2 and g2_errors.
Curves from_table(const std::string& path, double frame_time_s) {
  auto table = io::read_csv(path);
  if (table.names.empty() && (table.columns.size() == 2 || table.columns.size() == 3)) {
    table.names = {"lag_s", "g2", "g2_errors"};
    table.names.resize(table.columns.size());
  }
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

/// The first group, from the root down, in which lags and g2 stand side by side.
const Tree* group_of_curves(const Tree& tree) {
  if (tree.find("g2") != nullptr &&
      (tree.find("lag_s") != nullptr || tree.find("lag_frames") != nullptr))
    return &tree;
  for (const auto& [name, group] : tree.groups())
    if (const Tree* found = group_of_curves(group); found != nullptr)
      return found;
  return nullptr;
}

/// g2 and g2_errors of the shape [lag], [bin, lag] or, where only that fits, [lag, bin].
Curves from_datasets(const std::string& path, double frame_time_s) {
  const auto tree = io::read_tree(path, {.largest_array = largest_table});
  const Tree& group = *group_of_curves(tree);
  const bool in_frames = group.find("lag_s") == nullptr;
  Curves curves;
  if (in_frames && std::isnan(frame_time_s))
    throw OptionError(fmt::format("{}: the lags count frames; give --frame-time SECONDS", path));
  if (in_frames)
    curves.frame_time_s = frame_time_s;
  const auto lag = group.numbers(in_frames ? "lag_frames" : "lag_s");
  const auto lags = static_cast<Index>(lag.size());
  const auto& shape = group.at("g2").shape;
  const bool rows = !shape.empty() && shape.size() <= 2 && shape.back() == lags;
  const bool columns = !rows && shape.size() == 2 && shape[0] == lags;
  const auto* errors = group.find("g2_errors");
  if (lags == 0 || (!rows && !columns) || (errors != nullptr && errors->shape != shape))
    throw FormatError(path,
                      "g2",
                      errors != nullptr && (rows || columns)
                          ? fmt::format("shape [{}] of g2_errors", fmt::join(errors->shape, ", "))
                          : fmt::format("shape [{}]", fmt::join(shape, ", ")),
                      errors != nullptr && (rows || columns)
                          ? fmt::format("[{}] as of g2", fmt::join(shape, ", "))
                          : fmt::format("[{0}], [bin, {0}] or [{0}, bin] for {0} lags", lags));
  const auto value = to_numbers(group.at("g2"));
  const auto error = errors != nullptr ? to_numbers(*errors) : std::vector<double>();
  const auto bins = static_cast<Index>(value.size()) / lags;
  const auto q = group.find("q_inv_angstrom") != nullptr ? group.numbers("q_inv_angstrom")
                                                         : std::vector<double>();
  for (Index b = 0; b < bins; ++b) {
    std::vector<double> of_bin, its_error;
    for (Index l = 0; l < lags; ++l) {
      const auto at = static_cast<std::size_t>(rows ? b * lags + l : l * bins + b);
      of_bin.push_back(value[at]);
      its_error.push_back(error.empty() ? nan : error[at]);
    }
    curves.bins.push_back(make_curve(lag, std::move(of_bin), std::move(its_error)));
    auto& where = curves.where.emplace_back();
    if (static_cast<Index>(q.size()) == bins)
      where.q_inv_angstrom = q[static_cast<std::size_t>(b)];
  }
  curves.q_unit = static_cast<Index>(q.size()) == bins ? "1/angstrom" : "";
  curves.estimator = "as given in the file";
  return curves;
}

} // namespace

CurveFile kind_of_curves(const std::string& path) {
  const bool inside = path.find("::") != std::string::npos;
  if (inside || path.ends_with(".npy"))
    return CurveFile::matrix;
  if (!io::is_hdf5(path))
    return CurveFile::table;
  const auto tree = io::read_tree(path, {.largest_array = 4096});
  if (tree.find_group("xpcs/multitau") != nullptr)
    return CurveFile::aps;
  if (tree.find("entry/kind") != nullptr)
    return CurveFile::result;
  const auto whole = io::read_tree(path, {.largest_array = largest_table});
  return group_of_curves(whole) != nullptr ? CurveFile::datasets : CurveFile::result;
}

Curves read_curves(const std::string& path, CurveFile kind, double frame_time_s) {
  switch (kind) {
  case CurveFile::aps:
    return from_aps(path);
  case CurveFile::datasets:
    return from_datasets(path, frame_time_s);
  case CurveFile::matrix:
    return from_matrix(path);
  default:
    return from_table(path, frame_time_s);
  }
}

bool any_value(const std::vector<correlate::OneTime>& bins) {
  for (const auto& bin : bins)
    for (const double value : bin.value)
      if (!std::isnan(value))
        return true;
  return false;
}

} // namespace vitrum::app
