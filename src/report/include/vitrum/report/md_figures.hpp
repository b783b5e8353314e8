// The figures of a simulated glass, from its Tree alone; nullopt when the tree does not hold what
// they show.
#pragma once
#include <optional>
#include <string>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"

namespace vitrum::report {

/// S(q) with its partials and g(r) with its partials.
[[nodiscard]] std::optional<plot::Figure> make_structure_figure(const Tree& result);
/// Two-time correlation, contrast against time and g2 of shell, slice and spot (R24, Fig. 4).
[[nodiscard]] std::optional<plot::Figure> make_windows_figure(const Tree& result);
/// Speckle contrast <I²>/<I>² − 1 of the three windows against time in one panel.
[[nodiscard]] std::optional<plot::Figure> make_speckle_figure(const Tree& result);
/// Density of waiting times with the power law (R24, Fig. 1c), and its exponent against t_min.
[[nodiscard]] std::optional<plot::Figure> make_waiting_figure(const Tree& result);

/// Lengths of hops, times between those of one atom, and their rate against time.
[[nodiscard]] std::optional<plot::Figure> make_hop_figure(const Tree& result);

/// Mean square displacement, α₂, F_s and χ₄ against lag.
[[nodiscard]] std::optional<plot::Figure> make_motion_figure(const Tree& result);
/// Self part of the van Hove function, one curve a lag.
[[nodiscard]] std::optional<plot::Figure> make_van_hove_figure(const Tree& result);
/// Lengths of strings, and the fraction of Frank–Kasper atoms against time.
[[nodiscard]] std::optional<plot::Figure> make_order_figure(const Tree& result);

/// Displacements over a slab of the box, the share of Frank–Kasper atoms there, and the mobile
/// atoms.
[[nodiscard]] std::optional<plot::Figure> make_mobility_figure(const Tree& result);
/// Energy and pressure of a cooling scan with the lines that meet at Tg.
[[nodiscard]] std::optional<plot::Figure> make_cooling_figure(const Tree& result);
/// Normalised variance of the last frame for electron probes of several sizes.
[[nodiscard]] std::optional<plot::Figure> make_md_fem_figure(const Tree& result);

/// "s", or how figures write the unit of time of a simulation: "τ".
[[nodiscard]] std::string time_unit_of(const Tree& result);
/// The figure with the unit of time of the result on its axes: simulations have their own.
[[nodiscard]] plot::Figure in_result_units(plot::Figure figure, const Tree& result);

[[nodiscard]] std::string csv_atom_structure(const Tree& result);
[[nodiscard]] std::string csv_atom_pairs(const Tree& result);
[[nodiscard]] std::string csv_motion(const Tree& result);
[[nodiscard]] std::string csv_waiting(const Tree& result);
[[nodiscard]] std::string csv_hop_rate(const Tree& result);

} // namespace vitrum::report
