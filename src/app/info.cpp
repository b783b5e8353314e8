#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "foreign_map.hpp"
#include "series.hpp"
#include "series_facts.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/open_trajectory.hpp"
#include "vitrum/io/recognise.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"
#include "vitrum/report/records.hpp"

namespace vitrum::app {
namespace {

using report::Record;

/// How sparse a series of events is, without a dense frame.
std::vector<Record> sparsity(frames::FrameSource& source, const Monitor& monitor) {
  const auto& info = source.info();
  constexpr Index block = 1024; // frames
  Progress progress(monitor, "counting", "frames", info.frames);
  frames::EventList events;
  Index all = 0, counts = 0, highest = 0, empty = 0;
  for (Index first = 0; first < info.frames; first += block) {
    const Index some = std::min(block, info.frames - first);
    source.read_events(first, some, {}, events);
    all += events.events();
    for (const std::uint32_t n : events.count) {
      counts += n;
      highest = std::max<Index>(highest, n);
    }
    for (Index f = 0; f < some; ++f)
      empty += events.frame_begin[static_cast<std::size_t>(f)] ==
               events.frame_begin[static_cast<std::size_t>(f) + 1];
    progress.advance(some);
  }
  const auto frames = static_cast<double>(info.frames);
  return {{"events", std::to_string(all), ""},
          {"events_per_frame", fmt::format("{:.6g}", static_cast<double>(all) / frames), ""},
          {"mean",
           fmt::format("{:.6g}",
                       static_cast<double>(counts) / (frames * static_cast<double>(info.pixels()))),
           "counts per pixel and frame"},
          {"maximum", std::to_string(highest), "counts"},
          {"empty_frames", std::to_string(empty), ""}};
}

std::vector<Record> scan(Series& series, const Monitor& monitor) {
  auto mask = start_mask(series, {});
  const auto statistics =
      frames::measure_series(*series.source, mask, {.bad_frames = series.bad_list()}, monitor);
  Moments means;
  for (const double mean : statistics.frame_mean)
    if (!std::isnan(mean))
      means.add(mean);
  double highest = 0;
  for (std::size_t p = 0; p < mask.use.size(); ++p)
    if (mask.use[p] != 0 && !std::isnan(statistics.maximum[p]))
      highest = std::max(highest, statistics.maximum[p]);
  std::vector<Record> out;
  out.push_back({"mean", report::exact_number(means.mean), "counts per pixel and frame"});
  out.push_back({"maximum", report::exact_number(highest), "counts"});
  out.push_back({"zero_frames", std::to_string(statistics.zero_frames.size()), ""});
  out.push_back({"nonfinite_values", std::to_string(statistics.nonfinite), ""});
  if (statistics.nonfinite > 0)
    series.warnings.push_back(
        fmt::format("{} values are NaN or infinite, the first in frame {} at y = {}, x = {}",
                    statistics.nonfinite,
                    statistics.first_nonfinite_frame,
                    statistics.first_nonfinite_pixel / series.info().width,
                    statistics.first_nonfinite_pixel % series.info().width));
  const auto twins = frames::find_duplicate_pixels(statistics, mask);
  out.push_back({"duplicate_pixels", std::to_string(twins.pairs), ""});
  const auto odd = frames::find_bad_frames(statistics, mask.count());
  out.push_back({"odd_frames", std::to_string(odd.size()), ""});
  for (std::size_t i = 0; i < std::min<std::size_t>(odd.size(), 5); ++i)
    series.warnings.push_back(
        fmt::format("frame {}: mean {}, expected {}", odd[i].frame, odd[i].mean, odd[i].expected));
  return out;
}

/// A trajectory of atoms.
report::RecordList trajectory_facts(const std::string& path) {
  const auto source = io::open_trajectory(path);
  const auto& info = source->info();
  std::vector<Record> out{{"format", info.format, ""},
                          {"frames", std::to_string(info.frames), ""},
                          {"atoms", std::to_string(info.atoms), ""}};
  for (std::size_t a = 0; a < info.species.size(); ++a)
    out.push_back({"atoms_" + info.species[a], std::to_string(info.species_atoms[a]), ""});
  const char* names[] = {"box_a", "box_b", "box_c"};
  for (std::size_t e = 0; e < 3; ++e) {
    const auto& edge = info.first_box.edges()[e];
    out.push_back({names[e],
                   fmt::format("{:.8g} {:.8g} {:.8g}", edge[0], edge[1], edge[2]),
                   info.length_unit});
  }
  const auto& p = info.first_box.periodic();
  out.push_back({"periodic", fmt::format("{:d} {:d} {:d}", p[0], p[1], p[2]), ""});
  out.push_back({"unwrapped", info.unwrapped ? "yes" : "no", ""});
  if (!info.steps.empty())
    out.push_back({"steps", fmt::format("{} to {}", info.steps.front(), info.steps.back()), ""});
  if (!info.times.empty())
    out.push_back({"times",
                   fmt::format("{:.10g} to {:.10g}", info.times.front(), info.times.back()),
                   info.time_unit});
  for (const auto& [name, value] : info.metadata)
    out.push_back({name, value, ""});
  return {info.path, std::move(out), info.problems};
}

/// What a result is and how it was made; its numbers are what `show` is for.
report::RecordList result_facts(const std::string& path) {
  const auto tree = io::read_tree(path, {.largest_array = 4096});
  report::RecordList list{path, {}, {}};
  const auto add = [&](const std::string& name, const std::string& place) {
    const auto* array = tree.find("entry/" + place);
    if (array == nullptr)
      return;
    if (std::holds_alternative<std::vector<std::string>>(array->values))
      list.records.push_back(
          {name, fmt::format("{}", fmt::join(tree.texts("entry/" + place), " ")), ""});
    else if (array->size() == 1)
      list.records.push_back({name,
                              report::exact_number(to_numbers(*array)[0]),
                              attribute_text(array->attributes, "units")});
  };
  list.records.push_back({"format", "result of vitrum", ""});
  add("kind", "kind");
  add("title", "title");
  add("frames", "series/frames");
  add("frame_time", "series/frame_time_s");
  if (const auto* bins = tree.find("entry/bins/bin"))
    list.records.push_back({"bins", std::to_string(bins->size()), ""});
  if (const auto* maps = tree.find_group("entry/twotime"))
    list.records.push_back({"two_time_maps", std::to_string(maps->groups().size()), ""});
  for (const char* name : {"version", "date", "host", "command_line", "inputs"})
    add(name, fmt::format("process/{}", name));
  list.warnings = tree.find("entry/process/warnings") == nullptr
                      ? std::vector<std::string>{}
                      : tree.texts("entry/process/warnings");
  return list;
}

/// An HDF5 file that is no series: what stands in it.
report::RecordList contents(const std::string& path, const std::string& why) {
  report::RecordList list{path, {{"format", "hdf5", ""}}, {why}};
  const auto tree = io::read_tree(path, {.largest_array = 65536});
  const std::function<void(const Tree&, const std::string&)> walk = [&](const Tree& group,
                                                                        const std::string& above) {
    for (const auto& [name, array] : group.arrays()) {
      std::string what;
      if (array.size() == 1 && std::holds_alternative<std::vector<std::string>>(array.values))
        what = std::get<std::vector<std::string>>(array.values)[0].substr(0, 60);
      else if (array.size() == 1)
        what = report::exact_number(to_numbers(array)[0]);
      else
        what = fmt::format("[{}]", fmt::join(array.shape, ", "));
      list.records.push_back({above + "/" + name, what, attribute_text(array.attributes, "units")});
    }
    for (const auto& [name, below] : group.groups())
      walk(below, above + "/" + name);
  };
  walk(tree, "");
  return list;
}

} // namespace

std::string run_info(InfoOptions options, const Invocation&, const Monitor& monitor) {
  std::vector<report::RecordList> lists;
  for (const auto& path : options.inputs) {
    // a format that the user names is one of frames
    if (std::error_code none; options.input.format.empty() &&
                              std::filesystem::is_regular_file(path, none) &&
                              io::is_trajectory(path)) {
      lists.push_back(trajectory_facts(path));
      continue;
    }
    if (options.input.format.empty() && std::filesystem::is_regular_file(path) && is_result(path)) {
      lists.push_back(result_facts(path));
      continue;
    }
    Series series;
    try {
      series = open_input(path, options.input);
    } catch (const FormatError& error) {
      if (path.find("::") != std::string::npos || !io::is_hdf5(path))
        throw;
      std::string why = error.what();
      if (why.starts_with(path + ": "))
        why = why.substr(path.size() + 2);
      lists.push_back(contents(path, why));
      continue;
    }
    auto records = series_facts(series.info());
    if (series.source->sparse() && !options.scan) {
      auto more = sparsity(*series.source, monitor);
      records.insert(records.end(), more.begin(), more.end());
    }
    if (options.scan) {
      auto more = scan(series, monitor);
      records.insert(records.end(), more.begin(), more.end());
    }
    lists.push_back({series.info().path, std::move(records), series.warnings});
  }
  return options.json ? report::records_json(lists) : report::records_text(lists);
}

std::string run_formats(FormatsOptions options, const Invocation&, const Monitor&) {
  if (options.json) {
    std::vector<report::RecordList> lists;
    for (const auto& format : io::formats()) {
      report::RecordList list{format.name, {}, {}};
      auto yes = [](bool value) { return std::string(value ? "yes" : "no"); };
      list.records = {{"description", format.description, ""},
                      {"extensions", fmt::format("{}", fmt::join(format.extensions, " ")), ""},
                      {"reads_frames", yes(format.reads_frames), ""},
                      {"writes_frames", yes(format.writes_frames), ""},
                      {"reads_maps", yes(format.reads_maps), ""},
                      {"writes_maps", yes(format.writes_maps), ""},
                      {"reads_results", yes(format.reads_results), ""},
                      {"writes_results", yes(format.writes_results), ""}};
      lists.push_back(std::move(list));
    }
    return report::records_json(lists);
  }
  std::string text = fmt::format("{:<12} {:<8} {:<8} {:<8} {:<22} {}\n",
                                 "name",
                                 "frames",
                                 "maps",
                                 "results",
                                 "extensions",
                                 "what it is");
  auto use = [](bool reads, bool writes) {
    return reads ? (writes ? "r/w" : "r") : (writes ? "w" : "-");
  };
  for (const auto& format : io::formats())
    text += fmt::format("{:<12} {:<8} {:<8} {:<8} {:<22} {}\n",
                        format.name,
                        use(format.reads_frames, format.writes_frames),
                        use(format.reads_maps, format.writes_maps),
                        use(format.reads_results, format.writes_results),
                        fmt::format("{}", fmt::join(format.extensions, " ")),
                        format.description);
  return text;
}

} // namespace vitrum::app
