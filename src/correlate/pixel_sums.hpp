// From sums of single pixels to g2 of a bin with errors from its groups of pixels.
#pragma once
#include <span>
#include <vector>

#include "lag_plan.hpp"
#include "strip_state.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_groups.hpp"

namespace vitrum::correlate {

/// What all pixels have in common.
struct SumRules {
  PixelNormalization normalization = PixelNormalization::symmetric_bin;
  bool weight_by_pixels = true;
  Index static_bins = 0;
  Index valid_frames = 0;
  LagPairs lags;

  [[nodiscard]] Index entries() const { return static_cast<Index>(lags.pairs.size()); }
};

/// What some pixels of one group add. symmetric-bin: Σ over pixels and pairs of II', I, I', [static
/// bin, entry]. Else: Σ of g2 − 1 and the number of pixels, [entry].
struct PixelSums {
  std::vector<double> product, left, right;
  std::vector<double> pixels; // [static bin]
  std::vector<double> ratio, used;
  Index skipped = 0; // pixels with a zero denominator somewhere

  explicit PixelSums(const SumRules& rules);
  void add(const PixelSums& other);
};

/// Sums of one pixel over the pairs of one entry, as in StripSums.
struct PairSums {
  double product = 0, left = 0, right = 0;
};

/// Adds g2 − 1 of a pixel at entry k; false when its denominator is zero. Of plain and symmetric.
[[nodiscard]] bool add_ratio(
    PixelSums& sums, const SumRules& rules, Index k, PairSums pairs, double shift, double mean);

/// Adds the first `pixels` of a strip; `shift` and `static_bin` are theirs.
void add_strip(PixelSums& sums,
               const SumRules& rules,
               const StripSums& strip,
               Index pixels,
               const float* shift,
               const std::int32_t* static_bin);

/// `groups` holds the sums of each group of pixels.
[[nodiscard]] PixelG2
evaluate(const std::vector<PixelSums>& sums, const SumRules& rules, const PixelGroups& groups);

} // namespace vitrum::correlate
