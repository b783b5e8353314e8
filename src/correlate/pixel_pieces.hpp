// How the pixels of a bin are dealt to threads, and what is common to g2 of a series in memory and
// of one that comes in.
#pragma once
#include <span>
#include <vector>

#include "pixel_sums.hpp"
#include "strip_rows.hpp"

namespace vitrum::correlate {

/// A run of pixels of one group, whose sums are made together.
struct Piece {
  Index group = 0, first = 0, last = 0;
};

/// Pieces depend on the pixels and the lags alone, so that sums do not depend on threads.
[[nodiscard]] std::vector<Piece> make_pieces(const PixelGroups& groups, Index entries);
/// Sums of groups, added in the order of the pieces.
[[nodiscard]] std::vector<PixelSums> fold_pieces(const std::vector<Piece>& pieces,
                                                 const std::vector<PixelSums>& sums,
                                                 const SumRules& rules,
                                                 Index groups);

/// Throws DataError when fewer than two frames are valid.
[[nodiscard]] SumRules make_rules(const LagPlan& plan,
                                  std::span<const std::uint8_t> valid,
                                  const PixelGroups& groups,
                                  const PixelG2Options& options);

/// Adds the sums of a block whose frames are all in.
void add_block(PixelSums& sums,
               const SumRules& rules,
               const StripStates& states,
               const StripBlock& block,
               const PixelGroups& groups,
               StripSums& strip);

/// Whether doubles hold the sums of products of integers up to `most`.
[[nodiscard]] bool sums_fit(const LagPlan& plan, float most);

} // namespace vitrum::correlate
