// Results of electron correlation microscopy at several temperatures or doses as one table.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "large_result.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "result_tree.hpp"
#include "smooth_curve.hpp"
#include "vitrum/app/ecm.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/models/decay.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double>
parse_list(const std::string& flag, const std::vector<std::string>& words, std::size_t results) {
  std::vector<double> numbers;
  for (const auto& word : words) {
    double value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || stop != word.data() + word.size() || !std::isfinite(value))
      throw OptionError(fmt::format("--{} {}: not a number", flag, word));
    numbers.push_back(value);
  }
  if (numbers.size() != results)
    throw OptionError(
        fmt::format("--{}: {} numbers for {} results", flag, numbers.size(), results));
  return numbers;
}

/// One scalar of each member with its error.
struct Column {
  const char* name;
  const char* path; // in the member, below entry
  const char* unit;
};
constexpr Column columns[] = {
    {"frames", "series/frames", ""},
    {"frame_time_s", "series/frame_time_s", "s"},
    {"tau_s", "fit/kww/tau_s", "s"},
    {"kww_exponent", "fit/kww/kww_exponent", ""},
    {"contrast", "fit/kww/contrast", ""},
    {"chi2_reduced", "fit/kww/chi2_reduced", ""},
    {"fitted_fraction", "pixels/fitted_fraction", ""},
    {"tau_median_s", "pixels/tau_median_s", "s"},
    {"tau_log_sigma", "pixels/tau_log_sigma", ""},
    {"tau_correlation_length_nm", "pixels/tau_correlation_length_nm", "nm"},
    {"slow_area_fraction", "domains/area_fraction", ""},
    {"time_mean_tau_expected_s", "pixels/time_mean_tau_expected_s", "s"},
    {"hyperbolic_tau_s", "duration/hyperbolic_tau_s", "s"},
    {"drift_total_px", "drift/total_px", "px"},
    {"drift_residual_rms_px", "drift/residual_rms_px", "px"}};

double first_of(const Tree& tree, const std::string& path) {
  const Array* array = tree.find("entry/" + path);
  if (array == nullptr || array->size() == 0)
    return nan;
  return to_numbers(*array)[0];
}

/// Arrays of a group copied under their names.
void copy(const Tree& from,
          Tree& to,
          const std::string& group,
          std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const Array* array = from.find("entry/" + group + "/" + name))
      to.set(group + "/" + name, *array);
}

/// The map of τ, what is not accepted NaN, small enough to draw beside others.
void add_map(const Tree& from, Tree& to) {
  const Array* tau = from.find("entry/map/tau_s");
  const Array* accepted = from.find("entry/map/accepted");
  if (tau == nullptr || accepted == nullptr || tau->shape.size() != 2)
    return;
  const auto numbers = to_numbers(*tau), use = to_numbers(*accepted);
  std::vector<float> log_tau;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    log_tau.push_back(use[i] != 0 ? static_cast<float>(std::log(numbers[i])) : std::nanf(""));
  constexpr Index most = 512;
  const Index rows = tau->shape[0], wide = tau->shape[1];
  const Index factor = std::max<Index>(1, (std::max(rows, wide) + most - 1) / most);
  auto blocks = plot::block_mean(log_tau, rows, wide, factor, factor);
  for (float& v : blocks.values)
    v = std::exp(v);
  to.set("map/tau_s", make_array({blocks.rows, blocks.columns}, std::move(blocks.values), "s"));
  to.set("map/pixel_nm",
         make_scalar(from.number_or("entry/map/pixel_nm", 1) * static_cast<double>(factor), "nm"));
}

/// The two-time map in about 300 cells.
void add_two_time(const Tree& from, Tree& to) {
  const Tree* bin = from.find_group("entry/twotime/bin_1");
  if (bin == nullptr)
    return;
  const Tree* best = bin;
  const Array* map = bin->find("two_time_corr_func");
  for (const auto& [name, level] : bin->groups())
    if (const Array* one = level.find("two_time_corr_func");
        one != nullptr && (map == nullptr || one->shape.at(0) < map->shape.at(0)) &&
        one->shape.at(0) >= 256) {
      map = one;
      best = &level;
    }
  if (map == nullptr || map->shape.size() != 2)
    return;
  (void)best;
  constexpr Index cells = 300;
  const Index n = map->shape[0], factor = std::max<Index>(1, (n + cells - 1) / cells);
  const auto numbers = to_numbers(*map);
  std::vector<float> values(numbers.begin(), numbers.end());
  for (Index t = 0; t < n; ++t) // photon noise
    values[static_cast<std::size_t>(t * n + t)] = std::nanf("");
  auto blocks = plot::block_mean(values, n, n, factor, factor);
  to.set("twotime/c", make_array({blocks.rows, blocks.columns}, std::move(blocks.values), ""));
  const double step = from.number_or("entry/series/frames", static_cast<double>(n)) *
                      from.number_or("entry/series/frame_time_s", 1) / static_cast<double>(n);
  to.set("twotime/length_s", make_scalar(step * static_cast<double>(blocks.rows * factor), "s"));
}

