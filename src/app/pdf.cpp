#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "companion_tree.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "series.hpp"
#include "vitrum/app/companion.hpp"
#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/companion/azimuthal_mean.hpp"
#include "vitrum/companion/pair_distribution.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/instrument_table.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

using companion::PairDistribution;
using companion::Scattering;

constexpr double pi = std::numbers::pi;

bool is_table(const std::string& path) {
  const auto dot = path.rfind('.');
  std::string extension = dot == std::string::npos ? "" : path.substr(dot + 1);
  for (char& c : extension)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array kinds{
      "csv", "txt", "dat", "xy", "xye", "chi", "iq", "sq", "int", "asc", "fq"};
  return std::find(kinds.begin(), kinds.end(), extension) != kinds.end();
}

/// 1/angstrom per unit of a column; 0 for what is no reciprocal length.
double per_angstrom(const std::string& unit) {
  for (const char* name : {"1/A",
                           "1/angstrom",
                           "A-1",
                           "A^-1",
                           "1/\xC3\x85",
                           "\xC3\x85^-1",
                           "\xC3\x85-1",
                           "\xC3\x85\xE2\x81\xBB\xC2\xB9",
                           "Angstrom^-1"})
    if (unit == name)
      return 1;
  for (const char* name : {"1/nm", "nm-1", "nm^-1", "nm\xE2\x81\xBB\xC2\xB9"})
    if (unit == name)
      return 0.1;
  return 0;
}

std::size_t column_of(const io::InstrumentTable& table, const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 &&
      number <= table.columns.size())
    return number - 1;
  const auto at = std::find(table.names.begin(), table.names.end(), text);
  if (at == table.names.end())
    throw OptionError(fmt::format("--columns: no column '{}'; the table has {}: {}",
                                  text,
                                  table.columns.size(),
                                  fmt::join(table.names, ", ")));
  return static_cast<std::size_t>(at - table.names.begin());
}

struct Curve {
  std::vector<double> q, intensity, error; // error may be empty
};

Curve read_curve(const std::string& path,
                 const PdfOptions& options,
                 std::vector<std::string>& warnings) {
  const auto table = io::read_instrument_table(path);
  std::size_t q = 0, intensity = 1;
  std::optional<std::size_t> error;
  if (table.columns.size() >= 3)
    error = 2;
  if (!options.columns.empty())
    error.reset();
  for (const auto& one : options.columns) {
    const auto equals = one.find('=');
    const auto what = one.substr(0, equals);
    if (equals == std::string::npos || (what != "q" && what != "intensity" && what != "error"))
      throw OptionError(
          fmt::format("--columns {}: expected q=, intensity= or error= and a number or name", one));
    const auto column = column_of(table, one.substr(equals + 1));
    if (what == "error")
      error = column;
    else
      (what == "q" ? q : intensity) = column;
  }
  if (table.other_rows > 0)
    warnings.push_back(fmt::format("{}: {} lines of numbers outside the longest block, lines {} to "
                                   "{}, are not read",
                                   path,
                                   table.other_rows,
                                   table.first_line,
                                   table.last_line));
  double scale = per_angstrom(table.units[q]);
  if (scale == 0)
    scale = options.geometry.q_unit == "1/nm" ? 0.1 : 1;
  if (options.reciprocal == "k")
    scale *= 2 * pi;
  Curve curve;
  for (const double v : table.columns[q])
    curve.q.push_back(scale * v);
  curve.intensity = table.columns[intensity];
  if (error)
    curve.error = table.columns[*error];
  return curve;
}

Curve measure_curve(const PdfOptions& options,
                    std::vector<std::string>& warnings,
                    const Monitor& monitor) {
  auto series = open_input(options.inputs.at(0), options.input);
  auto mask = start_mask(series, options.masks);
  std::string unit;
  const auto map = make_map(series, options.geometry, unit);
  if (!map || (unit != "1/angstrom" && unit != "1/nm"))
    throw OptionError(fmt::format("{}: q of the pixels is not known; give the geometry or "
                                  "--q-per-pixel with the centre",
                                  options.inputs[0]));
  const auto statistics = measure(series, mask, options.input.find_bad_frames, monitor);
  const auto profile =
      companion::azimuthal_mean(statistics.mean, map->q_inv_angstrom, mask.use, options.rings);
  const double scale = unit == "1/nm" ? 0.1 : 1;
  Curve curve{profile.q, profile.intensity, profile.error};
  for (double& q : curve.q)
    q *= scale;
  for (const auto& list : {series.notes, series.warnings})
    warnings.insert(warnings.end(), list.begin(), list.end());
  return curve;
}

