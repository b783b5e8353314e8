// The compressed files of NSLS-II CHX: one header, then of each frame the number of events, their
// pixels and their values.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "bytes.hpp"
#include "event_series.hpp"
#include "file_bytes.hpp"
#include "npy_series.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index header_bytes = 1024;
constexpr char signature[] = "Version-COMP0001";

/// Where the frames stand, and what the header says.
class CompFile {
public:
  CompFile(const std::string& path, frames::SeriesInfo& info) : file_(path) {
    if (file_.size() < header_bytes)
      throw FormatError(path, "", fmt::format("{} bytes", file_.size()), "a header of 1024 bytes");
    unsigned char head[header_bytes];
    file_.read(0, header_bytes, reinterpret_cast<std::byte*>(head));
    if (std::memcmp(head, signature, 16) != 0)
      throw FormatError(path, "byte 0", "other bytes", signature);
    const auto integer = [&](Index i) {
      return Index{load_little<std::uint32_t>(head + 80 + 4 * i)};
    };
    value_bytes_ = integer(0);
    if (value_bytes_ != 2 && value_bytes_ != 4 && value_bytes_ != 8)
      throw FormatError(
          path, "byte 80", fmt::format("values of {} bytes", value_bytes_), "2, 4 or 8");
    info.path = path;
    info.format = "comp";
    // the writer calls the second extent of its arrays nrows and the first ncols
    info.width = integer(1);
    info.height = integer(2);
    if (info.height < 1 || info.width < 1 || info.height > (Index{1} << 31) / info.width)
      throw FormatError(path,
                        "byte 84",
                        fmt::format("frames of {} × {} pixels", info.height, info.width),
                        "at least one pixel, at most 2^31");
    info.type = value_bytes_ == 2   ? frames::PixelType::u16
                : value_bytes_ == 4 ? frames::PixelType::u32
                                    : frames::PixelType::f64; // means of several frames
    if (value_bytes_ < 8) // what the counter of a detector, or a mask of −1, leaves behind
      info.invalid_value = value_bytes_ == 2 ? 65535.0 : 4294967295.0;
    find_frames(info);
    describe(head + 16, info);
  }

  [[nodiscard]] Index value_bytes() const { return value_bytes_; }
  [[nodiscard]] Index events(Index first, Index count) const {
    return begin_[static_cast<std::size_t>(first + count)] -
           begin_[static_cast<std::size_t>(first)];
  }

  /// Calls use(i, pixel, address of the value) for the events of a frame.
  template <class Use>
  void each(Index frame, const frames::SeriesInfo& info, Use&& use) const {
    thread_local std::vector<std::byte> bytes;
    const Index n = events(frame, 1);
    bytes.resize(static_cast<std::size_t>(n * (4 + value_bytes_)));
    const Index offset = header_bytes + 4 * (frame + 1) +
                         begin_[static_cast<std::size_t>(frame)] * (4 + value_bytes_);
    file_.read(offset, static_cast<Index>(bytes.size()), bytes.data());
    for (Index i = 0; i < n; ++i) {
      const auto pixel = load_little<std::int32_t>(bytes.data() + 4 * i);
      if (pixel < 0 || pixel >= info.pixels())
        throw FormatError(info.path,
                          fmt::format("frame {}", frame),
                          fmt::format("pixel {} in event {}", pixel, i),
                          fmt::format("pixels from 0 to {}", info.pixels() - 1));
      use(i, static_cast<std::uint32_t>(pixel), bytes.data() + 4 * n + i * value_bytes_);
    }
  }

private:
  void find_frames(frames::SeriesInfo& info) {
    begin_.assign(1, 0);
    for (Index at = header_bytes; at < file_.size();) {
      const auto place =
          fmt::format("frame {} at byte {}", static_cast<Index>(begin_.size()) - 1, at);
      std::uint32_t n = 0;
      if (file_.size() - at < 4)
        throw FormatError(file_.path(),
                          place,
                          fmt::format("the end of the file at byte {}", file_.size()),
                          "its number of events");
      file_.read(at, 4, reinterpret_cast<std::byte*>(&n));
      if (Index{n} > info.pixels())
        throw FormatError(file_.path(),
                          place,
                          fmt::format("{} events", n),
                          fmt::format("at most one for each of {} pixels", info.pixels()));
      const Index payload = Index{n} * (4 + value_bytes_);
      if (payload > file_.size() - at - 4)
        throw FormatError(file_.path(),
                          place,
                          fmt::format("the end of the file at byte {}", file_.size()),
                          fmt::format("{} events in {} bytes", n, payload));
      begin_.push_back(begin_.back() + n);
      at += 4 + payload;
    }
    info.frames = static_cast<Index>(begin_.size()) - 1;
    if (info.frames == 0)
      throw FormatError(file_.path(), "", "no frames", "at least one");
  }

