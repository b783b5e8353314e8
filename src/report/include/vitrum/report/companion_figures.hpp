// The figures of the companions' results, each from its Tree alone. A figure whose data are absent
// is nullopt.
#pragma once
#include <optional>
#include <string>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::report {

/// Heat flow against temperature of all curves with the lines and tangents, as V25 Fig. 2; below,
/// glass transition and crystallisation at a larger scale.
[[nodiscard]] std::optional<plot::Figure> make_dsc_figure(const Tree& result);
/// ln(rate/T²) against 1/T with the lines of Kissinger.
[[nodiscard]] std::optional<plot::Figure> make_kissinger_figure(const Tree& result);
/// curve, temperature, heat flow as the file draws it. "" when absent.
[[nodiscard]] std::string csv_heat_flow(const Tree& result);

/// The low-loss spectrum, logarithmic, with what counts as zero loss.
[[nodiscard]] std::optional<plot::Figure> make_spectrum_figure(const Tree& result);
/// Map and histogram of t/λ of a spectrum image.
[[nodiscard]] std::optional<plot::Figure> make_thickness_figure(const Tree& result);
/// energy, counts. "" when absent.
[[nodiscard]] std::string csv_spectrum(const Tree& result);
/// row, column, t/λ, its error, position of the zero-loss peak.
[[nodiscard]] std::string csv_thickness_map(const Tree& result);

/// I(q) with the form factors, S(q), G(r) with what the end of the range makes, g(r).
[[nodiscard]] std::optional<plot::Figure> make_pdf_figure(const Tree& result);
/// q, intensity, S(q), its error. "" when absent.
[[nodiscard]] std::string csv_structure_factor(const Tree& result);
/// r, G(r), its error, termination, g(r).
[[nodiscard]] std::string csv_pair_distribution(const Tree& result);

} // namespace vitrum::report
