#include "vitrum/frames/frame_source.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "frame_range.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::frames {
namespace {

class SelectedFrames final : public FrameSource {
public:
  SelectedFrames(std::unique_ptr<FrameSource> source, Range range)
      : source_(std::move(source)), range_(range), info_(source_->info()) {
    const SeriesInfo& whole = source_->info();
    if (range.step < 1 || range.first < 0 || range.last > whole.frames || range.first >= range.last)
      throw OptionError(fmt::format("frames {}:{}:{} of {}: the series has {} frames",
                                    range.first,
                                    range.last,
                                    range.step,
                                    whole.path,
                                    whole.frames));
    info_.frames = length(range);
    if (info_.frames != whole.frames)
      info_.leading.clear(); // no whole scan any more
    info_.frame_time_s = whole.frame_time_s * static_cast<double>(range.step);
    info_.timestamps_s.clear();
    if (!whole.timestamps_s.empty())
      for (Index frame = 0; frame < info_.frames; ++frame)
        info_.timestamps_s.push_back(
            whole.timestamps_s[static_cast<std::size_t>(range.first + frame * range.step)] -
            whole.timestamps_s[static_cast<std::size_t>(range.first)]);
  }

  const SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    if (range_.step == 1) {
      source_->read(range_.first + first, count, out);
      return;
    }
    for (Index i = 0; i < count; ++i)
      source_->read(
          range_.first + (first + i) * range_.step, 1, out + i * source_->info().frame_bytes());
  }

  bool sparse() const override { return source_->sparse(); }

  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   EventList& out) override {
    check_frames(info_, first, count);
    if (range_.step == 1) {
      source_->read_events(range_.first + first, count, used, out);
      return;
    }
    out.clear();
    EventList one;
    for (Index i = 0; i < count; ++i) {
      source_->read_events(range_.first + (first + i) * range_.step, 1, used, one);
      out.pixel.insert(out.pixel.end(), one.pixel.begin(), one.pixel.end());
      out.count.insert(out.count.end(), one.count.begin(), one.count.end());
      out.end_frame();
    }
  }

private:
  std::unique_ptr<FrameSource> source_;
  Range range_;
  SeriesInfo info_;
};

template <class T>
class MemorySource final : public FrameSource {
public:
  MemorySource(std::vector<T> values, Index frames, Index height, Index width)
      : MemorySource(std::span<const T>(values), frames, height, width) {
    owned_ = std::move(values); // where they lie stays the same
  }
  MemorySource(std::span<const T> values, Index frames, Index height, Index width)
      : values_(values) {
    if (frames < 1 || height < 1 || width < 1)
      throw DataError(fmt::format(
          "series of {} x {} x {}: every side must be at least 1", frames, height, width));
    if (static_cast<Index>(values_.size()) != frames * height * width)
      throw DataError(fmt::format("series of {} x {} x {}: {} values, expected {}",
                                  frames,
                                  height,
                                  width,
                                  values_.size(),
                                  frames * height * width));
    info_.path = "memory";
    info_.format = "memory";
    info_.frames = frames;
    info_.height = height;
    info_.width = width;
    info_.type = pixel_type_of<T>();
  }

  const SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    std::memcpy(out,
                values_.data() + first * info_.pixels(),
                static_cast<std::size_t>(count * info_.frame_bytes()));
  }

private:
  std::vector<T> owned_; // may be empty
  std::span<const T> values_;
  SeriesInfo info_;
};

} // namespace

void check_frames(const SeriesInfo& info, Index first, Index count) {
  if (first < 0 || count < 0 || first + count > info.frames)
    throw OptionError(fmt::format("frames {}:{} of {}: the series has {} frames",
                                  first,
                                  first + count,
                                  info.path,
                                  info.frames));
}

void FrameSource::read_events(Index first,
                              Index count,
                              std::span<const std::uint8_t> used,
                              EventList& out) {
  out.clear();
  constexpr Index block_bytes = Index{16} << 20;
  const Index block = std::clamp<Index>(
      block_bytes / std::max<Index>(1, info().frame_bytes()), 1, std::max<Index>(count, 1));
  Buffer<std::byte> frames(block * info().frame_bytes());
  for (Index begin = first; begin < first + count; begin += block) {
    const Index size = std::min(block, first + count - begin);
    read(begin, size, frames.data());
    for (Index f = 0; f < size; ++f)
      append_frame(frames.data() + f * info().frame_bytes(), info(), begin + f, used, out);
  }
}

std::unique_ptr<FrameSource> select_frames(std::unique_ptr<FrameSource> source, Range range) {
  return std::make_unique<SelectedFrames>(std::move(source), range);
}

template <class T>
std::unique_ptr<FrameSource>
make_memory_source(std::vector<T> values, Index frames, Index height, Index width) {
  return std::make_unique<MemorySource<T>>(std::move(values), frames, height, width);
}

template <class T>
std::unique_ptr<FrameSource>
make_view_source(std::span<const T> values, Index frames, Index height, Index width) {
  return std::make_unique<MemorySource<T>>(values, frames, height, width);
}

#define VITRUM_MEMORY_SOURCE(T)                                                                    \
  template std::unique_ptr<FrameSource> make_memory_source<T>(                                     \
      std::vector<T>, Index, Index, Index);                                                        \
  template std::unique_ptr<FrameSource> make_view_source<T>(std::span<const T>, Index, Index, Index)
VITRUM_MEMORY_SOURCE(std::uint8_t);
VITRUM_MEMORY_SOURCE(std::uint16_t);
VITRUM_MEMORY_SOURCE(std::uint32_t);
VITRUM_MEMORY_SOURCE(std::uint64_t);
VITRUM_MEMORY_SOURCE(std::int8_t);
VITRUM_MEMORY_SOURCE(std::int16_t);
VITRUM_MEMORY_SOURCE(std::int32_t);
VITRUM_MEMORY_SOURCE(std::int64_t);
VITRUM_MEMORY_SOURCE(float);
VITRUM_MEMORY_SOURCE(double);

} // namespace vitrum::frames