  /// Eight doubles. Writers disagree on the units of lengths; a detector's pixels and distances
  /// leave no doubt which was meant.
  static void describe(const unsigned char* at, frames::SeriesInfo& info) {
    const auto number = [&](Index i) { return load_little<double>(at + 8 * i); };
    const auto within = [](double value, double least, double most) {
      return value >= least && value <= most;
    };
    auto& g = info.geometry;
    if (number(0) != 0 && std::abs(number(0)) < 1e6)
      g.beam_center_x_px = number(0);
    if (number(1) != 0 && std::abs(number(1)) < 1e6)
      g.beam_center_y_px = number(1);
    if (within(number(2), 1e-12, 1e6))
      info.exposure_s = number(2);
    if (within(number(4), 1e-12, 1e6))
      info.frame_time_s = number(4);
    if (within(number(3), 0.01, 100))
      g.distance_m = number(3);
    else if (within(number(3), 100, 1e5))
      g.distance_m = 1e-3 * number(3);
    if (within(number(5), 0.01, 100))
      g.wavelength_angstrom = number(5);
    const auto pixel = [&](double value, double& out) {
      if (within(value, 1e-7, 1e-2))
        out = value;
      else if (within(value, 1, 1e4))
        out = 1e-6 * value;
    };
    pixel(number(6), g.pixel_size_x_m);
    pixel(number(7), g.pixel_size_y_m);
  }

  InputFile file_;
  Index value_bytes_ = 0;
  std::vector<Index> begin_; // [frames + 1] events
};

class CompEvents final : public EventSeries {
public:
  CompEvents(CompFile file, frames::SeriesInfo info) : file_(std::move(file)) {
    info_ = std::move(info);
  }

protected:
  [[nodiscard]] Index stored_events(Index first, Index count) const override {
    return file_.events(first, count);
  }

  void load(Index first, Index count, frames::EventList& out) override {
    out.frame_begin.assign(1, 0);
    for (Index f = 0; f < count; ++f)
      out.frame_begin.push_back(out.frame_begin.back() + file_.events(first + f, 1));
    const Index total = out.frame_begin.back();
    out.pixel.resize(static_cast<std::size_t>(total));
    out.count.resize(static_cast<std::size_t>(total));
    const Index piece =
        std::clamp<Index>(total > 0 ? count * (Index{1} << 16) / total : count, 1, count);
    parallel_for(0, count, piece, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f)
        file_.each(first + f, info_, [&](Index i, std::uint32_t pixel, const std::byte* value) {
          const auto to =
              static_cast<std::size_t>(out.frame_begin[static_cast<std::size_t>(f)] + i);
          out.pixel[to] = pixel;
          out.count[to] = file_.value_bytes() == 2 ? load_little<std::uint16_t>(value)
                                                   : load_little<std::uint32_t>(value);
        });
    });
  }

private:
  CompFile file_;
};

/// Frames averaged before they were stored: their values are no counts.
class CompAverages final : public frames::FrameSource {
public:
  CompAverages(CompFile file, frames::SeriesInfo info)
      : file_(std::move(file)), info_(std::move(info)) {}

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f) {
        std::byte* frame = out + f * info_.frame_bytes();
        std::memset(frame, 0, static_cast<std::size_t>(info_.frame_bytes()));
        file_.each(first + f, info_, [&](Index, std::uint32_t pixel, const std::byte* value) {
          std::memcpy(frame + 8 * Index{pixel}, value, 8);
        });
      }
    });
  }

private:
  CompFile file_;
  frames::SeriesInfo info_;
};

} // namespace

Reader comp_reader() {
  return {[] {
            FormatDescription d;
            d.name = "comp";
            d.description = "compressed events of NSLS-II CHX: 16-bit, 32-bit or averaged frames";
            d.extensions = {"cmp"};
            d.recognised_by = "signature Version-COMP0001";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.head.size() >= 16 && std::memcmp(probe.head.data(), signature, 16) == 0;
          },
          [](const std::string& path, const OpenOptions&) -> std::unique_ptr<frames::FrameSource> {
            frames::SeriesInfo info;
            CompFile file(path, info);
            if (info.type == frames::PixelType::f64)
              return std::make_unique<CompAverages>(std::move(file), std::move(info));
            return std::make_unique<CompEvents>(std::move(file), std::move(info));
          }};
}

} // namespace vitrum::io
