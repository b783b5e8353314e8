// UFXC32k: 32-bit little-endian words, frame << 21 | count << 15 | pixel, without a header. The
// frame counter has 11 bits and wraps; the number it starts with means nothing.
#include <algorithm>

#include <fmt/format.h>

#include "bytes.hpp"
#include "event_series.hpp"
#include "file_bytes.hpp"
#include "hdf5_companion.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index detector_height = 256, detector_width = 128;
constexpr Index wrap = 2048;
constexpr Index word_bytes = 4;

Index frame_of(std::uint32_t word) {
  return word >> 21;
}
std::uint32_t pixel_of(std::uint32_t word) {
  return word & 0x7FFF;
}
std::uint32_t count_of(std::uint32_t word) {
  return word >> 15 & 3;
}

class UfxcSeries final : public EventSeries {
public:
  UfxcSeries(const std::string& path, const OpenOptions& options) : file_(path) {
    info_.path = path;
    info_.format = "ufxc";
    info_.type = frames::PixelType::u8;
    set_shape(info_, options, detector_height, detector_width);
    if (file_.size() == 0)
      throw FormatError(path, "", "an empty file", "words of 4 bytes, one for each event");
    if (file_.size() % word_bytes != 0)
      throw FormatError(path,
                        fmt::format("byte {}", file_.size() / word_bytes * word_bytes),
                        fmt::format("{} bytes, the file is cut within a word", file_.size()),
                        "a multiple of 4");
    find_frames();
    const Index frames = static_cast<Index>(begin_.size()) - 1;
    info_.frames = stated_frames(path, options, frames);
    begin_.resize(static_cast<std::size_t>(info_.frames) + 1, begin_.back());
    read_companion(path, info_);
  }

protected:
  [[nodiscard]] Index stored_events(Index first, Index count) const override {
    return begin_[static_cast<std::size_t>(first + count)] -
           begin_[static_cast<std::size_t>(first)];
  }

  void load(Index first, Index count, frames::EventList& out) override {
    const Index from = begin_[static_cast<std::size_t>(first)];
    const Index total = stored_events(first, count);
    out.frame_begin.assign(begin_.begin() + first, begin_.begin() + first + count + 1);
    for (Index& at : out.frame_begin)
      at -= from;
    out.pixel.resize(static_cast<std::size_t>(total));
    out.count.resize(static_cast<std::size_t>(total));
    file_.read(
        from * word_bytes, total * word_bytes, reinterpret_cast<std::byte*>(out.pixel.data()));
    parallel_for(0, total, Index{1} << 16, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const std::uint32_t word = out.pixel[static_cast<std::size_t>(i)];
        out.pixel[static_cast<std::size_t>(i)] = pixel_of(word);
        out.count[static_cast<std::size_t>(i)] = count_of(word);
        if (static_cast<Index>(pixel_of(word)) >= info_.pixels())
          throw FormatError(info_.path,
                            fmt::format("byte {}", (from + i) * word_bytes),
                            fmt::format("pixel {}", pixel_of(word)),
                            fmt::format("pixels below {}", info_.pixels()));
      }
    });
  }

private:
  void find_frames() {
    constexpr Index piece = Index{1} << 18;
    const Index words = file_.size() / word_bytes;
    std::vector<std::uint32_t> some;
    begin_.assign(1, 0);
    Index counter = -1;
    for (Index begin = 0; begin < words; begin += piece) {
      some.resize(static_cast<std::size_t>(std::min(piece, words - begin)));
      file_.read(begin * word_bytes,
                 static_cast<Index>(some.size()) * word_bytes,
                 reinterpret_cast<std::byte*>(some.data()));
      for (std::size_t i = 0; i < some.size(); ++i) {
        const Index next = frame_of(some[i]);
        if (next == counter)
          continue;
        const Index step = counter < 0 ? 0 : (next - counter + wrap) % wrap;
        if (step >= wrap / 2)
          throw FormatError(
              file_.path(),
              fmt::format("byte {}", (begin + static_cast<Index>(i)) * word_bytes),
              fmt::format(
                  "frame {} after frame {} of a counter that wraps at {}", next, counter, wrap),
              fmt::format("ascending frames, less than {} apart", wrap / 2));
        begin_.resize(begin_.size() + static_cast<std::size_t>(step),
                      begin + static_cast<Index>(i));
        counter = next;
      }
    }
    begin_.push_back(words);
  }

  InputFile file_;
  std::vector<Index> begin_; // [frames + 1] words
};

bool plausible(std::span<const unsigned char> head) {
  std::int64_t last = -1;
  for (std::size_t i = 0; i + 4 <= head.size(); i += 4) {
    const auto word = load_little<std::uint32_t>(head.data() + i);
    const Index frame = frame_of(word);
    if ((last >= 0 && (frame - last + wrap) % wrap >= wrap / 2) || count_of(word) == 0)
      return false;
    last = frame;
  }
  return head.size() >= 4;
}

} // namespace

Reader ufxc_reader() {
  return {[] {
            FormatDescription d;
            d.name = "ufxc";
            d.description = "UFXC32k events: 32-bit words of frame, count and pixel";
            d.extensions = {"bin", "ufxc"};
            d.recognised_by = "the suffix, and words that can be events sorted by frame";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            return !probe.folder &&
                   (probe.path.ends_with(".bin") || probe.path.ends_with(".ufxc")) &&
                   plausible(probe.head);
          },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<UfxcSeries>(path, options);
          }};
}

} // namespace vitrum::io
