#include "map_sink.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace vitrum::app {
namespace {

constexpr Index base_size = 2048; // levels below this size are made from the one above at the
                                  // end; it fits memory
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

bool full_of(Index size) {
  return size <= largest_full_map;
}

/// Numbers of `tiles` that hold a lag to be stored.
bool held(const MapShape& shape, Index tile) {
  const auto& place = shape.plan.places[static_cast<std::size_t>(tile)];
  return shape.max_lag == 0 || place.least_lag() <= shape.max_lag;
}

struct Squares final : correlate::TileConsumer::Scratch {
  Buffer<float> square, mirrored, level;
};

std::vector<double> times(Index size, Index factor, double frame_time_s) {
  std::vector<double> list;
  for (Index i = 0; i < size; ++i)
    list.push_back((static_cast<double>(i * factor) + 0.5 * static_cast<double>(factor - 1)) *
                   frame_time_s);
  return list;
}

} // namespace

void mirror(const float* in, float* out, Index edge) {
  constexpr Index block = 32; // squares that stay in the first-level cache
  for (Index i0 = 0; i0 < edge; i0 += block)
    for (Index j0 = 0; j0 < edge; j0 += block)
      for (Index j = j0; j < std::min(j0 + block, edge); ++j)
        for (Index i = i0; i < std::min(i0 + block, edge); ++i)
          out[j * edge + i] = in[i * edge + j];
}

void mark_map(Tree& group, Index size, Index factor, double frame_time_s) {
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("two_time_corr_func");
  group.attributes["axes"] = std::vector<std::string>{"t1_s", "t2_s"};
  for (const char* axis : {"t1_s", "t2_s"})
    group.set(axis, make_array(times(size, factor, frame_time_s), "s")).attributes["long_name"] =
        fmt::format("{} (s)", std::string(axis, 2));
}

Attributes map_attributes(Index bin, Index factor, bool full, Index max_lag) {
  Attributes list;
  list["long_name"] = factor == 1 ? fmt::format("C(t1,t2), bin {}", bin)
                                  : fmt::format("C(t1,t2), bin {}, mean of {} frames", bin, factor);
  list["interpretation"] = std::string("image");
  list["baseline_reference"] = Index{1};
  list["time_origin_location"] = std::string("lower_left");
  list["populated_elements"] = std::string(full ? "all" : "lower_half");
  list["storage_mode"] = std::string("one_array_q_first");
  if (max_lag > 0)
    list["max_lag_frames"] = max_lag;
  return list;
}

std::vector<Index> MapShape::stored(std::span<const Index> tiles) const {
  std::vector<Index> list;
  std::copy_if(tiles.begin(), tiles.end(), std::back_inserter(list), [&](Index tile) {
    return held(*this, tile);
  });
  return list;
}

MapShape make_map_shape(const correlate::TilePlan& plan, Index max_lag) {
  MapShape shape;
  shape.plan = plan;
  shape.max_lag = max_lag >= plan.frames - 1 ? 0 : max_lag;
  shape.full = full_of(plan.frames);
  Index above = plan.frames;
  for (const auto& level : correlate::make_levels(plan.frames)) {
    if (above > base_size && plan.edge % level.factor == 0)
      shape.levels.push_back(level);
    above = level.size;
  }
  return shape;
}

std::vector<io::MapLayout>
map_layouts(const MapShape& shape, std::span<const Index> tiles, Index bin) {
  std::vector<io::MapLayout> layouts;
  const auto add = [&](const std::string& group, Index size, Index factor) {
    io::MapLayout layout;
    layout.path = fmt::format("/entry/twotime/bin_{}{}/two_time_corr_func", bin, group);
    layout.size = size;
    layout.chunk = shape.plan.edge / factor;
    const bool full = full_of(size);
    for (const Index tile : shape.stored(tiles)) {
      const auto& place = shape.plan.places[static_cast<std::size_t>(tile)];
      const Index row = place.row0 / shape.plan.edge, column = place.col0 / shape.plan.edge;
      layout.chunks.push_back({row, column});
      if (full && !place.diagonal())
        layout.chunks.push_back({column, row});
    }
    layout.attributes = map_attributes(bin, factor, full, shape.max_lag);
    layouts.push_back(std::move(layout));
  };
  add("", shape.plan.frames, 1);
  for (const auto& level : shape.levels)
    add(fmt::format("/level_{}", level.factor), level.size, level.factor);
  return layouts;
}

