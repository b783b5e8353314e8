// The numbers of a result as CSV: '#' comments, one header line with units, one line per point.
// Numbers are the shortest text that reads back as the same double; NaN is "nan". Each is "" when
// the result has no such data.
#pragma once
#include <string>

#include "vitrum/core/tree.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {

/// bin, q, lag, g2, its error, pairs, and the curve of every model. `group`: "g2" or "g2_pixel".
[[nodiscard]] std::string csv_g2(const Tree& result, const std::string& group = "g2");
/// bin, q, model, then every parameter with its error (columns of all models).
[[nodiscard]] std::string csv_fits(const Tree& result, const std::string& group = "g2");
/// The same per bin and window, with age and plateau.
[[nodiscard]] std::string csv_windows(const Tree& result);
/// bin, lag, normalised decay, its error, and the fit of every law compared.
[[nodiscard]] std::string csv_comparison(const Tree& result);
/// bin, exposure, complete ones, mean counts, contrast, modes, their errors, fit of every model.
[[nodiscard]] std::string csv_xsvs(const Tree& result);
/// bin, exposure, count, number of samples with it, number that the fitted law expects.
[[nodiscard]] std::string csv_xsvs_counts(const Tree& result);
/// bin, window, age, lag, g2, its error, R, its error.
[[nodiscard]] std::string csv_window_curves(const Tree& result);
/// time, mean counts, then mean counts of each bin.
[[nodiscard]] std::string csv_intensity(const Tree& result);
/// q, intensity, its error, then the ten parts of the series.
[[nodiscard]] std::string csv_static(const Tree& result);
/// C(t1, t2) as the figure shows it, with at most 400 rows and columns (means of blocks) and six
/// digits: a line of t1, then lines of t2 and its values.
[[nodiscard]] std::string
csv_two_time(const Tree& result, Index bin, const MapOptions& options = {});
/// The cells of the map with a logarithmic lag axis: their lags and ages, C, its error, pairs. Rows
/// of more than 2000 cells are averaged to as many.
[[nodiscard]] std::string csv_log_map(const Tree& result, Index bin);
/// image/<name> ("mean", "mask" or "dynamic_labels"), a line per row of pixels. "" too when it has
/// 300 rows or columns or more.
[[nodiscard]] std::string csv_image(const Tree& result, const std::string& name);

} // namespace vitrum::report
