// One-time functions g2(lag) and g2(lag, age window) with standard errors, covariance and bias,
// summed from the tiles of the two-time map while it is made, or from a map that exists.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/lag_axis.hpp"
#include "vitrum/correlate/two_time.hpp"

namespace vitrum::correlate {

/// The age of a pair of frames: its earlier time (R24) or the middle of the two.
enum class AgeConvention { start, mid };

/// Ages [first, last) in frames.
struct AgeWindow {
  Index first = 0, last = 0;
};

struct OneTimeOptions {
  LagOptions lags;
  AgeConvention age = AgeConvention::start;
  std::vector<AgeWindow> windows; // may overlap
  bool remove_bias = true;        // of the ratio of means over few pixels; see bias.hpp
  Index bias_pairs = 32;          // frame pairs sampled for it in each lag bin; more where the bin
                                  // has more pairs than pixels
  Index time_blocks = 16; // into which a series or window is cut to find fluctuations that all
                          // pixels share; at least 6
  Index max_covariance_lags = 512; // with more lag bins the covariance is not written out as a
                                   // matrix; its factor, `deviation`, always is
  std::uint64_t seed = 1;
};

void validate(const OneTimeOptions& options, Index frames);

/// g2 over one range of ages; one entry per lag bin. NaN where no pair of frames is left.
struct OneTime {
  AgeWindow ages;
  std::vector<Index> first_lag, last_lag; // lags [first, last) of the bin
  std::vector<double> lag_frames;         // mean lag of the pairs used; without pairs, of the lags
  std::vector<double> lag_spread_frames;  // their standard deviation when evenly spread
  Index cell_frames = 1; // of the map it was made from; lags count its cells, and a pair of cells
                         // is the mean over the pairs of their frames
  std::vector<double> value;      // g2, the bias removed
  std::vector<double> error;      // standard error; NaN when `reason` says why
  std::vector<double> bias;       // what was subtracted; zero when not asked for, and where
                                  // it is not known to half the error
  std::vector<Index> pairs;       // pairs of frames
  std::vector<double> covariance; // [lag, lag] of the values: Σ_r d_r(l) d_r(l'); empty with
                                  // more than `max_covariance_lags` lags
  std::vector<double> deviation;  // [rank, lag], d_r(l): a factor of the covariance. One row per
                                  // group of pixels, then one more than time blocks; NaN where the
                                  // error is. Empty when there are neither
  Index error_groups = 0;         // groups of pixels behind the errors (0: from time blocks only)
  std::vector<std::uint8_t> common_mode; // per lag: 1 where fluctuations shared by all pixels were
                                         // found and added to the error
  std::string reason;

  [[nodiscard]] Index lags() const { return static_cast<Index>(value.size()); }
  [[nodiscard]] Index deviation_rank() const {
    return value.empty() ? 0 : static_cast<Index>(deviation.size() / value.size());
  }
};

struct OneTimeFunctions {
  OneTime whole;
  std::vector<OneTime> windows;
};

namespace detail {
struct Cells;
}

/// Sums of one-time functions over tiles.
///
/// g2(lag) is the mean of C(t1,t2) over the valid pairs of the lag bin (and window). Errors: pixels
/// are independent samples, so the spread of their contributions holds all correlation in time.
/// Group g of w_g = pixels of g / pixels contributes, to first order in its deviation,
///     e_g(l) = D_g(l) − D(l) · (1 + <h_g(t1) + h_g(t2)>),    D = g2 − 1,  D_g = <δδ'> over group
///     g,
/// (h_g: see TileKernel), Cov(l,l') = Σ_g w_g e_g(l) e_g(l') / (groups − 3): the infinitesimal
/// jackknife. It cannot see what all pixels share (moving sample, beam). So D is also followed over
/// `time_blocks`: where its scatter about a straight line exceeds what the pixels explain (χ² of
/// the blocks, probability below 5 %), the excess, with the covariance of adjacent blocks, is
/// added. Both sums are products of deviations d_r(l): √(w_g / (groups − 3)) e_g(l) of a group;
/// with s_c the residual of time block c, scaled to the excess, (s_c + s_{c+1})(l) / √2, whose
/// products make s_c s_c + (s_c s_{c+1} + s_{c+1} s_c) / 2, Bartlett's window of two.
///
/// Throws OptionError when windows × lags need more than 4 GiB of sums.
class OneTimeAccumulator final : public TileConsumer {
public:
  /// Keeps a reference to the kernel.
  OneTimeAccumulator(const TileKernel& kernel, OneTimeOptions options);
  ~OneTimeAccumulator() override;

  [[nodiscard]] bool wants_groups() const override;
  [[nodiscard]] std::unique_ptr<Scratch> make_scratch() const override;
  void begin(Scratch* scratch, const Tile& tile) override;
  void add_group(Scratch* scratch, Index group, const Tile& sums) override;
  void end_group(Scratch* scratch, Index group) override;
  void add(Scratch* scratch, const Tile& tile) override;
  void fold(Scratch* scratch) override;

  /// The sums over the tiles so far, to be stored, and sums over other tiles, to be added. The
  /// functions come out the same to the last bit however the tiles were shared out.
  [[nodiscard]] std::vector<Index> sums() const;
  void add_sums(std::span<const Index> packed);

  /// Sums that were made without tiles, pairs and shifts included.
  void set_cells(detail::Cells cells);

  /// The functions, once all tiles are in.
  [[nodiscard]] OneTimeFunctions result(const Monitor& monitor = silent()) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One-time functions alone, without a map.
[[nodiscard]] OneTimeFunctions make_one_time(const TileKernel& kernel,
                                             const OneTimeOptions& options = {},
                                             const TwoTimeOptions& two_time = {},
                                             const Monitor& monitor = silent());

/// From a map [t1, t2] of C made elsewhere, taken in strips of rows in any order; only t1 >= t2 is
/// read, NaN are gaps. The pixels are gone: errors come from the scatter of `time_blocks` blocks of
/// age about a straight line alone. They are too small when the dynamics are as slow as a block,
/// and they count aging that is not linear as noise. No bias is removed.
class MapOneTime {
public:
  MapOneTime(Index frames, const OneTimeOptions& options);
  ~MapOneTime();

  /// Rows t1 = row0, row0 + 1, …, each of at least t1 + 1 values, `stride` apart.
  template <class T>
  void add_rows(Index row0, Index rows, const T* values, Index stride);
  [[nodiscard]] OneTimeFunctions result() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] OneTimeFunctions
one_time_from_map(std::span<const float> map, Index frames, const OneTimeOptions& options = {});
[[nodiscard]] OneTimeFunctions
one_time_from_map(std::span<const double> map, Index frames, const OneTimeOptions& options = {});

} // namespace vitrum::correlate
