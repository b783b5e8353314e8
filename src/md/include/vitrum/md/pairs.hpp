// All pairs of atoms closer than a distance, by cells, in boxes of any shape.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "vitrum/atoms/box.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::md {

/// Throws DataError when the distance is more than half a height of the box along a periodic
/// direction: an atom would meet two images of another one.
void require_one_image(const atoms::Box& box, double distance);

/// Atoms sorted into cells at least `distance` wide.
class CellList {
public:
  /// Throws DataError as require_one_image does.
  CellList(const atoms::Box& box, std::span<const atoms::Vector> positions, double distance);

  /// Calls visit(j, r_j − r_i, |r_j − r_i|²) for every other atom j within the distance of atom i.
  template <class Visit>
  void for_neighbours(Index i, Visit&& visit) const {
    gather(i, [&](Index j) {
      const auto& a = positions_[static_cast<std::size_t>(i)];
      const auto& b = positions_[static_cast<std::size_t>(j)];
      const auto step = box_.nearest({b[0] - a[0], b[1] - a[1], b[2] - a[2]});
      if (const double square = atoms::dot(step, step); square < square_)
        visit(j, step, square);
    });
  }

private:
  template <class Visit>
  void gather(Index i, Visit&& visit) const {
    const auto& home = cell_of_[static_cast<std::size_t>(i)];
    std::array<Index, 3> low{}, high{};
    for (std::size_t d = 0; d < 3; ++d) {
      // with two cells or fewer the neighbours on both sides are the same cell
      low[d] = cells_[d] > 2 ? -1 : 0;
      high[d] = cells_[d] > 1 ? 1 : 0;
    }
    for (Index x = low[0]; x <= high[0]; ++x)
      for (Index y = low[1]; y <= high[1]; ++y)
        for (Index z = low[2]; z <= high[2]; ++z) {
          std::array<Index, 3> at{home[0] + x, home[1] + y, home[2] + z};
          bool inside = true;
          for (std::size_t d = 0; d < 3; ++d) {
            if (box_.periodic()[d] || cells_[d] <= 2)
              at[d] = (at[d] + cells_[d]) % cells_[d];
            else
              inside = inside && at[d] >= 0 && at[d] < cells_[d];
          }
          if (!inside)
            continue;
          const auto cell =
              static_cast<std::size_t>((at[0] * cells_[1] + at[1]) * cells_[2] + at[2]);
          const auto first = static_cast<std::size_t>(begin_[cell]),
                     last = static_cast<std::size_t>(begin_[cell + 1]);
          for (std::size_t k = first; k < last; ++k)
            if (const Index j = members_[k]; may_be_near(i, k) && j != i)
              visit(j);
        }
  }

  /// False when the member is further away for sure; always true in tilted boxes.
  [[nodiscard]] bool may_be_near(Index i, std::size_t member) const {
    if (wrapped_.empty())
      return true;
    const auto &a = wrapped_[place_of_[static_cast<std::size_t>(i)]], &b = wrapped_[member];
    double square = 0;
    for (std::size_t d = 0; d < 3; ++d) {
      const double step = std::abs(b[d] - a[d]);
      const double least = std::min(step, std::abs(period_[d] - step)); // infinite where open
      square += least * least;
    }
    return square < almost_square_;
  }

  const atoms::Box box_;
  std::span<const atoms::Vector> positions_;
  double square_;
  std::array<Index, 3> cells_{1, 1, 1};
  std::vector<std::array<Index, 3>> cell_of_;
  std::vector<Index> begin_, members_;
  // of boxes of right angles: positions within the box, in the order of members_
  std::vector<atoms::Vector> wrapped_;
  std::vector<std::size_t> place_of_; // [atom]
  atoms::Vector period_{};
  double almost_square_ = 0;
};

/// Pair distribution g_ab(r) of one configuration, in bins of equal width from 0.
struct PairDistribution {
  double width = 0;
  std::vector<double> r;                 // [bin] middles
  std::vector<double> total;             // [bin]
  std::vector<std::vector<double>> pair; // [a·species + b][bin], a <= b; others empty
};

/// `species`: [atom]. Throws DataError when r_max is more than half a height of the box.
[[nodiscard]] PairDistribution pair_distribution(const atoms::Box& box,
                                                 std::span<const atoms::Vector> positions,
                                                 std::span<const std::int32_t> species,
                                                 Index species_count,
                                                 double r_max,
                                                 double width);

/// The first peak of a pair distribution and the first minimum behind it: the middles of the
/// highest and the lowest bin. Where the shell ends is told from the curve smoothed by parabolas
/// over five bins (Savitzky–Golay), as bins count few pairs. NaN when there is none.
struct FirstShell {
  double peak = 0, minimum = 0;
};
[[nodiscard]] FirstShell first_shell(std::span<const double> r, std::span<const double> g);

} // namespace vitrum::md