Index chunk_count(const std::vector<io::MapLayout>& layouts) {
  Index count = 0;
  for (const auto& layout : layouts)
    count += static_cast<Index>(layout.chunks.size());
  return count;
}

double map_bytes(const MapShape& shape) {
  double bytes = 0;
  for (const auto& layout : map_layouts(shape, shape.plan.all(), 1))
    bytes +=
        static_cast<double>(layout.chunks.size()) * 4 * static_cast<double>(layout.chunk_values());
  return bytes;
}

MapSink::MapSink(io::MapFile& file,
                 Index first_chunk,
                 const MapShape& shape,
                 std::span<const Index> tiles)
    : file_(file), shape_(shape), places_(static_cast<std::size_t>(shape.plan.count())) {
  Place next;
  for (const Index tile : shape.stored(tiles)) {
    auto& place = places_[static_cast<std::size_t>(tile)];
    place = next;
    place.held = true;
    next.lower += 1;
    next.full += shape.plan.places[static_cast<std::size_t>(tile)].diagonal() ? 1 : 2;
  }
  Index begin = first_chunk;
  for (std::size_t a = 0; a <= shape.levels.size(); ++a) {
    array_begin_.push_back(begin);
    begin += is_full(a) ? next.full : next.lower;
  }
}

bool MapSink::is_full(std::size_t a) const {
  return full_of(a == 0 ? shape_.plan.frames : shape_.levels[a - 1].size);
}

Index MapSink::edge_of(std::size_t a) const {
  return a == 0 ? shape_.plan.edge : shape_.plan.edge / shape_.levels[a - 1].factor;
}

Index MapSink::chunk_of(std::size_t a, Index tile) const {
  const auto& place = places_[static_cast<std::size_t>(tile)];
  return array_begin_[a] + (is_full(a) ? place.full : place.lower);
}

std::unique_ptr<correlate::TileConsumer::Scratch> MapSink::make_scratch() const {
  auto scratch = std::make_unique<Squares>();
  const Index edge = shape_.plan.edge;
  scratch->square = Buffer<float>(edge * edge);
  scratch->mirrored = Buffer<float>(edge * edge);
  scratch->level = Buffer<float>(shape_.levels.empty() ? 0 : edge * edge / 4);
  return scratch;
}

void MapSink::put(std::size_t a, Index tile, const float* square, float* mirrored) {
  const Index edge = edge_of(a);
  const Index chunk = chunk_of(a, tile);
  const auto values = static_cast<std::size_t>(edge * edge);
  file_.write(chunk, {square, values});
  if (!is_full(a) || shape_.plan.places[static_cast<std::size_t>(tile)].diagonal())
    return;
  mirror(square, mirrored, edge);
  file_.write(chunk + 1, {mirrored, values});
}

void MapSink::add(Scratch* scratch, const correlate::Tile& tile) {
  auto& squares = static_cast<Squares&>(*scratch);
  const Index edge = shape_.plan.edge;
  const auto number = shape_.plan.number_of(tile.row0, tile.col0);
  if (!places_[static_cast<std::size_t>(number)].held)
    return;
  float* square = squares.square.data();
  std::fill_n(square, edge * edge, nan);
  for (Index i = 0; i < tile.rows; ++i) {
    const float* from = tile.row(i);
    float* to = square + i * edge;
    Index first = 0; // columns before it have longer lags than are stored
    if (shape_.max_lag > 0)
      first = std::max<Index>(tile.row0 + i - shape_.max_lag - tile.col0, 0);
    for (Index j = first; j < tile.width(i); ++j)
      to[j] = 1.0F + from[j];
  }
  const auto complete = [&] { // the other half of a tile on the diagonal
    for (Index i = 0; i < edge; ++i)
      for (Index j = i + 1; j < edge; ++j)
        square[i * edge + j] = square[j * edge + i];
  };
  if (tile.diagonal() && is_full(0))
    complete();
  put(0, number, square, squares.mirrored.data());
  if (shape_.levels.empty())
    return;
  if (tile.diagonal()) {
    complete();
    for (Index i = 0; i < edge; ++i)
      square[i * edge + i] = nan; // shot noise
  }
  float* from = square;
  float* to = squares.level.data();
  for (std::size_t a = 1; a <= shape_.levels.size(); ++a) {
    const Index above = edge_of(a - 1), size = edge_of(a);
    correlate::halve(from, above, above, above, to, size);
    put(a, number, to, squares.mirrored.data());
    std::swap(from, to);
  }
}