/// The fitted curve of the image, close enough for a smooth line.
void add_fitted_curve(const Tree& from, Tree& to) {
  constexpr auto model = models::DecayModel::kww;
  const Array* lag = from.find("entry/g2/lag_s");
  if (lag == nullptr || lag->size() < 2)
    return;
  std::vector<double> values;
  for (const auto& parameter : models::parameters(model))
    values.push_back(first_of(from, "fit/kww/" + parameter.name));
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    return;
  const auto lags = to_numbers(*lag);
  auto curve = smooth_curve(model, values, lags.front(), lags.back());
  to.set("fit/kww/lag_s", make_array(std::move(curve.lag_s), "s"));
  to.set("fit/kww/g2_fit", make_array(std::move(curve.g2), ""));
}

Tree member_of(const Tree& from) {
  Tree to;
  copy(from, to, "pixels", {"tau_s", "density", "density_fit", "density_without_noise"});
  copy(from, to, "g2", {"lag_s", "g2", "g2_errors"});
  add_fitted_curve(from, to);
  copy(from,
       to,
       "duration",
       {"duration_s",
        "tau_s",
        "tau_s_errors",
        "kww_exponent",
        "kww_exponent_errors",
        "time_mean_tau_s",
        "time_mean_kww_exponent",
        "predicted_tau_s",
        "predicted_kww_exponent",
        "verdict"});
  add_map(from, to);
  add_two_time(from, to);
  return to;
}

std::string table_text(const Tree& series, const std::string& unit) {
  const auto value = series.numbers("value");
  const auto column = [&](const char* name) { return series.numbers(name); };
  std::string text = fmt::format("{:>10}  {:<22} {:<18} {:<22} {:<18}\n",
                                 unit.empty() ? "value" : unit,
                                 "tau of the image",
                                 "exponent",
                                 "median tau of pixels",
                                 "width of ln tau");
  for (std::size_t k = 0; k < value.size(); ++k) {
    const auto cell = [&](const char* name, const char* of) {
      const double error = series.find(std::string(name) + "_errors") != nullptr
                               ? column((std::string(name) + "_errors").c_str())[k]
                               : nan;
      return report::format_value(column(name)[k], error, of);
    };
    text += fmt::format("{:>10g}  {:<22} {:<18} {:<22} {:<18}\n",
                        value[k],
                        cell("tau_s", "s"),
                        cell("kww_exponent", ""),
                        cell("tau_median_s", "s"),
                        cell("tau_log_sigma", ""));
  }
  return text;
}

} // namespace

std::string
run_ecm_series(EcmSeriesOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  const auto count = options.inputs.size();
  if (options.values.empty())
    throw OptionError("name the temperature or dose of each result: --values 25,100,…");
  const auto values = parse_list("values", options.values, count);
  std::vector<double> starts;
  if (!options.starts.empty())
    starts = parse_list("starts", options.starts, count);
  std::vector<Tree> members;
  std::vector<std::vector<double>> numbers(std::size(columns)), errors(std::size(columns));
  for (const auto& path : options.inputs) {
    const auto tree = read_for_figures(path);
    if (tree.text("entry/kind") != "ecm")
      throw FormatError(path, "/entry/kind", fmt::format("'{}'", tree.text("entry/kind")), "'ecm'");
    for (std::size_t c = 0; c < std::size(columns); ++c) {
      numbers[c].push_back(first_of(tree, columns[c].path));
      errors[c].push_back(first_of(tree, std::string(columns[c].path) + "_errors"));
    }
    members.push_back(member_of(tree));
    monitor.message(Level::info, path);
  }
  if (options.run.dry_run)
    return fmt::format("{} results\nwould write {}\n", count, options.output.output);

  auto tree = make_result(invocation, to_toml(describe(options)));
  for (const auto& path : options.inputs)
    add_input(tree, path);
  tree.set("entry/kind", make_scalar("ecm_series"));
  tree.set(
      "entry/title",
      make_scalar(fmt::format("Electron correlation microscopy against {}", options.quantity)));
  tree.group("entry").attributes["default"] = std::string("ecm_series");
  auto& series = tree.group("entry/ecm_series");
  series.attributes["NX_class"] = std::string("NXdata");
  series.attributes["signal"] = std::string("tau_s");
  series.attributes["axes"] = std::vector<std::string>{"value"};
  series.set("quantity", make_scalar(options.quantity));
  series.set("value_unit", make_scalar(options.unit));
  series.set("value", make_array(values, options.unit));
  if (!starts.empty())
    series.set("start_s", make_array(starts, "s"));
  std::vector<double> duration;
  for (std::size_t k = 0; k < count; ++k)
    duration.push_back(numbers[0][k] * numbers[1][k]);
  series.set("duration_s", make_array(duration, "s"));
  for (std::size_t c = 0; c < std::size(columns); ++c) {
    series.set(columns[c].name, make_array(numbers[c], columns[c].unit));
    if (std::any_of(errors[c].begin(), errors[c].end(), [](double e) { return std::isfinite(e); }))
      series.set(std::string(columns[c].name) + "_errors", make_array(errors[c], columns[c].unit));
  }
  for (std::size_t k = 0; k < count; ++k)
    tree.group(fmt::format("entry/member_{}", k + 1)) = std::move(members[k]);
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return table_text(tree.group_at("entry/ecm_series"), options.unit) + options.output.output + "\n";
}

} // namespace vitrum::app
