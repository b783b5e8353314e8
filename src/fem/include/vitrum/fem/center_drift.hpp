// How the centre of the pattern moves over a scan (descan), and patterns moved back.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vitrum/core/monitor.hpp"
#include "vitrum/fem/peaks.hpp"
#include "vitrum/fem/ring_center.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::fem {

/// A place as a plane over the scan: middle, and change from the first to the last column and row
/// (px). Without a scan `along_rows` is the change from the first pattern to the last.
struct Plane {
  Value middle, along_columns, along_rows;
};

struct CenterDrift {
  Plane x, y;
  double scatter_px = unknown;                  // of single centres about the plane, per coordinate
  Index fitted = 0;                             // centres
  std::vector<double> center_x_px, center_y_px; // [pattern] of the plane, or of its own
  [[nodiscard]] double largest_change_px() const;
  /// Whether a change exceeds `least` pixels and `errors` times its error.
  [[nodiscard]] bool significant(double least = 1, double errors = 4) const;
};

struct DriftOptions {
  Index columns = 0; // of the scan; 0: none
  Index blocks = 64; // of patterns in use whose mean is fitted
  Index most = 512;  // patterns read
  bool each = false; // every pattern; what runs away is given its place on the plane
};

/// Moves the profile of the mean pattern about the ring `about` over means of blocks of patterns,
/// or over each, until it fits best, and fits planes to the centres (robust: those further than 4
/// robust deviations do not count). Throws DataError with fewer than 8 centres.
[[nodiscard]] CenterDrift follow_center(frames::FrameSource& source,
                                        std::span<const std::uint8_t> use,
                                        const frames::Mask& mask,
                                        const RingFit& about,
                                        std::span<const double> mean_image,
                                        const DriftOptions& options,
                                        const Monitor& monitor = silent());

/// The same series with pattern i moved back by whole pixels: pixel (x, y) is read at (x +
/// shift_x[i], y + shift_y[i]); what comes in from outside repeats the edge.
[[nodiscard]] std::unique_ptr<frames::FrameSource>
make_moved_source(std::unique_ptr<frames::FrameSource> source,
                  std::vector<Index> shift_x,
                  std::vector<Index> shift_y);

} // namespace vitrum::fem
