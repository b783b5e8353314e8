#include <cmath>
#include <filesystem>
#include <tuple>

#include <fmt/format.h>

#include "companion_tree.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/app/companion.hpp"
#include "vitrum/companion/dsc.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/instrument_table.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

using companion::DscNumber;
using companion::DscResult;

/// Value `k` of a list that has one for all curves or one for each; NaN when it is empty.
double of_curve(const std::vector<std::string>& list,
                const char* flag,
                std::size_t k,
                std::size_t curves) {
  if (list.empty())
    return not_given;
  if (list.size() != 1 && list.size() != curves)
    throw OptionError(fmt::format(
        "--{}: {} values for {} curves, expected one or one for each", flag, list.size(), curves));
  return parse_number(flag, list[list.size() == 1 ? 0 : k]);
}

companion::HeatFlow
read_curve(const DscOptions& options, std::size_t k, std::vector<std::string>& warnings) {
  const auto& path = options.inputs[k];
  const auto table = io::read_instrument_table(path);
  companion::HeatFlowStatement stated;
  stated.columns = options.columns;
  stated.temperature_unit = options.temperature_unit;
  stated.flow_unit = options.heat_flow_unit;
  stated.exo = options.exo == "auto" ? "" : options.exo;
  stated.mass_mg = of_curve(options.mass_mg, "mass", k, options.inputs.size());
  stated.rate_k_per_min = of_curve(options.heating_rates, "heating-rate", k, options.inputs.size());
  stated.segment = options.segment;
  if (table.other_rows > 0)
    warnings.push_back(fmt::format("{}: {} lines of numbers outside the longest block, lines {} to "
                                   "{}, are not read",
                                   path,
                                   table.other_rows,
                                   table.first_line,
                                   table.last_line));
  try {
    return companion::make_heat_flow({table.header, table.names, table.units, table.columns},
                                     stated);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
}

void add_numbers(Tree& scalars, const std::vector<DscNumber>& numbers) {
  for (const auto& n : numbers)
    add_scalar(scalars, n.name, n.value, n.error, n.unit);
}

/// A straight line of the construction between two temperatures, as the file draws heat flow.
void add_line(Tree& lines,
              const std::string& name,
              double at,
              double value,
              double slope,
              double first,
              double last,
              double sign) {
  if (!std::isfinite(value + slope + first + last))
    return;
  lines.set(name + "/temperature_c",
            make_array(std::vector<double>{first, last},
                       "\xC2\xB0"
                       "C"));
  lines.set(name + "/heat_flow",
            make_array(std::vector<double>{sign * (value + slope * (first - at)),
                                           sign * (value + slope * (last - at))}));
}

void add_lines(Tree& curve, const DscResult& r, double sign) {
  auto& lines = curve.group("construction");
  if (r.search.found) {
    const auto& g = r.glass;
    const auto& n = r.search.ranges;
    add_line(lines,
             "glass",
             g.inflection_c,
             g.glass_value,
             g.glass_slope,
             n.glass_first_c,
             g.end_c,
             sign);
    add_line(lines,
             "liquid",
             g.inflection_c,
             g.liquid_value,
             g.liquid_slope,
             g.onset_c,
             n.liquid_last_c,
             sign);
    const double over = 0.35 * (g.end_c - g.onset_c);
    add_line(lines,
             "glass transition",
             g.inflection_c,
             g.tangent_value,
             g.tangent_slope,
             g.onset_c - over,
             g.end_c + over,
             sign);
  }
  for (std::size_t k = 0; k < r.exotherms.size(); ++k) {
    const auto& p = r.exotherms[k];
    const auto& n = r.exotherm_ranges[k];
    const std::string which = k == 0 ? "" : fmt::format(" {}", k + 1);
    add_line(lines,
             "before" + which,
             p.lead_at_c,
             p.before_value,
             p.before_slope,
             n.before_first_c,
             p.highest_c,
             sign);
    const double top = p.lead_at_c + 0.6 * (p.highest_c - p.lead_at_c);
    add_line(lines,
             "crystallisation" + which,
             p.lead_at_c,
             p.lead_value,
             p.lead_slope,
             p.onset_c - 0.2 * (p.lead_at_c - p.onset_c),
             top,
             sign);
  }
  const auto add_base = [&](const companion::ThermalPeak& p, const std::string& name) {
    std::vector<double> t, h;
    for (std::size_t i = 0; i < p.baseline.size(); ++i) {
      t.push_back(r.curve.temperature_c[static_cast<std::size_t>(p.baseline_first) + i]);
      h.push_back(sign * p.baseline[i]);
    }
    if (t.empty())
      return;
    curve.set("baseline/" + name + "/temperature_c",
              make_array(std::move(t),
                         "\xC2\xB0"
                         "C"));
    curve.set("baseline/" + name + "/heat_flow", make_array(std::move(h)));
  };
  for (std::size_t k = 0; k < r.exotherms.size(); ++k)
    add_base(r.exotherms[k], fmt::format("exotherm {}", k + 1));
  for (std::size_t k = 0; k < r.endotherms.size(); ++k)
    add_base(r.endotherms[k], fmt::format("endotherm {}", k + 1));
}

void add_curve(Tree& tree, const std::string& path, const DscResult& r, std::size_t k) {
  auto& group = tree.group(fmt::format("entry/curve_{}", k + 1));
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("heat_flow");
  group.attributes["axes"] = std::vector<std::string>{"temperature_c"};
  const double sign = r.curve.exo_up ? -1 : 1;
  std::vector<double> flow;
  for (const double h : r.curve.flow)
    flow.push_back(sign * h);
  group.set("temperature_c",
            make_array(r.curve.temperature_c,
                       "\xC2\xB0"
                       "C"));
  group.set("heat_flow", make_array(std::move(flow), r.curve.unit));
  group.set("name", make_scalar(std::filesystem::path(path).filename().string()));
  group.set("exotherms", make_scalar(std::string(r.curve.exo_up ? "up" : "down")));
  group.set("heating_rate_k_per_min", make_scalar(r.curve.rate_k_per_min, "K/min"));
  group.set("mass_mg", make_scalar(r.curve.mass_mg, "mg"));
  group.set("noise", make_scalar(r.noise, r.curve.unit));
  group.set("noise_correlation", make_scalar(r.noise_correlation));
  std::vector<std::string> names;
  std::vector<double> value, error, by_noise, by_range;
  for (const auto& n : r.numbers) {
    names.push_back(n.name);
    value.push_back(n.value);
    error.push_back(n.error);
    by_noise.push_back(n.noise_error);
    by_range.push_back(n.range_error);
  }
  if (!names.empty()) {
    group.set("numbers/name", make_array(std::move(names)));
    group.set("numbers/value", make_array(std::move(value)));
    group.set("numbers/value_errors", make_array(std::move(error)));
    group.set("numbers/noise_errors", make_array(std::move(by_noise)));
    group.set("numbers/range_errors", make_array(std::move(by_range)));
  }
  add_lines(group, r, sign);
}

/// Temperatures as multiples of Tg, in kelvin.
void add_reduced(std::vector<DscNumber>& numbers, const DscOptions& options, const DscResult& r) {
  const auto* tg = r.find("tg_onset_c");
  for (const auto& text : options.reduce_c) {
    const double t = parse_number("reduce", text) + companion::zero_celsius_k;
    if (tg == nullptr)
      continue;
    const double tg_k = tg->value + companion::zero_celsius_k, ratio = t / tg_k;
    numbers.push_back({fmt::format("reduced/{}", text), "", ratio, ratio * tg->error / tg_k});
  }
}

std::string curve_text(const std::string& path, const DscResult& r) {
  std::string text = fmt::format("{}: {} points, {:.0f} to {:.0f} \xC2\xB0"
                                 "C{}\n",
                                 path,
                                 r.curve.temperature_c.size(),
                                 r.curve.temperature_c.front(),
                                 r.curve.temperature_c.back(),
                                 std::isnan(r.curve.rate_k_per_min)
                                     ? ""
                                     : fmt::format(", {:.4g} K/min", r.curve.rate_k_per_min));
  if (!r.search.found)
    text += fmt::format("  no glass transition: {}\n", r.search.reason);
  if (r.exotherms.empty())
    text += "  no crystallisation\n";
  for (const auto& n : r.numbers)
    text += fmt::format("  {:<22} {}\n", n.name, report::format_value(n.value, n.error, n.unit));
  return text;
}

/// The main numbers as one sentence per curve.
std::string sentence(const std::vector<DscResult>& results) {
  std::string text;
  for (const auto& r : results) {
    text += text.empty() ? "" : " ";
    std::string parts;
    for (const auto& [name, label] : {std::pair("tg_onset_c", "glass transition at"),
                                      std::pair("tx_onset_c", "crystallisation from"),
                                      std::pair("tx_peak_c", "with its peak at")})
      if (const auto* n = r.find(name))
        parts += fmt::format("{}{} {}",
                             parts.empty() ? "" : ", ",
                             label,
                             report::format_value(n->value, n->error, n->unit));
    if (!r.search.found)
      parts = "no glass transition" + (parts.empty() ? "" : ", " + parts);
    text += static_cast<char>(parts[0] - 'a' + 'A') + parts.substr(1) + ".";
  }
  return text;
}

struct KissingerOf {
  const char *name, *number;
};
constexpr KissingerOf kissinger_temperatures[] = {
    {"tg", "tg_onset_c"}, {"tx", "tx_onset_c"}, {"peak", "tx_peak_c"}};

/// Activation energies from the curves that know their rate. Returns lines for people.
std::string add_kissinger(Tree& tree, const std::vector<DscResult>& results) {
  std::string text;
  for (const auto& [name, number] : kissinger_temperatures) {
    std::vector<double> rate, temperature, error;
    for (const auto& r : results)
      if (const auto* n = r.find(number); n != nullptr && !std::isnan(r.curve.rate_k_per_min)) {
        rate.push_back(r.curve.rate_k_per_min);
        temperature.push_back(n->value);
        error.push_back(n->error);
      }
    const auto fit = companion::fit_kissinger(rate, temperature, error);
    if (fit.rates < 2)
      continue;
    const auto path = fmt::format("entry/kissinger/{}/", name);
    tree.set(path + "inverse_temperature", make_array(fit.inverse_t, "1/K"));
    tree.set(path + "log_rate", make_array(fit.log_rate));
    tree.set(path + "log_rate_errors", make_array(fit.log_rate_error));
    tree.set(path + "slope", make_scalar(-fit.energy_kj_mol / 8.314462618e-3, "K"));
    tree.set(path + "intercept", make_scalar(fit.intercept));
    auto& scalars = tree.group("entry/scalars");
    add_scalar(scalars,
               fmt::format("kissinger/{}_energy_kj_mol", name),
               fit.energy_kj_mol,
               fit.energy_error,
               "kJ/mol");
    add_scalar(scalars, fmt::format("kissinger/{}_chi2", name), fit.chi2, not_given, "");
    text += fmt::format("Kissinger, {}: {} of {} rates, \xCF\x87\xC2\xB2 {:.3g}\n",
                        number,
                        report::format_value(fit.energy_kj_mol, fit.energy_error, "kJ/mol"),
                        fit.rates,
                        fit.chi2);
  }
  return text;
}

} // namespace

