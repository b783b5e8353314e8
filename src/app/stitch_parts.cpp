#include "stitch_parts.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "foreign_map.hpp"
#include "large_result.hpp"
#include "result_input.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_file.hpp"

namespace vitrum::app {
namespace {

correlate::MapReader reader_of(const std::string& path) {
  auto map = std::make_shared<io::StoredMap>(path);
  return [map](Index row0, Index rows, Index col0, Index cols, float* out) {
    map->read(row0, rows, col0, cols, out);
  };
}

InputPart read_result_part(const std::string& path) {
  InputPart part;
  part.path = path;
  part.result = true;
  part.tree = read_large_result(path).tree;
  part.frame_time_s = frame_time_of(part.tree);
  const auto bins = static_cast<Index>(part.tree.numbers("entry/bins/bin").size());
  for (Index bin = 1; bin <= bins; ++bin) {
    const auto group = fmt::format("entry/twotime/bin_{}", bin);
    if (part.tree.find_group(group) == nullptr)
      throw FormatError(path, "/" + group, "no two-time map", "a result made without --no-map");
    if (const double cell = part.tree.number_or(group + "/cell_frames", 1); cell != 1)
      throw FormatError(path,
                        "/" + group,
                        fmt::format("cells of {} frames", cell),
                        "cells of one frame, as vitrum live makes them of series no longer than "
                        "--cells and vitrum xpcs of all");
    const auto name = fmt::format("{}::/{}/two_time_corr_func", path, group);
    const Index size = io::StoredMap(name).size();
    if (bin > 1 && size != part.frames)
      throw FormatError(
          path, "/" + group, fmt::format("{} frames", size), fmt::format("{}", part.frames));
    part.frames = size;
    part.maps.push_back(reader_of(name));
  }
  return part;
}

InputPart read_map_part(const std::string& path, double frame_time_s) {
  InputPart part;
  part.path = path;
  part.frame_time_s = asked_frame_time(frame_time_s, path);
  auto map = read_foreign_map(path);
  part.frames = map.rows;
  auto values = std::make_shared<std::vector<float>>(std::move(map.values));
  part.maps.emplace_back(
      [values, n = map.rows](Index row0, Index rows, Index col0, Index cols, float* out) {
        for (Index i = 0; i < rows; ++i)
          std::copy_n(values->begin() + (row0 + i) * n + col0, cols, out + i * cols);
      });
  return part;
}

std::vector<double> parse_starts(const StitchOptions& options) {
  std::vector<double> starts;
  for (const auto& word : options.starts) {
    double value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || stop != word.data() + word.size() || !std::isfinite(value))
      throw OptionError(fmt::format("--starts: '{}', expected a number of seconds", word));
    starts.push_back(value);
  }
  if (!starts.empty() && starts.size() != options.inputs.size())
    throw OptionError(
        fmt::format("--starts: {} times for {} parts", starts.size(), options.inputs.size()));
  return starts;
}

/// Where a result begins: frames of one series say it by their number.
double start_of(const InputPart& part, const InputPart& first) {
  const auto series = [](const InputPart& p) {
    const auto sums = p.tree.texts("entry/process/input_checksums");
    return sums.empty() ? "" : sums[0];
  };
  if (part.tree.find("entry/series/first_frame_s") == nullptr || series(part) != series(first))
    throw OptionError(fmt::format("{}: does not say where on the time axis of {} it begins; give "
                                  "--starts T1,T2,… in seconds",
                                  part.path,
                                  first.path));
  return part.tree.number("entry/series/first_frame_s");
}

void check_same(const InputPart& part, const InputPart& first) {
  if (std::abs(part.frame_time_s - first.frame_time_s) > 1e-9 * first.frame_time_s)
    throw DataError(fmt::format("{}: {} s from frame to frame, {} has {} s",
                                part.path,
                                part.frame_time_s,
                                first.path,
                                first.frame_time_s));
  if (part.maps.size() != first.maps.size())
    throw DataError(fmt::format(
        "{}: {} bins, {} has {}", part.path, part.maps.size(), first.path, first.maps.size()));
  if (!part.result || !first.result)
    return;
  const char* column = "entry/bins/q_inv_angstrom";
  const auto q = part.tree.numbers(column), expected = first.tree.numbers(column);
  for (std::size_t b = 0; b < q.size(); ++b)
    if (std::isnan(q[b]) != std::isnan(expected[b]) ||
        std::abs(q[b] - expected[b]) > 1e-6 * std::abs(expected[b]))
      throw DataError(fmt::format("{}: bin {} lies at q = {}, that of {} at {}",
                                  part.path,
                                  b + 1,
                                  q[b],
                                  first.path,
                                  expected[b]));
}

void place(InputPart& part, const InputPart& first, std::vector<std::string>& warnings) {
  constexpr double noticed = 0.01; // frames
  const double frame = (part.start_s - first.start_s) / part.frame_time_s;
  if (std::abs(frame) > 1e9)
    throw DataError(fmt::format("{}: begins {} frames after {}", part.path, frame, first.path));
  part.first = std::llround(frame);
  if (const double off = frame - static_cast<double>(part.first); std::abs(off) > noticed)
    warnings.push_back(
        fmt::format("{}: its frames lie {:.2f} of a frame beside those of {}: its times are moved "
                    "by {:.4g} s",
                    part.path,
                    off,
                    first.path,
                    -off * part.frame_time_s));
}

} // namespace

std::vector<correlate::StitchPart> PartSet::of_bin(Index bin) const {
  std::vector<correlate::StitchPart> list;
  for (const auto& part : parts)
    list.push_back(
        {part.path, part.first, part.frames, part.maps.at(static_cast<std::size_t>(bin))});
  return list;
}

PartSet read_parts(const StitchOptions& options) {
  const auto starts = parse_starts(options);
  if (options.inputs.size() < 2)
    throw OptionError(
        fmt::format("{} part, expected two or more to stitch", options.inputs.size()));
  PartSet set;
  bool foreign = false;
  for (std::size_t i = 0; i < options.inputs.size(); ++i) {
    const auto& path = options.inputs[i];
    const bool own = is_result(path);
    foreign |= !own;
    auto part = own ? read_result_part(path) : read_map_part(path, options.frame_time_s);
    if (i > 0)
      check_same(part, set.parts[0]);
    if (!starts.empty())
      part.start_s = starts[i];
    else
      part.start_s = start_of(part, i > 0 ? set.parts[0] : part);
    set.parts.push_back(std::move(part));
  }
  if (!foreign && !std::isnan(options.frame_time_s))
    throw OptionError("--frame-time: the results know their own");
  const auto& first = set.parts[0];
  for (auto& part : set.parts)
    place(part, first, set.warnings);
  set.frame_time_s = first.frame_time_s;
  set.bins = static_cast<Index>(first.maps.size());
  const auto list = set.of_bin(0);
  correlate::validate(list);
  set.frames = list.back().last();
  return set;
}

} // namespace vitrum::app
