// Two-time maps of consecutive parts of a series as one map on one time axis, and what shows at the
// seams between them.
#pragma once
#include <functional>
#include <span>
#include <string>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

/// C(t1, t2) of one part for its frames t1 in [row0, row0 + rows) and t2 in [col0, col0 + cols), C
/// order, NaN in gaps. What it gives for t1 < t2 is not used.
using MapReader = std::function<void(Index row0, Index rows, Index col0, Index cols, float* out)>;

struct StitchPart {
  std::string name; // what messages call it
  Index first = 0;  // its first frame on the common axis
  Index frames = 0;
  MapReader read;

  [[nodiscard]] Index last() const { return first + frames; } // one past the end
};

/// Throws OptionError for fewer than two parts, DataError unless each begins and ends after the one
/// before it. They may overlap, and frames may be missing between them.
void validate(std::span<const StitchPart> parts);

/// A block of the whole map as a MapReader gives it; t1 < t2 is NaN. A pair of frames that several
/// parts hold is the mean of those where it is no gap, each with the same weight; one that none
/// holds is NaN.
void read_stitched(
    std::span<const StitchPart> parts, Index row0, Index rows, Index col0, Index cols, float* out);

struct SeamOptions {
  Index window = 0; // frames on each side of a seam; 0: a twentieth of the shorter part, at least
                    // 16 and four times the lags
  Index lags = 5;   // C is averaged over the lags of 1 to this many frames
};
void validate(const SeamOptions& options);

/// What parts say where they meet. NaN where it is not known; `reason` then says why.
struct Seam {
  Index frame = 0;   // first frame of the later part
  Index overlap = 0; // frames that both parts hold; negative: frames missing between them
  Index window = 0;  // see SeamOptions

  /// Mean of C at short lags in the last frames that only the earlier part holds and in the first
  /// ones that only the later holds; step = after − before. Its standard error is the root mean
  /// square of such steps, between windows as long and as far apart, at all places inside the two
  /// parts: it holds correlation of any length, and drift that goes on across the seam.
  double before = 0, after = 0, step = 0, step_error = 0;
  double step_significance = 0; // in standard deviations of a normal distribution

  /// Mean of later − earlier over the pairs of frames t1 > t2 of the overlap; standard error by the
  /// jackknife over ten blocks of frames.
  Index pairs = 0;
  double difference = 0, difference_error = 0;
  double difference_significance = 0;
  std::string reason;
};

/// Both parts as placed, the earlier one first.
[[nodiscard]] Seam
measure_seam(const StitchPart& earlier, const StitchPart& later, const SeamOptions& options = {});

/// The deviate of a normal distribution that is as unlikely as a deviate t of Student's with
/// `degrees_of_freedom`, by D. L. Wallace, Ann. Math. Statist. 30, 1121 (1959).
[[nodiscard]] double normal_deviate(double t, double degrees_of_freedom);

} // namespace vitrum::correlate
