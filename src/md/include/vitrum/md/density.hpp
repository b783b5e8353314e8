// ρ(q) = Σ_j exp(i q·r_j) of atoms on the reciprocal lattice of their box, q = 2π (h a* + k b* +
// l c*): by a nonuniform fast Fourier transform with a stated error, or by direct sums.
#pragma once
#include <array>
#include <complex>
#include <memory>
#include <span>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::md {

using Complex = std::complex<double>;
using Miller = std::array<Index, 3>; // h, k, l

/// All h, k, l with |h| <= half[0], |k| <= half[1], 0 <= l <= half[2]; ρ(−q) is the conjugate.
struct ReciprocalGrid {
  std::array<Index, 3> half{1, 1, 1};

  [[nodiscard]] Index size() const { return (2 * half[0] + 1) * (2 * half[1] + 1) * (half[2] + 1); }
  /// Place of (h, k, l), l >= 0, in an array of this size.
  [[nodiscard]] Index at(const Miller& hkl) const {
    return ((hkl[0] + half[0]) * (2 * half[1] + 1) + hkl[1] + half[1]) * (half[2] + 1) + hkl[2];
  }
};

/// The smallest grid that holds every reciprocal vector of length up to q.
[[nodiscard]] ReciprocalGrid grid_up_to(const atoms::Box& box, double q);

/// Of one grid and tolerance; not to be called from two threads at once.
class DensityTransform {
public:
  /// `tolerance`: bound of the relative error of ρ in the norm over the grid, 1e-13 to 0.1.
  DensityTransform(const ReciprocalGrid& grid, double tolerance);
  ~DensityTransform();
  DensityTransform(DensityTransform&&) noexcept;

  /// Type-1 transform (Barnett, Magland, af Klinteberg 2019, "exponential of semicircle" kernel):
  /// out [grid.size()] from the positions of some atoms; phases are relative to the origin of the
  /// box. Positions may lie outside the box, whose directions are all taken as periodic.
  void transform(const atoms::Box& box,
                 std::span<const atoms::Vector> positions,
                 std::span<Complex> out);

  [[nodiscard]] Index kernel_width() const;
  [[nodiscard]] std::array<Index, 3> mesh() const;
  /// Memory of mesh and spectrum; in advance, which may be more than there is.
  [[nodiscard]] Index bytes() const;
  [[nodiscard]] static double bytes_of(const ReciprocalGrid& grid, double tolerance);

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same for a few q by direct sums, exact to rounding: out [hkl].
void direct_density(const atoms::Box& box,
                    std::span<const atoms::Vector> positions,
                    std::span<const Miller> hkl,
                    std::span<Complex> out);

} // namespace vitrum::md
