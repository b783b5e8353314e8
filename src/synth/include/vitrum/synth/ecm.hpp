// A virtual electron correlation microscopy experiment: dark-field speckle of a sample whose
// relaxation time differs from place to place, drifting under an integrating camera.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::synth {

/// The field is a sum of independent sources on the pixel grid, blurred: E(r) = Σ w(r') h(r − r'),
/// h(r) = exp(−(r/speckle_px)²), each source a complex Gaussian process with g1 =
/// exp(−(t/τ(r'))^β). Then g2 − 1 = contrast·|g1|² at a pixel, g1 the mean of its sources weighed
/// by h²: KWW where τ does not change within a speckle.
struct EcmOptions {
  Index frames = 1000, height = 256, width = 256;
  double frame_time_s = 2;
  double pixel_size_nm = 0.1;
  std::uint64_t seed = 1;

  double tau_s = 100;             // median over the sample
  double kww_exponent = 0.7;      // in (0, 1]
  double tau_log_sigma = 0;       // standard deviation of ln tau, a Gaussian field
  double tau_correlation_px = 20; // where its correlation exp(−(r/length)²) has fallen to 1/e
  double speckle_px = 4;          // where the correlation of the intensity has fallen to 1/e; >= 2
  double contrast = 0.3;          // in (0, 1]

  double mean_electrons = 100; // per pixel and frame, at the start
  double dose_decay = 0;       // share of the intensity that is lost by the last frame, in [0, 1)
  double dose_jitter = 0;      // relative standard deviation of the intensity from frame to frame
  double gain = 1;             // counts per electron
  double pedestal = 0;         // counts, may be negative
  double read_noise = 0;       // counts

  double drift_px = 0;         // distance between first and last frame
  double drift_angle_deg = 30; // direction, from +x towards +y
  double drift_wave_px = 0;    // amplitude of one slow wave across that direction
  double drift_walk_px = 0; // root mean square of a random walk by the last frame, along each axis
};

/// Throws OptionError with the name and the value.
void validate(const EcmOptions& options);

class EcmExperiment {
public:
  explicit EcmExperiment(const EcmOptions& options);
  ~EcmExperiment();
  EcmExperiment(EcmExperiment&&) noexcept;

  [[nodiscard]] const frames::SeriesInfo& info() const; // i16
  /// [frame]: where the sample of the first frame is seen in a frame.
  [[nodiscard]] const std::vector<double>& drift_y_px() const;
  [[nodiscard]] const std::vector<double>& drift_x_px() const;
  /// [y, x]: τ of the sources, at the place where the first frame sees them.
  [[nodiscard]] const std::vector<double>& tau_map_s() const;

  using Sink = std::function<void(Index first, Index count, const std::int16_t* counts)>;
  /// Makes all frames in order. They do not depend on the number of threads. Throws DataError when
  /// a value does not fit into 16 bits.
  void generate(const Sink& sink, const Monitor& monitor = silent()) const;
  [[nodiscard]] std::unique_ptr<frames::FrameSource>
  generate_in_memory(const Monitor& monitor = silent()) const;

  /// Everything that is known, for entry/truth.
  [[nodiscard]] Tree truth() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::synth
