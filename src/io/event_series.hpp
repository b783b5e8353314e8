// What the readers of event files share: the events of a frame as a file keeps them become the
// ordered lists, or the dense frames, that FrameSource promises.
#pragma once
#include <span>
#include <string>

#include "vitrum/frames/event_list.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

/// A reader gives `info_` and load(). Its pixel type is an unsigned one that holds every count.
class EventSeries : public frames::FrameSource {
public:
  [[nodiscard]] const frames::SeriesInfo& info() const final { return info_; }
  [[nodiscard]] bool sparse() const final { return true; }
  void read(Index first, Index count, std::byte* out) final;
  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   frames::EventList& out) final;

protected:
  /// Fills `out` with the events of frames [first, first + count) as they are stored: in any order
  /// within a frame, zero counts among them. Throws FormatError for pixels outside the frame.
  virtual void load(Index first, Index count, frames::EventList& out) = 0;
  /// How many events are stored in these frames, to bound the memory of a dense read.
  [[nodiscard]] virtual Index stored_events(Index first, Index count) const = 0;

  frames::SeriesInfo info_;
};

/// Sorts each frame by pixel and drops zero counts and pixels that are not in use (empty `used`:
/// all are). Throws FormatError when a frame names a pixel twice.
void tidy_events(const frames::SeriesInfo& info,
                 Index first,
                 std::span<const std::uint8_t> used,
                 frames::EventList& events);

/// Height and width that the user stated, or those of the detector.
void set_shape(frames::SeriesInfo& info, const OpenOptions& options, Index height, Index width);

/// Trailing empty frames leave no trace in files of events alone: a stated number of frames brings
/// them back. Throws FormatError when the file holds more.
[[nodiscard]] Index
stated_frames(const std::string& path, const OpenOptions& options, Index frames_in_file);

} // namespace vitrum::io
