// A virtual movie of continuous-time random walkers with Mittag-Leffler waiting times: dynamics
// that age for ever, with an exact correlation of two times as truth.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/synth/xpcs.hpp"

namespace vitrum::synth {

/// Every pixel sees walkers of its own, I ∝ |Σ_j exp(iφ_j)|²/walkers. A walker waits, jumps, waits
/// again; a jump changes its phase by a normal angle of variance −2 ln kept (kept = 0: any angle).
/// All begin to wait at time 0, the first frame is seen at `start_s`.
struct CtrwOptions {
  Index frames = 1000, height = 64, width = 64;
  double frame_time_s = 1;
  std::uint64_t seed = 1;
  double tau_s = 10;      // of the waiting times, survival E_b(−(t/tau)^b)
  double exponent = 0.45; // b in (0, 1]
  double kept = 0;        // <exp(iΔφ)> of one jump, in [0, 1)
  double start_s = 0;     // age of the sample in the first frame
  Index walkers = 50;     // per pixel, 2 or more
  double mean_counts = 5; // per pixel and frame, 1e-3 … 1e4
  Index memory_bytes = Index{2} << 30;
};
/// Throws OptionError with the name and the value.
void validate(const CtrwOptions& options);

class CtrwExperiment {
public:
  explicit CtrwExperiment(const CtrwOptions& options);

  [[nodiscard]] const frames::SeriesInfo& info() const { return info_; }
  /// Age of the sample in a frame.
  [[nodiscard]] double age_s(Index frame) const;
  /// Expected C(t1, t2) = 1 + (1 − 1/walkers)·g1²: exact for any number of walkers; g1 is
  /// models::renewal_correlation. At t1 = t2 without the shot noise.
  [[nodiscard]] double true_c(Index frame1, Index frame2) const;
  [[nodiscard]] double contrast() const; // 1 − 1/walkers

  /// Makes all frames in order and gives them to the sink; the same for any number of threads.
  void generate(const FrameSink& sink, const Monitor& monitor = silent()) const;
  [[nodiscard]] std::unique_ptr<frames::FrameSource>
  generate_in_memory(const Monitor& monitor = silent()) const;

  /// Everything that is known, for entry/truth, with the exact C between at most 256 frames.
  [[nodiscard]] Tree truth() const;

private:
  [[nodiscard]] std::vector<std::uint16_t> make_counts(const Monitor& monitor) const;
  CtrwOptions options_;
  frames::SeriesInfo info_;
};

} // namespace vitrum::synth
