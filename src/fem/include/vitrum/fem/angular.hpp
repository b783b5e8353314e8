// Angular correlations within rings, and the symmetries that they show.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/pattern_pass.hpp"
#include "vitrum/fem/peaks.hpp"
#include "vitrum/fem/polar_map.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::fem {

struct AngularOptions {
  double k_low = unknown, k_high = unknown; // of the band whose symmetries are summed up
  double ring_width_px = 3;
  Index angles = 180; // cells of a ring
  Index most_patterns = 4096;
  Index replicates = 200;
  std::uint64_t seed = 1;
};

struct AngularCorrelation {
  static constexpr Index first_order = 2, last_order = 12;
  Index angles = 0, rings = 0, patterns = 0;
  std::vector<double> k;             // [ring]
  std::vector<double> delta_phi_deg; // [angle] 0 … 180
  std::vector<double> correlation;   // [ring, angle] mean over the patterns; NaN where no two
                                     // unmasked cells are this far apart
  std::vector<double> order;         // [n] 2 … 12
  std::vector<double> ring_symmetry; // [ring, n]
  std::vector<double> symmetry,
      symmetry_error; // [n] of the band, errors by bootstrap over patterns
};

/// C(k, Δφ) = ⟨I(φ) I(φ+Δφ)⟩φ/(⟨I(φ)⟩⟨I(φ+Δφ)⟩) − 1 of each pattern's ring of cells, all means over
/// the pairs of cells that the mask leaves; then the mean over patterns. Cells are means of the
/// pixels whose centres lie in them, first divided by the mean pattern, so that what does not
/// change (astigmatism, gain) is no correlation. Counting noise is in C(k, 0) alone, which is
/// carried there from its neighbours instead. Symmetry n: the cosine coefficient (1/π) ∫ C cos(nΔφ)
/// dΔφ over a full turn.
class AngularPass : public PatternUser {
public:
  [[nodiscard]] virtual AngularCorrelation finish() = 0;
};

/// For up to `most_patterns` of `patterns`, evenly spread. `mean_image` [pixel] of corrected
/// patterns.
[[nodiscard]] std::unique_ptr<AngularPass> make_angular_pass(const RingShape& shape,
                                                             const KScale& scale,
                                                             const frames::Mask& mask,
                                                             std::span<const double> mean_image,
                                                             Index patterns,
                                                             const AngularOptions& options);

} // namespace vitrum::fem
