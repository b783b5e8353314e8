// The figures of a result of fluctuation electron microscopy, each from its Tree alone. A figure
// whose data are absent is nullopt. Series count from 1.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::report {

/// V(k) of all series with errors, coloured by probe size or temperature, and below it I(k)
/// (V25 Figs. 3a, 3b, 4a).
[[nodiscard]] std::optional<plot::Figure> make_variance_figure(const Tree& result);

/// All definitions of the variance of one series, as they are and without shot noise.
[[nodiscard]] std::optional<plot::Figure> make_definitions_figure(const Tree& result, Index series);

/// V(k) of all series by one definition ("annular-mean", …), with what is measured corrected or
/// not: for the noise of counting (as far as a gain was known) and for the bias of few patterns.
struct ShownCorrections {
  bool shot_noise = true, few_patterns = false;
};
[[nodiscard]] std::optional<plot::Figure> make_corrections_figure(const Tree& result,
                                                                  const std::string& definition,
                                                                  const ShownCorrections& shown);
/// Names and titles of the definitions that a result has.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fem_definitions(const Tree& result);

/// Mean pattern of one series with what is masked, its centre and ring; and its variance image.
[[nodiscard]] std::optional<plot::Figure> make_pattern_figure(const Tree& result, Index series);

/// Intensity and local variance of each place of the probe: maps of a scan, else in order.
[[nodiscard]] std::optional<plot::Figure> make_places_figure(const Tree& result, Index series);

/// Angular correlation of the rings of one series, and the symmetries of the first peak.
[[nodiscard]] std::optional<plot::Figure> make_angular_figure(const Tree& result, Index series);

/// V(k) of one series with the fit of its peaks, two Gaussians where one does not do, and
/// residuals.
[[nodiscard]] std::optional<plot::Figure> make_peak_figure(const Tree& result, Index series);

/// Stratton–Voyles plot and pair persistence, with the state before where there is one (V25 Figs.
/// 3c, 3d).
[[nodiscard]] std::optional<plot::Figure> make_length_figure(const Tree& result);

/// Second over first peak against probe size or temperature (V25 Fig. A.10).
[[nodiscard]] std::optional<plot::Figure> make_peak_ratio_figure(const Tree& result);

/// Relative change of the first peak's height and integral with temperature (V25 Fig. 4b).
[[nodiscard]] std::optional<plot::Figure> make_temperature_figure(const Tree& result);

/// Numbers as CSV, as in csv.hpp; "" when the result has none. Series, k, V and its error, I, every
/// definition with its parts.
[[nodiscard]] std::string csv_fem_variance(const Tree& result);
/// Series, peak, place, height, width, integral, split, with errors.
[[nodiscard]] std::string csv_fem_peaks(const Tree& result);
/// Probe size, height, Q² and Q²/V: the points of the Stratton–Voyles plot and pair persistence.
[[nodiscard]] std::string csv_fem_lengths(const Tree& result);
/// Series, pattern, intensity, local variance, score of crystals, centre where it was followed.
[[nodiscard]] std::string csv_fem_places(const Tree& result);
/// Series, order n, coefficient of symmetry and its error.
[[nodiscard]] std::string csv_fem_symmetries(const Tree& result);

/// How many series a result holds; 0 when it is of another kind.
[[nodiscard]] Index fem_series(const Tree& result);

} // namespace vitrum::report
