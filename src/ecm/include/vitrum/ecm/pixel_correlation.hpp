// The correlation function of every pixel by itself, at chosen lags: sums over a whole series of
// sixteen pixels at a time, and the estimators made from them.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::ecm {

/// y = I/<I> − 1 of a pixel, where <I> is a mean over many pixels. Over the n valid pairs of a lag:
enum class Estimator {
  pixel_mean, // Σ y(t) y(t + lag) / n: unbiased, however short the series
  time_mean,  // <I I'> / (<I> <I'>) − 1, each pixel by its own means over the pairs (V25, peers):
              // falls short by the mean of C over all pairs of an early and a late frame
};
[[nodiscard]] std::string_view name_of(Estimator estimator); // "pixel-mean", "time-mean"
[[nodiscard]] std::string_view formula_of(Estimator estimator);
[[nodiscard]] Estimator parse_estimator(std::string_view name); // throws OptionError with the names

/// `count` lags from 1 to `longest`, evenly spaced on a logarithmic scale and rounded to whole
/// frames; those that fall together are one, so short series have fewer. Throws OptionError unless
/// 1 <= longest and count >= 2.
[[nodiscard]] std::vector<Index> make_log_lags(Index longest, Index count);

inline constexpr Index strip_pixels = 16;

/// Fluctuations of pixels in strips of sixteen: [strip, frame, 16]. Gaps and padding hold zeros.
class Strips {
public:
  Strips(Index pixels, Index frames);
  [[nodiscard]] Index pixels() const { return pixels_; }
  [[nodiscard]] Index frames() const { return frames_; }
  [[nodiscard]] Index count() const { return (pixels_ + strip_pixels - 1) / strip_pixels; }
  [[nodiscard]] float* strip(Index i) { return values_.data() + i * stride_; }
  [[nodiscard]] const float* strip(Index i) const { return values_.data() + i * stride_; }
  /// Writes the values of pixels first, first + 1, … in one frame.
  void put(Index frame, Index first, std::span<const float> values);
  [[nodiscard]] static Index bytes(Index pixels, Index frames);

private:
  Index pixels_, frames_, stride_;
  Buffer<float> values_;
};

/// Correlation functions of pixels [first, first + count) of the strips: out[lag · stride + i].
/// `valid` is [frame], 0 = gap. Products are summed in single precision over 256 frames and then in
/// double. A lag without a valid pair gives NaN.
void correlate_pixels(const Strips& strips,
                      std::span<const std::uint8_t> valid,
                      std::span<const Index> lags,
                      Estimator estimator,
                      std::span<float> out,
                      Index stride,
                      SimdLevel level = simd_level());

/// Variance of each pixel in time, Σ y²/n, and its mean, Σ y/n, over the valid frames.
struct PixelMoments {
  std::vector<float> mean, variance;
};
[[nodiscard]] PixelMoments moments_of(const Strips& strips, std::span<const std::uint8_t> valid);

} // namespace vitrum::ecm
