// The aging law of a continuous-time random walk, fitted to a two-time map alone.
#pragma once
#include <string>

#include "vitrum/aging/map_rows.hpp"
#include "vitrum/fit/renewal_fit.hpp"

namespace vitrum::aging {

struct RenewalOptions {
  double start_s = 0;   // age of the first frame since the walkers began to wait, >= 0
  double kept = 0;      // mean phase factor of a jump, [0, 1); 0: a jump decorrelates
  Index per_decade = 6; // cells of age and of lag
};
void validate(const RenewalOptions& options);

/// Cells of age and lag of the map; what neighbouring pairs differ by gives the noise of single
/// elements, σ² of a cell is that over its pairs, plus the square of a hundredth of what C spans,
/// for all pairs of a map have speckles in common.
[[nodiscard]] fit::AgingMap
aging_cells(const MapRows& map, double frame_time_s, const RenewalOptions& options);

struct RenewalAnalysis {
  fit::RenewalFit fit; // its errors from a jackknife over eight parts of ln age
  std::string reason;  // why there is none, else empty
};

/// C = baseline + contrast·g1(t1, t2)² of models::renewal_correlation fitted to those cells.
[[nodiscard]] RenewalAnalysis
find_renewal(const MapRows& map, double frame_time_s, const RenewalOptions& options = {});

} // namespace vitrum::aging