/// Takes a background off, interpolated where it has other points.
void subtract(Curve& curve, const Curve& background, double scale, const std::string& path) {
  for (std::size_t i = 0; i < curve.q.size(); ++i) {
    const auto above = std::lower_bound(background.q.begin(), background.q.end(), curve.q[i]) -
                       background.q.begin();
    if (above == 0 || above == static_cast<std::ptrdiff_t>(background.q.size())) {
      if (above == 0 && !background.q.empty() && background.q[0] == curve.q[i]) {
        curve.intensity[i] -= scale * background.intensity[0];
        continue;
      }
      throw DataError(fmt::format("{}: reaches from {:g} to {:g} 1/angstrom, the intensity has a "
                                  "point at {:g}",
                                  path,
                                  background.q.front(),
                                  background.q.back(),
                                  curve.q[i]));
    }
    const auto k = static_cast<std::size_t>(above);
    const double part =
        (curve.q[i] - background.q[k - 1]) / (background.q[k] - background.q[k - 1]);
    curve.intensity[i] -= scale * (background.intensity[k - 1] +
                                   part * (background.intensity[k] - background.intensity[k - 1]));
    if (!curve.error.empty() && !background.error.empty())
      curve.error[i] = std::hypot(curve.error[i], scale * background.error[k]);
  }
}

Scattering scattering_of(const Curve& curve, const PdfOptions& options) {
  Scattering s;
  s.q_inv_angstrom = curve.q;
  s.intensity = curve.intensity;
  s.intensity_error = curve.error;
  if (options.composition.empty()) {
    s.normalised = true;
    return s;
  }
  const auto alloy = atoms::parse_composition(options.composition);
  for (const double q : curve.q) {
    double mean = 0, square = 0;
    for (std::size_t e = 0; e < alloy.element.size(); ++e) {
      const double f = options.radiation == "electron"
                           ? atoms::electron_scattering_factor(alloy.element[e], std::max(q, 0.0))
                           : atoms::xray_form_factor(alloy.element[e], std::max(q, 0.0));
      mean += alloy.fraction[e] * f;
      square += alloy.fraction[e] * f * f;
    }
    s.mean_square.push_back(square);
    s.square_mean.push_back(mean * mean);
  }
  return s;
}

void add_arrays(Tree& tree, const Scattering& s, const PairDistribution& g) {
  const auto put = [&](const std::string& path, std::vector<double> values, const char* unit) {
    tree.set("entry/" + path, make_array(std::move(values), unit));
  };
  put("scattering/q", s.q_inv_angstrom, "1/angstrom");
  std::vector<double> scaled = s.intensity;
  for (double& v : scaled)
    v *= g.scale;
  put("scattering/scaled_intensity", std::move(scaled), "");
  if (!s.normalised)
    put("scattering/mean_square_form_factor", s.mean_square, "");
  auto& structure = tree.group("entry/structure_factor");
  structure.attributes["NX_class"] = std::string("NXdata");
  structure.attributes["signal"] = std::string("s");
  structure.attributes["axes"] = std::vector<std::string>{"q"};
  put("structure_factor/q", g.q, "1/angstrom");
  put("structure_factor/s", g.structure_factor, "");
  put("structure_factor/s_errors", g.structure_factor_error, "");
  put("structure_factor/correction", g.correction, "1/angstrom");
  auto& pairs = tree.group("entry/pairs");
  pairs.attributes["NX_class"] = std::string("NXdata");
  pairs.attributes["signal"] = std::string("reduced");
  pairs.attributes["axes"] = std::vector<std::string>{"r"};
  put("pairs/r", g.r, "angstrom");
  put("pairs/reduced", g.reduced, "1/angstrom^2");
  put("pairs/reduced_errors", g.reduced_error, "1/angstrom^2");
  put("pairs/termination", g.termination, "1/angstrom^2");
  if (!g.pair_correlation.empty()) {
    put("pairs/pair_correlation", g.pair_correlation, "");
    tree.set("entry/pairs/shell_first", make_scalar(g.shell_first, "angstrom"));
    tree.set("entry/pairs/shell_last", make_scalar(g.shell_last, "angstrom"));
    tree.set("entry/pairs/density", make_scalar(g.density, "1/angstrom^3"));
  }
}

