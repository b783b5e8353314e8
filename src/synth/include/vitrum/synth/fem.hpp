// A virtual experiment of fluctuation electron microscopy: diffraction patterns of a glass whose
// normalised variance is known at every k and for every probe size.
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

/// Each pattern is mean(k) times speckle that is gamma distributed with mean 1 and variance V(k,
/// R), correlated over 0.35/R in k, then counted by a camera. With Q = 0.61/R:
///     V(k, R) = floor + V1(R) [g(k; k1) + ratio · g(k; k2)],
///     V1(R) = (height / S(length)) S(R),  S(R) = Q²/(1 + 4π² length² Q²) · min(1, (R/length)²):
/// pair persistence is exact from R = length on, where V1 is largest. g are Gaussians of height 1
/// and standard deviation √(width² + (broadening/R)²); with `split` the first is two of half the
/// height, this far apart.
struct FemOptions {
  Index rows = 10, columns = 10; // positions of the probe
  Index height = 256, width = 256;
  double k_per_pixel_inv_nm = 0.07;
  double probe_size_nm = 1.3;
  std::uint64_t seed = 1;

  double length_nm = 1.3;
  double floor = 0.01;
  double peak_height = 0.15; // V1 at R = length
  double peak_k_inv_nm = 4.27, second_k_inv_nm = 7.24;
  double height_ratio = 0.4;
  double peak_width_inv_nm = 0.05, broadening = 0.27;
  double split_inv_nm = 0;
  double speckle_px = 0; // correlation length of the speckle; 0: from the probe size

  /// More than 0: atoms instead of the law. Ordered clusters (face-centred cubic, (111) at
  /// peak_k) of this diameter and volume fraction in a random matrix of the same density; each
  /// position of the probe sees a sample of its own, in layers that add incoherently. Then V comes
  /// from the atoms: length, floor, heights and split mean nothing.
  double cluster_fraction = 0, cluster_size_nm = 1.3;
  Index layers = 6;
  double layer_nm = 2;

  double mean_electrons = 100; // per pixel at the crest of the first ring
  double gain = 1;             // counts per electron
  double read_noise = 0;       // counts
  double point_spread_px = 0;  // standard deviation over which an electron's signal spreads
  double center_x_px = -1, center_y_px = -1; // −1: the middle of the pattern
  double stretch = 0, shear = 0; // r² = (1 + stretch) dx² + 2 shear dx dy + (1 − stretch) dy²
  double descan_px = 0;          // way of the centre from the first to the last column
  bool beam_stop = false;
  Index hot_pixels = 0, dead_pixels = 0;
  double thickness_gradient = 0; // relative rise of the intensity over the scan
  Index crystals = 0;            // patterns with strong sharp spots
};

/// Throws OptionError with the name and the value.
void validate(const FemOptions& options);

class FemExperiment {
public:
  explicit FemExperiment(const FemOptions& options);
  ~FemExperiment();
  FemExperiment(FemExperiment&&) noexcept;

  [[nodiscard]] const frames::SeriesInfo& info() const; // u16
  using Sink = std::function<void(Index first, Index count, const std::uint16_t* counts)>;
  /// Makes all patterns in order, the same for any number of threads.
  void generate(const Sink& sink, const Monitor& monitor = silent()) const;
  [[nodiscard]] std::unique_ptr<frames::FrameSource>
  generate_in_memory(const Monitor& monitor = silent()) const;
  /// V(k) as put in, without noise of any kind.
  [[nodiscard]] double variance(double k_inv_nm) const;
  /// V1 at the probe size, and the width of the peak.
  [[nodiscard]] double peak_height() const;
  [[nodiscard]] double peak_width_inv_nm() const;
  [[nodiscard]] Tree truth() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::synth
