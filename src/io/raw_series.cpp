// Frames without a header: shape, type, byte order and offset are the user's.
#include <cstring>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "npy_series.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

class RawSeries final : public frames::FrameSource {
public:
  RawSeries(const std::string& path, const OpenOptions& options)
      : file_(path), offset_(options.raw_offset), gap_(options.raw_gap),
        swap_(options.raw_big_endian) {
    if (!options.raw_type || options.raw_height < 1 || options.raw_width < 1)
      throw OptionError("a raw file needs its height, width and pixel type, all three");
    if (options.raw_height > (Index{1} << 40) / options.raw_width)
      throw OptionError(fmt::format(
          "raw frames of {} × {} pixels: more than 2^40", options.raw_height, options.raw_width));
    info_.path = path;
    info_.format = "raw";
    info_.height = options.raw_height;
    info_.width = options.raw_width;
    info_.type = *options.raw_type;
    const Index step = info_.frame_bytes() + gap_;
    const Index held = file_.size() - offset_ + gap_; // the last frame needs no gap behind it
    info_.frames = options.raw_frames > 0 ? options.raw_frames : held / step;
    Index all = 0;
    if (__builtin_mul_overflow(info_.frames, step, &all) || all > Index{1} << 60)
      throw FormatError(path,
                        "",
                        fmt::format("{} bytes", file_.size()),
                        fmt::format("{} frames of {} bytes", info_.frames, step));
    const Index need = offset_ + all - gap_;
    const Index with_last_gap = need + gap_;
    if (info_.frames < 1 || held < step)
      throw FormatError(path,
                        "",
                        fmt::format("{} bytes", file_.size()),
                        fmt::format("at least {} for one frame of {} × {} {}",
                                    offset_ + info_.frame_bytes(),
                                    info_.height,
                                    info_.width,
                                    frames::name_of(info_.type)));
    if (file_.size() != need && file_.size() != with_last_gap)
      throw FormatError(path,
                        "",
                        fmt::format("{} bytes", file_.size()),
                        fmt::format("{} for {} frames of {} × {} {} after {} bytes",
                                    need,
                                    info_.frames,
                                    info_.height,
                                    info_.width,
                                    frames::name_of(info_.type),
                                    offset_));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    const Index bytes = info_.frame_bytes();
    if (gap_ == 0)
      read_in_parallel(file_, offset_ + first * bytes, count * bytes, out);
    else
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i)
          file_.read(offset_ + (first + i) * (bytes + gap_), bytes, out + i * bytes);
      });
    if (swap_)
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        swap_bytes(
            out + begin * bytes, (end - begin) * info_.pixels(), frames::size_of(info_.type));
      });
  }

private:
  InputFile file_;
  frames::SeriesInfo info_;
  Index offset_, gap_;
  bool swap_;
};

} // namespace

Reader raw_reader() {
  return {
      [] {
        FormatDescription d;
        d.name = "raw";
        d.description =
            "frames without a header; height, width, pixel type, byte order and offset are stated";
        d.extensions = {"raw", "bin", "dat"};
        d.recognised_by = "the stated pixel type; the size of the file must match";
        d.reads_frames = true;
        return d;
      },
      nullptr,
      [](const std::string& path,
         const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
        return std::make_unique<RawSeries>(path, options);
      }};
}

} // namespace vitrum::io
