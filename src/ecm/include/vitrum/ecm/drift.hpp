// Where the sample drifts to: the path of speckle that decorrelates as it moves, from the
// displacements between many pairs of frames solved together.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

struct DriftOptions {
  Index window = 24; // frames: the longest lag at which two frames are compared
  Index tiles = 2; // the frame is cut into tiles × tiles parts; how far they disagree is the error
  double least_significance = 6; // of a peak of the cross-correlation, in standard deviations
  std::vector<std::uint8_t> use; // [y, x]: 0 = the camera's bad pixels, which would hold the path
                                 // still: replaced by the mean of those around; empty: all good
};
/// Throws OptionError.
void validate(const DriftOptions& options);

/// Positions are of the sample relative to the first good frame: content at (y, x) of that frame
/// stands at (y + y_px, x + x_px).
struct DriftPath {
  std::vector<double> y_px, x_px; // [frame]; between neighbours where a frame is a gap
  std::vector<double> error_px; // [frame]: standard error of each coordinate about the mean of the
                                // path, from the spread of the tiles, smoothed over frames
  Index pairs = 0;              // compared
  Index left_out = 0;           // without a significant peak, or outliers of the joint solution
  double residual_rms_px = 0; // root mean square of error_px: the motion that is left when the path
                              // is taken out
  double pair_residual_px = 0; // root mean square difference between pairs and the path
  double speckle_px = 0; // radius at which the spatial correlation of the frames is 1/e, photon
                         // noise left out; NaN when nothing but noise is seen

  [[nodiscard]] double total_px() const; // largest distance between two positions
};

/// Every frame is cut into tiles, tapered, transformed and whitened; frames a few lags apart, up to
/// the window, are compared. Each frequency and lag has the weight which its product has in the
/// joint likelihood of speckle that decorrelates in white noise (for two frames that of Knapp and
/// Carter, IEEE Trans. ASSP 24 (1976) 320). The displacement of a pair is where the
/// cross-correlation, summed over the tiles, is largest, found to a fraction of a pixel by Newton's
/// method on its Fourier series. All displacements are solved for the path by least squares with
/// weights from the curvature at the maximum and Huber's weights against outliers. The path is as
/// smooth as the data say: its second differences are normal with the variance for which the
/// displacements are most likely, so that steady drift is followed through frames that tell little,
/// and a jump stays a jump.
///
/// Frames marked in `bad` (1 = gap, may be empty) are not looked at. Throws DataError when the
/// frames are smaller than 32 × 32, fewer than two are good, or no two frames can be compared.
[[nodiscard]] DriftPath measure_drift(frames::FrameSource& source,
                                      std::span<const std::uint8_t> bad,
                                      const DriftOptions& options = {},
                                      const Monitor& monitor = silent());

/// The radius at which the spatial correlation of the frames is 1/e, from a few of them; NaN when
/// nothing but noise is seen or frames are smaller than 32 × 32.
[[nodiscard]] double measure_speckle(frames::FrameSource& source,
                                     std::span<const std::uint8_t> bad,
                                     std::span<const std::uint8_t> use = {});

/// A path without motion.
[[nodiscard]] DriftPath no_drift(Index frames);

} // namespace vitrum::ecm
