#include <cstring>

#include <fmt/format.h>

#include "cbor_fields.hpp"
#include "protocols.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

using Kind = CborItem::Kind;

constexpr std::uint64_t tag_self_described = 55799; // RFC 8949, 3.4.6

/// Pixels that the mask of any channel marks.
std::vector<std::uint8_t> bad_pixels(const CborFields& fields, Index height, Index width) {
  const auto* masks = fields.find("pixel_mask");
  std::vector<std::uint8_t> bad;
  if (masks == nullptr || masks->kind != Kind::map || height == 0)
    return bad;
  for (std::size_t i = 0; i + 1 < masks->items.size(); i += 2) {
    const auto mask = fields.image(masks->items[i + 1], "pixel_mask");
    if (mask.height != height || mask.width != width || frames::size_of(mask.type) != 4)
      fields.fail("pixel_mask",
                  fmt::format("{} x {} of {}", mask.height, mask.width, name_of(mask.type)),
                  fmt::format("{} x {} of uint32", height, width));
    constexpr Index most_packing = 255; // of LZ4
    const auto sent = static_cast<Index>(mask.data.size());
    if (mask.bytes() > (mask.compression == io::Compression::none ? sent : most_packing * sent))
      fields.fail("pixel_mask",
                  fmt::format("{} bytes", sent),
                  fmt::format("{} x {} of uint32", height, width));
    std::vector<std::byte> values(static_cast<std::size_t>(mask.bytes()));
    try {
      unpack(mask, values);
    } catch (const DataError& error) {
      fields.fail("pixel_mask", error.what(), "");
    }
    bad.resize(values.size() / 4, 0);
    for (std::size_t p = 0; p < bad.size(); ++p) {
      std::uint32_t flags = 0;
      std::memcpy(&flags, values.data() + 4 * p, 4);
      bad[p] = bad[p] != 0 || flags != 0;
    }
  }
  return bad;
}

SeriesStart parse_start(const CborFields& fields, const std::string& from) {
  SeriesStart start;
  constexpr Index most = Index{1} << 53;
  start.series = fields.count_or("series_id", most, 0);
  auto& info = start.info;
  info.path = from;
  info.format = "dectris-v2";
  info.frames = fields.count_or("number_of_images", most, 0);
  info.width = fields.count_or("image_size_x", largest_edge_px, 0);
  info.height = fields.count_or("image_size_y", largest_edge_px, 0);
  info.frame_time_s = fields.number_or("frame_time", frames::unknown);
  info.exposure_s = fields.number_or("count_time", frames::unknown);
  auto& geometry = info.geometry;
  geometry.wavelength_angstrom = fields.number_or("incident_wavelength", frames::unknown);
  geometry.beam_center_x_px = fields.number_or("beam_center_x", frames::unknown);
  geometry.beam_center_y_px = fields.number_or("beam_center_y", frames::unknown);
  geometry.pixel_size_x_m = fields.number_or("pixel_size_x", frames::unknown);
  geometry.pixel_size_y_m = fields.number_or("pixel_size_y", frames::unknown);
  if (const auto* move = fields.find("detector_translation");
      move != nullptr && move->kind == Kind::array && move->items.size() == 3)
    if (const double z = fields.to_number(move->items[2], "detector_translation"); z > 0)
      geometry.distance_m = z;
  if (const auto type = fields.text_or("image_dtype"); !type.empty()) {
    try {
      info.type = frames::parse_pixel_type(type);
    } catch (const OptionError&) {
      fields.fail("image_dtype", fmt::format("'{}'", type), "a number type such as uint16");
    }
  }
  if (const auto* channels = fields.find("channels");
      channels != nullptr && channels->kind == Kind::array)
    for (const auto& channel : channels->items)
      if (channel.kind == Kind::text)
        start.channels.emplace_back(channel.text());
  if (const auto date = fields.text_or("arm_date"); !date.empty())
    info.metadata.emplace_back("start_time", date);
  for (const char* fact :
       {"detector_description", "detector_serial_number", "sensor_material", "series_unique_id"})
    if (const auto text = fields.text_or(fact); !text.empty())
      info.metadata.emplace_back(fact, text);
  info.bad_pixels = bad_pixels(fields, info.height, info.width);
  return start;
}

Image parse_image(const CborFields& fields, const ParseOptions& options) {
  constexpr Index most = Index{1} << 53;
  const auto& data = fields.at("data");
  if (data.kind != Kind::map || data.items.size() < 2)
    fields.fail("data", name_of(data.kind), "a map of at least one channel");
  const CborItem* chosen = &data.items[1];
  if (!options.channel.empty()) {
    chosen = data.find(options.channel);
    if (chosen == nullptr) {
      std::string names;
      for (std::size_t i = 0; i < data.items.size(); i += 2)
        if (data.items[i].kind == Kind::text)
          names += fmt::format("{}{}", names.empty() ? "" : ", ", data.items[i].text());
      fields.fail("data", fmt::format("channels {}", names), fmt::format("'{}'", options.channel));
    }
  }
  auto image = fields.image(*chosen, "data");
  image.series = fields.count_or("series_id", most, 0);
  image.number = fields.count("image_id", most);
  return image;
}

} // namespace

Message parse_v2(const Parts& parts, const std::string& from, const ParseOptions& options) {
  if (parts.size() != 1)
    throw FormatError(from, "message", fmt::format("{} parts", parts.size()), "one (V2)");
  CborItem root;
  try {
    root = read_cbor(parts[0]);
  } catch (const DataError& error) {
    throw FormatError(from, "message", error.what(), "");
  }
  if (root.kind == Kind::tag && root.number == tag_self_described) {
    auto inner = std::move(root.items[0]);
    root = std::move(inner);
  }
  const auto* type = root.find("type");
  if (type == nullptr || type->kind != Kind::text)
    throw FormatError(
        from, "message", fmt::format("{} without a text 'type'", name_of(root.kind)), "");
  const CborFields fields(root, from, std::string(type->text()));
  if (type->text() == "start")
    return parse_start(fields, from);
  if (type->text() == "image")
    return parse_image(fields, options);
  if (type->text() == "end")
    return SeriesEnd{fields.count_or("series_id", Index{1} << 53, 0)};
  throw FormatError(from, "message", fmt::format("type '{}'", type->text()), "start, image or end");
}

} // namespace vitrum::stream
