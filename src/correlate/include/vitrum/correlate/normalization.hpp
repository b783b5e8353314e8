// How intensities become fluctuations δ, so that C(t1,t2) − 1 = <δ(t1) δ(t2)> over the pixels of a
// bin.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

[[nodiscard]] std::string_view
name_of(Normalization normalization); // "plain", "static-bin", "corrcoef"
[[nodiscard]] std::string_view formula_of(Normalization normalization); // one line, for help texts
/// Throws OptionError that lists the names.
[[nodiscard]] Normalization parse_normalization(std::string_view name);

/// Turns the counts into fluctuations in place, `matrix.values` then holds δ, zero in gaps. δ has
/// mean zero over the bin (plain, corrcoef) or over each static bin (static-bin) in every frame.
/// Frames that have no fluctuations become gaps and are listed in `rejected`.
struct Fluctuations {
  PixelMatrix matrix;
  Normalization normalization = Normalization::plain;
  std::vector<RejectedFrame> rejected;
  std::vector<double> group_shift; // [group, frame]: see TileKernel
};
[[nodiscard]] Fluctuations normalize(PixelMatrix matrix, Normalization normalization);

/// The same, and the values packed for products (panel_kernels.hpp): 48 frames side by side,
/// [stride][48] in each panel; the last one is filled up with zeros.
struct PackedFluctuations {
  Fluctuations fluctuations;        // its values are not in the order of rows
  std::vector<const float*> panels; // [frame / 48]
  std::vector<Buffer<float>> spare; // memory of one panel for each thread
};
[[nodiscard]] PackedFluctuations
normalize_into_panels(PixelMatrix matrix, Normalization normalization, SimdLevel level);

} // namespace vitrum::correlate
