#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "cbor_item.hpp"
#include "protocols.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

using frames::PixelType;
using Kind = CborItem::Kind;

constexpr std::uint64_t tag_self_described = 55799; // RFC 8949, 3.4.6
constexpr std::uint64_t tag_multi_dimensional = 40; // RFC 8746, 3.1
constexpr std::uint64_t tag_dectris_compression = 56500;

/// A tag of RFC 8746, 2.
struct TypedArray {
  std::uint64_t tag;
  PixelType type;
  bool big_endian;
};
constexpr std::array typed_arrays{TypedArray{64, PixelType::u8, false},
                                  TypedArray{68, PixelType::u8, false},
                                  TypedArray{69, PixelType::u16, false},
                                  TypedArray{70, PixelType::u32, false},
                                  TypedArray{71, PixelType::u64, false},
                                  TypedArray{65, PixelType::u16, true},
                                  TypedArray{66, PixelType::u32, true},
                                  TypedArray{67, PixelType::u64, true},
                                  TypedArray{72, PixelType::i8, false},
                                  TypedArray{77, PixelType::i16, false},
                                  TypedArray{78, PixelType::i32, false},
                                  TypedArray{79, PixelType::i64, false},
                                  TypedArray{73, PixelType::i16, true},
                                  TypedArray{74, PixelType::i32, true},
                                  TypedArray{75, PixelType::i64, true},
                                  TypedArray{85, PixelType::f32, false},
                                  TypedArray{86, PixelType::f64, false},
                                  TypedArray{81, PixelType::f32, true},
                                  TypedArray{82, PixelType::f64, true}};

/// The fields of one message.
class Fields {
public:
  Fields(const CborItem& map, std::string from, std::string type)
      : map_(map), from_(std::move(from)), type_(std::move(type)) {}

  [[noreturn]] void
  fail(std::string_view field, std::string_view found, std::string_view expected) const {
    throw FormatError(from_, fmt::format("{} message, {}", type_, field), found, expected);
  }

  [[nodiscard]] const CborItem* find(std::string_view field) const { return map_.find(field); }
  [[nodiscard]] const CborItem& at(std::string_view field) const {
    const auto* item = find(field);
    if (item == nullptr)
      fail(field, "is missing", "");
    return *item;
  }

  [[nodiscard]] Index count(std::string_view field, Index most) const {
    const auto& item = at(field);
    if (item.kind != Kind::integer)
      fail(field, name_of(item.kind), "an integer");
    if (item.number > static_cast<std::uint64_t>(most))
      fail(field, fmt::format("{}", item.number), fmt::format("0 to {}", most));
    return static_cast<Index>(item.number);
  }
  [[nodiscard]] Index count_or(std::string_view field, Index most, Index otherwise) const {
    const auto* item = find(field);
    return item == nullptr || item->kind == Kind::null ? otherwise : count(field, most);
  }
  [[nodiscard]] double number_or(std::string_view field, double otherwise) const {
    const auto* item = find(field);
    if (item == nullptr || item->kind == Kind::null)
      return otherwise;
    return to_number(*item, field);
  }
  [[nodiscard]] double to_number(const CborItem& item, std::string_view field) const {
    if (item.kind == Kind::real)
      return item.real;
    if (item.kind == Kind::integer)
      return static_cast<double>(item.number);
    if (item.kind == Kind::negative)
      return -1 - static_cast<double>(item.number);
    fail(field, name_of(item.kind), "a number");
  }
  [[nodiscard]] std::string text_or(std::string_view field) const {
    const auto* item = find(field);
    if (item != nullptr && item->kind == Kind::tag)
      item = &item->items[0];
    return item != nullptr && item->kind == Kind::text ? std::string(item->text()) : "";
  }

