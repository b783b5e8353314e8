#include "stitch_map.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

constexpr Index largest_full = 16384; // frames of a map that is stored with both triangles
constexpr Index usual_chunk = 512;    // 1 MiB

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
  const bool full = set.frames <= largest_full;
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
  auto& list = layout.attributes;
  list["long_name"] = fmt::format("C(t1,t2), bin {}", bin + 1);
  list["interpretation"] = std::string("image");
  list["baseline_reference"] = Index{1};
  list["time_origin_location"] = std::string("lower_left");
  list["populated_elements"] = std::string(full ? "all" : "lower_half");
  list["storage_mode"] = std::string("one_array_q_first");
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
  file_ = io::MapFile::make(output.output + ".maps.part", output.output, layouts_);
}

correlate::OneTime
StitchedMaps::write(Index bin, const correlate::OneTimeOptions& options, const Monitor& monitor) {
  const auto& layout = layouts_.at(static_cast<std::size_t>(bin));
  const auto parts = set_.of_bin(bin);
  const Index edge = layout.chunk, size = layout.size;
  const bool full = size <= largest_full;
  correlate::MapOneTime sums(size, options);
  std::vector<float> strip; // rows of chunks, as far as the diagonal
  std::vector<float> square(static_cast<std::size_t>(edge * edge)), mirrored(square.size());
  Progress progress(monitor, fmt::format("stitching bin {}", bin + 1), "frames", size);
  for (Index row = 0; row * edge < size; ++row) {
    const Index rows = std::min(edge, size - row * edge), width = (row + 1) * edge;
    strip.assign(static_cast<std::size_t>(rows * width), std::numeric_limits<float>::quiet_NaN());
    for (Index column = 0; column <= row; ++column) {
      if (!holds(set_, row, column, edge))
        continue;
      std::fill(square.begin(), square.end(), std::numeric_limits<float>::quiet_NaN());
      const Index cols = std::min(edge, size - column * edge);
      std::vector<float> block(static_cast<std::size_t>(rows * cols));
      correlate::read_stitched(parts, row * edge, rows, column * edge, cols, block.data());
      for (Index i = 0; i < rows; ++i) {
        std::copy_n(block.data() + i * cols, cols, square.data() + i * edge);
        std::copy_n(block.data() + i * cols, cols, strip.data() + i * width + column * edge);
      }
      if (full) {
        for (Index i = 0; i < edge; ++i)
          for (Index j = 0; j < edge; ++j)
            mirrored[static_cast<std::size_t>(j * edge + i)] =
                square[static_cast<std::size_t>(i * edge + j)];
        if (row == column)
          for (Index i = 0; i < edge; ++i)
            for (Index j = i + 1; j < edge; ++j)
              square[static_cast<std::size_t>(i * edge + j)] =
                  mirrored[static_cast<std::size_t>(i * edge + j)];
      }
      file_->write(chunk_++, square);
      if (full && row != column)
        file_->write(chunk_++, mirrored);
    }
    sums.add_rows(row * edge, rows, strip.data(), width);
    progress.advance(rows);
  }
  return sums.result().whole;
}

void StitchedMaps::finish(Tree& tree) {
  tree.group("entry/twotime").attributes["NX_class"] = std::string("NXcollection");
  std::vector<double> times;
  for (Index t = 0; t < set_.frames; ++t)
    times.push_back(static_cast<double>(t) * set_.frame_time_s);
  for (Index bin = 1; bin <= set_.bins; ++bin) {
    auto& group = tree.group(fmt::format("entry/twotime/bin_{}", bin));
    group.attributes["NX_class"] = std::string("NXdata");
    group.attributes["signal"] = std::string("two_time_corr_func");
    group.attributes["axes"] = std::vector<std::string>{"t1_s", "t2_s"};
    group.attributes["interpretation"] = std::string("image");
    for (const char* axis : {"t1_s", "t2_s"})
      group.set(axis, make_array(times, "s")).attributes["long_name"] =
          fmt::format("{} (s)", std::string(axis, 2));
  }
  file_->finish(tree, output_.output, output_.overwrite);
}

} // namespace vitrum::app
