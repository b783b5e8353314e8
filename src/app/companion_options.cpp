#include "setting_group.hpp"
#include "vitrum/app/companion.hpp"

namespace vitrum::app {

Settings describe(DscOptions& o) {
  Settings s;
  const Group table(s, "table");
  table("columns",
        "LIST",
        "which column is what, by number or name: temperature=2,heat-flow=4,time=1; found when "
        "names or units tell",
        &o.columns);
  table("temperature-unit", "C|K", "where the file does not say it", &o.temperature_unit);
  table("heat-flow-unit", "W/g|mW|W|uW", "where the file does not say it", &o.heat_flow_unit);
  table("exo",
        "up|down|auto",
        "direction of exotherms; auto: as the file says, else that of the first large peak",
        &o.exo);
  table("mass", "MG", "mass of the sample, or one for each curve", &o.mass_mg);
  table("heating-rate",
        "K/MIN",
        "or one for each curve; found from the times or the header where they are there",
        &o.heating_rates);
  table("segment", "N", "heating of the programme to analyse; 0: the first", &o.segment);
  const Group construction(s, "construction");
  construction("range", "C:C", "temperatures to look at", &o.range_c);
  construction("glass", "C:C", "line of the glass, below the transition; found", &o.glass_c);
  construction("liquid", "C:C", "line of the liquid, above it; found", &o.liquid_c);
  construction("liquidus",
               "C",
               "liquidus temperature for reduced ones, where the curve does not melt",
               &o.liquidus_c);
  construction("reduce", "C,C", "temperatures to be given as multiples of Tg", &o.reduce_c);
  const Group errors(s, "errors");
  errors("temperature-error",
         "K",
         "standard error of the thermometer's calibration, added to all temperatures",
         &o.temperature_error_k);
  errors("replicates", "N", "simulated curves behind the errors", &o.replicates);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(PdfOptions& o) {
  Settings s;
  describe(o.input, s);
  describe(o.geometry, s);
  const Group table(s, "intensity");
  table("mask", "FILES", "of patterns: pixels to use", &o.masks);
  table("rings", "N", "of patterns: rings between the centre and the corner", &o.rings);
  table("columns",
        "LIST",
        "of a table, by number or name: q=1,intensity=2,error=3; else the first two or three",
        &o.columns);
  table("reciprocal", "q|k", "what a table lists: q = 2 pi/d or k = 1/d", &o.reciprocal);
  table(
      "background", "FILE", "table of the intensity without the sample, subtracted", &o.background);
  table("background-scale", "X", "factor on it", &o.background_scale, "--background");
  const Group scattering(s, "scattering");
  scattering("composition",
             "ALLOY",
             "Zr59.3Cu28.8Al10.4Nb1.5, for the form factors; none: the table holds S(q) itself",
             &o.composition);
  scattering("radiation", "xray|electron", "whose form factors", &o.radiation, "--composition");
  scattering("normalise-from",
             "Q",
             "q in 1/angstrom above which the intensity is scaled to that of free atoms; the upper "
             "third",
             &o.normalise_from,
             "--composition");
  scattering("density", "X", "atoms per cubic angstrom; found from the slope of G(r)", &o.density);
  scattering("density-error", "X", "its standard error", &o.density_error, "--density");
  const Group transform(s, "transform");
  transform("q-min", "Q", "first q used, 1/angstrom", &o.q_min);
  transform("q-max", "Q", "last q used; the last of the table", &o.q_max);
  transform("r-poly",
            "A",
            "take what would be structure below this distance off q(S-1), by a polynomial in q: "
            "background, Compton and multiple scattering; 0: nothing",
            &o.r_poly);
  transform("window", "lorch|step", "that ends the transform at q-max", &o.window);
  transform("r-max", "A", "largest distance", &o.r_max);
  transform("r-step", "A", "step of distance", &o.r_step);
  transform("shell-end", "A", "end of the first shell; its minimum", &o.shell_end);
  transform("replicates", "N", "simulated intensities behind the errors", &o.replicates);
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

Settings describe(ThicknessOptions& o) {
  Settings s;
  const Group spectrum(s, "spectrum");
  spectrum("energy-per-channel", "EV", "overrides what the file says", &o.energy_per_channel_ev);
  spectrum("energy-offset", "EV", "energy of the first channel; overrides", &o.energy_offset_ev);
  spectrum("energy-axis",
           "auto|first|last",
           "which axis of an array is the spectral one; auto: the one in eV, else the last",
           &o.energy_axis);
  spectrum(
      "pixel-size", "NM", "of a spectrum image; overrides what the file says", &o.pixel_size_nm);
  spectrum("gain", "X", "counts per electron, for the counting error", &o.gain);
  spectrum("pedestal",
           "COUNTS",
           "of a channel without electrons; not given: the mean left of the zero-loss peak",
           &o.pedestal);
  const Group peak(s, "zero-loss peak");
  peak("widest", "EV", "full width at half maximum that it may have", &o.widest_ev);
  peak("furthest", "EV", "from zero that it may be, where the file knows zero", &o.furthest_ev);
  const Group thickness(s, "thickness");
  thickness("mean-free-path",
            "NM",
            "of inelastic scattering: with it the thickness is given in nm",
            &o.mean_free_path_nm);
  thickness("mean-free-path-error",
            "NM",
            "its standard error",
            &o.mean_free_path_error_nm,
            "--mean-free-path");
  describe(o.output, s);
  describe(o.run, s);
  return s;
}

} // namespace vitrum::app
