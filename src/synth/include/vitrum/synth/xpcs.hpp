// A virtual XPCS experiment whose truth is known exactly: speckle of a complex Gaussian field with
// a given correlation, seen by a counting detector.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/frames/partition.hpp"
#include "vitrum/models/decay.hpp"

namespace vitrum::synth {

/// How τ grows with the age t of the sample: τ(t) = τ·a(t).
enum class Aging {
  none,        // a = 1
  exponential, // a = exp(t/aging_time_s)
  power,       // a = (1 + t/aging_time_s)^aging_power
  profile,     // ln a linear between the points of aging_profile, constant beyond them
};

/// How the field is made. Both are exact in distribution; `modes` up to the error of its rate
/// spectrum, which the truth states.
enum class FieldMethod {
  automatic, // circulant where the counts fit into memory_bytes and there is no aging, else modes
  modes, // superposition of Ornstein–Uhlenbeck processes: streams, ages; exp, kww with exponent
         // ≤ 1 and ml-squared only
  circulant, // Fourier transform of each pixel's whole series: any model, no aging
};

[[nodiscard]] std::string_view name(FieldMethod method);
[[nodiscard]] std::string_view name(Aging aging);
[[nodiscard]] FieldMethod parse_field_method(std::string_view text); // throws OptionError
[[nodiscard]] Aging parse_aging(std::string_view text);              // throws OptionError

/// Between frame − 1 and frame the field becomes kept·old + √(1 − kept²)·new: correlations across
/// the event are multiplied by kept².
struct Event {
  Index frame = 1;
  double kept = 0.5; // in [0, 1]
};

/// A point of a profile of relaxation: a(time_s) = factor. Two points at one time make a jump.
struct ProfilePoint {
  double time_s = 0;
  double factor = 1;
};

/// Frames first … last − 1 hold zeros: the beam was off, the sample went on.
struct Gap {
  Index first = 0, last = 0;
};

struct XpcsOptions {
  Index frames = 1000, height = 128, width = 128;
  double frame_time_s = 1;
  std::uint64_t seed = 1;
  frames::Geometry geometry; // left incomplete: default_geometry(height, width)
  frames::PartitionOptions partition{.q_bins = 4};

  models::DecayModel model = models::DecayModel::kww;
  double tau_s = 50;      // at q_reference, as the model defines it, at age 0
  double exponent = 0.7;  // kww_exponent in (0, 2] or ml_exponent in (0, 1]; not for exp
  double fraction = 0.5;  // kww2: share of the first process
  double tau2_s = 500;    // kww2
  double exponent2 = 0.7; // kww2
  double q_power = 2;     // τ ∝ q^−q_power; 0: the same everywhere
  double q_reference = frames::unknown; // 1/angstrom; NaN: the mean over the partition

  double contrast = 0.3;  // of the speckle, in (0, 1/modes]
  Index modes = 1;        // speckle patterns added up; the rest of the contrast is taken away by a
                          // constant: I/<I> = 1 − b + b·mean |E|², b = √(contrast · modes)
  double mean_counts = 1; // per pixel and frame, over the partition; 1e-4 … 1e6
  double sq_slope = 0;    // mean intensity 1 + sq_slope·(q/q_reference − 1)
  double background = 0;  // share of the mean intensity that does not fluctuate, in [0, 1); the
                          // contrast in the data is contrast·(1 − background)²
  double static_variance = 0; // relative variance, in [0, 1), of a pattern of pixels that never
                              // changes: g2(∞) is 1 + static_variance
  double drift = 0;           // beam intensity rises by this share from first to last frame
  double jitter = 0;    // relative standard deviation of the beam intensity from frame to frame
  Index hot_pixels = 0; // steady, hot_factor times the mean
  double hot_factor = 50;
  Index dead_pixels = 0; // never a count
  std::vector<Gap> gaps;
  std::vector<Event> events;
  Aging aging = Aging::none;
  double aging_time_s = 1000;
  double aging_power = 1;
  std::vector<ProfilePoint> aging_profile; // in order of time
  std::vector<double> frame_contrast; // [frame] factors of the speckle amplitude, in [0, 1]: motion
                                      // faster than a frame; the contrast of C(t1, t2) goes with
                                      // their product. Empty: 1

  frames::PixelType type = frames::PixelType::u16; // u16 or u32
  FieldMethod method = FieldMethod::automatic;
  Index memory_bytes = Index{2} << 30; // for counts that wait to be written
};

/// Throws OptionError with the name and the value.
void validate(const XpcsOptions& options);

/// λ = 1 Å, 75 µm pixels at 5 m, the beam left of the frame, so that parts of rings are seen.
[[nodiscard]] frames::Geometry default_geometry(Index height, Index width);

/// Frames first … first + count − 1; `counts` is [frame, y, x] of the type asked for.
using FrameSink = std::function<void(Index first, Index count, const std::byte* counts)>;

class XpcsExperiment {
public:
  explicit XpcsExperiment(const XpcsOptions& options);
  ~XpcsExperiment();
  XpcsExperiment(XpcsExperiment&&) noexcept;

  /// Frames, shape, type, times and geometry, as a reader gives them.
  [[nodiscard]] const frames::SeriesInfo& info() const;
  [[nodiscard]] const frames::Partition& partition() const;
  [[nodiscard]] const frames::QMap& q_map() const;

  /// Expected two-time correlation of a bin (from 1) between two frames, t1 ≠ t2: the mean over its
  /// pixels of 1 + contrast·|g1|²; what a correlator finds that divides by the mean intensity at
  /// each q. At t1 = t2 without the shot noise.
  [[nodiscard]] double true_g2(Index bin, Index frame1, Index frame2) const;
  /// The same as a function of the lag without aging and events.
  [[nodiscard]] double true_g2(Index bin, double lag_s) const;
  [[nodiscard]] double contrast() const; // in the data: contrast·(1 − background)²·(1 + v) with v
                                         // the static_variance, which is added to C
  [[nodiscard]] double tau_s(Index bin) const;             // mean over its pixels, age 0
  [[nodiscard]] double expected_counts(Index pixel) const; // mean over time at beam intensity 1
  [[nodiscard]] const std::vector<double>& beam_intensity() const; // [frame], 0 in gaps
  [[nodiscard]] const std::vector<Index>& hot_pixels() const;      // y · width + x
  [[nodiscard]] const std::vector<Index>& dead_pixels() const;
  [[nodiscard]] FieldMethod method() const;
  [[nodiscard]] double g1_error() const; // largest |g1 made − g1 wanted|

  /// Makes all frames in order and gives them to the sink. The frames do not depend on the number
  /// of threads. Throws DataError when a count does not fit the type.
  void generate(const FrameSink& sink, const Monitor& monitor = silent()) const;
  /// All frames as a source, for tests and small demonstrations.
  [[nodiscard]] std::unique_ptr<frames::FrameSource>
  generate_in_memory(const Monitor& monitor = silent()) const;

  /// Everything that is known, for entry/truth.
  [[nodiscard]] Tree truth(const std::vector<double>& lag_s) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::synth
