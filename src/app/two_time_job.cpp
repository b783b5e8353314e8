#include "two_time_job.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/correlate/exact_sum.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Layouts of the maps of all bins, with the tiles that `tiles(bin)` lists.
template <class Tiles>
std::vector<io::MapLayout> all_layouts(const MapShape& shape, Index bins, Tiles&& tiles) {
  std::vector<io::MapLayout> all;
  for (Index bin = 1; bin <= bins; ++bin)
    for (auto& layout : map_layouts(shape, tiles(bin), bin))
      all.push_back(std::move(layout));
  return all;
}

/// Tiles of one bin that belong to a shard: dealt in turn, so that shards have equal shares.
std::vector<Index> tiles_of_shard(Index count, Index bin, Index shard, Index shards) {
  std::vector<Index> tiles;
  for (Index tile = 0; tile < count; ++tile)
    if (shards == 0 || ((bin - 1) * count + tile) % shards == shard - 1)
      tiles.push_back(tile);
  return tiles;
}

/// The map of one bin while its file is being made.
class SinkRows final : public aging::MapRows {
public:
  explicit SinkRows(std::unique_ptr<MapSink> sink) : sink_(std::move(sink)) {}
  [[nodiscard]] Index frames() const override { return sink_->frames(); }
  void read(Index t1, Index first, std::span<float> out) const override {
    sink_->read_row(t1, first, out);
  }

private:
  std::unique_ptr<MapSink> sink_;
};

} // namespace

std::string checkpoint_path(const std::string& output) {
  return output + ".checkpoint";
}

std::string map_part_path(const std::string& output) {
  return output + ".part";
}

void check_leftovers(const JobOptions& options) {
  if (!options.resume && !options.overwrite && fs::exists(checkpoint_path(options.output)))
    throw FileError(checkpoint_path(options.output),
                    "a run that was stopped left this; go on with --resume, or start anew with "
                    "--overwrite");
}

std::optional<PartState> find_checkpoint(const JobOptions& options) {
  const auto path = checkpoint_path(options.output);
  if (!options.resume || !fs::exists(path))
    return std::nullopt;
  return read_part(path);
}

TwoTimeJob::TwoTimeJob(JobOptions options,
                       PartState fresh,
                       std::optional<PartState> before,
                       Index bins,
                       correlate::TilePlan plan,
                       std::optional<MapShape> shape)
    : options_(std::move(options)), plan_(std::move(plan)), shape_(std::move(shape)),
      state_(std::move(fresh)) {
  const auto part = map_part_path(options_.output);
  if (before) {
    const auto path = checkpoint_path(options_.output);
    require_same(before->identity, state_.identity, path);
    if (before->shard != state_.shard || before->shards != state_.shards)
      throw DataError(fmt::format("{}: made by shard {}/{}, this is {}/{}",
                                  path,
                                  before->shard,
                                  before->shards,
                                  state_.shard,
                                  state_.shards));
    state_.bins = before->bins;
    for (const auto& bin : state_.bins)
      if (static_cast<Index>(bin.finished.size()) != plan_.count())
        throw DataError(
            fmt::format("{}: of {} tiles, expected {}", path, bin.finished.size(), plan_.count()));
    if (static_cast<Index>(state_.bins.size()) != bins)
      throw DataError(fmt::format("{}: of {} bins, expected {}", path, state_.bins.size(), bins));
    if (shape_) {
      map_ = io::MapFile::resume(part, options_.output, before->map);
      saved_ = true;
    }
  } else {
    fs::remove(checkpoint_path(options_.output)); // of another run, to be replaced
    state_.bins.resize(static_cast<std::size_t>(bins));
    for (auto& bin : state_.bins)
      bin.finished.assign(static_cast<std::size_t>(plan_.count()), 0);
    if (shape_)
      map_ = io::MapFile::make(part, options_.output, all_layouts(*shape_, bins, [&](Index bin) {
                                 return own_tiles(bin);
                               }));
  }
  if (map_)
    state_.map = map_->table();
}

TwoTimeJob::~TwoTimeJob() = default;

std::vector<Index> TwoTimeJob::own_tiles(Index bin) const {
  return tiles_of_shard(plan_.count(), bin, options_.shard, options_.shards);
}

std::unique_ptr<MapSink> TwoTimeJob::make_sink(Index bin) const {
  if (!shape_)
    return nullptr;
  Index first = 0;
  for (Index b = 1; b < bin; ++b)
    first += chunk_count(map_layouts(*shape_, own_tiles(b), b));
  return std::make_unique<MapSink>(*map_, first, *shape_, own_tiles(bin));
}

bool TwoTimeJob::has_work(Index bin) const {
  return !is_part() || !own_tiles(bin).empty();
}

void TwoTimeJob::save(const PartState& state) {
  const std::scoped_lock lock(saving_);
  if (map_) {
    map_->sync();
    map_->keep();
  }
  io::write_tree(checkpoint_path(options_.output),
                 to_tree(state),
                 {.overwrite = true, .compression_level = 0});
  saved_ = true;
}

