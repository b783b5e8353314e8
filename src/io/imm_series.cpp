// IMM, the format of the APS 8-ID detectors before HDF5: a header of 1024 bytes before each frame,
// then either all its pixels, or the indices of those that count and their values.
#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "bytes.hpp"
#include "event_series.hpp"
#include "file_bytes.hpp"
#include "hdf5_companion.hpp"
#include "npy_series.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index header_bytes = 1024;
constexpr Index event_bytes = 6; // i32 pixel, i16 value
constexpr std::int32_t sparse_mode = 6;

struct Header {
  std::int32_t compression, rows, columns, bytes, buffer, version;
  std::uint32_t events;
  double elapsed, preset;
};

Header parse(const unsigned char* at) {
  const auto i4 = [&](Index offset) { return load_little<std::int32_t>(at + offset); };
  return {i4(4),
          i4(108),
          i4(112),
          i4(116),
          i4(160),
          i4(616),
          load_little<std::uint32_t>(at + 152),
          load_little<double>(at + 128),
          load_little<double>(at + 136)};
}

/// What is wrong with a header that stands alone; empty when nothing is.
std::string wrong_with(const Header& h) {
  if (h.rows < 1 || h.columns < 1 || h.rows > 65536 || h.columns > 65536)
    return fmt::format("frames of {} × {} pixels", h.rows, h.columns);
  if (h.compression != 0 && h.compression != sparse_mode)
    return fmt::format("compression {}", h.compression);
  const Index pixels = Index{h.rows} * h.columns;
  if (h.compression == sparse_mode ? Index{h.events} > pixels : Index{h.events} != pixels)
    return fmt::format("{} values in a frame of {} × {} pixels", h.events, h.rows, h.columns);
  if (h.compression != sparse_mode && h.bytes != 2)
    return fmt::format("{} bytes per pixel", h.bytes);
  return "";
}

/// Where the frames stand, and what their headers say.
class ImmFile {
public:
  ImmFile(const std::string& path, frames::SeriesInfo& info) : file_(path) {
    if (file_.size() == 0)
      throw FormatError(path, "", "an empty file", "a header of 1024 bytes before each frame");
    std::vector<double> elapsed;
    Header first{};
    bool numbered = false;
    Index last_buffer = 0;
    Index lost = 0;
    for (Index at = 0; at < file_.size();) {
      const Header h = read_header(at);
      if (const auto wrong = wrong_with(h); !wrong.empty())
        throw FormatError(path, place(at), wrong, "a header of the IMM format");
      if (offset_.empty())
        first = h;
      if (h.rows != first.rows || h.columns != first.columns || h.compression != first.compression)
        throw FormatError(
            path,
            place(at),
            fmt::format("{} × {} pixels, compression {}", h.rows, h.columns, h.compression),
            fmt::format("{} × {}, {} as in frame 0", first.rows, first.columns, first.compression));
      if (offset_.size() == 1)
        numbered = h.buffer != first.buffer;
      if (!offset_.empty() && numbered) {
        if (h.buffer <= last_buffer)
          throw FormatError(path,
                            place(at),
                            fmt::format("buffer number {} after {}", h.buffer, last_buffer),
                            "ascending numbers");
        lost += h.buffer - last_buffer - 1;
      }
      const Index payload = h.events * (h.compression == sparse_mode ? event_bytes : 2);
      if (payload > file_.size() - at - header_bytes)
        throw FormatError(path,
                          place(at),
                          fmt::format("the end of the file at byte {}", file_.size()),
                          fmt::format("{} bytes of frame {}", payload, offset_.size()));
      last_buffer = h.buffer;
      elapsed.push_back(h.elapsed);
      offset_.push_back(at + header_bytes);
      events_.push_back(h.events);
      at += header_bytes + payload;
    }
    sparse_ = first.compression == sparse_mode;
    info.path = path;
    info.format = "imm";
    info.height = first.rows;
    info.width = first.columns;
    info.type = frames::PixelType::u16;
    info.frames = static_cast<Index>(offset_.size());
    info.metadata.emplace_back("compression", sparse_ ? "events" : "none");
    if (lost > 0)
      info.problems.push_back(fmt::format(
          "{} frames are missing by their buffer numbers: times behind them are too early", lost));
    read_companion(path, info);
    if (!(info.exposure_s > 0) && first.preset > 0 && first.preset < 1e6)
      info.exposure_s = first.preset;
    describe_times(elapsed, info);
  }

  [[nodiscard]] bool sparse() const { return sparse_; }
  [[nodiscard]] Index offset(Index frame) const { return offset_[static_cast<std::size_t>(frame)]; }
  [[nodiscard]] Index events(Index frame) const { return events_[static_cast<std::size_t>(frame)]; }
  [[nodiscard]] const InputFile& file() const { return file_; }

private:
  [[nodiscard]] std::string place(Index at) const {
    return fmt::format("frame {} at byte {}", offset_.size(), at);
  }

  Header read_header(Index at) const {
    if (file_.size() - at < header_bytes)
      throw FormatError(file_.path(),
                        place(at),
                        fmt::format("the end of the file at byte {}", file_.size()),
                        "a header of 1024 bytes");
    unsigned char bytes[header_bytes];
    file_.read(at, header_bytes, reinterpret_cast<std::byte*>(bytes));
    return parse(bytes);
  }

