#include "series.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/data_files.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::app {
namespace {

Index parse_index(const std::string& flag, std::string_view text) {
  Index value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size())
    throw OptionError(fmt::format("--{} {}: expected whole numbers", flag, text));
  return value;
}

io::OpenOptions open_options(const InputFlags& flags) {
  io::OpenOptions options;
  options.format = flags.format;
  options.missing_data_files = flags.missing_data_files;
  if (flags.pixel_order != "row-major" && flags.pixel_order != "column-major")
    throw OptionError(
        fmt::format("--pixel-order {}: expected row-major or column-major", flags.pixel_order));
  if (flags.first_frame != 0 && flags.first_frame != 1)
    throw OptionError(fmt::format("--first-frame {}: expected 0 or 1", flags.first_frame));
  options.rigaku_column_major = flags.pixel_order == "column-major";
  options.rigaku_first_frame = flags.first_frame;
  if (flags.raw_shape.empty())
    return options;
  std::vector<Index> shape;
  std::string_view rest = flags.raw_shape;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    shape.push_back(parse_index("raw-shape", rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  if (shape.size() != 3)
    throw OptionError(fmt::format("--raw-shape {}: expected frames,height,width", flags.raw_shape));
  options.raw_frames = shape[0];
  options.raw_height = shape[1];
  options.raw_width = shape[2];
  if (!flags.format.empty() && flags.format != "raw")
    return options;
  options.format = "raw";
  options.raw_type = frames::parse_pixel_type(flags.raw_type);
  options.raw_offset = flags.raw_offset;
  options.raw_big_endian = flags.raw_big_endian;
  return options;
}

/// A range of frames of the file; the error names the flag.
Range frame_range(const std::string& flag, const std::string& text, Index frames) {
  try {
    return resolve(parse_range(text), frames);
  } catch (const OptionError& error) {
    throw OptionError(fmt::format("--{}: {}", flag, error.what()));
  }
}

/// Pixels in use that hold a negative value in some good frame.
std::vector<Index> negative_pixels(frames::FrameSource& source,
                                   const std::vector<std::uint8_t>& bad,
                                   const frames::Mask& mask) {
  const auto& info = source.info();
  std::vector<std::byte> frame(static_cast<std::size_t>(info.frame_bytes()));
  std::vector<std::uint8_t> found(mask.use.size(), 0);
  for (Index f = 0; f < info.frames; ++f) {
    if (bad[static_cast<std::size_t>(f)] != 0)
      continue;
    source.read(f, 1, frame.data());
    frames::visit(info.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_signed_v<T>) {
        const auto* values = reinterpret_cast<const T*>(frame.data());
        for (std::size_t p = 0; p < found.size(); ++p)
          if (values[p] < T{0})
            found[p] = 1;
      }
    });
  }
  std::vector<Index> pixels;
  for (std::size_t p = 0; p < found.size(); ++p)
    if (found[p] != 0 && mask.use[p] != 0)
      pixels.push_back(static_cast<Index>(p));
  return pixels;
}

/// Takes pixels out of the mask that hold one of the usual marks in some good frame, where the file
/// does not say how the detector marks them. True when there were any.
bool leave_out_marks(Series& series,
                     frames::Mask& mask,
                     const frames::SeriesStatistics& statistics,
                     frames::FrameSource& source) {
  const auto& info = series.info();
  if (!std::isnan(info.invalid_value))
    return false;
  double lowest = 0;
  for (const double one : statistics.frame_minimum)
    lowest = one < lowest ? one : lowest;
  const auto marks = frames::usual_marks(info.type, lowest);
  std::vector<Index> marked;
  if (marks.high > 0) {
    for (std::size_t p = 0; p < mask.use.size(); ++p)
      if (mask.use[p] != 0 && marks.contain(statistics.maximum[p]))
        marked.push_back(static_cast<Index>(p));
  } else if (marks.contain(lowest)) {
    marked = negative_pixels(source, series.bad, mask);
  }
  if (marked.empty())
    return false;
  for (const Index p : marked)
    mask.use[static_cast<std::size_t>(p)] = 0;
  series.notes.push_back(
      fmt::format("{} pixels that hold {} in some or all frames left out: no counts",
                  marked.size(),
                  text_of(marks)));
  if (mask.count() == 0)
    throw DataError(fmt::format("{}: no pixel holds valid values", info.path));
  return true;
}

