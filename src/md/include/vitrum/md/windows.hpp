// Windows in reciprocal space that stand for a detector: the shell of a peak, a slice through it,
// a spot on it (R24, Fig. 4). Their intensities are frames like any others.
#pragma once
#include <complex>
#include <span>
#include <string>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/md/density.hpp"

namespace vitrum::md {

/// Reciprocal vectors whose intensities are looked at together.
struct Window {
  std::string name;
  std::vector<Miller> hkl; // each from the independent half of the lattice
  std::vector<double> q;   // [hkl] |q|
  std::vector<Index> at;   // [hkl] place in the grid
};

/// All independent q with low <= |q| < high.
[[nodiscard]] Window
make_shell(const atoms::Box& box, const ReciprocalGrid& grid, double low, double high);

/// Those of the plane l = 0; with a wavelength (> 0, in the unit of length) the lattice vectors
/// nearest to the Ewald sphere whose beam runs along c: q_z = −|q_xy|²/(2k) to first order, exactly
/// k − sqrt(k² − |q_xy|²) below the plane.
[[nodiscard]] Window make_slice(const atoms::Box& box,
                                const ReciprocalGrid& grid,
                                double low,
                                double high,
                                double wavelength = 0);

/// A block of edge × edge × edge reciprocal vectors about the one along a that is nearest to |q|.
[[nodiscard]] Window
make_spot(const atoms::Box& box, const ReciprocalGrid& grid, double q, Index edge);

/// The whole plane l = 0 (or the Ewald sphere) as a picture: pixel [k + K][h + H]; pixels that are
/// not independent are there, too.
struct PlaneImage {
  Index height = 0, width = 0;
  std::vector<Index> at; // [pixel] place in the grid
  std::vector<double> q; // [pixel]
};
[[nodiscard]] PlaneImage
make_plane(const atoms::Box& box, const ReciprocalGrid& grid, double wavelength = 0);

/// I = |Σ_a f_a ρ_a|² / Σ_a N_a f_a² at `at` of the grid; `weights` [species][place] or empty
/// for 1.
void intensities(std::span<const std::vector<Complex>> density,
                 std::span<const Index> at,
                 std::span<const std::vector<double>> weights,
                 std::span<const Index> species_atoms,
                 std::span<float> out);

} // namespace vitrum::md
