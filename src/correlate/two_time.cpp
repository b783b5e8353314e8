#include "vitrum/correlate/two_time.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "panel_kernels.hpp"
#include "row_kernels.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate {
namespace {

using Scratches = std::vector<std::unique_ptr<TileConsumer::Scratch>>; // one per consumer

/// Folds tiles as they are finished and lends out scratches.
class Folder {
public:
  Folder(std::span<TileConsumer* const> consumers, const TileEvents& events)
      : consumers_(consumers), events_(events) {}

  [[nodiscard]] Scratches make_scratches() const {
    Scratches scratches;
    for (const TileConsumer* consumer : consumers_)
      scratches.push_back(consumer->make_scratch());
    return scratches;
  }

  void finish(Index tile, const Scratches& scratches) {
    {
      const std::scoped_lock lock(mutex_);
      for (std::size_t c = 0; c < consumers_.size(); ++c)
        consumers_[c]->fold(scratches[c].get());
      if (events_.finished)
        events_.finished(tile);
    }
    if (events_.between)
      events_.between();
  }

private:
  std::span<TileConsumer* const> consumers_;
  const TileEvents& events_;
  std::mutex mutex_;
};

/// Takes the products of one group after the other: to those who want them, and to their sum.
class GroupParts final : public ProductParts {
public:
  GroupParts(std::span<TileConsumer* const> consumers, const Scratches& scratches) {
    for (std::size_t c = 0; c < consumers.size(); ++c)
      if (consumers[c]->wants_groups())
        wanting_.push_back({consumers[c], scratches[c].get()});
  }

  /// Sums go to `total`, which begins at the corner of the tile.
  void begin(const Tile& tile, float* total, Index group) {
    tile_ = &tile;
    total_ = total;
    group_ = group;
  }

  void coming(Index row0, Index rows, Index col0, Index cols) override {
    const float* row = total_ + (row0 - tile_->row0) * tile_->stride + col0 - tile_->col0;
    for (Index i = 0; i < rows; ++i, row += tile_->stride)
      for (Index j = 0; j < cols; j += 16) // a line of the cache
        __builtin_prefetch(row + j, 1);
  }

  void finished(
      Index row0, Index rows, Index col0, Index cols, const float* sums, Index stride) override {
    const Tile part{row0, rows, col0, cols, stride, sums};
    for (const auto& [consumer, scratch] : wanting_)
      consumer->add_group(scratch, group_, part);
    float* const to = total_ + (row0 - tile_->row0) * tile_->stride + col0 - tile_->col0;
    if (group_ > 0)
      add_rows(sums, stride, to, tile_->stride, rows, cols);
    else
      for (Index i = 0; i < rows; ++i)
        std::copy_n(sums + i * stride, cols, to + i * tile_->stride);
  }

  void end_group() const {
    for (const auto& [consumer, scratch] : wanting_)
      consumer->end_group(scratch, group_);
  }

private:
  struct Wanting {
    TileConsumer* consumer;
    TileConsumer::Scratch* scratch;
  };
  std::vector<Wanting> wanting_;
  const Tile* tile_ = nullptr;
  float* total_ = nullptr;
  Index group_ = 0;
};

/// A tile cut into strips of rows, as far as columns are defined for them.
std::vector<TilePlace> strips_of(const TilePlace& tile, Index rows) {
  if (rows <= 0 || rows >= tile.rows)
    return {tile};
  std::vector<TilePlace> strips;
  for (Index row = tile.row0; row < tile.row0 + tile.rows; row += rows) {
    const Index count = std::min(rows, tile.row0 + tile.rows - row);
    strips.push_back({row, count, tile.col0, std::min(tile.cols, row + count - tile.col0)});
  }
  return strips;
}

/// Sums over pixels become means; gaps become NaN.
void finish_tile(const Tile& tile,
                 float* values,
                 double pixels,
                 std::span<const std::uint8_t> valid) {
  const auto scale = static_cast<float>(1.0 / pixels);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  bool column_gaps = false;
  for (Index j = 0; j < tile.cols; ++j)
    column_gaps = column_gaps || valid[tile.col0 + j] == 0;
  for (Index i = 0; i < tile.rows; ++i) {
    float* row = values + i * tile.stride;
    const Index width = tile.width(i);
    if (valid[tile.row0 + i] == 0) {
      std::fill_n(row, width, nan);
      continue;
    }
    for (Index j = 0; j < width; ++j)
      row[j] *= scale;
    if (column_gaps)
      for (Index j = 0; j < width; ++j)
        if (valid[tile.col0 + j] == 0)
          row[j] = nan;
  }
}

} // namespace