/// Throws when a pixel holds NaN or infinity in one of the good frames, naming the first.
void refuse_damage(frames::FrameSource& source, const std::vector<std::uint8_t>& bad, Index pixel) {
  const auto& info = source.info();
  std::vector<std::byte> frame(static_cast<std::size_t>(info.frame_bytes()));
  for (Index f = 0; f < info.frames; ++f) {
    if (bad[static_cast<std::size_t>(f)] != 0)
      continue;
    source.read(f, 1, frame.data());
    const double value = frames::visit(info.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T number{};
      std::memcpy(&number, frame.data() + pixel * static_cast<Index>(sizeof(T)), sizeof(T));
      return static_cast<double>(number);
    });
    if (!std::isfinite(value))
      throw FormatError(
          info.path,
          fmt::format("frame {}, y = {}, x = {}", f, pixel / info.width, pixel % info.width),
          fmt::format("{}", value),
          "a finite number (mask the pixel, or name the frame in --bad-frames)");
  }
}

} // namespace

std::string text_of(const frames::Marks& marks) {
  if (!(marks.high > 0))
    return "-1 or -2";
  constexpr double beyond = 0x1p64; // what a double makes of the largest of 64 bits
  const auto value = marks.high < beyond ? static_cast<std::uint64_t>(marks.high)
                                         : std::numeric_limits<std::uint64_t>::max();
  return fmt::format("{}, the largest value of their type,", value);
}

std::vector<std::string> all_inputs(std::vector<std::string> inputs,
                                    const std::vector<std::string>& masks,
                                    const std::vector<std::string>& others) {
  inputs.insert(inputs.end(), masks.begin(), masks.end());
  inputs.insert(inputs.end(), others.begin(), others.end());
  std::erase(inputs, "");
  return inputs;
}

std::vector<std::string> data_files_of(const std::string& path, const InputFlags& flags) {
  return io::data_files(path, open_options(flags));
}

Index Series::gap_count() const {
  return std::count(bad.begin(), bad.end(), std::uint8_t{1});
}

std::vector<Index> Series::bad_list() const {
  std::vector<Index> list;
  for (std::size_t i = 0; i < bad.size(); ++i)
    if (bad[i] != 0)
      list.push_back(static_cast<Index>(i));
  return list;
}

std::vector<std::uint8_t>
listed_frames(const Series& series, const std::string& flag, const std::vector<std::string>& list) {
  const Range selected = series.range;
  std::vector<std::uint8_t> listed(static_cast<std::size_t>(length(selected)), 0);
  for (const auto& word : list) {
    const bool single = word.find(':') == std::string::npos;
    const Index index = single ? parse_index(flag, word) : 0;
    const Range range = frame_range(
        flag, single ? fmt::format("{}:{}", index, index + 1) : word, series.file_frames);
    for (Index frame = range.first; frame < range.last; frame += range.step)
      if (frame >= selected.first && frame < selected.last &&
          (frame - selected.first) % selected.step == 0)
        listed[static_cast<std::size_t>((frame - selected.first) / selected.step)] = 1;
  }
  return listed;
}

Series open_input(const std::string& path, const InputFlags& flags) {
  Series series;
  series.source = io::open_series(path, open_options(flags));
  const InputFlags none;
  if ((flags.pixel_order != none.pixel_order || flags.first_frame != none.first_frame) &&
      !series.info().format.starts_with("rigaku"))
    throw OptionError(fmt::format("{}: --pixel-order and --first-frame describe Rigaku files, "
                                  "this one is {}",
                                  path,
                                  series.info().format));
  const Index file_frames = series.file_frames = series.info().frames;
  const Range selected = series.range = frame_range("frames", flags.frames, file_frames);
  series.bad = listed_frames(series, "bad-frames", flags.bad_frames);
  series.first_frame = static_cast<double>(selected.first) / static_cast<double>(selected.step);
  if (length(selected) != file_frames) {
    series.source = frames::select_frames(std::move(series.source), selected);
    series.notes.push_back(fmt::format(
        "frames {}:{}:{} of {}", selected.first, selected.last, selected.step, file_frames));
  }
  if (series.gap_count() > 0)
    series.notes.push_back(fmt::format("{} frames given as bad are gaps", series.gap_count()));
  series.warnings = series.info().problems;
  return series;
}

void keep_frames(Series& series, std::vector<std::uint8_t> needed, Index budget_bytes) {
  if (budget_bytes <= frames::packed_cache_overhead(series.info().frames))
    return;
  auto cache = frames::make_packed_cache(std::move(series.source), budget_bytes, std::move(needed));
  series.kept = cache.get();
  series.source = std::move(cache);
}

void forget_unless_whole(Series& series,
                         const frames::Partition& partition,
                         const std::vector<std::uint8_t>& needed) {
  if (series.kept == nullptr)
    return;
  for (std::size_t p = 0; p < needed.size(); ++p)
    if (needed[p] == 0 && partition.dynamic_labels[p] != 0)
      return series.kept->keep_within(0);
}

