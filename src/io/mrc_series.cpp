// MRC stacks of images (MRC2014 header of 1024 bytes), also the movies of DE cameras with their
// side file NAME_info.txt.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "bytes.hpp"
#include "located_frames.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index header_bytes = 1024;

struct Mode {
  frames::PixelType type;
  StoredPixels stored = StoredPixels::as_is;
};

Mode pixel_mode(const std::string& path, int mode) {
  switch (mode) {
  case 0:
    return {frames::PixelType::i8};
  case 1:
    return {frames::PixelType::i16};
  case 2:
    return {frames::PixelType::f32};
  case 6:
    return {frames::PixelType::u16};
  case 12:
    return {frames::PixelType::f32, StoredPixels::half_float};
  default:
    throw FormatError(
        path, "byte 12", fmt::format("pixel mode {}", mode), "mode 0, 1, 2, 6 or 12 (real pixels)");
  }
}

/// "Key = value" lines that a DE camera writes beside NAME_movie.mrc.
void add_side_file(const std::string& path, frames::SeriesInfo& info) {
  const std::string stem = path.substr(0, path.rfind('.'));
  for (const std::string_view ending : {"_movie", ""}) {
    if (!stem.ends_with(ending))
      continue;
    const std::string side = stem.substr(0, stem.size() - ending.size()) + "_info.txt";
    if (!std::filesystem::is_regular_file(side))
      continue;
    for (const auto& [key, value] : read_key_values(side, '=')) {
      const double number = to_number(value);
      if (key == "Frames Per Second" && number > 0)
        info.frame_time_s = 1.0 / number;
      else if (key == "Exposure Time (seconds)" || key == "Scan - Size X" ||
               key == "Scan - Size Y" || key == "Timestamp (seconds since Epoch)" ||
               key == "Camera Model" || key == "Instrument Project Magnification")
        info.metadata.emplace_back(key, value);
    }
    return;
  }
}

std::unique_ptr<frames::FrameSource> open_mrc(const std::string& path, const OpenOptions&) {
  InputFile file(path);
  if (file.size() < header_bytes)
    throw FormatError(
        path, "", fmt::format("{} bytes", file.size()), "a header of 1024 bytes and frames");
  std::array<std::byte, header_bytes> head{};
  file.read(0, header_bytes, head.data());
  const bool big = head[212] == std::byte{0x11};
  const auto integer = [&](int at) {
    return static_cast<std::int32_t>(big ? load_big<std::uint32_t>(&head[at])
                                         : load_little<std::uint32_t>(&head[at]));
  };
  const auto number = [&](int at) {
    const auto bits = static_cast<std::uint32_t>(integer(at));
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<double>(value);
  };
  frames::SeriesInfo info;
  info.path = path;
  info.format = "mrc";
  info.width = integer(0);
  info.height = integer(4);
  info.frames = integer(8);
  const Mode mode = pixel_mode(path, integer(12));
  info.type = mode.type;
  const Index extended = integer(92);
  constexpr Index largest = 1 << 20;
  if (info.width < 1 || info.height < 1 || info.frames < 1 || info.width > largest ||
      info.height > largest)
    throw FormatError(path,
                      "byte 0",
                      fmt::format("{} × {} × {} pixels", info.frames, info.height, info.width),
                      "positive numbers, sides of at most 1048576");
  if (extended < 0 || extended > file.size() - header_bytes)
    throw FormatError(path,
                      "byte 92",
                      fmt::format("an extended header of {} bytes", extended),
                      fmt::format("at most {}", file.size() - header_bytes));
  // cell edges are in angstrom over mx × my × mz pixels
  const double x = number(40) / integer(28);
  const double y = number(44) / integer(32);
  info.scale = make_image_scale(x, y, "A");
  const Index stored =
      info.pixels() * (mode.stored == StoredPixels::half_float ? 2 : frames::size_of(info.type));
  if (const Index rest = file.size() - header_bytes - extended - info.frames * stored; rest > 0)
    info.problems.push_back(
        fmt::format("{} bytes behind the last of {} frames: not read", rest, info.frames));
  add_side_file(path, info);
  StoredPixels how = mode.stored;
  if (big) {
    if (how == StoredPixels::half_float)
      throw FormatError(path, "byte 212", "big-endian half floats", "little-endian ones");
    how = StoredPixels::big_endian;
  }
  return make_located_frames(
      std::move(file), std::move(info), {header_bytes + extended, stored, {}}, how);
}

/// "MAP" with its fill byte at 208, or a stamp of byte order and a known mode: older files lack the
/// first.
bool is_mrc(const Probe& probe) {
  if (probe.head.size() < header_bytes)
    return false;
  const bool map = std::memcmp(probe.head.data() + 208, "MAP", 3) == 0;
  const unsigned char first = probe.head[212], second = probe.head[213];
  const bool stamp =
      (first == 0x44 && (second == 0x44 || second == 0x41)) || (first == 0x11 && second == 0x11);
  const auto mode = load_little<std::int32_t>(probe.head.data() + 12);
  const std::string extension = lower_extension(probe.path);
  const bool named = extension == "mrc" || extension == "mrcs" || extension == "st";
  return map || (stamp && named && mode >= 0 && mode <= 101);
}

} // namespace

Reader mrc_reader() {
  return {[] {
            FormatDescription d;
            d.name = "mrc";
            d.description = "MRC image stack: integers of 8 and 16 bits, floats of 16 and 32; "
                            "pixel size; DE side file";
            d.extensions = {"mrc", "mrcs", "st"};
            d.recognised_by = "\"MAP\" at byte 208, or the stamp of byte order at 212 and the name";
            d.reads_frames = true;
            return d;
          },
          is_mrc,
          open_mrc};
}

} // namespace vitrum::io
