// The lower triangle of a two-time map cut into tiles. The cut depends on the number of frames
// alone, so that tiles made by other threads, runs or machines fit together bit by bit.
#pragma once
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

struct TwoTimeOptions {
  Index tile = 0;    // edge of a tile in frames; 0: chosen from the number of frames
  Index max_lag = 0; // tiles with longer lags only are left out; 0: none is
};

void validate(const TwoTimeOptions& options);

struct TilePlace {
  Index row0 = 0, rows = 0, col0 = 0, cols = 0;

  [[nodiscard]] bool diagonal() const { return row0 == col0; }
  [[nodiscard]] Index pairs() const { return diagonal() ? rows * (rows + 1) / 2 : rows * cols; }
  /// The shortest lag in it.
  [[nodiscard]] Index least_lag() const { return diagonal() ? 0 : row0 - (col0 + cols - 1); }
};

struct TilePlan {
  Index frames = 0;
  Index edge = 0;
  std::vector<TilePlace> places; // a tile is known by its number here; those on the diagonal, which
                                 // have half the work, come last

  [[nodiscard]] Index count() const { return static_cast<Index>(places.size()); }
  [[nodiscard]] std::vector<Index> all() const; // 0, 1, … count() − 1
  /// The number of the tile that begins there; -1: there is none.
  [[nodiscard]] Index number_of(Index row0, Index col0) const;
};

[[nodiscard]] TilePlan make_tile_plan(Index frames, const TwoTimeOptions& options = {});

} // namespace vitrum::correlate
