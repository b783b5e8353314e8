#include "large_result.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "result_input.hpp"
#include "two_time_job.hpp"
#include "vitrum/io/map_file.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr Index usual_chunk = 256; // of maps that have no chunks or very large ones
constexpr Index largest_chunk = 1024;

io::MapLayout layout_of(const io::StoredMap& map, const std::string& name) {
  io::MapLayout layout;
  layout.path = name;
  layout.size = map.size();
  layout.chunk = map.chunk() > 0 && map.chunk() <= largest_chunk ? map.chunk() : usual_chunk;
  layout.chunk = std::min(layout.chunk, layout.size);
  layout.attributes = map.attributes();
  const bool lower = attribute_text(layout.attributes, "populated_elements") == "lower_half";
  const Index chunks = (layout.size + layout.chunk - 1) / layout.chunk;
  for (Index row = 0; row < chunks; ++row)
    for (Index column = 0; column < (lower ? row + 1 : chunks); ++column)
      if (layout.chunk != map.chunk() || map.has_chunk(row, column))
        layout.chunks.push_back({row, column});
  return layout;
}

} // namespace

bool is_two_time_map(const std::string& name) {
  return name.starts_with("/entry/twotime/") && name.ends_with("/two_time_corr_func");
}

LargeResult read_large_result(const std::string& path) {
  LargeResult result;
  std::vector<std::string> left_out;
  result.tree = read_result(path, false, &left_out);
  for (const auto& name : left_out) {
    if (is_two_time_map(name))
      result.maps.push_back(name);
    else
      result.tree.set(name.substr(1), io::read_array(path + "::" + name));
  }
  return result;
}

Tree read_for_figures(const std::string& path) {
  auto [tree, maps] = read_large_result(path);
  for (const auto& name : maps) {
    const auto group = name.substr(1, name.rfind('/') - 1);
    const auto* bin = tree.find_group(group);
    const bool levels = bin != nullptr && !bin->groups().empty();
    if (!levels && group.find("/level_") == std::string::npos)
      tree.set(name.substr(1), io::read_array(path + "::" + name));
  }
  return std::move(tree);
}

void write_large_result(const std::string& path,
                        const Tree& tree,
                        const std::string& from,
                        const std::vector<std::string>& maps,
                        bool overwrite) {
  if (maps.empty())
    return io::write_tree(path, tree, {.overwrite = overwrite});
  std::vector<io::MapLayout> layouts;
  for (const auto& name : maps)
    layouts.push_back(layout_of(io::StoredMap(from + "::" + name), name));
  const auto file = io::MapFile::make(map_part_path(path), path, layouts);
  Index number = 0;
  for (const auto& layout : layouts) {
    const io::StoredMap map(from + "::" + layout.path);
    std::vector<float> part(static_cast<std::size_t>(layout.chunk_values()));
    std::vector<float> chunk(part.size());
    for (const auto& [row, column] : layout.chunks) {
      const Index row0 = row * layout.chunk, col0 = column * layout.chunk;
      const Index rows = std::min(layout.chunk, layout.size - row0);
      const Index cols = std::min(layout.chunk, layout.size - col0);
      map.read(row0, rows, col0, cols, part.data());
      std::fill(chunk.begin(), chunk.end(), std::numeric_limits<float>::quiet_NaN());
      for (Index i = 0; i < rows; ++i)
        std::copy_n(part.data() + i * cols, cols, chunk.data() + i * layout.chunk);
      file->write(number++, chunk);
    }
  }
  file->finish(tree, path, overwrite);
}

} // namespace vitrum::app
