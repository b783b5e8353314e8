// The figures of an XPCS result, each from its Tree alone (layout as in the result file). Bins
// count from 1. A figure whose data are absent is nullopt; data of wrong shape throw DataError.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::report {

using plot::Figure;

struct MapOptions {
  plot::ColourMap map = plot::ColourMap::viridis;
  Index cells = 1200;           // rows and columns kept at most; more are averaged in blocks
  bool correct_diagonal = true; // show the mean of the neighbours instead of the shot-noise spike
};
void validate(const MapOptions& options);

/// "bin 2", or "bin 2, q = 2.68 Å⁻¹".
[[nodiscard]] std::string bin_title(const Tree& result, Index bin);

/// C(t1, t2) of one bin with I0(t) below it on the same time axis.
[[nodiscard]] std::optional<Figure>
make_two_time_figure(const Tree& result, Index bin, const MapOptions& options = {});

/// C(t + lag, t) of one bin against age t and logarithmic lag, from the cells of the result.
[[nodiscard]] std::optional<Figure>
make_log_map_figure(const Tree& result, Index bin, const MapOptions& options = {});

inline constexpr Index bins_per_figure = 12; // of make_g2_figures

/// g2 with errors, fits of all models and residuals, one panel per bin, bins_per_figure to a
/// figure. `group`: "g2", or "g2_pixel" for the one that was correlated pixel by pixel.
[[nodiscard]] std::vector<Figure> make_g2_figures(const Tree& result,
                                                  const std::string& group = "g2");

/// g2 of all bins in one panel, coloured by q, with the preferred (else the first) model.
[[nodiscard]] std::optional<Figure> make_g2_overlay(const Tree& result);

/// τ, exponent, ⟨t⟩ and plateau of one bin against age, all models.
[[nodiscard]] std::optional<Figure> make_aging_figure(const Tree& result, Index bin);

/// As R24 Fig. 3: mean relaxation time with the stretches of dynamics shaded and events dashed,
/// short-time plateau, both scaled, and their rolling correlation with the ranges where it is more
/// than chance.
[[nodiscard]] std::optional<Figure> make_dynamics_figure(const Tree& result, Index bin);

/// As the panels beside R24 Fig. 2: the map of the likeliest stretch of each kind of dynamics, and
/// around the first event.
[[nodiscard]] std::optional<Figure>
make_zoom_figure(const Tree& result, Index bin, const MapOptions& options = {});

/// The same of all bins for one model, coloured by q. Needs two bins or more.
[[nodiscard]] std::optional<Figure> make_aging_overlay(const Tree& result,
                                                       const std::string& model);

/// Numbers, from 0, of the windows that make_window_figure draws: all, or 12 evenly chosen ones
/// with the first and the last.
[[nodiscard]] std::vector<Index> windows_shown(Index windows);

/// R(lag, age) of one bin (g2 where R is absent) in windows_shown, coloured by age. Values with
/// large errors do not set the axis and are left out where they lie outside it.
[[nodiscard]] std::optional<Figure> make_window_figure(const Tree& result, Index bin);

/// The normalised decay of one bin on logarithmic axes with the laws that were compared, the limits
/// of the Mittag-Leffler function, the difference in lag between the first two laws at the deepest
/// decorrelation, and the relative residuals of those two.
[[nodiscard]] std::optional<Figure> make_comparison_figure(const Tree& result, Index bin);

/// Speckle contrast of one bin against exposure with its fits, and the counts of a few exposures
/// with the negative-binomial law fitted to them.
[[nodiscard]] std::optional<Figure> make_xsvs_figure(const Tree& result, Index bin);

/// τ against q on logarithmic axes with a power law through the points. Needs three bins with q.
[[nodiscard]] std::optional<Figure> make_tau_q_figure(const Tree& result);

/// I(q) and the I(q) of ten parts of the series against their mean.
[[nodiscard]] std::optional<Figure> make_static_figure(const Tree& result);

/// Mean counts of all pixels and of each bin against time.
[[nodiscard]] std::optional<Figure> make_intensity_figure(const Tree& result);

/// Mean image (logarithmic), and over it the masked pixels and the bins.
[[nodiscard]] std::optional<Figure> make_image_figure(const Tree& result);

/// One frame or the mean of some, with what lies over it.
struct FrameImage {
  Index rows = 0, columns = 0;
  std::vector<float> values; // [row, column]
  std::string title, unit;
  bool logarithmic = false;
  double lower_percentile = 0.5, upper_percentile = 99.5;
  std::vector<std::uint8_t> masked; // 1: not used; empty: no mask
  std::vector<std::int32_t> labels; // of bins, 0: none; empty: no bins
};
[[nodiscard]] Figure make_frame_figure(FrameImage image);

} // namespace vitrum::report