  /// The clock of the headers is shown, and its faults named; it does not set the frame time, since
  /// writers fill it in different ways.
  static void describe_times(const std::vector<double>& elapsed, frames::SeriesInfo& info) {
    if (elapsed.size() < 2 || elapsed.front() == elapsed.back())
      return;
    for (std::size_t f = 1; f < elapsed.size(); ++f)
      if (!(elapsed[f] > elapsed[f - 1])) {
        info.problems.push_back(
            fmt::format("the times in the headers do not grow: {} in frame {} after {}",
                        elapsed[f],
                        f,
                        elapsed[f - 1]));
        return;
      }
    info.metadata.emplace_back(
        "mean step of the header times",
        fmt::format("{:.9g}",
                    (elapsed.back() - elapsed.front()) / static_cast<double>(elapsed.size() - 1)));
  }

  InputFile file_;
  bool sparse_ = false;
  std::vector<Index> offset_; // [frame] of the payload
  std::vector<std::uint32_t> events_;
};

class ImmEvents final : public EventSeries {
public:
  ImmEvents(ImmFile file, frames::SeriesInfo info) : file_(std::move(file)) {
    info_ = std::move(info);
  }

protected:
  [[nodiscard]] Index stored_events(Index first, Index count) const override {
    return begin_of(first, count).back();
  }

  void load(Index first, Index count, frames::EventList& out) override {
    out.frame_begin = begin_of(first, count);
    const Index total = out.frame_begin.back();
    out.pixel.resize(static_cast<std::size_t>(total));
    out.count.resize(static_cast<std::size_t>(total));
    const Index piece =
        std::clamp<Index>(total > 0 ? count * (Index{1} << 16) / total : count, 1, count);
    parallel_for(0, count, piece, [&](Index begin, Index end) {
      std::vector<std::byte> bytes;
      for (Index f = begin; f < end; ++f)
        load_frame(first + f, out.frame_begin[static_cast<std::size_t>(f)], bytes, out);
    });
  }

private:
  [[nodiscard]] std::vector<Index> begin_of(Index first, Index count) const {
    std::vector<Index> begin(1, 0);
    begin.reserve(static_cast<std::size_t>(count) + 1);
    for (Index f = first; f < first + count; ++f)
      begin.push_back(begin.back() + file_.events(f));
    return begin;
  }

  void
  load_frame(Index frame, Index to, std::vector<std::byte>& bytes, frames::EventList& out) const {
    const Index n = file_.events(frame);
    bytes.resize(static_cast<std::size_t>(n * event_bytes));
    file_.file().read(file_.offset(frame), n * event_bytes, bytes.data());
    const std::byte* values = bytes.data() + 4 * n;
    for (Index i = 0; i < n; ++i) {
      const auto pixel = load_little<std::int32_t>(bytes.data() + 4 * i);
      const auto value = load_little<std::int16_t>(values + 2 * i);
      if (pixel < 0 || pixel >= info_.pixels())
        throw FormatError(info_.path,
                          fmt::format("frame {}", frame),
                          fmt::format("pixel {} in event {}", pixel, i),
                          fmt::format("pixels from 0 to {}", info_.pixels() - 1));
      if (value < 0)
        throw FormatError(info_.path,
                          fmt::format("frame {}", frame),
                          fmt::format("{} counts in pixel {}", value, pixel),
                          "no negative counts");
      out.pixel[static_cast<std::size_t>(to + i)] = static_cast<std::uint32_t>(pixel);
      out.count[static_cast<std::size_t>(to + i)] = static_cast<std::uint32_t>(value);
    }
  }

  ImmFile file_;
};

class ImmFrames final : public frames::FrameSource {
public:
  ImmFrames(ImmFile file, frames::SeriesInfo info)
      : file_(std::move(file)), info_(std::move(info)) {}

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    const Index bytes = info_.frame_bytes();
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f)
        file_.file().read(file_.offset(first + f), bytes, out + f * bytes);
    });
  }

private:
  ImmFile file_;
  frames::SeriesInfo info_;
};

/// The format has no signature. A sound header of a known version, or of a file with the suffix.
bool recognise(const Probe& probe) {
  if (probe.folder || static_cast<Index>(probe.head.size()) < header_bytes)
    return false;
  const Header h = parse(probe.head.data());
  return wrong_with(h).empty() &&
         (probe.path.ends_with(".imm") || h.version == 11 || h.version == 12);
}

} // namespace

Reader imm_reader() {
  return {[] {
            FormatDescription d;
            d.name = "imm";
            d.description = "IMM of APS 8-ID: dense frames or events, a header before each frame";
            d.extensions = {"imm"};
            d.recognised_by = "a sound first header, with the version or the suffix of the format";
            d.reads_frames = true;
            return d;
          },
          recognise,
          [](const std::string& path, const OpenOptions&) -> std::unique_ptr<frames::FrameSource> {
            frames::SeriesInfo info;
            ImmFile file(path, info);
            if (file.sparse())
              return std::make_unique<ImmEvents>(std::move(file), std::move(info));
            return std::make_unique<ImmFrames>(std::move(file), std::move(info));
          }};
}

} // namespace vitrum::io
