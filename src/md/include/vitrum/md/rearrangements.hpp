// What moves together between two instants: the most mobile atoms, strings of atoms that take each
// other's places, broken bonds, and whether order slows atoms down.
#pragma once
#include <span>
#include <vector>

#include "vitrum/atoms/configuration.hpp"
#include "vitrum/md/clusters.hpp"

namespace vitrum::md {

/// Displacement |r(t) − r(0)| of each atom; both configurations unwrapped from the same start.
[[nodiscard]] std::vector<double> displacements(const atoms::Configuration& before,
                                                const atoms::Configuration& after);

/// 1 for the `fraction` of atoms that moved furthest.
[[nodiscard]] std::vector<std::uint8_t> most_mobile(std::span<const double> displacement,
                                                    double fraction);

/// Strings (Donati et al. 1998): mobile atoms i and j are in one string when one has come within
/// `distance` of the place that the other left.
struct Strings {
  std::vector<Index> label;  // [atom] 1 … by falling length; 0: not mobile
  std::vector<Index> length; // atoms of each string, by falling length
  double mean_length = 0;    // over strings, single atoms among them
};
[[nodiscard]] Strings find_strings(const atoms::Configuration& before,
                                   const atoms::Configuration& after,
                                   std::span<const std::uint8_t> mobile,
                                   double distance);

/// Broken bonds (Yamamoto and Onuki 1998): pairs closer than inner[a·species + b] before and
/// further than outer[…] after; entries with a <= b count.
struct BrokenBonds {
  Index bonds = 0, broken = 0;
  std::vector<Index> of_atom; // broken bonds of each atom
};
[[nodiscard]] BrokenBonds broken_bonds(const atoms::Configuration& before,
                                       const atoms::Configuration& after,
                                       Index species,
                                       std::span<const double> inner,
                                       std::span<const double> outer);

/// Mean square displacement of members against others of the same species, in the composition of
/// the members: 1 when membership does not matter.
struct Propensity {
  double members = 0, others = 0; // mean square displacements
  double ratio = 0, ratio_error = 0;
};
[[nodiscard]] Propensity propensity(std::span<const double> displacement,
                                    std::span<const std::int32_t> species,
                                    Index species_count,
                                    std::span<const std::uint8_t> members);

} // namespace vitrum::md
