#include "vitrum/correlate/two_time.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index largest_tile =
    512; // frames; its square of floats still fits the second-level cache
constexpr Index smallest_tile = 64;
constexpr Index tiles_wanted = 4; // along one edge, so that the threads share the work evenly

Index choose_tile(Index frames, Index asked) {
  if (asked > 0)
    return asked;
  const Index edge = std::clamp(frames / tiles_wanted, smallest_tile, largest_tile);
  return (edge + 15) / 16 * 16;
}

struct Place {
  Index row0, rows, col0, cols;
};

/// Tiles of the lower triangle; those on the diagonal, which have half the work, come last.
std::vector<Place> make_places(Index frames, Index edge) {
  std::vector<Place> places;
  for (Index row = 0; row < frames; row += edge)
    for (Index col = 0; col < row; col += edge)
      places.push_back({row, std::min(edge, frames - row), col, std::min(edge, frames - col)});
  for (Index row = 0; row < frames; row += edge) {
    const Index rows = std::min(edge, frames - row);
    places.push_back({row, rows, row, rows});
  }
  return places;
}

using Scratches = std::vector<std::unique_ptr<TileConsumer::Scratch>>; // one per consumer

/// Folds finished tiles in their order and lends out scratches. A thread that is ahead of its turn
/// leaves its scratch here and goes on with another.
class OrderedFold {
public:
  explicit OrderedFold(std::span<TileConsumer* const> consumers) : consumers_(consumers) {}

  Scratches borrow() {
    const std::scoped_lock lock(mutex_);
    if (!free_.empty()) {
      Scratches scratches = std::move(free_.back());
      free_.pop_back();
      return scratches;
    }
    Scratches scratches;
    for (const TileConsumer* consumer : consumers_)
      scratches.push_back(consumer->make_scratch());
    return scratches;
  }

  void finish(Index ticket, Scratches scratches) {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(ticket, std::move(scratches));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      Scratches& ready = waiting_.begin()->second;
      for (std::size_t c = 0; c < consumers_.size(); ++c)
        consumers_[c]->fold(ready[c].get());
      free_.push_back(std::move(ready));
      waiting_.erase(waiting_.begin());
      ++next_;
    }
  }

private:
  std::span<TileConsumer* const> consumers_;
  std::mutex mutex_;
  std::map<Index, Scratches> waiting_;
  std::vector<Scratches> free_;
  Index next_ = 0;
};

void add_rows(const Tile& from, float* to) {
  for (Index i = 0; i < from.rows; ++i) {
    const float* source = from.row(i);
    float* target = to + i * from.stride;
    const Index width = from.width(i);
    for (Index j = 0; j < width; ++j)
      target[j] += source[j];
  }
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

void validate(const TwoTimeOptions& options) {
  if (options.tile < 0)
    throw OptionError(fmt::format("tile = {}: must not be negative", options.tile));
}

void correlate_two_time(const TileKernel& kernel,
                        std::span<TileConsumer* const> consumers,
                        const TwoTimeOptions& options,
                        const Monitor& monitor) {
  validate(options);
  const Index frames = kernel.frames();
  const std::span<const std::uint8_t> valid = kernel.valid();
  const Index edge = std::min(choose_tile(frames, options.tile), std::max<Index>(frames, 1));
  const Index stride = padded_stride(edge);
  const std::vector<Place> places = make_places(frames, edge);
  const bool any_wants_groups = std::any_of(
      consumers.begin(), consumers.end(), [](const auto* c) { return c->wants_groups(); });
  const Index groups = kernel.group_count();

  OrderedFold folder(consumers);
  Progress progress(monitor, "correlating", "frame pairs", frames * (frames + 1) / 2);
  std::atomic<Index> next_ticket{0};
  const auto work = [&] {
    Buffer<float> total(edge * stride);
    Buffer<float> part(edge * stride);
    for (;;) {
      const Index ticket = next_ticket.fetch_add(1);
      if (ticket >= static_cast<Index>(places.size()))
        return;
      const Place& place = places[ticket];
      Tile tile{place.row0, place.rows, place.col0, place.cols, stride, total.data()};
      Scratches scratches = folder.borrow();
      for (std::size_t c = 0; c < consumers.size(); ++c)
        consumers[c]->begin(scratches[c].get(), tile);
      for (Index g = 0; g < groups; ++g) {
        // The first group goes straight to the total.
        float* out = g == 0 ? total.data() : part.data();
        kernel.product(g, place.row0, place.rows, place.col0, place.cols, out, stride);
        Tile sums = tile;
        sums.values = out;
        if (any_wants_groups)
          for (std::size_t c = 0; c < consumers.size(); ++c)
            if (consumers[c]->wants_groups())
              consumers[c]->add_group(scratches[c].get(), g, sums);
        if (g > 0)
          add_rows(sums, total.data());
      }
      finish_tile(tile, total.data(), static_cast<double>(kernel.pixels()), valid);
      for (std::size_t c = 0; c < consumers.size(); ++c)
        consumers[c]->add(scratches[c].get(), tile);
      folder.finish(ticket, std::move(scratches));
      progress.advance(tile.diagonal() ? place.rows * (place.rows + 1) / 2
                                       : place.rows * place.cols);
    }
  };
  parallel_for(0, thread_count(), 1, [&](Index, Index) {
    try {
      work();
    } catch (...) {
      next_ticket = static_cast<Index>(places.size()); // the other threads stop too
      throw;
    }
  });
}

MapCollector::MapCollector(Index frames) {
  map_.frames = frames;
  map_.values = Buffer<float>(frames * frames);
}

void MapCollector::add(Scratch* /*scratch*/, const Tile& tile) {
  const Index n = map_.frames;
  float* values = map_.values.data();
  for (Index i = 0; i < tile.rows; ++i) {
    const float* source = tile.row(i);
    float* target = values + (tile.row0 + i) * n + tile.col0;
    const Index width = tile.width(i);
    for (Index j = 0; j < width; ++j)
      target[j] = 1.0F + source[j];
  }
  constexpr Index block = 32; // squares that stay in the first-level cache while they are mirrored
  for (Index i0 = 0; i0 < tile.rows; i0 += block)
    for (Index j0 = 0; j0 < tile.cols; j0 += block)
      for (Index j = j0; j < std::min(j0 + block, tile.cols); ++j) {
        float* target = values + (tile.col0 + j) * n + tile.row0;
        const Index first = tile.diagonal() ? std::max(i0, j + 1) : i0;
        for (Index i = first; i < std::min(i0 + block, tile.rows); ++i)
          target[i] = 1.0F + tile.row(i)[j];
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
