#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "frame_range.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

class EventSource final : public FrameSource {
public:
  EventSource(EventList events, Index height, Index width, PixelType type)
      : events_(std::move(events)) {
    if (events_.frames() < 1 || height < 1 || width < 1)
      throw DataError(fmt::format("series of {} x {} x {}: every side must be at least 1",
                                  events_.frames(),
                                  height,
                                  width));
    validate(events_, height * width);
    if (!is_integer(type))
      throw DataError(fmt::format("events of {}: must be integers", name_of(type)));
    const std::uint32_t most =
        events_.count.empty() ? 0 : *std::max_element(events_.count.begin(), events_.count.end());
    visit(type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_integral_v<T>)
        if (most > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
          throw DataError(fmt::format("events of {}: {} does not fit", name_of(type), most));
    });
    info_.path = "memory";
    info_.format = "memory";
    info_.frames = events_.frames();
    info_.height = height;
    info_.width = width;
    info_.type = type;
  }

  const SeriesInfo& info() const override { return info_; }
  bool sparse() const override { return true; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    std::memset(out, 0, static_cast<std::size_t>(count * info_.frame_bytes()));
    visit(info_.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_integral_v<T>)
        for (Index f = 0; f < count; ++f)
          for (Index e = begin_of(first + f); e < begin_of(first + f + 1); ++e) {
            const auto value = static_cast<T>(events_.count[static_cast<std::size_t>(e)]);
            const Index at = f * info_.pixels() + events_.pixel[static_cast<std::size_t>(e)];
            std::memcpy(out + at * static_cast<Index>(sizeof(T)), &value, sizeof value);
          }
    });
  }

  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   EventList& out) override {
    check_frames(info_, first, count);
    out.clear();
    for (Index f = first; f < first + count; ++f) {
      for (Index e = begin_of(f); e < begin_of(f + 1); ++e) {
        const auto i = static_cast<std::size_t>(e);
        if (used.empty() || used[events_.pixel[i]] != 0)
          out.add(events_.pixel[i], events_.count[i]);
      }
      out.end_frame();
    }
  }

private:
  [[nodiscard]] Index begin_of(Index frame) const {
    return events_.frame_begin[static_cast<std::size_t>(frame)];
  }

  EventList events_;
  SeriesInfo info_;
};

} // namespace

std::unique_ptr<FrameSource>
make_event_source(EventList events, Index height, Index width, PixelType type) {
  return std::make_unique<EventSource>(std::move(events), height, width, type);
}

} // namespace vitrum::frames
