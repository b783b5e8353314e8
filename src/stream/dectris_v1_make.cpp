#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocols.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

using nlohmann::json;

Part to_part(const json& value) {
  const auto text = value.dump();
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

} // namespace

std::vector<Part> make_start_v1(const SeriesStart& start) {
  const auto& info = start.info;
  const auto& geometry = info.geometry;
  json config{{"nimages", info.frames},
              {"ntrigger", 1},
              {"x_pixels_in_detector", info.width},
              {"y_pixels_in_detector", info.height},
              {"bit_depth_image", 8 * frames::size_of(info.type)}};
  const auto put = [&](const char* key, double value) {
    if (!std::isnan(value))
      config[key] = value;
  };
  put("frame_time", info.frame_time_s);
  put("count_time", info.exposure_s);
  put("wavelength", geometry.wavelength_angstrom);
  put("detector_distance", geometry.distance_m);
  put("beam_center_x", geometry.beam_center_x_px);
  put("beam_center_y", geometry.beam_center_y_px);
  put("x_pixel_size", geometry.pixel_size_x_m);
  put("y_pixel_size", geometry.pixel_size_y_m);
  const bool masked = !info.bad_pixels.empty();
  std::vector<Part> parts{to_part({{"htype", "dheader-1.0"},
                                   {"series", start.series},
                                   {"header_detail", masked ? "all" : "basic"}}),
                          to_part(config)};
  if (masked) {
    parts.push_back(to_part(
        {{"htype", "dpixelmask-1.0"}, {"shape", {info.width, info.height}}, {"type", "uint32"}}));
    const std::vector<std::uint32_t> mask(info.bad_pixels.begin(), info.bad_pixels.end());
    const auto bytes = std::as_bytes(std::span(mask));
    parts.emplace_back(bytes.begin(), bytes.end());
  }
  return parts;
}

std::vector<Part> make_image_v1(const Frame& frame, io::Compression compression) {
  const Index size = frames::size_of(frame.type);
  Part data;
  std::string encoding = "<";
  if (compression == io::Compression::none) {
    data.assign(frame.values.begin(), frame.values.end());
  } else if (compression == io::Compression::bitshuffle_lz4) {
    if (size > 4)
      throw DataError(fmt::format("V1 has no encoding for {}", frames::name_of(frame.type)));
    data = io::compress(frame.values, compression, size);
    encoding = fmt::format("bs{}-lz4<", 8 * size);
  } else {
    data = io::compress(frame.values, io::Compression::lz4_block, size);
    encoding = "lz4<";
  }
  constexpr double ns = 1e9;
  std::vector<Part> parts{
      to_part({{"htype", "dimage-1.0"}, {"series", frame.series}, {"frame", frame.number}}),
      to_part({{"htype", "dimage_d-1.0"},
               {"shape", {frame.width, frame.height}},
               {"type", std::string(frames::name_of(frame.type))},
               {"encoding", encoding},
               {"size", data.size()}})};
  parts.push_back(std::move(data));
  parts.push_back(to_part({{"htype", "dconfig-1.0"},
                           {"start_time", std::llround(frame.start_s * ns)},
                           {"stop_time", std::llround((frame.start_s + frame.exposure_s) * ns)},
                           {"real_time", std::llround(frame.exposure_s * ns)}}));
  return parts;
}

std::vector<Part> make_end_v1(Index series) {
  return {to_part({{"htype", "dseries_end-1.0"}, {"series", series}})};
}

} // namespace vitrum::stream
