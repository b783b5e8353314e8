// Per-pixel correlation functions averaged over a bin: g2(lag) = <I(t) I(t + lag)>_t / <I>², in
// three normalisations, on a linear, logarithmic or multi-tau axis.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate {

/// With G = <I(t) I(t + lag)>_t, IP = <I(t)>_t, IF = <I(t + lag)>_t over the valid pairs of a lag:
enum class PixelNormalization {
  plain,        // <G / <I>²>_p, <I> over the whole series
  symmetric,    // <G / (IP · IF)>_p
  symmetric_bin // < <G>_s / (<IP>_s <IF>_s) > over static bins s
};

[[nodiscard]] std::string_view name_of(PixelNormalization normalization); // "symmetric-bin", …
[[nodiscard]] std::string_view formula_of(PixelNormalization normalization);
/// Throws OptionError that lists the names.
[[nodiscard]] PixelNormalization parse_pixel_normalization(std::string_view name);

enum class PixelLags { linear, logarithmic, multi_tau };

/// sums: products of frames, lag by lag; transforms: power spectra, for linear and logarithmic axes
/// of many lags.
enum class PixelMethod { automatic, sums, transforms };

struct PixelG2Options {
  PixelNormalization normalization = PixelNormalization::symmetric_bin;
  PixelLags lags = PixelLags::logarithmic;
  Index per_decade = 5;          // logarithmic: a bin averages all lags in it
  Index max_lag = 0;             // in frames; 0: all that the series allows
  Index channels_per_level = 16; // multi-tau: even; lags of level 0 are 1 … channels, each further
                                 // level adds channels / 2 lags of frames averaged in pairs
  Index levels = 0; // multi-tau; 0: as many as leave at least `channels_per_level` frames
  bool weight_by_pixels = true; // symmetric-bin: static bins weigh by their pixels; false: all the
                                // same (as the APS program does)
  PixelMethod method = PixelMethod::automatic; // automatic: the faster one
};

void validate(const PixelG2Options& options);

/// `plain` and `symmetric` divide each pixel by its own mean over a finite series, which takes
/// away part of the correlation (see expected_bias): relaxation times come out too short unless
/// the series is many times longer. `symmetric-bin` does not.
///
/// One entry per lag. Sums of products and means over all lags of a bin are taken before the
/// ratio. With multi-tau a frame of level m is the mean of 2^m frames, a gap when one of them is.
/// Errors from the spread over the groups of pixels.
struct PixelG2 {
  std::vector<double> lag_frames;
  std::vector<double> lag_spread_frames; // standard deviation of the lags that enter, those
                                         // within averaged frames included
  std::vector<double> value, error;
  std::vector<Index> pairs;       // pairs of (averaged) frames
  std::vector<double> covariance; // [lag, lag]; empty with more than 512 lags or without groups
  std::vector<double> deviation;  // [group, lag]: its factor, as in OneTime; any number of lags,
                                  // empty without groups
  Index error_groups = 0;
  Index skipped_pixels = 0; // pixels without counts in a denominator at any lag, left out there
  bool exact = false;       // all sums over frames of each pixel are those of integers, not rounded
  std::string reason;       // why values or errors are NaN
};

/// Counts of the pixels of one bin, in the order of its PixelGroups, frame by frame.
struct PixelRows {
  std::variant<const std::uint8_t*, const std::uint16_t*, const float*> counts;
  Index frames = 0;
  Index stride = 0; // values from one frame to the next; best an odd number of cache lines
};

/// `valid` is [frame], 0 = gap, whose counts are not looked at. Sums of integer counts are exact
/// as long as those of the coarsest level stay below 2^24 and their products below 2^53 (`exact`
/// tells); floats are multiplied as floats and summed in floats over 256 frames, then in doubles.
/// Transforms are in doubles. For `symmetric` and `symmetric-bin` their sums of integers are
/// rounded to integers where the error bound (pixel_transform.hpp) is below 1/4, and exact then;
/// `plain` weighs pixels before the sum, with relative errors of 1e-14.
[[nodiscard]] PixelG2 make_pixel_g2(const PixelRows& counts,
                                    std::span<const std::uint8_t> valid,
                                    const PixelGroups& groups,
                                    const PixelG2Options& options = {},
                                    const Monitor& monitor = silent());
[[nodiscard]] PixelG2 make_pixel_g2(const PixelMatrix& counts,
                                    const PixelG2Options& options = {},
                                    const Monitor& monitor = silent());

/// The same while frames come in, in order and in blocks of any size; the same sums, bit for bit.
/// Keeps about 1.6 KB per pixel (8 levels of 16 channels), and up to 255 frames until 256 are
/// together. Meant for multi-tau and for short linear axes: memory grows with the number of lags.
class PixelG2Accumulator {
public:
  /// `frames` are those of the whole series. Keeps a copy of the groups.
  PixelG2Accumulator(PixelGroups groups, Index frames, const PixelG2Options& options = {});
  ~PixelG2Accumulator();
  PixelG2Accumulator(PixelG2Accumulator&&) noexcept;
  PixelG2Accumulator& operator=(PixelG2Accumulator&&) noexcept;

  /// All blocks hold counts of one type. Throws DataError when more frames come than announced.
  void push(const PixelRows& block, std::span<const std::uint8_t> valid);
  /// Throws DataError while frames are missing.
  [[nodiscard]] PixelG2 result() const;
  /// Of the frames that came so far, as if the series ended with them; with multi-tau the same as
  /// that of a series of so many frames. Copies what is kept. Throws DataError for fewer than two
  /// valid frames.
  [[nodiscard]] PixelG2 so_far() const;
  /// Bytes that are kept for so many pixels.
  [[nodiscard]] static Index
  predicted_bytes(Index pixels, Index frames, const PixelG2Options& options = {});

private:
  struct State;
  [[nodiscard]] static PixelG2 evaluate_state(const State& state, Index frames);
  std::unique_ptr<State> state_;
};

/// What normalising each pixel with its own time mean over N frames does to g2 on average:
///     symmetric:  E[g2(k)] − 1 = C(k) − C̄(k), C̄(k) the mean of C(|i − j|), i in [0, N − k), j in
///     [k, N) plain:      E[g2(k)] − 1 = C(k) − 4 A(k) + 3 A(0), A(k) the same for i in [0, N), j
///     in [0, N − k) symmetric-bin: none, up to 1/pixels
/// to second order in the fluctuations (exact for contrast ≪ 1). `correlation` holds C(0) … C(N −
/// 1), g2 − 1 of the process, C(0) with photon noise. Returns E[g2(k)] − 1 − C(k) for k = 0 … N −
/// 1, in O(N).
[[nodiscard]] std::vector<double> expected_bias(std::span<const double> correlation,
                                                PixelNormalization normalization);

} // namespace vitrum::correlate