void MapSink::read_row(Index t1, Index first, std::span<float> out) const {
  const Index edge = shape_.plan.edge;
  const auto end = first + static_cast<Index>(out.size());
  for (Index t2 = first; t2 < end;) {
    const Index col0 = t2 / edge * edge;
    const Index last = std::min(col0 + edge, end);
    const auto part =
        out.subspan(static_cast<std::size_t>(t2 - first), static_cast<std::size_t>(last - t2));
    const Index tile = shape_.plan.number_of(t1 / edge * edge, col0);
    if (tile < 0 || !places_[static_cast<std::size_t>(tile)].held)
      std::fill(part.begin(), part.end(), nan);
    else
      file_.read(chunk_of(0, tile), part, t1 % edge * edge + t2 - col0);
    t2 = last;
  }
}

void MapSink::copy_tile(const MapSink& from, MapSink& to, Index tile) {
  if (!from.places_[static_cast<std::size_t>(tile)].held)
    return;
  const bool off = !from.shape_.plan.places[static_cast<std::size_t>(tile)].diagonal();
  for (std::size_t a = 0; a < from.array_begin_.size(); ++a) {
    std::vector<float> values(static_cast<std::size_t>(from.edge_of(a) * from.edge_of(a)));
    for (Index k = 0; k < (off && from.is_full(a) ? 2 : 1); ++k) {
      from.file_.read(from.chunk_of(a, tile) + k, values);
      to.file_.write(to.chunk_of(a, tile) + k, values);
    }
  }
}

Tree make_level_groups(const MapSink& sink, double frame_time_s) {
  const MapShape& shape = sink.shape_;
  Tree tree;
  mark_map(tree, shape.frames(), 1, frame_time_s);
  for (const auto& level : shape.levels)
    mark_map(
        tree.group(fmt::format("level_{}", level.factor)), level.size, level.factor, frame_time_s);
  const auto levels = correlate::make_levels(shape.frames());
  const auto made = shape.levels.size();
  if (made == levels.size())
    return tree;
  // the smallest array that is stored, as a square with both triangles
  const Index size = made == 0 ? shape.frames() : shape.levels[made - 1].size;
  const Index edge = sink.edge_of(made);
  std::vector<float> square(static_cast<std::size_t>(size * size), nan);
  std::vector<float> chunk(static_cast<std::size_t>(edge * edge)), mirrored(chunk.size());
  const auto lay = [&](Index row0, Index col0, const std::vector<float>& values) {
    for (Index i = 0; i < std::min(edge, size - row0); ++i)
      std::copy_n(values.data() + i * edge,
                  std::min(edge, size - col0),
                  square.data() + (row0 + i) * size + col0);
  };
  for (Index tile = 0; tile < shape.plan.count(); ++tile) {
    if (!sink.places_[static_cast<std::size_t>(tile)].held)
      continue;
    const auto& place = shape.plan.places[static_cast<std::size_t>(tile)];
    const Index row0 = place.row0 / shape.plan.edge * edge;
    const Index col0 = place.col0 / shape.plan.edge * edge;
    sink.file_.read(sink.chunk_of(made, tile), chunk);
    lay(row0, col0, chunk);
    if (!place.diagonal()) {
      mirror(chunk.data(), mirrored.data(), edge);
      lay(col0, row0, mirrored);
    }
  }
  if (made == 0)
    for (Index t = 0; t < size; ++t)
      square[static_cast<std::size_t>(t * size + t)] = nan; // shot noise
  Index above = size;
  for (std::size_t l = made; l < levels.size(); ++l) {
    const Index next = levels[l].size;
    std::vector<float> half(static_cast<std::size_t>(next * next));
    correlate::halve(square.data(), above, above, above, half.data(), next);
    auto& group = tree.group(fmt::format("level_{}", levels[l].factor));
    auto& array = group.set("two_time_corr_func", make_array({next, next}, half, ""));
    array.attributes = map_attributes(0, levels[l].factor, true, shape.max_lag);
    array.attributes["long_name"] = fmt::format("C(t1,t2), mean of {} frames", levels[l].factor);
    mark_map(group, next, levels[l].factor, frame_time_s);
    square = std::move(half);
    above = next;
  }
  return tree;
}

} // namespace vitrum::app
