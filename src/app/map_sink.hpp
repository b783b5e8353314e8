// The two-time maps of a result file: how they are cut into chunks, and the consumer of tiles that
// writes them while they are made.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/correlate/map_levels.hpp"
#include "vitrum/correlate/two_time.hpp"
#include "vitrum/io/map_file.hpp"

namespace vitrum::app {

inline constexpr Index largest_full_map = 16384; // frames of a map that is stored with both
                                                 // triangles

/// Rows as columns, of a square in memory.
void mirror(const float* in, float* out, Index edge);
/// NXdata marks and time axes of a map whose elements stand for `factor` frames each.
void mark_map(Tree& group, Index size, Index factor, double frame_time_s);
/// Of the array of such a map. `max_lag`: longest lag stored in frames; 0: all.
[[nodiscard]] Attributes map_attributes(Index bin, Index factor, bool full, Index max_lag);

/// What is stored of the map of one bin; the same for all bins of a series.
struct MapShape {
  correlate::TilePlan plan;
  Index max_lag = 0;                       // longest lag stored; 0: all
  bool full = true;                        // both triangles, else the lower one alone
  std::vector<correlate::MapLevel> levels; // that are written tile by tile

  [[nodiscard]] Index frames() const { return plan.frames; }
  /// Tiles that are stored, out of `tiles` (ascending).
  [[nodiscard]] std::vector<Index> stored(std::span<const Index> tiles) const;
};
[[nodiscard]] MapShape make_map_shape(const correlate::TilePlan& plan, Index max_lag);

/// Arrays of the map and its levels of one bin, with the chunks of these tiles.
[[nodiscard]] std::vector<io::MapLayout>
map_layouts(const MapShape& shape, std::span<const Index> tiles, Index bin);
[[nodiscard]] Index chunk_count(const std::vector<io::MapLayout>& layouts);
/// Bytes of the maps of one bin in the file.
[[nodiscard]] double map_bytes(const MapShape& shape);

/// Writes tiles to a MapFile whose chunks from `first_chunk` on are those of map_layouts.
class MapSink final : public correlate::TileConsumer {
public:
  MapSink(io::MapFile& file,
          Index first_chunk,
          const MapShape& shape,
          std::span<const Index> tiles);
  [[nodiscard]] std::unique_ptr<Scratch> make_scratch() const override;
  void add(Scratch* scratch, const correlate::Tile& tile) override;

  [[nodiscard]] Index frames() const { return shape_.plan.frames; }
  /// C(t1, first + i) for i = 0 … out.size() − 1, all at most t1; NaN where nothing is stored.
  void read_row(Index t1, Index first, std::span<float> out) const;

  /// Copies the chunks of one tile from another file that holds these tiles.
  static void copy_tile(const MapSink& from, MapSink& to, Index tile);

private:
  friend Tree make_level_groups(const MapSink&, double);
  struct Place {
    Index full = 0, lower = 0; // chunks before this tile, with both triangles and with one
    bool held = false;
  };
  /// Number of the first chunk of a tile in array `a` (0: the map, then the levels).
  [[nodiscard]] Index chunk_of(std::size_t a, Index tile) const;
  [[nodiscard]] bool is_full(std::size_t a) const;
  [[nodiscard]] Index edge_of(std::size_t a) const;
  void put(std::size_t a, Index tile, const float* square, float* mirrored);

  io::MapFile& file_;
  const MapShape& shape_;
  std::vector<Place> places_;      // [tile]
  std::vector<Index> array_begin_; // first chunk of each array
};

/// The levels that were not written tile by tile, as groups "level_<factor>" beside the map; NXdata
/// marks, axes and all. Also the axes of the map and of the other levels.
[[nodiscard]] Tree make_level_groups(const MapSink& sink, double frame_time_s);

} // namespace vitrum::app
