// Corrections of pixels: dark, flat field, and the static surface by which R24 divides each frame.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/frames/partition.hpp"

namespace vitrum::frames {

/// What frames are divided by, so that the mean intensity within a bin is flat.
enum class StaticCorrection { none, polynomial, azimuthal, smooth, pixel_mean };

/// "none", "polynomial", "azimuthal", "smooth", "pixel-mean".
[[nodiscard]] std::string_view name(StaticCorrection correction);
/// Throws OptionError that lists the names.
[[nodiscard]] StaticCorrection parse_static_correction(std::string_view text);
/// One line for the help: what the surface is.
[[nodiscard]] std::string_view formula(StaticCorrection correction);

struct StaticSurfaceOptions {
  StaticCorrection kind = StaticCorrection::none;
  Index degree = 2;          // polynomial: total degree, 0 … 8
  Index block_px = 8;        // polynomial: side of the blocks whose means are fitted
  double smooth_px = 8;      // smooth: standard deviation of the Gaussian
  bool interpolate_q = true; // azimuthal: linear in q between the static bins of a dynamic bin;
                             // needs the q map, steps without
};

void validate(const StaticSurfaceOptions& options);

/// The surface [pixel], from the time mean of every pixel (after dark and flat), over the pixels of
/// the partition. It is scaled to mean 1 over each dynamic bin, so that the mean intensity of bins
/// stays what it was; other pixels hold 1. `map` may be null. Throws DataError that names the pixel
/// where the surface is not positive.
[[nodiscard]] std::vector<float> make_static_surface(std::span<const double> mean_image,
                                                     const Partition& partition,
                                                     const QMap* map,
                                                     const StaticSurfaceOptions& options);

/// I' = (I − offset)·factor of each pixel. Empty: nothing to do.
struct PixelTransform {
  std::vector<float> offset; // [pixel] dark, or empty
  std::vector<float> factor; // [pixel] 1/(flat · surface), or empty
};

/// From a dark (counts per frame), a flat field (divided by, as it is) and a static surface, each
/// [pixel] or empty. Throws DataError when a size is wrong or, within the pixels in use, a dark is
/// not finite or a flat not positive; the message names the pixel.
[[nodiscard]] PixelTransform make_pixel_transform(const Mask& mask,
                                                  std::span<const float> dark,
                                                  std::span<const float> flat,
                                                  std::span<const float> surface);

/// The same of an image; NaN stays NaN.
void correct_image(std::span<double> image, const PixelTransform& transform);

} // namespace vitrum::frames
