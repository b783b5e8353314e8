// The two-time correlation function C(t1,t2) of one bin, made tile by tile. Kernels deliver tiles,
// consumers take finished ones: a map in memory, one-time functions, a file.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/tile_kernel.hpp"
#include "vitrum/correlate/tile_plan.hpp"

namespace vitrum::correlate {

/// Frames [row0, row0 + rows) × [col0, col0 + cols) of the lower triangle: element (i, j), which is
/// frames t1 = row0 + i and t2 = col0 + j, stands at values[i * stride + j] and is defined for
/// t2 <= t1 only. A tile on the diagonal has row0 == col0.
struct Tile {
  Index row0 = 0, rows = 0, col0 = 0, cols = 0;
  Index stride = 0;
  const float* values = nullptr;

  [[nodiscard]] bool diagonal() const { return row0 == col0; }
  [[nodiscard]] const float* row(Index i) const { return values + i * stride; }
  /// Columns of row i that are defined.
  [[nodiscard]] Index width(Index i) const { return std::min(cols, row0 + i - col0 + 1); }
};

/// Takes tiles as they are finished. For each tile, one thread calls begin, then (only when
/// wants_groups) for each strip of the tile and every group in order add_group for the parts of the
/// strip and end_group, then add; different tiles run at once, each with its own scratch. fold is
/// called once for each tile, one call at a time, in the order in which they are finished: what it
/// adds up must come out the same in any order (see exact_sum.hpp).
class TileConsumer {
public:
  class Scratch {
  public:
    virtual ~Scratch() = default;
  };
  virtual ~TileConsumer() = default;
  [[nodiscard]] virtual bool wants_groups() const { return false; }
  [[nodiscard]] virtual std::unique_ptr<Scratch> make_scratch() const { return nullptr; }
  virtual void begin(Scratch* /*scratch*/, const Tile& /*tile*/) {}
  /// `sums` holds Σ δδ' over the pixels of the group, of a part of the tile.
  virtual void add_group(Scratch* /*scratch*/, Index /*group*/, const Tile& /*sums*/) {}
  virtual void end_group(Scratch* /*scratch*/, Index /*group*/) {}
  /// `tile` holds C − 1, NaN where a frame is a gap.
  virtual void add(Scratch* scratch, const Tile& tile) = 0;
  virtual void fold(Scratch* /*scratch*/) {}
};

/// What to hear while tiles are made. Both may be empty.
struct TileEvents {
  std::function<void(Index tile)> finished; // after its folds, one call at a time: sums now hold
                                            // this tile and all others that were reported
  std::function<void()> between;            // on the same thread after that, while others go on
};

/// Makes some tiles of a plan, given by their numbers in it, and hands them to every consumer.
void correlate_tiles(const TileKernel& kernel,
                     const TilePlan& plan,
                     std::span<const Index> tiles,
                     std::span<TileConsumer* const> consumers,
                     const TileEvents& events = {},
                     const Monitor& monitor = silent());

/// Makes the whole lower triangle and hands every tile to every consumer.
void correlate_two_time(const TileKernel& kernel,
                        std::span<TileConsumer* const> consumers,
                        const TwoTimeOptions& options = {},
                        const Monitor& monitor = silent());

/// C(t1,t2) in full, [t1, t2], symmetric, NaN in gaps. The diagonal carries shot noise.
struct TwoTimeMap {
  Index frames = 0;
  Buffer<float> values;

  [[nodiscard]] float at(Index t1, Index t2) const { return values[t1 * frames + t2]; }
};

/// Collects the map in memory: 4·N² bytes.
class MapCollector final : public TileConsumer {
public:
  explicit MapCollector(Index frames);
  void add(Scratch* scratch, const Tile& tile) override;
  [[nodiscard]] TwoTimeMap take() { return std::move(map_); }

private:
  TwoTimeMap map_;
};

/// The map alone.
[[nodiscard]] TwoTimeMap make_two_time_map(const TileKernel& kernel,
                                           const TwoTimeOptions& options = {},
                                           const Monitor& monitor = silent());

} // namespace vitrum::correlate
