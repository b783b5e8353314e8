// Kinematic diffraction of atoms: what a nanoprobe sees of a structure, and the variance that
// fluctuation microscopy measures of it.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::atoms {

/// Atoms, and the box of right angles that a probe looks into, centred on the origin. Lengths in
/// angstrom.
struct AtomModel {
  std::array<double, 3> edge{};
  std::array<Vector, 3> repeat{}; // edges along which it repeats itself; zero: those of the box
  std::vector<std::array<double, 3>> position;
  std::vector<int> element; // atomic number of each atom
};
/// Throws DataError that names the atom.
void validate(const AtomModel& model);
/// What repeats itself in a box of any shape, lengths in units of so many angstrom; a probe looks
/// into one with right angles and the same volume. Throws DataError for a box that is open on a
/// side.
[[nodiscard]] AtomModel make_model(const Box& box,
                                   std::span<const Vector> positions,
                                   std::vector<int> elements,
                                   double angstrom = 1);

/// A rotation, rows first.
using Rotation = std::array<std::array<double, 3>, 3>;

/// Euler angles on a grid, ψ about the beam in `psi` steps of a circle of which half is used, θ
/// about the new x in about `theta` sin ψ steps of half a circle.
[[nodiscard]] std::vector<Rotation> grid_rotations(Index psi, Index theta);
/// Rotations spread evenly at random (Shoemake 1992).
[[nodiscard]] std::vector<Rotation> random_rotations(Index count, std::uint64_t seed);

/// The box cut from the model, repeated and turned about the origin: x, y, z of each atom within,
/// and its element.
[[nodiscard]] AtomModel rotated(const AtomModel& model, const Rotation& rotation);

struct ProbeOptions {
  double q_inv_angstrom =
      0;                 // radius Q of the aperture, k = 1/d; 0.61/Q is the Rayleigh resolution R
  bool square = false;   // only atoms within a square inscribed in the first dark ring, as the code
                         // femsim has it; else all within the second dark ring
  double truncation = 0; // > 0: distances and arguments of Bessel functions are cut down to
                         // multiples of this (angstrom, and as pure numbers), as femsim's tables
                         // do with 0.005. It adds up to a tenth to I where S(q) is small
};
/// Amplitude of a probe at a distance from its centre: 2 J1(x)/x, x = 2π Q r, with the radius of
/// the first dark ring 0.61/Q. Its intensity has a full width at half maximum of 0.5145/Q.
[[nodiscard]] double probe_amplitude(double x);
[[nodiscard]] double aperture_of_fwhm(double fwhm_angstrom);
/// Largest distance from its centre at which atoms count, in angstrom: the second dark ring at
/// 1.83 R, or the corner of the square at R.
[[nodiscard]] double probe_reach(const ProbeOptions& probe);
/// Width of the region whose atoms count: a narrower box cuts it off.
[[nodiscard]] double probe_span(const ProbeOptions& probe);

/// Annular mean of the intensity at each k (1/d, 1/angstrom) for a probe at (x, y): flat Ewald
/// sphere, single scattering,
///     I(k) = Σ_ij f_i f_j A_i A_j J0(2π k r_ij),
/// by a histogram of the distances in the plane, 0.002 angstrom wide. `factors`: [element][k] of
/// the elements listed.
struct FormFactors {
  std::vector<int> element;
  std::vector<std::vector<double>> factor;
};
[[nodiscard]] FormFactors electron_factors(std::span<const int> elements,
                                           std::span<const double> k_inv_angstrom);
/// J0(2π k r) at the middles of the bins of distance, for all k, made once for many patterns.
class RingTable {
public:
  RingTable(std::span<const double> k_inv_angstrom, const ProbeOptions& probe);
  [[nodiscard]] std::size_t bins() const { return bins_; }
  [[nodiscard]] double width() const { return width_; } // angstrom
  [[nodiscard]] std::size_t ks() const { return values_.size() / bins_; }
  [[nodiscard]] std::span<const double> at(std::size_t k) const {
    return std::span<const double>(values_).subspan(k * bins_, bins_);
  }

private:
  std::size_t bins_ = 0;
  double width_ = 0;
  std::vector<double> values_; // [k][bin]
};
[[nodiscard]] std::vector<double> annular_intensity(const AtomModel& atoms,
                                                    double x,
                                                    double y,
                                                    const ProbeOptions& probe,
                                                    const RingTable& table,
                                                    const FormFactors& factors);

/// The pattern |Σ f A exp(2πi k·r)|² on a square detector, [ky, kx], the centre at
/// ((size − 1)/2, (size − 1)/2).
[[nodiscard]] std::vector<float> kinematic_pattern(const AtomModel& atoms,
                                                   double x,
                                                   double y,
                                                   const ProbeOptions& probe,
                                                   Index size,
                                                   double k_per_pixel_inv_angstrom);

/// Places of the probe over a box: as many squares of the probe as fit, their centres.
[[nodiscard]] std::vector<std::array<double, 2>> probe_places(const AtomModel& model,
                                                              const ProbeOptions& probe);

struct ModelVariance {
  std::vector<double> variance; // ⟨I²⟩/⟨I⟩² − 1 over places and rotations, of annular means
  std::vector<double> error;     // bootstrap over rotations
  std::vector<double> replicate; // [sample][k], the samples behind the error
  std::vector<double> mean;      // ⟨I⟩
  Index patterns = 0;
};
[[nodiscard]] ModelVariance model_variance(const AtomModel& model,
                                           std::span<const Rotation> rotations,
                                           const ProbeOptions& probe,
                                           std::span<const double> k_inv_angstrom,
                                           const Monitor& monitor);

} // namespace vitrum::atoms
