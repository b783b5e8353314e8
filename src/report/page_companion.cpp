#include "page_sections.hpp"

#include "vitrum/report/companion_figures.hpp"

namespace vitrum::report {

std::vector<PageSection> companion_sections(const Tree& root) {
  std::vector<PageSection> out;
  if (auto figure = make_dsc_figure(root))
    out.push_back(
        {"heat-flow",
         "Heat flow",
         {{std::move(figure),
           "heat_flow",
           "Heat flow as measured. Dashed: lines of glass, liquid and of the curve before the "
           "exotherm; solid: tangents at the steepest places; dotted: baselines below peaks.",
           {{"heat_flow.csv", csv_heat_flow(root)}}},
          {make_kissinger_figure(root),
           "kissinger",
           "Heating rates after Kissinger: the slope is −E/R.",
           {}}},
         ""});
  if (auto spectrum = make_spectrum_figure(root))
    out.push_back(
        {"thickness",
         "Thickness",
         {{std::move(spectrum),
           "spectrum",
           "Energy-loss spectrum (the sum of all, aligned, for an image) with its zero-loss peak: "
           "shaded up to where it is separated from the losses.",
           {{"spectrum.csv", csv_spectrum(root)}}},
          {make_thickness_figure(root),
           "thickness_map",
           "Relative thickness of each pixel, grey where there is no zero-loss peak; fractions of "
           "the pixels.",
           {{"thickness_map.csv", csv_thickness_map(root)}}}},
         ""});
  return out;
}

} // namespace vitrum::report