  /// A multi-dimensional array of two dimensions.
  [[nodiscard]] Image image(const CborItem& item, std::string_view field) const {
    if (item.kind != Kind::tag || item.number != tag_multi_dimensional)
      fail(field,
           item.kind == Kind::tag ? fmt::format("tag {}", item.number)
                                  : std::string(name_of(item.kind)),
           "a multi-dimensional array (tag 40)");
    const auto& pair = item.items[0];
    if (pair.kind != Kind::array || pair.items.size() != 2 || pair.items[0].kind != Kind::array ||
        pair.items[0].items.size() != 2)
      fail(field, "no shape of two numbers and values", "an array [[height, width], values]");
    Image out;
    out.height = edge(pair.items[0].items[0], field);
    out.width = edge(pair.items[0].items[1], field);
    typed(pair.items[1], field, out);
    if (out.bytes() > largest_image_bytes)
      fail(field,
           fmt::format("{} x {} values", out.height, out.width),
           fmt::format("at most {} bytes", largest_image_bytes));
    return out;
  }

private:
  [[nodiscard]] Index edge(const CborItem& item, std::string_view field) const {
    if (item.kind != Kind::integer || item.number < 1 ||
        item.number > static_cast<std::uint64_t>(largest_edge_px))
      fail(field,
           item.kind == Kind::integer ? fmt::format("{} pixels", item.number)
                                      : std::string(name_of(item.kind)),
           fmt::format("1 to {} pixels", largest_edge_px));
    return static_cast<Index>(item.number);
  }

  void typed(const CborItem& item, std::string_view field, Image& out) const {
    if (item.kind != Kind::tag)
      fail(field, name_of(item.kind), "a typed array (RFC 8746)");
    const auto known = std::find_if(typed_arrays.begin(), typed_arrays.end(), [&](const auto& t) {
      return t.tag == item.number;
    });
    if (known == typed_arrays.end())
      fail(field, fmt::format("tag {}", item.number), "a typed array (RFC 8746)");
    out.type = known->type;
    out.big_endian = known->big_endian;
    out.element_bytes = frames::size_of(out.type);
    const auto& values = item.items[0];
    if (values.kind == Kind::bytes) {
      out.data = values.bytes;
      return;
    }
    if (values.kind != Kind::tag || values.number != tag_dectris_compression)
      fail(field,
           values.kind == Kind::tag ? fmt::format("tag {}", values.number)
                                    : std::string(name_of(values.kind)),
           "a byte string, compressed (tag 56500) or not");
    packed(values.items[0], field, out);
  }

  void packed(const CborItem& triple, std::string_view field, Image& out) const {
    if (triple.kind != Kind::array || triple.items.size() != 3 ||
        triple.items[0].kind != Kind::text || triple.items[1].kind != Kind::integer ||
        triple.items[2].kind != Kind::bytes)
      fail(field, "tag 56500 of something else", "an array [algorithm, element size, bytes]");
    const auto algorithm = triple.items[0].text();
    out.data = triple.items[2].bytes;
    if (algorithm == "lz4") {
      out.compression = io::Compression::lz4;
    } else if (algorithm == "bslz4") {
      out.compression = io::Compression::bitshuffle_lz4;
      const auto size = triple.items[1].number;
      if (size != 1 && size != 2 && size != 4 && size != 8)
        fail(field, fmt::format("elements of {} bytes", size), "1, 2, 4 or 8");
      out.element_bytes = static_cast<Index>(size);
    } else {
      fail(field, fmt::format("compression '{}'", algorithm), "bslz4 or lz4");
    }
  }

  const CborItem& map_;
  std::string from_, type_;
};

/// Pixels that the mask of any channel marks.
std::vector<std::uint8_t> bad_pixels(const Fields& fields, Index height, Index width) {
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

SeriesStart parse_start(const Fields& fields, const std::string& from) {
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

Image parse_image(const Fields& fields, const ParseOptions& options) {
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

std::uint64_t tag_of(PixelType type) {
  for (const auto& known : typed_arrays)
    if (known.type == type && !known.big_endian)
      return known.tag;
  throw DataError(fmt::format("{} is no typed array of RFC 8746", name_of(type)));
}

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
  const Fields fields(root, from, std::string(type->text()));
  if (type->text() == "start")
    return parse_start(fields, from);
  if (type->text() == "image")
    return parse_image(fields, options);
  if (type->text() == "end")
    return SeriesEnd{fields.count_or("series_id", Index{1} << 53, 0)};
  throw FormatError(from, "message", fmt::format("type '{}'", type->text()), "start, image or end");
}

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
