// The figures of a result of electron correlation microscopy, each from its Tree alone. A figure
// whose data are absent is nullopt.
#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::report {

/// The path of the sample in space and in time, with its error.
[[nodiscard]] std::optional<plot::Figure> make_drift_figure(const Tree& result);

/// Maps of τ, exponent and contrast, where they are accepted, with a scale bar.
[[nodiscard]] std::optional<plot::Figure> make_tau_map_figure(const Tree& result);

/// One map of accepted pixels ("tau_s", "kww_exponent", "contrast", "log_tau_errors") with a scale
/// bar; where a range is given, of the pixels whose value of `name` lies in it.
struct ValueRange {
  double lower = -INFINITY, upper = INFINITY;
  [[nodiscard]] bool holds(double value) const { return value >= lower && value <= upper; }
};
[[nodiscard]] std::optional<plot::Figure>
make_map_figure(const Tree& result, const std::string& name, const ValueRange& range = {});
/// How many accepted pixels have which value, the range marked.
[[nodiscard]] std::optional<plot::Figure>
make_value_histogram(const Tree& result, const std::string& name, const ValueRange& range = {});
/// g2 of one pixel with its fit; no fit where `curve` is empty.
[[nodiscard]] plot::Figure make_pixel_g2_figure(const std::string& title,
                                                std::vector<double> lag_s,
                                                std::vector<double> g2,
                                                std::vector<double> curve_lag_s,
                                                std::vector<double> curve);

/// Pixel fractions against τ with the log-normal laws of what is seen and of what is left without
/// noise (V25 Fig. 7b), and the exponents.
[[nodiscard]] std::optional<plot::Figure> make_histogram_figure(const Tree& result);

/// Domains of slow pixels over the map of τ, and the correlation of ln τ in space.
[[nodiscard]] std::optional<plot::Figure> make_domain_figure(const Tree& result);

/// Maps of τ over the scan, one for each bin of the detector (up to twelve, evenly chosen).
[[nodiscard]] std::optional<plot::Figure> make_k_map_figure(const Tree& result);

/// Four-point correlation against distance, at one time and half a series apart.
[[nodiscard]] std::optional<plot::Figure> make_four_point_figure(const Tree& result);

/// τ and exponent against the duration of the measurement, with what the bias of the estimator
/// predicts for a stationary process (V25 Fig. 5).
[[nodiscard]] std::optional<plot::Figure> make_duration_figure(const Tree& result);

/// Of several results against temperature or dose: τ and exponent of the image and of the pixels
/// (V25 Fig. 7a); histograms of τ (7b); g2 of the images; maps of τ in one scale of colours (8);
/// two-time maps of the images (6, A.11); τ and exponent against duration (5); the protocol (A.9).
[[nodiscard]] std::optional<plot::Figure> make_series_figure(const Tree& result);
[[nodiscard]] std::optional<plot::Figure> make_series_histograms(const Tree& result);
[[nodiscard]] std::optional<plot::Figure> make_series_g2(const Tree& result);
[[nodiscard]] std::optional<plot::Figure> make_series_maps(const Tree& result);
[[nodiscard]] std::optional<plot::Figure> make_series_two_time(const Tree& result);
[[nodiscard]] std::optional<plot::Figure> make_series_duration(const Tree& result);
[[nodiscard]] std::optional<plot::Figure> make_series_protocol(const Tree& result);
/// All of them with their captions.
struct CaptionedFigure {
  std::string name, caption;
  std::optional<plot::Figure> figure;
};
[[nodiscard]] std::vector<CaptionedFigure> make_series_figures(const Tree& result);
/// One line per member, "" when the result is no series.
[[nodiscard]] std::string csv_ecm_series(const Tree& result);
/// The same for the page.
[[nodiscard]] std::string ecm_series_table(const Tree& result);
/// What the maps hold in numbers, as a table of the page: median and percentiles of the accepted
/// pixels, population, lengths and domains. "" without maps.
[[nodiscard]] std::string ecm_pixel_table(const Tree& result);

/// Tables as CSV, "" when absent: drift path; histogram; duration.
[[nodiscard]] std::string csv_drift(const Tree& result);
[[nodiscard]] std::string csv_tau_histogram(const Tree& result);
[[nodiscard]] std::string csv_duration(const Tree& result);
[[nodiscard]] std::string csv_four_point(const Tree& result);
/// y, x, τ, exponent, contrast, errors, accepted: one line per pixel.
[[nodiscard]] std::string csv_tau_map(const Tree& result);

} // namespace vitrum::report
