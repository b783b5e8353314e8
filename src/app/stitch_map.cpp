#include "stitch_map.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "map_sink.hpp"
#include "two_time_job.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

constexpr Index usual_chunk = 512; // 1 MiB

/// True where some part holds a pair of the chunk in this row and column of chunks.
bool holds(const PartSet& set, Index row, Index column, Index edge) {
  return std::any_of(set.parts.begin(), set.parts.end(), [&](const InputPart& part) {
    const auto meets = [&](Index place) {
      return place * edge < part.first + part.frames && (place + 1) * edge > part.first;
    };
    return meets(row) && meets(column);
  });
}

io::MapLayout layout_of(const PartSet& set, Index bin) {
  const bool full = set.frames <= largest_full_map;
  io::MapLayout layout;
  layout.path = fmt::format("/entry/twotime/bin_{}/two_time_corr_func", bin + 1);
  layout.size = set.frames;
  layout.chunk = std::min(usual_chunk, set.frames);
  const Index chunks = (layout.size + layout.chunk - 1) / layout.chunk;
  for (Index row = 0; row < chunks; ++row)
    for (Index column = 0; column <= row; ++column)
      if (holds(set, row, column, layout.chunk)) {
        layout.chunks.push_back({row, column});
        if (full && row != column)
          layout.chunks.push_back({column, row});
      }
  layout.attributes = map_attributes(bin + 1, 1, full, 0);
  return layout;
}

} // namespace

Index stitched_bytes(const PartSet& set) {
  const auto layout = layout_of(set, 0);
  return set.bins * static_cast<Index>(layout.chunks.size()) * layout.chunk_values() * 4;
}

StitchedMaps::StitchedMaps(const PartSet& set, const OutputFlags& output)
    : set_(set), output_(output) {
  for (Index bin = 0; bin < set.bins; ++bin)
    layouts_.push_back(layout_of(set, bin));
  file_ = io::MapFile::make(map_part_path(output.output), output.output, layouts_);
}

correlate::OneTime
StitchedMaps::write(Index bin, const correlate::OneTimeOptions& options, const Monitor& monitor) {
  const auto& layout = layouts_.at(static_cast<std::size_t>(bin));
  const auto parts = set_.of_bin(bin);
  const Index edge = layout.chunk, size = layout.size;
  const bool full = size <= largest_full_map;
  correlate::MapOneTime sums(size, options);
  std::vector<float> strip; // rows of chunks, as far as the diagonal
  const std::vector<float> empty(static_cast<std::size_t>(edge * edge),
                                 std::numeric_limits<float>::quiet_NaN());
  levels_.emplace_back(size);
  Progress progress(monitor, fmt::format("stitching bin {}", bin + 1), "frames", size);
  for (Index row = 0; row * edge < size; ++row) {
    const Index rows = std::min(edge, size - row * edge), width = (row + 1) * edge;
    strip.assign(static_cast<std::size_t>(rows * width), std::numeric_limits<float>::quiet_NaN());
    for (Index column = 0; column <= row; ++column) {
      if (!holds(set_, row, column, edge))
        continue;
      auto square = empty, mirrored = empty;
      const Index cols = std::min(edge, size - column * edge);
      std::vector<float> block(static_cast<std::size_t>(rows * cols));
      correlate::read_stitched(parts, row * edge, rows, column * edge, cols, block.data());
      for (Index i = 0; i < rows; ++i) {
        std::copy_n(block.data() + i * cols, cols, square.data() + i * edge);
        std::copy_n(block.data() + i * cols, cols, strip.data() + i * width + column * edge);
      }
      if (!full)
        file_->write(chunk_++, square);
      mirror(square.data(), mirrored.data(), edge);
      if (row == column)
        for (Index i = 0; i < edge; ++i)
          std::copy(mirrored.begin() + i * edge + i,
                    mirrored.begin() + (i + 1) * edge,
                    square.begin() + i * edge + i);
      if (full)
        file_->write(chunk_++, square);
      if (full && row != column)
        file_->write(chunk_++, mirrored);
      levels_.back().add(row, column, edge, std::move(square));
    }
    sums.add_rows(row * edge, rows, strip.data(), width);
    progress.advance(rows);
  }
  return sums.result().whole;
}

void StitchedMaps::finish(Tree& tree) {
  tree.group("entry/twotime").attributes["NX_class"] = std::string("NXcollection");
  for (Index bin = 0; bin < set_.bins; ++bin) {
    auto& group = tree.group(fmt::format("entry/twotime/bin_{}", bin + 1));
    mark_map(group, set_.frames, 1, set_.frame_time_s);
    levels_[static_cast<std::size_t>(bin)].put(group, bin + 1, set_.frame_time_s);
  }
  file_->finish(tree, output_.output, output_.overwrite);
}

} // namespace vitrum::app
