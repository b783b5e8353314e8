// Atoms of ordered clusters in a random matrix, and the diffraction pattern of a probe on them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::synth {

struct ClusterOptions {
  double size_nm = 1.3;      // diameter of the clusters, spheres of a face-centred cubic lattice
  double fraction = 0.1;     // of the volume
  double spacing_nm = 0.234; // of the (111) planes, 1/k of the first peak; sets the density too
  double layer_nm = 2;       // thickness of what scatters coherently
  double closest_nm = 0.215; // of two atoms of the matrix
};

/// Atoms per nm³ of the lattice, and of the matrix.
[[nodiscard]] double density_of(const ClusterOptions& options);

struct Atoms {
  std::vector<float> x, y, amplitude;
  Index ordered = 0;  // of them in clusters
  Index clusters = 0; // whose centre lies in the disc
};

/// One layer of a disc of this radius about the origin: clusters at random that do not overlap,
/// each turned at random, and atoms between them by random sequential addition with the same
/// density. Amplitudes are 1.
[[nodiscard]] Atoms make_layer(const ClusterOptions& options, double radius_nm, Random& random);

/// |Σ amplitude exp(2πi k·r)|² over Σ amplitude², at k = (pixel − centre) · k_per_pixel for rows
/// and columns of a pattern: atoms spread as Gaussians on a grid of twice the size (error 1e-5),
/// FFT.
class ClusterPattern {
public:
  ClusterPattern(Index height, Index width, double k_per_pixel_inv_nm);
  ~ClusterPattern();
  ClusterPattern(const ClusterPattern&) = delete;
  ClusterPattern& operator=(const ClusterPattern&) = delete;

  /// Adds the intensity of a layer, not divided, to `out` [pixel]; returns Σ amplitude².
  double add(const Atoms& atoms, double center_x_px, double center_y_px, std::span<double> out);

private:
  struct State;
  State* state_;
};

} // namespace vitrum::synth
