#include "vitrum/ecm/frame_values.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "shift_kernel.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::ecm {

BadPixels::BadPixels(std::span<const std::uint8_t> use, Index height, Index width) {
  for (std::size_t p = 0; p < use.size(); ++p) {
    if (use[p] != 0)
      continue;
    Place place{static_cast<Index>(p), around_.size(), around_.size()};
    const Index y = place.pixel / width, x = place.pixel % width;
    constexpr Index farthest = 8;
    for (Index reach = 1; reach <= farthest && place.last == place.first; ++reach) {
      for (Index v = std::max<Index>(0, y - reach); v <= std::min(height - 1, y + reach); ++v)
        for (Index u = std::max<Index>(0, x - reach); u <= std::min(width - 1, x + reach); ++u)
          if (use[static_cast<std::size_t>(v * width + u)] != 0)
            around_.push_back(v * width + u);
      place.last = around_.size();
    }
    lonely_ = lonely_ || place.last == place.first;
    places_.push_back(place);
  }
}

void BadPixels::fill(std::vector<float>& frame) const {
  double mean = 0;
  if (lonely_) {
    std::size_t next = 0; // bad pixels ascend
    for (std::size_t p = 0; p < frame.size(); ++p)
      if (next < places_.size() && places_[next].pixel == static_cast<Index>(p))
        ++next;
      else
        mean += static_cast<double>(frame[p]);
    mean /= static_cast<double>(std::max<std::size_t>(1, frame.size() - places_.size()));
  }
  // from good pixels alone, so that the order does not matter
  for (const auto& place : places_) {
    double sum = 0;
    for (std::size_t i = place.first; i < place.last; ++i)
      sum += static_cast<double>(frame[static_cast<std::size_t>(around_[i])]);
    const auto count = static_cast<double>(place.last - place.first);
    frame[static_cast<std::size_t>(place.pixel)] =
        static_cast<float>(count > 0 ? sum / count : mean);
  }
}

FrameReader::FrameReader(frames::FrameSource& source, std::span<const std::uint8_t> use)
    : source_(source), bad_pixels_(use, source.info().height, source.info().width) {}

std::vector<float> FrameReader::frame(Index number) {
  std::vector<float> out;
  frame(number, out);
  return out;
}

void FrameReader::frame(Index number, std::vector<float>& out) {
  const auto& info = source_.info();
  raw_.resize(static_cast<std::size_t>(info.frame_bytes()));
  out.resize(static_cast<std::size_t>(info.pixels()));
  source_.read(number, 1, raw_.data());
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    to_floats(reinterpret_cast<const T*>(raw_.data()), info.pixels(), out.data(), simd_level());
  });
  if (!frames::is_integer(info.type))
    for (std::size_t i = 0; i < out.size(); ++i)
      if (!std::isfinite(out[i]))
        throw DataError(fmt::format("{}: frame {}, y {}, x {}: {}, expected a number",
                                    info.path,
                                    number,
                                    static_cast<Index>(i) / info.width,
                                    static_cast<Index>(i) % info.width,
                                    out[i]));
  bad_pixels_.fill(out);
}

} // namespace vitrum::ecm
