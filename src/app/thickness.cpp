#include <cmath>

#include <fmt/format.h>

#include "companion_tree.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/app/companion.hpp"
#include "vitrum/companion/thickness.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/spectra.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

using companion::ThicknessMap;
using companion::ZeroLoss;

companion::ThicknessOptions how_to(const ThicknessOptions& options, const io::Spectra& spectra) {
  companion::ThicknessOptions how;
  const bool known = spectra.unit == "eV" || std::isnan(spectra.step);
  if (!known && std::isnan(options.energy_per_channel_ev))
    throw OptionError(fmt::format("{}: the spectral axis is in '{}', not in eV; give "
                                  "--energy-per-channel",
                                  spectra.path,
                                  spectra.unit));
  how.dispersion_ev =
      std::isnan(options.energy_per_channel_ev) ? spectra.step : options.energy_per_channel_ev;
  if (std::isnan(how.dispersion_ev))
    throw OptionError(fmt::format(
        "{}: does not say how many eV a channel has; give --energy-per-channel", spectra.path));
  // an offset belongs to the dispersion of the file
  how.offset_ev = !std::isnan(options.energy_offset_ev)       ? options.energy_offset_ev
                  : std::isnan(options.energy_per_channel_ev) ? spectra.first
                                                              : not_given;
  how.gain = options.gain;
  how.pedestal = options.pedestal;
  how.widest_ev = options.widest_ev;
  how.furthest_ev = options.furthest_ev;
  validate(how);
  return how;
}

void add_spectrum(Tree& tree,
                  const std::vector<float>& counts,
                  const ZeroLoss& z,
                  const companion::ThicknessOptions& how) {
  auto& group = tree.group("entry/spectrum");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("counts");
  group.attributes["axes"] = std::vector<std::string>{"energy_loss_ev"};
  std::vector<double> energy;
  for (std::size_t i = 0; i < counts.size(); ++i) // from the zero-loss peak, not as calibrated
    energy.push_back((static_cast<double>(i) - z.position_ch) * how.dispersion_ev);
  group.set("energy_loss_ev", make_array(energy, "eV"));
  group.set("counts", make_array(counts, "counts"));
  group.set("separation_ev", make_scalar(energy[static_cast<std::size_t>(z.separation_ch)], "eV"));
  group.set("pedestal", make_scalar(z.pedestal, "counts"));
}

/// Numbers of one spectrum; `value` and `error` of t/λ stand for it.
void add_numbers(Tree& tree,
                 const ThicknessOptions& options,
                 const ZeroLoss& z,
                 const companion::ThicknessOptions& how,
                 double value,
                 double error) {
  auto& s = tree.group("entry/scalars");
  add_scalar(s, "t_over_lambda", value, error, "");
  if (!std::isnan(options.mean_free_path_nm)) {
    const double thickness = value * options.mean_free_path_nm;
    add_scalar(
        s,
        "thickness_nm",
        thickness,
        std::hypot(error * options.mean_free_path_nm, value * options.mean_free_path_error_nm),
        "nm");
  }
  const double offset = std::isnan(how.offset_ev) ? 0 : how.offset_ev;
  add_scalar(s,
             "zero_loss/position_ev",
             offset + z.position_ch * how.dispersion_ev,
             z.position_error_ch * how.dispersion_ev,
             "eV");
  add_scalar(s, "zero_loss/width_ev", z.width_ev, not_given, "eV");
  add_scalar(s,
             "zero_loss/separation_ev",
             (static_cast<double>(z.separation_ch) - z.position_ch) * how.dispersion_ev,
             not_given,
             "eV");
  add_scalar(s, "zero_loss/counts", z.zero_loss, std::sqrt(how.gain * z.zero_loss), "counts");
  add_scalar(s, "total_counts", z.total, std::sqrt(how.gain * z.total), "counts");
  add_scalar(s, "pedestal", z.pedestal, not_given, "counts");
  add_scalar(s, "beyond_window_fraction", z.beyond, not_given, "");
}

void add_map(Tree& tree, const ThicknessMap& map, double pixel_nm) {
  auto& group = tree.group("entry/thickness_map");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("t_over_lambda");
  const std::vector<Index> shape{map.rows, map.columns};
  group.set("t_over_lambda", make_array(shape, map.t_over_lambda, ""));
  group.set("t_over_lambda_errors", make_array(shape, map.error, ""));
  group.set("zero_loss_ev", make_array(shape, map.position_ev, "eV"));
  if (!std::isnan(pixel_nm))
    group.set("pixel_nm", make_scalar(pixel_nm, "nm"));
  auto& s = tree.group("entry/scalars");
  add_scalar(s, "pixels", static_cast<double>(map.rows * map.columns), not_given, "");
  add_scalar(s, "pixels_without_zero_loss", static_cast<double>(map.without_peak), not_given, "");
  add_scalar(s, "t_over_lambda_spread", map.spread, not_given, "");
  add_scalar(s, "t_over_lambda_of_sum", map.of_sum.t_over_lambda, map.of_sum.error(), "");
}

