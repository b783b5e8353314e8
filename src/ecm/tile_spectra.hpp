// Spectra of the tiles of a frame, cut to the frequencies that carry speckle and whitened, bright
// places no stronger than others.
#pragma once
#include <complex>
#include <memory>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::ecm {

/// Frequencies [row, column] with row −rows/2 … rows/2 (rows odd) and column 0 … columns − 1, of
/// every tile.
struct TileSpectrum {
  std::vector<std::complex<float>> values; // [tile, row, column]
};

class TileTransform {
public:
  TileTransform(Index height, Index width, Index tiles);
  ~TileTransform();

  /// Chooses the frequencies from a few frames, [frame][y, x]; their mean power becomes one. From
  /// then on fluctuations are divided by their root mean square around: a sum of products of
  /// speckle is ruled by the few brightest spots, whose displacement tells no more than that of
  /// others.
  void calibrate(const std::vector<std::vector<float>>& frames);
  /// [row, column]: shell of the frequency, 0 where it is not used.
  [[nodiscard]] const std::vector<Index>& shells() const { return shell_; }
  /// [shell]: share of the power that is speckle; the rest is white noise.
  [[nodiscard]] const std::vector<double>& signal() const { return signal_; }
  [[nodiscard]] TileSpectrum transform(std::span<const float> frame) const;

  [[nodiscard]] Index tiles() const { return tiles_ * tiles_; }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index columns() const { return columns_; }
  /// Radians per pixel of a row or column of the spectrum.
  [[nodiscard]] double row_frequency(Index row) const;
  [[nodiscard]] double column_frequency(Index column) const;
  [[nodiscard]] Index tile_height() const { return height_; }
  [[nodiscard]] Index tile_width() const { return width_; }
  [[nodiscard]] double speckle_px() const { return speckle_px_; }
  /// Derivative of the logarithm of the tapers' overlap when one is moved by so much.
  [[nodiscard]] double overlap_y(double shift) const { return overlap_at(overlap_y_, shift); }
  [[nodiscard]] double overlap_x(double shift) const { return overlap_at(overlap_x_, shift); }

private:
  void transform_tile(std::span<const float> frame, Index tile, std::complex<float>* out) const;
  [[nodiscard]] std::vector<float> level(std::span<const float> frame) const;
  [[nodiscard]] TileSpectrum transform_levelled(std::span<const float> frame) const;
  void choose_frequencies(const std::vector<std::vector<float>>& frames);

  Index frame_height_, frame_width_, tiles_, height_, width_; // of a tile
  Index rows_ = 0, columns_ = 0;
  [[nodiscard]] static double overlap_at(const std::vector<double>& log_overlap, double shift);

  std::vector<float> taper_y_, taper_x_, weight_; // weight: [row, column]
  std::vector<double> overlap_y_, overlap_x_;     // logarithms at shifts of 0, 1, …
  std::vector<Index> shell_;
  std::vector<double> signal_;
  double speckle_px_ = 0;
  Index level_reach_ = 0; // px; 0: not levelled
  void* plan_ = nullptr;
};

} // namespace vitrum::ecm
