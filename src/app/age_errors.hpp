// What the pixels say about the errors of g2 in blocks of age, kept in a result so that windows
// made from its maps later have the errors of pixels, which a map alone cannot give.
#pragma once
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::app {

/// Blocks of age to be evaluated as windows beside those of the user: 40, fewer where their
/// deviations would be more than 4 million numbers a bin; none where fewer than eight would be left
/// or are as short as a frame.
[[nodiscard]] std::vector<correlate::AgeWindow>
make_error_blocks(Index frames, Index groups, const correlate::LagOptions& lags);

/// entry/g2_blocks from the functions of those blocks, [bin][block]. `age`: their convention.
void add_error_blocks(Tree& tree,
                      const std::vector<std::vector<correlate::OneTime>>& blocks,
                      correlate::AgeConvention age);

/// Gives g2 of a window made from the map of bin `bin` (from 0) the deviations of the pixels: those
/// of the blocks, averaged with the pairs that the window has in each. Blocks longer than the
/// window average more than it does: as if their frames were independent, which makes errors too
/// large rather than too small. What the blocks of time scatter beyond the pixels is kept where it
/// is significant. False, and nothing changed, when the result has no such blocks for the bin.
bool set_pixel_errors(correlate::OneTime& window,
                      correlate::AgeConvention age,
                      const Tree& tree,
                      std::size_t bin);

} // namespace vitrum::app
