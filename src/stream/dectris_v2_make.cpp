#include <algorithm>
#include <cmath>
#include <cstring>

#include "cbor_fields.hpp"
#include "protocols.hpp"

namespace vitrum::stream {
namespace {

using frames::PixelType;

/// [[height, width], typed array of the bytes]; the bytes follow, or the three items of tag 56500.
CborWriter& open_array(CborWriter& to, Index height, Index width, PixelType type) {
  return to.tag(tag_multi_dimensional)
      .array(2)
      .array(2)
      .integer(static_cast<std::uint64_t>(height))
      .integer(static_cast<std::uint64_t>(width))
      .tag(tag_of(type));
}

CborWriter& rational(CborWriter& to, std::string_view key, double seconds) {
  constexpr double per_second = 50e6; // the clock of an EIGER2
  return to.text(key)
      .array(2)
      .integer(static_cast<std::uint64_t>(std::llround(std::max(seconds, 0.0) * per_second)))
      .integer(static_cast<std::uint64_t>(per_second));
}

} // namespace

std::vector<Part> make_start_v2(const SeriesStart& start) {
  const auto& info = start.info;
  const auto& geometry = info.geometry;
  struct Known {
    const char* key;
    double value;
  };
  std::vector<Known> known{{"frame_time", info.frame_time_s},
                           {"count_time", info.exposure_s},
                           {"incident_wavelength", geometry.wavelength_angstrom},
                           {"beam_center_x", geometry.beam_center_x_px},
                           {"beam_center_y", geometry.beam_center_y_px},
                           {"pixel_size_x", geometry.pixel_size_x_m},
                           {"pixel_size_y", geometry.pixel_size_y_m}};
  std::erase_if(known, [](const Known& one) { return std::isnan(one.value); });
  const bool distance = !std::isnan(geometry.distance_m);
  const bool masked = !info.bad_pixels.empty();
  const std::vector<std::string> channels =
      start.channels.empty() ? std::vector<std::string>{"threshold_1"} : start.channels;
  CborWriter out;
  out.map(7 + static_cast<Index>(known.size()) + (distance ? 1 : 0) + (masked ? 1 : 0));
  out.text("type").text("start");
  out.text("series_id").integer(static_cast<std::uint64_t>(start.series));
  out.text("number_of_images").integer(static_cast<std::uint64_t>(info.frames));
  out.text("image_size_x").integer(static_cast<std::uint64_t>(info.width));
  out.text("image_size_y").integer(static_cast<std::uint64_t>(info.height));
  out.text("image_dtype").text(frames::name_of(info.type));
  out.text("channels").array(static_cast<Index>(channels.size()));
  for (const auto& channel : channels)
    out.text(channel);
  for (const auto& one : known)
    out.text(one.key).real(one.value);
  if (distance)
    out.text("detector_translation").array(3).real(0).real(0).real(geometry.distance_m);
  if (masked) {
    std::vector<std::uint32_t> mask(info.bad_pixels.begin(), info.bad_pixels.end());
    out.text("pixel_mask").map(1).text(channels[0]);
    open_array(out, info.height, info.width, PixelType::u32).bytes(std::as_bytes(std::span(mask)));
  }
  return {out.take()};
}

std::vector<Part> make_image_v2(const Frame& frame, io::Compression compression) {
  CborWriter out;
  out.map(7);
  out.text("type").text("image");
  out.text("series_id").integer(static_cast<std::uint64_t>(frame.series));
  out.text("image_id").integer(static_cast<std::uint64_t>(frame.number));
  rational(out, "start_time", frame.start_s);
  rational(out, "stop_time", frame.start_s + frame.exposure_s);
  rational(out, "real_time", frame.exposure_s);
  out.text("data").map(1).text("threshold_1");
  open_array(out, frame.height, frame.width, frame.type);
  const Index size = frames::size_of(frame.type);
  if (compression == io::Compression::none) {
    out.bytes(frame.values);
  } else {
    const bool shuffled = compression == io::Compression::bitshuffle_lz4;
    out.tag(tag_dectris_compression).array(3).text(shuffled ? "bslz4" : "lz4");
    out.integer(shuffled ? static_cast<std::uint64_t>(size) : 0);
    out.bytes(io::compress(
        frame.values, shuffled ? io::Compression::bitshuffle_lz4 : io::Compression::lz4, size));
  }
  return {out.take()};
}

std::vector<Part> make_end_v2(Index series) {
  CborWriter out;
  out.map(2).text("type").text("end");
  out.text("series_id").integer(static_cast<std::uint64_t>(series));
  return {out.take()};
}

} // namespace vitrum::stream
