// Clusters of atoms joined by bonds in a periodic box, and whether they percolate: a cluster that
// meets its own image wraps around the box, however few atoms it has.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::md {

/// Union–find that keeps the offset of each atom from the root of its cluster; joining two atoms of
/// one cluster along another path shows a wrap.
class ClusterFinder {
public:
  explicit ClusterFinder(Index atoms);
  /// Joins a and b, where the joined image of b stands at r_a + step.
  void join(Index a,
            Index b,
            const atoms::Vector& r_a,
            const atoms::Vector& r_b,
            const atoms::Vector& step,
            const atoms::Box& box);
  [[nodiscard]] Index root(Index atom);
  [[nodiscard]] Index size(Index atom) { return size_[static_cast<std::size_t>(root(atom))]; }
  /// Along which edges of the box the cluster of the atom wraps.
  [[nodiscard]] std::array<bool, 3> wraps(Index atom) {
    return wraps_[static_cast<std::size_t>(root(atom))];
  }

private:
  std::vector<Index> parent_, size_;
  std::vector<std::array<Index, 3>> offset_; // in edges, to the parent
  std::vector<std::array<bool, 3>> wraps_;
};

struct Clusters {
  std::vector<Index> label;               // [atom] 1 … by falling size; 0: not a member
  std::vector<Index> sizes;               // by falling size
  std::vector<std::array<bool, 3>> wraps; // [cluster]
  [[nodiscard]] bool percolates() const;  // some cluster wraps along some direction
};

/// Two members joined, with the step from the first to the image of the second.
struct Link {
  Index first = 0, second = 0;
  atoms::Vector step{};
};

/// Clusters of the members, joined by links between members (others are passed over).
[[nodiscard]] Clusters find_clusters(const atoms::Box& box,
                                     std::span<const atoms::Vector> positions,
                                     std::span<const std::uint8_t> members,
                                     std::span<const Link> links);

} // namespace vitrum::md