void warn_about(const ZeroLoss& z, std::vector<std::string>& warnings) {
  constexpr double much = 0.01;
  if (z.beyond > much)
    warnings.push_back(fmt::format("the spectrum ends early: a power law through its end expects "
                                   "{:.1f} % of all counts beyond "
                                   "it; t/\xCE\xBB is too small by about {:.3f}",
                                   100 * z.beyond,
                                   std::log1p(z.beyond)));
  if (z.separation_error > z.noise_error && z.separation_error > 0.05 * z.t_over_lambda)
    warnings.push_back(
        "zero-loss peak and losses overlap: what is below both is the larger part of "
        "the error");
  constexpr double thick = 2;
  if (z.t_over_lambda > thick)
    warnings.emplace_back("t/\xCE\xBB above 2: losses run together and the log-ratio is uncertain");
}

} // namespace

std::string
run_thickness(ThicknessOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  if (!std::isnan(options.mean_free_path_nm) && !(options.mean_free_path_nm > 0))
    throw OptionError(
        fmt::format("--mean-free-path {}: must be positive", options.mean_free_path_nm));
  if (!(options.mean_free_path_error_nm >= 0))
    throw OptionError(fmt::format("--mean-free-path-error {}: must not be negative",
                                  options.mean_free_path_error_nm));
  const auto& path = options.inputs.at(0);
  const auto spectra = io::read_spectra(path, options.energy_axis);
  const auto how = how_to(options, spectra);
  const std::string what = fmt::format("{}: {} spectra of {} channels, {:g} eV each",
                                       path,
                                       spectra.rows * spectra.columns,
                                       spectra.channels,
                                       how.dispersion_ev);
  if (options.run.dry_run)
    return fmt::format("{}\nwould write {}\n", what, options.output.output);
  auto tree = make_result(invocation, to_toml(describe(options)));
  const bool image = spectra.rows * spectra.columns > 1;
  start_companion(
      tree, "thickness", "Thickness by energy loss", image ? "thickness_map" : "spectrum");
  add_input(tree, path);
  std::vector<std::string> warnings;
  if (std::isnan(how.offset_ev))
    warnings.emplace_back("the energy of the first channel is not known: the first narrow peak is "
                          "taken for zero loss");
  ZeroLoss z;
  double value = 0, error = 0;
  if (image) {
    const auto map =
        companion::map_thickness(spectra.counts, spectra.rows, spectra.columns, how, monitor);
    if (map.without_peak == spectra.rows * spectra.columns)
      throw DataError(fmt::format("{}: no spectrum has a zero-loss peak; {}", path, map.reason));
    if (map.without_peak > 0)
      warnings.push_back(fmt::format("{} of {} spectra have no zero-loss peak; {}",
                                     map.without_peak,
                                     spectra.rows * spectra.columns,
                                     map.reason));
    z = map.of_sum;
    value = map.median;
    error = map.median_error;
    add_spectrum(tree, map.sum, z, how);
    add_map(
        tree, map, std::isnan(options.pixel_size_nm) ? spectra.pixel_nm : options.pixel_size_nm);
  } else {
    z = companion::measure_zero_loss(spectra.counts, how);
    if (!z.found)
      throw DataError(fmt::format("{}: no zero-loss peak: {}", path, z.reason));
    value = z.t_over_lambda;
    error = z.error();
    add_spectrum(tree, spectra.counts, z, how);
  }
  warn_about(z, warnings);
  add_numbers(tree, options, z, how, value, error);
  std::string text = fmt::format("t/\xCE\xBB {}{}",
                                 report::format_value(value, error),
                                 image ? " (median of the pixels)" : "");
  if (!std::isnan(options.mean_free_path_nm))
    text += fmt::format(", thickness {}",
                        report::format_value(tree.number("entry/scalars/thickness_nm"),
                                             tree.number("entry/scalars/thickness_nm_errors"),
                                             "nm"));
  tree.set("entry/summary", make_scalar(text + "."));
  finish_companion(tree, warnings, monitor);
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return what + "\n" + text + "\n" + options.output.output + "\n";
}

} // namespace vitrum::app
