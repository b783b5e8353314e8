// From parts and seams to the Tree of a stitched result.
#pragma once
#include <string>
#include <vector>

#include "stitch_parts.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::app {

using Seams = std::vector<std::vector<correlate::Seam>>; // [bin][seam]

/// entry/series, geometry, bins, intensity and the facts of the measurement, as far as the parts
/// have them.
void add_part_facts(Tree& tree, const PartSet& set);

/// entry/stitch: where the parts lie and what shows at the seams.
void add_stitch(Tree& tree, const PartSet& set, const Seams& seams, Index lags);

/// What to warn of: significant steps and differences, and seams without an error.
[[nodiscard]] std::vector<std::string> seam_warnings(const PartSet& set, const Seams& seams);
/// A line for each seam and bin.
[[nodiscard]] std::string seam_text(const PartSet& set, const Seams& seams);

/// Takes the bias of finitely many pixels, which is in the maps, out of g2: that which the parts
/// found at these lags, averaged with their frames as weights. Nothing where no part knows it.
void remove_part_bias(correlate::OneTime& g2, const PartSet& set, Index bin);

} // namespace vitrum::app