void add_numbers(Tree& tree, const PairDistribution& g) {
  auto& s = tree.group("entry/scalars");
  add_scalar(s, "scale", g.scale, g.scale_error, "");
  if (g.first_q.position > 0) {
    const double q = g.first_q.position, relative = g.first_q.position_error / q;
    add_scalar(s, "first_peak/q_inv_angstrom", q, g.first_q.position_error, "1/angstrom");
    add_scalar(s, "first_peak/s", g.first_q.height, not_given, "");
    const double exact = companion::first_bessel_maximum / q, r24 = 2.5 * pi / q;
    add_scalar(s, "first_peak/bessel_distance_angstrom", exact, relative * exact, "angstrom");
    add_scalar(s, "first_peak/five_pi_over_2q_angstrom", r24, relative * r24, "angstrom");
  }
  for (std::size_t k = 0; k < std::min<std::size_t>(g.shells.size(), 8); ++k) {
    const auto path = fmt::format("shell/{}/", k + 1);
    add_scalar(s,
               path + "distance_angstrom",
               g.shells[k].position,
               g.shells[k].position_error,
               "angstrom");
    add_scalar(s, path + "height", g.shells[k].height, not_given, "1/angstrom^2");
    if (k > 0)
      add_scalar(
          s,
          path + "over_first",
          g.shells[k].position / g.shells[0].position,
          std::hypot(g.shells[k].position_error,
                     g.shells[0].position_error * g.shells[k].position / g.shells[0].position) /
              g.shells[0].position,
          "");
  }
  if (g.has_first_shell())
    add_scalar(s, "shell/1/other_window_shift_angstrom", g.window_shift, not_given, "angstrom");
  if (!g.pair_correlation.empty()) {
    add_scalar(s, "shell/1/coordination", g.coordination, g.coordination_error, "");
    add_scalar(s, "shell/1/end_angstrom", g.shell_last, not_given, "angstrom");
    add_scalar(s, "density_inv_angstrom3", g.density, g.density_error, "1/angstrom^3");
  }
  add_scalar(s, "resolution_angstrom", g.resolution, not_given, "angstrom");
}

std::string sentence(const PairDistribution& g) {
  if (!g.has_first_shell())
    return "No first shell in G(r).";
  std::string text = fmt::format(
      "First shell at {}",
      report::format_value(g.shells[0].position, g.shells[0].position_error, "angstrom"));
  if (!g.pair_correlation.empty())
    text += fmt::format(" with {} atoms up to {:.2f} \xC3\x85",
                        report::format_value(g.coordination, g.coordination_error),
                        g.shell_last);
  if (g.first_q.position > 0)
    text += fmt::format(
        "; first peak of S at {}",
        report::format_value(g.first_q.position, g.first_q.position_error, "1/angstrom"));
  return text + ".";
}

} // namespace

std::string run_pdf(PdfOptions options, const Invocation& invocation, const Monitor& monitor) {
  const auto inputs = all_inputs(options.inputs, options.masks, {options.background});
  if (!options.run.dry_run)
    require_output(options.output, inputs);
  if (options.radiation != "xray" && options.radiation != "electron")
    throw OptionError(fmt::format("--radiation {}: expected xray or electron", options.radiation));
  if (options.reciprocal != "q" && options.reciprocal != "k")
    throw OptionError(fmt::format("--reciprocal {}: expected q or k", options.reciprocal));
  companion::PairOptions how;
  how.q_min = options.q_min;
  if (!std::isnan(options.q_max))
    how.q_max = options.q_max;
  how.normalise_from = options.normalise_from;
  how.r_poly = options.r_poly;
  how.density = options.density;
  how.density_error = options.density_error;
  how.window = companion::parse_window(options.window);
  how.r_max = options.r_max;
  how.r_step = options.r_step;
  how.shell_last = options.shell_end;
  how.replicates = options.replicates;
  validate(how);
  const auto& path = options.inputs.at(0);
  std::vector<std::string> warnings;
  const bool table = is_table(path);
  if (options.run.dry_run)
    return fmt::format("{}: a {}\nwould write {}\n",
                       path,
                       table ? "table of I(q)" : "series of patterns",
                       options.output.output);
  Curve curve =
      table ? read_curve(path, options, warnings) : measure_curve(options, warnings, monitor);
  if (!options.background.empty())
    subtract(curve,
             read_curve(options.background, options, warnings),
             options.background_scale,
             options.background);
  if (options.composition.empty() && !table)
    throw OptionError("patterns need the form factors of their atoms: give --composition");
  PairDistribution g;
  Scattering s;
  try {
    s = scattering_of(curve, options);
    g = companion::pair_distribution(s, how, monitor);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
  if (options.composition.empty())
    warnings.emplace_back("no composition is given: the table is taken for S(q)");
  if (g.density_found && !g.pair_correlation.empty())
    warnings.emplace_back("no density is given: that of the slope of G(r) below the first shell is "
                          "used, which errors of normalisation move");
  warnings.insert(warnings.end(), g.notes.begin(), g.notes.end());

  auto tree = make_result(invocation, to_toml(describe(options)));
  start_companion(tree, "pdf", "Pair distribution function", "pairs");
  for (const auto& input : inputs)
    add_input(tree, input);
  add_arrays(tree, s, g);
  add_numbers(tree, g);
  const auto text = sentence(g);
  tree.set("entry/summary", make_scalar(text));
  finish_companion(tree, warnings, monitor);
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return text + "\n" + options.output.output + "\n";
}

} // namespace vitrum::app
