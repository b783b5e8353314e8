// The workflows of the measurements beside microscopy and correlation: calorimetry, thickness by
// energy loss, pair distribution function.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

struct DscOptions {
  std::vector<std::string> inputs; // heat-flow curves
  std::vector<std::string> columns;
  std::string temperature_unit;
  std::string heat_flow_unit;
  std::string exo = "auto";
  std::vector<std::string> mass_mg;       // one for all curves or one each
  std::vector<std::string> heating_rates; // the same
  Index segment = 0;
  std::string range_c, glass_c, liquid_c; // "first:last"
  double liquidus_c = not_given;
  double temperature_error_k = 0;
  std::vector<std::string> reduce_c; // temperatures to be given as multiples of Tg
  Index replicates = 200;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(DscOptions& options);
/// Heat-flow curves → glass transition, crystallisation, melting, Kissinger. Returns a summary.
[[nodiscard]] std::string run_dsc(DscOptions options, const Invocation&, const Monitor&);

struct ThicknessOptions {
  std::vector<std::string> inputs; // a spectrum or a spectrum image
  double energy_per_channel_ev = not_given;
  double energy_offset_ev = not_given;
  std::string energy_axis = "auto";
  double pixel_size_nm = not_given;
  double mean_free_path_nm = not_given;
  double mean_free_path_error_nm = 0;
  double gain = 1;
  double pedestal = not_given;
  double widest_ev = 3;
  double furthest_ev = 8;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(ThicknessOptions& options);
/// Low-loss spectra → t/λ and thickness, as one number or a map. Returns a summary.
[[nodiscard]] std::string
run_thickness(ThicknessOptions options, const Invocation&, const Monitor&);

struct PdfOptions {
  std::vector<std::string> inputs; // a table of I(q), or patterns
  InputFlags input;
  GeometryFlags geometry;
  std::vector<std::string> masks;
  std::vector<std::string> columns;
  std::string reciprocal = "q";
  Index rings = 1000;
  std::string background;
  double background_scale = 1;
  std::string composition;
  std::string radiation = "xray";
  double q_min = 0;
  double q_max = not_given;
  double normalise_from = not_given;
  double r_poly = 0;
  double density = not_given;
  double density_error = 0;
  std::string window = "lorch";
  double r_max = 20;
  double r_step = 0.02;
  double shell_end = not_given;
  Index replicates = 100;
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(PdfOptions& options);
/// I(q) → S(q), G(r), g(r), first shell and coordination. Returns a summary.
[[nodiscard]] std::string run_pdf(PdfOptions options, const Invocation&, const Monitor&);

} // namespace vitrum::app
