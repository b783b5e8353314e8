#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "protocols.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

using frames::PixelType;
using nlohmann::json;

constexpr Index most = Index{1} << 53;

std::string_view text_of(std::span<const std::byte> part) {
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

/// One JSON part of a message.
class Fields {
public:
  Fields(std::span<const std::byte> part, std::string from, std::string name)
      : from_(std::move(from)), name_(std::move(name)),
        json_(json::parse(text_of(part), nullptr, false)) {
    if (!json_.is_object())
      fail("", json_.is_discarded() ? "no JSON" : json_.type_name(), "a JSON object");
  }

  [[noreturn]] void
  fail(std::string_view field, std::string_view found, std::string_view expected) const {
    throw FormatError(
        from_, field.empty() ? name_ : fmt::format("{}, {}", name_, field), found, expected);
  }

  [[nodiscard]] bool has(const char* field) const {
    return json_.contains(field) && !json_[field].is_null();
  }
  [[nodiscard]] std::string text(const char* field) const {
    if (!has(field))
      fail(field, "is missing", "");
    if (!json_[field].is_string())
      fail(field, json_[field].type_name(), "a string");
    return json_[field].get<std::string>();
  }
  [[nodiscard]] std::string text_or(const char* field) const {
    return has(field) && json_[field].is_string() ? json_[field].get<std::string>() : "";
  }
  [[nodiscard]] double number_or(const char* field, double otherwise) const {
    if (!has(field))
      return otherwise;
    if (!json_[field].is_number())
      fail(field, json_[field].type_name(), "a number");
    return json_[field].get<double>();
  }
  [[nodiscard]] Index count(const char* field, Index largest) const {
    if (!has(field))
      fail(field, "is missing", "");
    return to_count(json_[field], field, largest);
  }
  [[nodiscard]] Index count_or(const char* field, Index largest, Index otherwise) const {
    return has(field) ? count(field, largest) : otherwise;
  }
  /// Width and height: V1 counts x first. A third dimension of one is allowed.
  [[nodiscard]] std::pair<Index, Index> shape() const {
    if (!has("shape"))
      fail("shape", "is missing", "");
    const auto& list = json_["shape"];
    if (!list.is_array() || list.size() < 2 || list.size() > 3)
      fail("shape",
           list.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60),
           "an array [width, height]");
    const Index width = to_count(list[0], "shape", largest_edge_px);
    const Index height = to_count(list[1], "shape", largest_edge_px);
    if (width < 1 || height < 1 || (list.size() == 3 && to_count(list[2], "shape", 1) != 1))
      fail("shape", fmt::format("{} x {}", width, height), "at least one pixel");
    return {width, height};
  }
  [[nodiscard]] PixelType type() const {
    const auto name = text("type");
    try {
      return frames::parse_pixel_type(name);
    } catch (const OptionError&) {
      fail("type", fmt::format("'{}'", name), "a number type such as uint16");
    }
  }

private:
  [[nodiscard]] Index to_count(const json& value, const char* field, Index largest) const {
    if (!value.is_number())
      fail(field, value.type_name(), "a number");
    const double number = value.get<double>();
    if (!(number >= 0) || number > static_cast<double>(largest) || number != std::floor(number))
      fail(field, fmt::format("{}", number), fmt::format("a whole number from 0 to {}", largest));
    return static_cast<Index>(number);
  }

  std::string from_, name_;
  json json_;
};

void set_encoding(const Fields& fields, Image& image) {
  const auto encoding = fields.text("encoding");
  const auto refuse = [&] {
    fields.fail(
        "encoding", fmt::format("'{}'", encoding), "<, lz4<, bs8-lz4<, bs16-lz4< or bs32-lz4<");
  };
  if (encoding.empty() || (encoding.back() != '<' && encoding.back() != '>'))
    refuse();
  image.big_endian = encoding.back() == '>';
  const auto packing = encoding.substr(0, encoding.size() - 1);
  if (packing.empty())
    return;
  if (packing == "lz4")
    image.compression = io::Compression::lz4_block;
  else if (packing == "bs8-lz4" || packing == "bs16-lz4" || packing == "bs32-lz4") {
    image.compression = io::Compression::bitshuffle_lz4;
    image.element_bytes = packing == "bs8-lz4" ? 1 : packing == "bs16-lz4" ? 2 : 4;
  } else {
    refuse();
  }
}

