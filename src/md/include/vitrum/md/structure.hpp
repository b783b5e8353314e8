// The static structure factor S(q) = <|Σ_a f_a ρ_a(q)|²>/Σ_a N_a f_a² and its partials, averaged
// over shells of |q|.
#pragma once
#include <span>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/md/density.hpp"
#include "vitrum/md/scattering_weights.hpp"

namespace vitrum::md {

struct StructureFactor {
  std::vector<double> q;                    // [shell] middles, in inverse length
  std::vector<double> total, total_errors;  // [shell], weighted; errors by the spread over q
  std::vector<std::vector<double>> partial; // [a·species + b][shell], a <= b: <ρ_a ρ_b*>/N
  std::vector<Index> vectors;               // [shell] independent q
};

/// The highest shell of S(q) from `lowest_q` on: its middle and its value with error.
struct Peak {
  double q = 0, value = 0, error = 0;
};
[[nodiscard]] Peak highest_peak(const StructureFactor& s, double lowest_q);

/// Sums frames; the box is that of the first one in shape, to within what NPT changes.
class StructureAccumulator {
public:
  /// Shells of width `width` up to q_max.
  StructureAccumulator(const atoms::Box& box,
                       Index species,
                       double q_max,
                       double width,
                       const ScatteringWeights& weights = {});
  [[nodiscard]] const ReciprocalGrid& grid() const { return grid_; }
  /// `density`: [species][grid.size()] of one frame with so many atoms of each species.
  void add(std::span<const std::vector<Complex>> density, std::span<const Index> species_atoms);
  [[nodiscard]] StructureFactor result() const;

private:
  Index species_;
  double width_;
  ReciprocalGrid grid_;
  std::vector<std::int32_t> shell_;          // [grid] -1: not used
  std::vector<double> total_;                // [grid]
  std::vector<std::vector<double>> weight_;  // [species][grid], or empty for 1
  std::vector<std::vector<double>> partial_; // [a·species + b][shell]
  std::vector<Index> vectors_;
  Index frames_ = 0;
};

/// True for the half of the lattice that is independent under q → −q, without 0.
[[nodiscard]] inline bool in_half_space(const Miller& hkl) {
  return hkl[2] > 0 || (hkl[2] == 0 && (hkl[1] > 0 || (hkl[1] == 0 && hkl[0] > 0)));
}

/// Densities per species on the grid of a transform, from the atoms of one configuration.
void species_densities(DensityTransform& transform,
                       const atoms::Box& box,
                       std::span<const atoms::Vector> positions,
                       std::span<const std::int32_t> species,
                       Index grid_size,
                       std::vector<std::vector<Complex>>& out);

} // namespace vitrum::md