std::string run_dsc(DscOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (options.exo != "up" && options.exo != "down" && options.exo != "auto")
    throw OptionError(fmt::format("--exo {}: expected up, down or auto", options.exo));
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  companion::DscOptions how;
  if (!options.range_c.empty())
    std::tie(how.first_c, how.last_c) = parse_interval("range", options.range_c);
  if (!options.glass_c.empty())
    how.glass_c = parse_interval("glass", options.glass_c);
  if (!options.liquid_c.empty())
    how.liquid_c = parse_interval("liquid", options.liquid_c);
  how.liquidus_c = options.liquidus_c;
  how.temperature_error_k = options.temperature_error_k;
  how.replicates = options.replicates;
  validate(how);
  std::vector<std::string> warnings;
  std::vector<companion::HeatFlow> curves;
  for (std::size_t k = 0; k < options.inputs.size(); ++k) {
    curves.push_back(read_curve(options, k, warnings));
    for (const auto& note : curves.back().notes)
      warnings.push_back(fmt::format("{}: {}", options.inputs[k], note));
  }
  if (options.run.dry_run)
    return fmt::format("{} curves\nwould write {}\n", curves.size(), options.output.output);

  auto tree = make_result(invocation, to_toml(describe(options)));
  start_companion(tree, "dsc", "Calorimetry", "curve_1");
  std::string text;
  std::vector<DscResult> results;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const auto& path = options.inputs[k];
    add_input(tree, path);
    DscResult result;
    try {
      result = companion::analyse_heat_flow(curves[k], how, monitor);
    } catch (const DataError& error) {
      throw DataError(fmt::format("{}: {}", path, error.what()));
    }
    add_reduced(result.numbers, options, result);
    for (const auto& note : result.notes)
      warnings.push_back(fmt::format("{}: {}", path, note));
    if (!result.search.found)
      warnings.push_back(fmt::format("{}: no glass transition: {}", path, result.search.reason));
    add_curve(tree, path, result, k);
    auto& scalars = tree.group("entry/scalars");
    if (curves.size() == 1)
      add_numbers(scalars, result.numbers);
    else
      add_numbers(scalars.group(fmt::format("curve/{}", k + 1)), result.numbers);
    text += curve_text(path, result);
    results.push_back(std::move(result));
  }
  text += add_kissinger(tree, results);
  tree.set("entry/summary", make_scalar(sentence(results)));
  finish_companion(tree, warnings, monitor);
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return text + options.output.output + "\n";
}

} // namespace vitrum::app
