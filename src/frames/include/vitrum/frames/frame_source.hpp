// FrameSource: a series of frames of one shape and type, wherever it comes from. Readers implement
// it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/event_list.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::frames {

/// What a pixel of an image measures on the sample ("nm") or of a diffraction pattern in reciprocal
/// space ("1/nm", k = 1/d). NaN and "" mean "not in the file".
struct ImageScale {
  double x = unknown, y = unknown; // per pixel
  std::string unit;
};

/// What is known of a series before a frame is read. NaN and empty mean "not in the file".
struct SeriesInfo {
  std::string path;   // as the user named it, with ::/dataset where one was chosen
  std::string format; // name of the reader
  Index frames = 0, height = 0, width = 0;
  std::vector<Index> leading; // scans: lengths of the dimensions that count frames, slowest first
  PixelType type = PixelType::u16;
  double frame_time_s = unknown; // from the start of one frame to the start of the next
  double exposure_s = unknown;
  std::vector<double> timestamps_s; // start of each frame after the first; one per frame, or empty
  Geometry geometry;                // the fields the file knows
  ImageScale scale;                 // electron microscopy: of the image or pattern
  std::vector<std::uint8_t> bad_pixels; // the detector's own mask: 1 = bad; one per pixel, or empty
  double invalid_value = unknown; // value by which the detector marks a pixel that holds no data
  std::vector<std::pair<std::string, std::string>> metadata; // further facts, to be shown
  std::vector<std::string> problems; // what is wrong with the file, in words

  [[nodiscard]] Index pixels() const { return height * width; }
  [[nodiscard]] Index frame_bytes() const { return pixels() * size_of(type); }
};

class FrameSource {
public:
  virtual ~FrameSource() = default;
  [[nodiscard]] virtual const SeriesInfo& info() const = 0;

  /// Copies frames first, first + 1, … first + count − 1 to `out`, each in C order [y, x] in its
  /// native type and the byte order of this machine. One caller at a time; a reader may use threads
  /// of its own inside. Throws FileError or FormatError that names the frame.
  virtual void read(Index first, Index count, std::byte* out) = 0;

  /// True when read_events is the cheap way and dense frames are made from it.
  [[nodiscard]] virtual bool sparse() const { return false; }

  /// Replaces `out` by the events of frames first … first + count − 1, only of pixels with used[p]
  /// != 0 (empty: all). A value that equals info().invalid_value comes through as a count; the
  /// consumer checks. As `read` otherwise. The default reads dense frames and throws DataError for
  /// values that are no counts (negative or beyond 32 bits; types that are not integers).
  virtual void
  read_events(Index first, Index count, std::span<const std::uint8_t> used, EventList& out);
};

/// The series restricted to a range of frames (already resolved). Frame times and stamps follow.
[[nodiscard]] std::unique_ptr<FrameSource> select_frames(std::unique_ptr<FrameSource> source,
                                                         Range range);

/// A series in memory, for tests and virtual experiments. `values` is [frame, y, x].
template <class T>
[[nodiscard]] std::unique_ptr<FrameSource>
make_memory_source(std::vector<T> values, Index frames, Index height, Index width);
/// The same of an array that stays where it is: the source reads it.
template <class T>
[[nodiscard]] std::unique_ptr<FrameSource>
make_view_source(std::span<const T> values, Index frames, Index height, Index width);

/// The same from events; its `sparse()` is true. Throws DataError when the list is not valid or
/// `type`, which must be an integer, cannot hold a count.
[[nodiscard]] std::unique_ptr<FrameSource>
make_event_source(EventList events, Index height, Index width, PixelType type = PixelType::u16);

} // namespace vitrum::frames
