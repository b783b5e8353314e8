// How intensities become fluctuations δ, so that C(t1,t2) − 1 = <δ(t1) δ(t2)> over the pixels of a
// bin.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

[[nodiscard]] std::string_view
name_of(Normalization normalization); // "plain", "static-bin", "corrcoef"
[[nodiscard]] std::string_view formula_of(Normalization normalization); // one line, for help texts
/// Throws OptionError that lists the names.
[[nodiscard]] Normalization parse_normalization(std::string_view name);

/// Fluctuations of one bin. `matrix.values` holds δ, zero in gaps; rejected frames are gaps too.
/// δ has mean zero over the bin (plain, corrcoef) or over each static bin (static-bin) in every
/// frame.
struct Fluctuations {
  PixelMatrix matrix;
  Normalization normalization = Normalization::plain;
  std::vector<RejectedFrame> rejected;
  std::vector<double> group_shift; // [group, frame]: see TileKernel
};

/// Turns counts into fluctuations in place (move the matrix in; copy it first when it is still
/// needed).
[[nodiscard]] Fluctuations normalize(PixelMatrix matrix, Normalization normalization);

} // namespace vitrum::correlate
