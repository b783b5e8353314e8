// Values of a pixel that are no counts: by which detectors say that it holds no data.
#pragma once
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::frames {

/// The values from `low` to `high`; none when they are NaN.
struct Marks {
  double low = unknown, high = unknown;

  [[nodiscard]] bool any() const { return low <= high; }
  [[nodiscard]] bool contain(double value) const { return value >= low && value <= high; }
};

/// Where a file does not say how its detector marks pixels: the largest value of an unsigned type
/// of two bytes or more (overflow, or a mark), −1 and −2 of a signed integer (marks of pixel
/// detectors) unless values as low as `lowest` occur: those are of a camera.
[[nodiscard]] Marks usual_marks(PixelType type, double lowest);

/// What the file says, else the usual ones.
[[nodiscard]] Marks marks_of(const SeriesInfo& info, double lowest);

} // namespace vitrum::frames