double frame_time_of(const Series& series, const InputFlags& flags) {
  const double time =
      std::isnan(flags.frame_time_s) ? series.info().frame_time_s : flags.frame_time_s;
  if (std::isnan(time))
    throw OptionError(fmt::format("{}: the file does not say the time from frame to frame; give "
                                  "--frame-time SECONDS",
                                  series.info().path));
  if (!(time > 0) || std::isinf(time))
    throw OptionError(fmt::format("--frame-time {}: expected a positive number of seconds", time));
  return time;
}

frames::Mask start_mask(Series& series, const std::vector<std::string>& mask_files) {
  const auto& info = series.info();
  auto mask = frames::make_mask(info.height, info.width);
  if (!info.bad_pixels.empty()) {
    for (std::size_t i = 0; i < mask.use.size(); ++i)
      if (info.bad_pixels[i] != 0)
        mask.use[i] = 0;
    series.notes.push_back(
        fmt::format("{} pixels marked bad by the detector left out", info.pixels() - mask.count()));
  }
  for (const auto& path : mask_files) {
    const auto other = io::read_mask(path);
    if (other.height != info.height || other.width != info.width)
      throw DataError(fmt::format("{}: mask of {} x {} pixels, expected {} x {} as in {}",
                                  path,
                                  other.height,
                                  other.width,
                                  info.height,
                                  info.width,
                                  info.path));
    mask = frames::intersect(mask, other);
    series.notes.push_back(fmt::format("mask {}: {} pixels in use", path, mask.count()));
  }
  if (mask.count() == 0)
    throw DataError(fmt::format("{}: the masks leave no pixel", info.path));
  return mask;
}

frames::SeriesStatistics
measure(Series& series, frames::Mask& mask, bool find_bad, const Monitor& monitor) {
  auto statistics =
      frames::measure_series(*series.source, mask, {.bad_frames = series.bad_list()}, monitor);
  auto& all = series.kept != nullptr ? series.kept->source() : *series.source;
  if (leave_out_marks(series, mask, statistics, all)) // frames have other means without them
    statistics = frames::measure_series(all, mask, {.bad_frames = series.bad_list()}, monitor);
  if (find_bad) {
    const auto found = frames::find_bad_frames(statistics, mask.count());
    Index added = 0;
    for (const auto& frame : found) {
      auto& bad = series.bad[static_cast<std::size_t>(frame.frame)];
      added += bad == 0;
      bad = 1;
    }
    if (added > 0) {
      series.notes.push_back(fmt::format("{} frames of odd intensity found and made gaps", added));
      statistics = frames::measure_series(all, mask, {.bad_frames = series.bad_list()}, monitor);
    }
  }
  Index invalid = 0;
  for (std::size_t i = 0; i < mask.use.size(); ++i)
    if (mask.use[i] != 0 && statistics.invalid[i] > 0) {
      mask.use[i] = 0;
      ++invalid;
      // NaN in every frame is how some detectors mark a pixel; NaN in some frames is damage
      if (statistics.nonfinite > 0 && statistics.invalid[i] < statistics.good_frames)
        refuse_damage(series.kept != nullptr ? series.kept->source() : *series.source,
                      series.bad,
                      static_cast<Index>(i));
    }
  if (invalid > 0)
    series.notes.push_back(fmt::format(
        "{} pixels that the detector marks as without data in some or all frames left out",
        invalid));
  if (mask.count() == 0)
    throw DataError(fmt::format("{}: no pixel holds valid values", series.info().path));
  Index zero_good = 0;
  for (const Index frame : statistics.zero_frames)
    zero_good += series.bad[static_cast<std::size_t>(frame)] == 0;
  if (zero_good == statistics.good_frames)
    throw DataError(fmt::format("{}: all frames are zero", series.info().path));
  if (zero_good > 0)
    series.warnings.push_back(
        fmt::format("{} frames are all zero, the first is frame {}; they are gaps in C",
                    zero_good,
                    statistics.zero_frames.front()));
  return statistics;
}

std::vector<float>
read_image(const std::string& path, const frames::SeriesInfo& info, const std::string& what) {
  const auto image = io::read_matrix(path);
  if (image.rows != info.height || image.columns != info.width)
    throw DataError(fmt::format("{}: {} of {} x {} pixels, expected {} x {} as in {}",
                                path,
                                what,
                                image.rows,
                                image.columns,
                                info.height,
                                info.width,
                                info.path));
  return {image.values.begin(), image.values.end()};
}

} // namespace vitrum::app
