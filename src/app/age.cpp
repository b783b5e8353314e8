#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "dynamics_stage.hpp"
#include "foreign_map.hpp"
#include "large_result.hpp"
#include "located.hpp"
#include "map_curves.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "result_tree.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_file.hpp"

namespace vitrum::app {
namespace {

/// Two-time maps to work on: of a result, which are read in strips, or one made elsewhere.
struct Maps {
  std::vector<io::StoredMap> stored; // [bin]
  std::vector<float> values;         // frames × frames, until they go to the tree
  Index frames = 0;        // of the map: cells, each of which may stand for several of the series
  double frame_time_s = 0; // of the series, in which the lags of its g2 count
  double cell_time_s = 0;  // from one row of the map to the next
};

Maps maps_of_result(const Tree& tree, const std::string& path) {
  Maps maps;
  maps.frame_time_s = maps.cell_time_s = frame_time_of(tree);
  const auto* group = tree.find_group("entry/twotime");
  if (group == nullptr || group->groups().empty())
    throw FormatError(path, "/entry/twotime", "no two-time map", "a result made without --no-map");
  for (const auto& [name, bin] : group->groups()) {
    maps.stored.emplace_back(fmt::format("{}::/entry/twotime/{}/two_time_corr_func", path, name));
    maps.frames = maps.stored.back().size();
    // a cell of the map of vitrum live may stand for several frames
    maps.cell_time_s =
        maps.frame_time_s * tree.number_or(fmt::format("entry/twotime/{}/cell_frames", name), 1);
  }
  return maps;
}

Maps map_made_elsewhere(const std::string& path, double frame_time) {
  auto map = read_foreign_map(path);
  Maps maps;
  maps.frames = map.rows;
  maps.frame_time_s = maps.cell_time_s = asked_frame_time(frame_time, path);
  maps.values = std::move(map.values);
  return maps;
}

/// Windows and steps of whole cells of a map, none longer than asked: the end of the series stays
/// in.
AgeFlags in_cells(AgeFlags flags, double cell_s) {
  for (const auto& [name, seconds] :
       {std::pair("window", &flags.window_s), std::pair("window-step", &flags.window_step_s)}) {
    if (!(*seconds > 0) || std::isinf(*seconds))
      continue;
    const double cells = std::floor(*seconds / cell_s + 1e-9);
    if (cells < 1)
      throw OptionError(
          fmt::format("--{} {}: shorter than a cell of the map, {} s", name, *seconds, cell_s));
    *seconds = cells * cell_s;
  }
  return flags;
}

correlate::OneTimeFunctions one_time_of(const io::StoredMap& map,
                                        const correlate::OneTimeOptions& options,
                                        const Monitor& monitor) {
  constexpr Index usual_rows = 256;
  const auto read = [&](Index row0, Index count, float* strip) {
    map.read(row0, count, 0, row0 + count, strip);
  };
  return one_time_of_map(
      map.size(), map.chunk() > 0 ? map.chunk() : usual_rows, read, options, monitor);
}

class StoredRows final : public aging::MapRows {
public:
  explicit StoredRows(io::StoredMap map) : map_(std::move(map)) {}
  [[nodiscard]] Index frames() const override { return map_.size(); }
  void read(Index t1, Index first, std::span<float> out) const override {
    map_.read(t1, 1, first, static_cast<Index>(out.size()), out.data());
  }

private:
  io::StoredMap map_;
};

std::vector<std::unique_ptr<aging::MapRows>> rows_of(std::vector<io::StoredMap> stored) {
  std::vector<std::unique_ptr<aging::MapRows>> rows;
  for (auto& map : stored)
    rows.push_back(std::make_unique<StoredRows>(std::move(map)));
  return rows;
}

/// The map made elsewhere: there is one copy of it, here or in the tree.
std::span<const float> values_of(const Maps& maps, const Tree& tree) {
  if (!maps.values.empty())
    return maps.values;
  return std::get<std::vector<float>>(tree.at("entry/twotime/bin_1/two_time_corr_func").values);
}

struct Curves {
  std::vector<correlate::OneTime> whole;                // [bin]
  std::vector<std::vector<correlate::OneTime>> windows; // [bin][window]
  bool pixel_errors = false;
};

Curves curves_of_maps(const Maps& maps,
                      const Tree& tree,
                      bool own,
                      const correlate::OneTimeOptions& options,
                      const Monitor& monitor) {
  Curves out;
  out.pixel_errors = own;
  for (std::size_t b = 0; b < std::max<std::size_t>(maps.stored.size(), 1); ++b) {
    auto functions =
        own ? one_time_of(maps.stored[b], options, monitor)
            : correlate::one_time_from_map(values_of(maps, tree), maps.frames, options);
    out.whole.push_back(std::move(functions.whole));
    out.windows.push_back(std::move(functions.windows));
    if (own)
      out.pixel_errors &= set_pixel_statistics(out.windows.back(), options.age, tree, b);
  }
  return out;
}

} // namespace

std::string run_age(AgeOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  const auto plan = make_fit_plan(options.fit);
  check_dynamics(options.dynamics);
  const auto& path = options.inputs.at(0);
  const bool own = is_result(path);
  if (options.adaptive)
    check_adaptive(options.age);
  if (own && !std::isnan(options.frame_time_s))
    throw OptionError("--frame-time: the result knows its own");
  const auto config = to_toml(describe(options));
  auto input = own ? read_large_result(path) : LargeResult{};
  auto& tree = input.tree;
  tree =
      own ? continue_result(std::move(tree), invocation, config) : make_result(invocation, config);
  auto maps = own ? maps_of_result(tree, path) : map_made_elsewhere(path, options.frame_time_s);
  correlate::OneTimeOptions one_time;
  one_time.lags = parse_lags(options.lags, options.points_per_decade, options.max_lag);
  one_time.age = parse_age(options.age.age);
  one_time.windows = plan_windows(
      maps.cell_time_s > maps.frame_time_s ? in_cells(options.age, maps.cell_time_s) : options.age,
      maps.frames,
      maps.cell_time_s);
  if (options.run.dry_run)
    return fmt::format("{}: {} frames, {} bins, {} age windows\n",
                       path,
                       maps.frames,
                       std::max<std::size_t>(maps.stored.size(), 1),
                       one_time.windows.size());
  auto curves = curves_of_maps(maps, tree, own, one_time, monitor);
  add_input(tree, path);
  if (!curves.pixel_errors)
    add_warning(
        tree,
        "errors of age windows come from blocks of time alone, because a map has no pixel groups: "
        "they are too small when the dynamics are as slow as a block");
  tree.erase("entry/window");
  tree.erase("entry/fit");
  if (own) {
    curves.whole = curves_of(tree); // with the errors of the pixels
  } else {
    tree.set("entry/title", make_scalar(fmt::format("Aging of {}", path)));
    tree.set("entry/series/frames", make_scalar(maps.frames));
    tree.set("entry/series/frame_time_s", make_scalar(maps.frame_time_s, "s"));
    add_bins(tree, {frames::Bin{}}, "", {}, {});
    add_g2(tree,
           "g2",
           curves.whole,
           {std::nan("")},
           "",
           maps.frame_time_s,
           "mean of a two-time map over pairs of frames; errors from blocks of age");
    add_map(tree, 1, std::exchange(maps.values, {}), maps.frame_time_s);
  }
  about(path, [&] {
    fit_bins(tree, plan, curves.whole, maps.frame_time_s, monitor);
    fit_pixel_bins(tree, plan, maps.frame_time_s, monitor);
    fit_windows(tree, plan, options.age, std::move(curves.windows), maps.cell_time_s, monitor);
    if (options.adaptive)
      join_windows(
          tree,
          plan,
          options.age,
          one_time.windows,
          [&](const std::vector<correlate::AgeWindow>& joined) {
            one_time.windows = joined;
            return curves_of_maps(maps, tree, own, one_time, monitor).windows;
          },
          maps.cell_time_s,
          monitor);
    add_dynamics(tree,
                 options.dynamics,
                 maps.cell_time_s,
                 own ? rows_of(std::move(maps.stored)) : map_rows_of(tree),
                 {},
                 monitor);
  });
  write_large_result(options.output.output, tree, path, input.maps, options.output.overwrite);
  return summary_of(tree) + options.output.output + "\n";
}

} // namespace vitrum::app
