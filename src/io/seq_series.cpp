// Norpix StreamPix sequences (.seq), as DE and other fast cameras write them.
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "bytes.hpp"
#include "located_frames.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index short_header = 1024, long_header = 8192;

/// Seconds, milliseconds and microseconds behind the pixels of each frame.
double timestamp(const InputFile& file, Index at) {
  std::array<std::byte, 8> bytes{};
  file.read(at, 8, bytes.data());
  return load_little<std::uint32_t>(&bytes[0]) + 1e-3 * load_little<std::uint16_t>(&bytes[4]) +
         1e-6 * load_little<std::uint16_t>(&bytes[6]);
}

std::unique_ptr<frames::FrameSource> open_seq(const std::string& path, const OpenOptions&) {
  InputFile file(path);
  if (file.size() < short_header)
    throw FormatError(path, "", fmt::format("{} bytes", file.size()), "a header of 1024 bytes");
  std::array<std::byte, short_header> head{};
  file.read(0, short_header, head.data());
  const auto word = [&](Index at) {
    return static_cast<Index>(load_little<std::uint32_t>(&head[static_cast<std::size_t>(at)]));
  };
  frames::SeriesInfo info;
  info.path = path;
  info.format = "seq";
  info.width = word(548);
  info.height = word(552);
  const Index depth = word(556);
  const Index allocated = word(572); // frames that the writer counted
  const Index step = word(580);      // from one frame to the next
  const Index compression = word(620);
  const double rate = load_little<double>(&head[584]);
  if (info.width < 1 || info.height < 1 || info.width > 1 << 20 || info.height > 1 << 20)
    throw FormatError(path,
                      "byte 548",
                      fmt::format("{} × {} pixels", info.height, info.width),
                      "1 to 1048576 along each side");
  if (compression != 0)
    throw FormatError(
        path, "byte 620", fmt::format("compression {}", compression), "0, uncompressed frames");
  if (depth == 8)
    info.type = frames::PixelType::u8;
  else if (depth == 16)
    info.type = frames::PixelType::u16;
  else if (depth == 32)
    info.type = frames::PixelType::f32;
  else
    throw FormatError(path, "byte 556", fmt::format("{} bits per pixel", depth), "8, 16 or 32");
  if (step < info.frame_bytes() + 8)
    throw FormatError(path,
                      "byte 580",
                      fmt::format("{} bytes per frame", step),
                      fmt::format("at least {} for pixels and time", info.frame_bytes() + 8));
  // Version 5 has the longer header.
  const Index first = word(28) >= 5 ? long_header : short_header;
  info.frames = (file.size() - first) / step;
  if (file.size() <= first || info.frames < 1)
    throw FormatError(path,
                      "frame 0",
                      fmt::format("the file ends at byte {}", file.size()),
                      fmt::format("{} bytes from byte {} on", step, first));
  if (allocated > 0 && allocated < info.frames)
    info.frames = allocated;
  else if (allocated > info.frames)
    info.problems.push_back(
        fmt::format("the header counts {} frames, the file holds {}", allocated, info.frames));
  if (std::isfinite(rate) && rate > 0)
    info.frame_time_s = 1.0 / rate;
  if (info.frames > 1) {
    const double begin = timestamp(file, first + info.frame_bytes());
    const double end = timestamp(file, first + (info.frames - 1) * step + info.frame_bytes());
    const double mean = (end - begin) / static_cast<double>(info.frames - 1);
    info.metadata.emplace_back("mean time between frames (s)", fmt::format("{:.6g}", mean));
    if (!std::isnan(info.frame_time_s) && mean > 0 &&
        std::abs(mean - info.frame_time_s) > 0.05 * info.frame_time_s)
      info.problems.push_back(
          fmt::format("frame time {:.6g} s in the header, {:.6g} s between the stamps of the first "
                      "and the last frame",
                      info.frame_time_s,
                      mean));
  }
  return make_located_frames(std::move(file), std::move(info), {first, step, {}});
}

} // namespace

Reader seq_reader() {
  return {[] {
            FormatDescription d;
            d.name = "seq";
            d.description = "StreamPix sequence, uncompressed, of 8, 16 and 32 bits; frame time";
            d.extensions = {"seq"};
            d.recognised_by = "first bytes ed fe 00 00 and \"Norpix seq\" in UTF-16";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            constexpr std::array<unsigned char, 8> mark{0xED, 0xFE, 0, 0, 'N', 0, 'o', 0};
            return probe.head.size() >= mark.size() &&
                   std::memcmp(probe.head.data(), mark.data(), mark.size()) == 0;
          },
          open_seq};
}

} // namespace vitrum::io
