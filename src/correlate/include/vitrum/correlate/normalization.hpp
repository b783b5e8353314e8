// How intensities become fluctuations δ, so that C(t1,t2) − 1 = <δ(t1) δ(t2)> over the pixels of a
// bin.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate {

enum class Normalization { plain, static_bin, corrcoef };

[[nodiscard]] std::string_view
name_of(Normalization normalization); // "plain", "static-bin", "corrcoef"
[[nodiscard]] std::string_view formula_of(Normalization normalization); // one line, for help texts
/// Throws OptionError that lists the names.
[[nodiscard]] Normalization parse_normalization(std::string_view name);

/// A frame that has no fluctuations, and why ("mean of the bin is zero").
struct RejectedFrame {
  Index frame = 0;
  std::string reason;
};

/// Fluctuations of one bin. `matrix.values` holds δ, zero in gaps; rejected frames are gaps too.
/// δ has mean zero over the bin (plain, corrcoef) or over each static bin (static-bin) in every
/// frame.
struct Fluctuations {
  PixelMatrix matrix;
  Normalization normalization = Normalization::plain;
  std::vector<RejectedFrame> rejected;
  /// [group, frame]: h_g(t), by which a deviation of group g at t changes C through the
  /// normalisation: to first order that group moves C(t1,t2) − 1 by
  ///     (pixels of g / pixels) · [ <δδ'>_g − (C − 1) · (1 + h_g(t1) + h_g(t2)) ].
  /// plain, static-bin: h = <δ>_g; corrcoef: h = (<δ²>_g − 1)/2.
  std::vector<double> group_shift;
};

/// Turns counts into fluctuations in place (move the matrix in; copy it first when it is still
/// needed).
[[nodiscard]] Fluctuations normalize(PixelMatrix matrix, Normalization normalization);

} // namespace vitrum::correlate
