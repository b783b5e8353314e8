// The displacement between two frames from the spectra of their tiles.
#pragma once
#include <complex>
#include <vector>

#include "tile_spectra.hpp"

namespace vitrum::ecm {

struct PairShift {
  double y = 0, x = 0;  // second frame relative to the first
  double variance = 0;  // of each coordinate, from the scatter of the phases
  double curvature = 0; // of the weighed cross-correlation: the information on each coordinate
  double value = 0;     // of the weighed cross-correlation at its maximum, all tiles together
  double significance = 0;
  std::vector<double> tile_y, tile_x; // of each tile alone, to first order about (y, x)
  bool found = false;
};

class PairFinder {
public:
  /// `weights` [row, column] of the products of two whitened spectra.
  PairFinder(const TileTransform& transform, std::vector<float> weights);
  ~PairFinder();
  PairFinder(const PairFinder&) = delete;
  PairFinder& operator=(const PairFinder&) = delete;

  /// Near (y, x), to be trusted within the width of a peak.
  [[nodiscard]] PairShift refine(const TileSpectrum& a, const TileSpectrum& b, double y, double x);
  /// The highest peak of all.
  [[nodiscard]] PairShift search(const TileSpectrum& a, const TileSpectrum& b);

private:
  void multiply(const TileSpectrum& a, const TileSpectrum& b);
  [[nodiscard]] PairShift climb(double y, double x);

  const TileTransform& transform_;
  Index rows_, columns_, tiles_, grid_rows_, grid_columns_;
  std::vector<std::complex<float>> products_, sum_; // [tile, row, column]
  std::vector<float> weights_;
  std::vector<double> ky_, kx_;
  std::vector<std::complex<float>> phase_x_;
  void* plan_ = nullptr;
  float* surface_ = nullptr;
  std::complex<float>* spectrum_ = nullptr;
};

} // namespace vitrum::ecm
