// How strongly single atoms scatter x-rays and electrons, for any element up to californium.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vitrum::atoms {

/// Atomic number of "Zr"; 0 when no element up to 98 has this symbol.
[[nodiscard]] int atomic_number(std::string_view symbol);
/// Throws DataError outside 1 to 98.
[[nodiscard]] std::string element_symbol(int atomic_number);

/// Form factor of a free neutral atom in electrons at q = 4π sin θ/λ in 1/angstrom, without
/// dispersion: Σ a exp(−b (q/4π)²) + c, D. Waasmaier & A. Kirfel, Acta Cryst. A51 (1995) 416;
/// coefficients of the DABAX file f0_WaasKirf.dat. Σ a + c differs from the atomic number by up to
/// 0.04. Throws DataError beyond q = 24π (sin θ/λ = 6).
[[nodiscard]] double xray_form_factor(int atomic_number, double q_inv_angstrom);

/// Scattering factor for electrons in angstrom (first Born approximation, without the relativistic
/// factor, which is the same for all elements): Mott–Bethe,
///     f_e = m e²/(8 π ε0 h²) · (Z − f_x)/s²,  s = q/4π,  0.0239337 Å⁻¹ (Z − f_x)/s²,
/// with Z as the fit has it (Σ a + c), so that it stays finite at q = 0.
[[nodiscard]] double electron_scattering_factor(int atomic_number, double q_inv_angstrom);

/// An alloy: atomic numbers with fractions that add up to one.
struct Composition {
  std::vector<int> element;
  std::vector<double> fraction;
};
/// "Zr59.3Cu28.8Al10.4Nb1.5": parts of any sum, 1 where none is written. Throws OptionError that
/// names what is not understood.
[[nodiscard]] Composition parse_composition(const std::string& text);

} // namespace vitrum::atoms
