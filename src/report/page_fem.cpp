#include <algorithm>

#include <fmt/format.h>

#include "page_sections.hpp"
#include "vitrum/report/fem_figures.hpp"

namespace vitrum::report {

std::vector<PageSection> fem_sections(const Tree& root, Index detailed) {
  const Index series = fem_series(root);
  if (series == 0)
    return {};
  PageSection variance{"variance", "Normalised variance", {}, ""};
  variance.figures.push_back(
      {make_variance_figure(root),
       "variance",
       "Normalised variance against k with standard errors, and the mean intensity.",
       {{"variance.csv", csv_fem_variance(root)}}});
  const std::string peaks = csv_fem_peaks(root);
  for (Index i = 1; i <= std::min(series, detailed); ++i)
    variance.figures.push_back(
        {make_peak_figure(root, i),
         fmt::format("peaks_{}", i),
         fmt::format("Series {}: Gaussians on a background, and the residuals.", i),
         i == 1 && !peaks.empty() ? std::vector<File>{{"peaks.csv", peaks}} : std::vector<File>{}});
  variance.figures.push_back({make_peak_ratio_figure(root),
                              "peak_ratio",
                              "Height of the second peak over that of the first.",
                              {}});
  variance.figures.push_back(
      {make_temperature_figure(root),
       "temperature",
       "Relative change of height and integral of the first peak, a measure of the volume fraction "
       "of medium-range order.",
       {}});
  std::vector<PageSection> out{std::move(variance)};
  if (auto lengths = make_length_figure(root))
    out.push_back(
        {"lengths",
         "Correlation lengths",
         {{std::move(lengths),
           "lengths",
           "Left: height of the first peak against the inverse square of the probe size R; dashed "
           "and shaded: the size where it is largest, with its error. Right: Q²/V with its "
           "straight line, Q = 0.61/R.",
           {{"lengths.csv", csv_fem_lengths(root)}}}},
         "pair_persistence"});
  PageSection patterns{"patterns", "Patterns", {}, ""};
  for (Index i = 1; i <= std::min(series, detailed); ++i) {
    auto pattern = make_pattern_figure(root, i);
    if (!pattern)
      continue;
    patterns.figures.push_back(
        {std::move(pattern),
         fmt::format("pattern_{}", i),
         fmt::format("Series {}: mean pattern with its ring, what is masked in grey, and the "
                     "variance of each pixel.",
                     i),
         {}});
    patterns.figures.push_back(
        {make_definitions_figure(root, i),
         fmt::format("definitions_{}", i),
         fmt::format("Series {}: all definitions of the normalised variance; dotted: with their "
                     "shot noise.",
                     i),
         {}});
  }
  for (Index i = 1; i <= std::min(series, detailed); ++i) {
    patterns.figures.push_back(
        {make_places_figure(root, i),
         fmt::format("places_{}", i),
         fmt::format("Series {}: intensity of each place, which shows gradients of thickness and "
                     "outliers, and the variance within the ring of the first peak.",
                     i),
         {}});
    patterns.figures.push_back(
        {make_angular_figure(root, i),
         fmt::format("angular_{}", i),
         fmt::format("Series {}: correlation within the rings of each pattern, and the "
                     "coefficients of its symmetries at the first peak.",
                     i),
         {}});
  }
  if (!patterns.figures.empty())
    out.push_back(std::move(patterns));
  return out;
}

} // namespace vitrum::report