Image parse_image(const Fields& head, const Parts& parts, const std::string& from) {
  if (parts.size() < 3)
    head.fail("", fmt::format("{} parts", parts.size()), "at least three: dimage, dimage_d, data");
  const Fields data(parts[1], from, "dimage_d");
  if (data.text("htype") != "dimage_d-1.0")
    data.fail("htype", fmt::format("'{}'", data.text("htype")), "dimage_d-1.0");
  Image image;
  image.series = head.count_or("series", most, 0);
  image.number = head.count("frame", most);
  std::tie(image.width, image.height) = data.shape();
  image.type = data.type();
  if (image.bytes() > largest_image_bytes)
    data.fail("shape",
              fmt::format("{} x {} values", image.width, image.height),
              fmt::format("at most {} bytes", largest_image_bytes));
  set_encoding(data, image);
  image.data = parts[2];
  return image;
}

void read_mask(const Fields& head, std::span<const std::byte> blob, frames::SeriesInfo& info) {
  const auto [width, height] = head.shape();
  if (head.type() != PixelType::u32 ||
      static_cast<Index>(blob.size()) != width * height * frames::size_of(PixelType::u32))
    head.fail("type",
              fmt::format("{} bytes of {}", blob.size(), frames::name_of(head.type())),
              fmt::format("{} x {} of uint32", width, height));
  info.bad_pixels.resize(static_cast<std::size_t>(width * height));
  for (std::size_t p = 0; p < info.bad_pixels.size(); ++p) {
    std::uint32_t flags = 0;
    std::memcpy(&flags, blob.data() + 4 * p, 4);
    info.bad_pixels[p] = flags != 0;
  }
  info.width = width;
  info.height = height;
}

SeriesStart parse_start(const Fields& head, const Parts& parts, const std::string& from) {
  SeriesStart start;
  start.series = head.count_or("series", most, 0);
  auto& info = start.info;
  info.path = from;
  info.format = "dectris-v1";
  if (parts.size() < 2)
    return start;
  const Fields config(parts[1], from, "dheader configuration");
  info.frames = config.count_or("nimages", Index{1} << 26, 0) *
                config.count_or("ntrigger", Index{1} << 26, 1);
  info.width = config.count_or("x_pixels_in_detector", largest_edge_px, 0);
  info.height = config.count_or("y_pixels_in_detector", largest_edge_px, 0);
  info.frame_time_s = config.number_or("frame_time", frames::unknown);
  info.exposure_s = config.number_or("count_time", frames::unknown);
  auto& geometry = info.geometry;
  geometry.wavelength_angstrom = config.number_or("wavelength", frames::unknown);
  geometry.distance_m = config.number_or("detector_distance", frames::unknown);
  if (!(geometry.distance_m > 0))
    geometry.distance_m = frames::unknown;
  geometry.beam_center_x_px = config.number_or("beam_center_x", frames::unknown);
  geometry.beam_center_y_px = config.number_or("beam_center_y", frames::unknown);
  geometry.pixel_size_x_m = config.number_or("x_pixel_size", frames::unknown);
  geometry.pixel_size_y_m = config.number_or("y_pixel_size", frames::unknown);
  for (const char* fact : {"description", "detector_number", "data_collection_date"})
    if (const auto text = config.text_or(fact); !text.empty())
      info.metadata.emplace_back(std::string(fact) == "data_collection_date" ? "start_time" : fact,
                                 text);
  // flat field, pixel mask and count-rate table: pairs of a JSON part and a blob
  for (std::size_t i = 2; i + 1 < parts.size(); i += 2) {
    if (parts[i].empty() || std::to_integer<char>(parts[i][0]) != '{')
      break;
    const Fields part(parts[i], from, fmt::format("dheader part {}", i + 1));
    if (part.text_or("htype") == "dpixelmask-1.0")
      read_mask(part, parts[i + 1], info);
  }
  return start;
}

} // namespace

Message parse_v1(const Parts& parts, const std::string& from) {
  if (parts.empty())
    throw FormatError(from, "message", "no parts", "at least one (V1)");
  const Fields head(parts[0], from, "message");
  const auto type = head.text("htype");
  if (type == "dheader-1.0")
    return parse_start(head, parts, from);
  if (type == "dimage-1.0")
    return parse_image(head, parts, from);
  if (type == "dseries_end-1.0")
    return SeriesEnd{head.count_or("series", most, 0)};
  head.fail("htype", fmt::format("'{}'", type), "dheader-1.0, dimage-1.0 or dseries_end-1.0");
}

} // namespace vitrum::stream
