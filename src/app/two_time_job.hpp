// The tiles of the two-time maps of all bins as one piece of work that can be stopped, taken up
// again, and shared out.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "map_sink.hpp"
#include "part_state.hpp"
#include "vitrum/aging/map_rows.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/correlate/log_map.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::app {

struct JobOptions {
  std::string output; // of the result or part
  bool overwrite = false;
  bool resume = false;
  double checkpoint_every_s = 60; // 0: only when interrupted
  Index shard = 0, shards = 0;    // 1 … shards; 0: the whole work
};

[[nodiscard]] std::string checkpoint_path(const std::string& output);
[[nodiscard]] std::string map_part_path(const std::string& output);

/// Before anything is read: throws when a checkpoint is there and what to do with it is not said.
void check_leftovers(const JobOptions& options);
/// The checkpoint to go on from, if there is one and it is asked for.
[[nodiscard]] std::optional<PartState> find_checkpoint(const JobOptions& options);

class TwoTimeJob {
public:
  /// `fresh` has identity, configuration and shard; its bins are empty. `before` is a checkpoint of
  /// the same work. `shape`: what is stored of the maps; nothing without.
  TwoTimeJob(JobOptions options,
             PartState fresh,
             std::optional<PartState> before,
             Index bins,
             correlate::TilePlan plan,
             std::optional<MapShape> shape);
  ~TwoTimeJob();

  /// Takes over what other runs have done. Throws DataError that names what is missing or double.
  void merge(const std::vector<std::pair<std::string, PartState>>& parts);

  /// True when this run has tiles of the bin to make, or its result to give.
  [[nodiscard]] bool has_work(Index bin) const;
  /// Makes the tiles of a bin (1 …) that are missing; `sums` then holds all of this run's, and so
  /// does `log_map` where there is one.
  void correlate(Index bin,
                 const correlate::TileKernel& kernel,
                 correlate::OneTimeAccumulator& sums,
                 correlate::LogMapAccumulator* log_map,
                 const Monitor& monitor);
  /// Groups of a bin's map for the result, see make_level_groups. Empty when no maps are stored.
  [[nodiscard]] Tree map_groups(Index bin, double frame_time_s) const;

  /// The maps as rows, one per bin, until finish. Empty when no maps are stored.
  [[nodiscard]] std::vector<std::unique_ptr<aging::MapRows>> map_rows() const;

  /// Writes result or part and removes the checkpoint.
  void finish(const Tree& result);
  /// Of all bins, whoever makes them.
  [[nodiscard]] Index tiles() const {
    return plan_.count() * static_cast<Index>(state_.bins.size());
  }
  [[nodiscard]] bool is_part() const { return options_.shards > 0; }
  [[nodiscard]] Tree part_tree() const { return to_tree(state_); }

private:
  [[nodiscard]] std::vector<Index> own_tiles(Index bin) const;
  [[nodiscard]] std::unique_ptr<MapSink> make_sink(Index bin) const;
  void save(const PartState& state);

  JobOptions options_;
  correlate::TilePlan plan_;
  std::optional<MapShape> shape_;
  PartState state_;
  std::unique_ptr<io::MapFile> map_;
  std::mutex saving_;
  bool saved_ = false;
};

} // namespace vitrum::app
