// Per-pixel correlation at many lags by the power spectra of pixels (Wiener and Khinchin).
#pragma once
#include <span>

#include "pixel_pieces.hpp"

namespace vitrum::correlate {

/// Plans for one length, shared by all threads; plans are estimated, so that they are the same in
/// every run.
class RealTransform {
public:
  explicit RealTransform(Index length);
  ~RealTransform();
  RealTransform(const RealTransform&) = delete;
  RealTransform& operator=(const RealTransform&) = delete;

  [[nodiscard]] Index length() const { return length_; }
  [[nodiscard]] Index complex_length() const { return length_ / 2 + 1; }
  /// `in` [length] to `out` [complex_length] of real and imaginary parts; aligned as a Buffer.
  void forward(double* in, double* out) const;
  /// Back, multiplied by the length. Destroys `in`.
  void inverse(double* in, double* out) const;

private:
  Index length_;
  void* forward_ = nullptr;
  void* inverse_ = nullptr;
};

/// The length that costs least among those of at least `length`.
[[nodiscard]] Index good_transform_length(Index length);

/// Whether transforms beat sums for a plan of one level, by rates measured on one machine.
[[nodiscard]] bool transforms_are_faster(const LagPlan& plan, PixelNormalization normalization);

/// By how much a correlation of series of total energy Σ y² = `energy`, whose spectra are summed
/// over `series`, can be wrong. With u the unit roundoff, a transform of n points errs by at most δ
/// = 8 u log2 n of its norm (Higham, Accuracy and Stability of Numerical Algorithms, theorem 24.2,
/// constants rounded up): 2 δ from the spectra, δ √n from the way back, u · series from the sum.
[[nodiscard]] double transform_error(Index length, Index series, double energy);

/// Adds the pixels of a piece. `rows` are those of the whole series. Returns whether all sums are
/// exact.
template <class T>
[[nodiscard]] bool add_by_transform(PixelSums& sums,
                                    const SumRules& rules,
                                    const LagPlan& plan,
                                    const RealTransform& transform,
                                    const T* counts,
                                    Index stride,
                                    std::span<const std::uint8_t> valid,
                                    const PixelGroups& groups,
                                    const Piece& piece);

} // namespace vitrum::correlate