void TwoTimeJob::correlate(Index bin,
                           const correlate::TileKernel& kernel,
                           correlate::OneTimeAccumulator& sums,
                           correlate::LogMapAccumulator* log_map,
                           const Monitor& monitor) {
  const auto packed = [&] {
    auto list = sums.sums();
    if (log_map != nullptr) {
      const auto more = log_map->sums();
      list.insert(list.end(), more.begin(), more.end());
    }
    return list;
  };
  auto& own = state_.bins.at(static_cast<std::size_t>(bin - 1));
  if (own.kernel.empty())
    own.kernel = kernel.name();
  else if (own.kernel != kernel.name())
    throw DataError(fmt::format(
        "bin {}: the part that is done was made by the kernel '{}', this run has '{}': their "
        "roundings differ",
        bin,
        own.kernel,
        kernel.name()));
  if (!own.sums.empty()) {
    const std::span<const Index> stored(own.sums);
    const auto split = std::min(sums.sums().size(), stored.size());
    sums.add_sums(log_map == nullptr ? stored : stored.first(split));
    if (log_map != nullptr)
      log_map->add_sums(stored.subspan(split));
  }
  std::vector<Index> missing;
  for (const Index tile : own_tiles(bin))
    if (own.finished[static_cast<std::size_t>(tile)] == 0)
      missing.push_back(tile);
  const auto sink = make_sink(bin);
  std::vector<correlate::TileConsumer*> consumers{&sums};
  if (log_map != nullptr)
    consumers.push_back(log_map);
  if (sink)
    consumers.push_back(sink.get());

  const auto interval = std::chrono::duration<double>(options_.checkpoint_every_s);
  auto last = Clock::now();
  std::mutex snapshot_mutex;
  std::unique_ptr<PartState> snapshot; // taken between two tiles, written while others are made
  correlate::TileEvents events;
  events.finished = [&](Index tile) {
    own.finished[static_cast<std::size_t>(tile)] = 1;
    if (options_.checkpoint_every_s > 0 && Clock::now() - last >= interval) {
      last = Clock::now();
      own.sums = packed();
      const std::scoped_lock lock(snapshot_mutex);
      snapshot = std::make_unique<PartState>(state_);
    }
  };
  events.between = [&] {
    std::unique_ptr<PartState> due;
    {
      const std::scoped_lock lock(snapshot_mutex);
      due = std::move(snapshot);
    }
    if (due)
      save(*due);
  };
  try {
    correlate::correlate_tiles(kernel, plan_, missing, consumers, events, monitor);
    own.sums = packed();
  } catch (const Interrupted&) {
    own.sums = packed();
    save(state_);
    monitor.message(Level::info,
                    fmt::format("what is done is kept in {}; go on with --resume",
                                checkpoint_path(options_.output)));
    throw;
  }
}

void TwoTimeJob::merge(const std::vector<std::pair<std::string, PartState>>& parts) {
  for (const auto& [path, part] : parts) {
    require_same(part.identity, state_.identity, path);
    for (std::size_t b = 0; b < state_.bins.size(); ++b) {
      auto& to = state_.bins[b];
      const auto& from = part.bins.at(b);
      if (to.kernel.empty())
        to.kernel = from.kernel;
      else if (!from.kernel.empty() && to.kernel != from.kernel)
        throw DataError(fmt::format("{}: bin {} was made by the kernel '{}', other parts by '{}': "
                                    "their roundings differ",
                                    path,
                                    b + 1,
                                    from.kernel,
                                    to.kernel));
      if (from.finished.size() != to.finished.size())
        throw DataError(fmt::format(
            "{}: of {} tiles, expected {}", path, from.finished.size(), to.finished.size()));
      if (!from.sums.empty()) {
        if (to.sums.empty())
          to.sums.assign(from.sums.size(), 0);
        correlate::add_packed(std::span<Index>(to.sums), from.sums);
      }
    }
    std::unique_ptr<io::MapFile> file;
    if (shape_)
      file = io::MapFile::join(path, path, part.map);
    Index first = 0;
    for (std::size_t b = 0; b < state_.bins.size(); ++b) {
      const auto bin = static_cast<Index>(b) + 1;
      const auto tiles = tiles_of_shard(plan_.count(), bin, part.shard, part.shards);
      std::unique_ptr<MapSink> from, to;
      if (shape_) {
        from = std::make_unique<MapSink>(*file, first, *shape_, tiles);
        to = make_sink(bin);
        first += chunk_count(map_layouts(*shape_, tiles, bin));
      }
      for (const Index tile : tiles) {
        const auto t = static_cast<std::size_t>(tile);
        if (part.bins[b].finished[t] == 0)
          throw DataError(
              fmt::format("{}: not finished (tile {} of bin {} is missing)", path, tile + 1, bin));
        if (state_.bins[b].finished[t] != 0)
          throw DataError(fmt::format(
              "{}: repeats what another part has (tile {} of bin {})", path, tile + 1, bin));
        state_.bins[b].finished[t] = 1;
        if (shape_)
          MapSink::copy_tile(*from, *to, tile);
      }
    }
  }
}

Tree TwoTimeJob::map_groups(Index bin, double frame_time_s) const {
  const auto sink = make_sink(bin);
  return sink ? make_level_groups(*sink, frame_time_s) : Tree{};
}

std::vector<std::unique_ptr<aging::MapRows>> TwoTimeJob::map_rows() const {
  std::vector<std::unique_ptr<aging::MapRows>> maps;
  if (shape_)
    for (std::size_t b = 0; b < state_.bins.size(); ++b)
      maps.push_back(std::make_unique<SinkRows>(make_sink(static_cast<Index>(b) + 1)));
  return maps;
}

void TwoTimeJob::finish(const Tree& result) {
  if (map_)
    map_->finish(result, options_.output, options_.overwrite);
  else
    io::write_tree(options_.output, result, {.overwrite = options_.overwrite});
  fs::remove(checkpoint_path(options_.output));
}

} // namespace vitrum::app