void correlate_tiles(const TileKernel& kernel,
                     const TilePlan& plan,
                     std::span<const Index> tiles,
                     std::span<TileConsumer* const> consumers,
                     const TileEvents& events,
                     const Monitor& monitor) {
  const std::span<const std::uint8_t> valid = kernel.valid();
  const Index stride = padded_stride(plan.edge);
  const auto pixels = static_cast<double>(kernel.pixels());
  Index pairs = 0;
  for (const Index number : tiles)
    pairs += plan.places.at(static_cast<std::size_t>(number)).pairs();

  Folder folder(consumers, events);
  Progress progress(monitor, "correlating", "frame pairs", pairs);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    Buffer<float> total(plan.edge * stride);
    Buffer<float> work_space(plan.edge * stride);
    const Scratches scratches = folder.make_scratches();
    GroupParts parts(consumers, scratches);
    for (;;) {
      const std::size_t turn = next.fetch_add(1);
      if (turn >= tiles.size())
        return;
      const TilePlace& place = plan.places[static_cast<std::size_t>(tiles[turn])];
      Tile tile{place.row0, place.rows, place.col0, place.cols, stride, total.data()};
      for (std::size_t c = 0; c < consumers.size(); ++c)
        consumers[c]->begin(scratches[c].get(), tile);
      for (const TilePlace& strip : strips_of(place, kernel.strip_rows()))
        for (Index g = 0; g < kernel.group_count(); ++g) {
          parts.begin(tile, total.data(), g);
          kernel.product_in_parts(
              g, strip.row0, strip.rows, strip.col0, strip.cols, work_space.data(), stride, parts);
          parts.end_group();
        }
      finish_tile(tile, total.data(), pixels, valid);
      for (std::size_t c = 0; c < consumers.size(); ++c)
        consumers[c]->add(scratches[c].get(), tile);
      folder.finish(tiles[turn], scratches);
      progress.advance(place.pairs());
    }
  };
  parallel_for(0, thread_count(), 1, [&](Index, Index) {
    try {
      work();
    } catch (...) {
      next = tiles.size(); // the other threads stop too
      throw;
    }
  });
}

void correlate_two_time(const TileKernel& kernel,
                        std::span<TileConsumer* const> consumers,
                        const TwoTimeOptions& options,
                        const Monitor& monitor) {
  TwoTimeOptions chosen = options;
  if (chosen.tile == 0)
    chosen.tile = kernel.tile_edge();
  const TilePlan plan = make_tile_plan(kernel.frames(), chosen);
  const std::vector<Index> tiles = plan.all();
  correlate_tiles(kernel, plan, tiles, consumers, {}, monitor);
}

MapCollector::MapCollector(Index frames) {
  map_.frames = frames;
  map_.values = Buffer<float>(frames * frames);
}

void MapCollector::add(Scratch* /*scratch*/, const Tile& tile) {
  constexpr Index edge = 16;
  const Index n = map_.frames;
  float* values = map_.values.data();
  for (Index i = 0; i < tile.rows; ++i) {
    const float* source = tile.row(i);
    float* target = values + (tile.row0 + i) * n + tile.col0;
    const Index width = tile.width(i);
    for (Index j = 0; j < width; ++j)
      target[j] = 1.0F + source[j];
  }
  // Mirrored in squares, each a line of the cache wide.
  const auto transpose = panel_kernels(simd_level()).transpose;
  alignas(64) float square[edge * edge];
  for (Index i0 = 0; i0 < tile.rows; i0 += edge)
    for (Index j0 = 0; j0 < tile.width(std::min(i0 + edge, tile.rows) - 1); j0 += edge) {
      const Index rows = std::min(edge, tile.rows - i0), cols = std::min(edge, tile.cols - j0);
      if (rows == edge && cols == edge)
        transpose(reinterpret_cast<const std::uint32_t*>(tile.row(i0) + j0),
                  tile.stride,
                  reinterpret_cast<std::uint32_t*>(square),
                  edge);
      else
        for (Index j = 0; j < cols; ++j)
          for (Index i = 0; i < rows; ++i)
            square[j * edge + i] = tile.row(i0 + i)[j0 + j];
      for (Index j = 0; j < cols; ++j) {
        float* const target = values + (tile.col0 + j0 + j) * n + tile.row0 + i0;
        // of a square on the diagonal what lies above it
        const Index first = tile.diagonal() ? std::clamp<Index>(j0 + j + 1 - i0, 0, rows) : 0;
        for (Index i = first; i < rows; ++i)
          target[i] = 1.0F + square[j * edge + i];
      }
    }
}

TwoTimeMap
make_two_time_map(const TileKernel& kernel, const TwoTimeOptions& options, const Monitor& monitor) {
  MapCollector collector(kernel.frames());
  TileConsumer* consumers[] = {&collector};
  correlate_two_time(kernel, consumers, options, monitor);
  return collector.take();
}

} // namespace vitrum::correlate
