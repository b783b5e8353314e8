#include "located_frames.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "bytes.hpp"
#include "npy_series.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

/// IEEE 754 binary16.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 0)
    return sign * std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31)
    return mantissa == 0 ? sign * std::numeric_limits<float>::infinity()
                         : std::numeric_limits<float>::quiet_NaN();
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

class LocatedFrames final : public frames::FrameSource {
public:
  LocatedFrames(InputFile file, frames::SeriesInfo info, FramePlaces places, StoredPixels stored)
      : file_(std::move(file)), info_(std::move(info)), places_(std::move(places)),
        stored_(stored) {
    stored_bytes_ = stored_ == StoredPixels::half_float ? info_.pixels() * 2 : info_.frame_bytes();
    for (Index f = 0; f < info_.frames; ++f)
      if (const Index at = place(f); at < 0 || at > file_.size() - stored_bytes_)
        throw FormatError(file_.path(),
                          fmt::format("frame {}", f),
                          fmt::format("the file ends at byte {}", file_.size()),
                          fmt::format("{} × {} {} from byte {} on",
                                      info_.height,
                                      info_.width,
                                      frames::name_of(info_.type),
                                      at));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    const Index bytes = info_.frame_bytes();
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        read_one(first + i, out + i * bytes);
    });
  }

private:
  [[nodiscard]] Index place(Index frame) const {
    return places_.each.empty() ? places_.first + frame * places_.step
                                : places_.each[static_cast<std::size_t>(frame)];
  }

  void read_one(Index frame, std::byte* out) const {
    if (stored_ != StoredPixels::half_float) {
      file_.read(place(frame), stored_bytes_, out);
      if (stored_ == StoredPixels::big_endian)
        swap_bytes(out, info_.pixels(), frames::size_of(info_.type));
      return;
    }
    Buffer<std::uint16_t> half(info_.pixels());
    file_.read(place(frame), stored_bytes_, reinterpret_cast<std::byte*>(half.data()));
    for (Index p = 0; p < info_.pixels(); ++p) {
      const float value = from_half(half[p]);
      std::memcpy(out + p * 4, &value, 4);
    }
  }

  InputFile file_;
  frames::SeriesInfo info_;
  FramePlaces places_;
  StoredPixels stored_;
  Index stored_bytes_ = 0;
};

} // namespace

std::unique_ptr<frames::FrameSource> make_located_frames(InputFile file,
                                                         frames::SeriesInfo info,
                                                         FramePlaces places,
                                                         StoredPixels stored) {
  return std::make_unique<LocatedFrames>(
      std::move(file), std::move(info), std::move(places), stored);
}

frames::ImageScale make_image_scale(double x, double y, const std::string& unit) {
  struct Unit {
    const char* name;
    double factor;
    const char* standard;
  };
  // "\u00b5" is the micro sign, "\u03bc" the Greek letter; files hold both
  static constexpr std::array<Unit, 16> units{{{"nm", 1, "nm"},
                                               {"pm", 1e-3, "nm"},
                                               {"A", 0.1, "nm"},
                                               {"\u00c5", 0.1, "nm"},
                                               {"\u212b", 0.1, "nm"},
                                               {"um", 1e3, "nm"},
                                               {"\u00b5m", 1e3, "nm"},
                                               {"\u03bcm", 1e3, "nm"},
                                               {"mm", 1e6, "nm"},
                                               {"m", 1e9, "nm"},
                                               {"1/nm", 1, "1/nm"},
                                               {"nm^-1", 1, "1/nm"},
                                               {"1/A", 10, "1/nm"},
                                               {"1/\u00c5", 10, "1/nm"},
                                               {"1/pm", 1e3, "1/nm"},
                                               {"1/m", 1e-9, "1/nm"}}};
  frames::ImageScale scale;
  if (!std::isfinite(x) || !std::isfinite(y) || x <= 0 || y <= 0)
    return scale;
  for (const Unit& known : units)
    if (unit == known.name)
      scale = {x * known.factor, y * known.factor, known.standard};
  return scale;
}

} // namespace vitrum::io
