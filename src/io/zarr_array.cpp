#include "zarr_array.hpp"

#include <cstring>
#include <limits>
#include <optional>

#include <blosc.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <lz4.h>
#include <nlohmann/json.hpp>
#include <zlib.h>
#include <zstd.h>

#include "bytes.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

using Json = nlohmann::json;

constexpr Index most_header_bytes = Index{1} << 20;
constexpr Index most_chunk_values = Index{1} << 31;

std::optional<Json> read_json(const ZarrStore& store, const std::string& key) {
  const auto bytes = store.get(key, most_header_bytes);
  if (!bytes)
    return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(bytes->data());
  return Json::parse(text, text + bytes->size(), nullptr, false);
}

std::vector<Index> lengths(const Json& json, const char* name) {
  std::vector<Index> values;
  if (!json.contains(name) || !json[name].is_array())
    return values;
  for (const Json& value : json[name])
    values.push_back(value.is_number_integer() ? value.get<Index>() : -1);
  return values;
}

std::optional<ZarrCompressor> compressor_of(const Json& json) {
  if (!json.contains("compressor") || json["compressor"].is_null())
    return ZarrCompressor::none;
  const std::string id = json["compressor"].value("id", "");
  if (id == "zlib")
    return ZarrCompressor::zlib;
  if (id == "gzip")
    return ZarrCompressor::gzip;
  if (id == "zstd")
    return ZarrCompressor::zstd;
  if (id == "lz4")
    return ZarrCompressor::lz4;
  if (id == "blosc")
    return ZarrCompressor::blosc;
  return std::nullopt;
}

double fill_of(const Json& json) {
  if (!json.contains("fill_value"))
    return 0;
  const Json& fill = json["fill_value"];
  return fill.is_number() ? fill.get<double>()
         : fill == "NaN"  ? std::numeric_limits<double>::quiet_NaN()
                          : 0;
}

/// zlib and gzip streams.
bool inflate_all(std::span<const std::byte> in, std::span<std::byte> out) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 32) != Z_OK)
    return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = inflate(&stream, Z_FINISH);
  const bool whole = code == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  return whole;
}

bool unpack(ZarrCompressor compressor, std::span<const std::byte> in, std::span<std::byte> out) {
  const auto* from = reinterpret_cast<const char*>(in.data());
  auto* to = reinterpret_cast<char*>(out.data());
  switch (compressor) {
  case ZarrCompressor::none:
    if (in.size() != out.size())
      return false;
    std::memcpy(to, from, in.size());
    return true;
  case ZarrCompressor::zlib:
  case ZarrCompressor::gzip:
    return inflate_all(in, out);
  case ZarrCompressor::zstd:
    return ZSTD_decompress(to, out.size(), from, in.size()) == out.size();
  case ZarrCompressor::lz4: // the size stands before the block
    return in.size() > 4 && load_little<std::uint32_t>(from) == out.size() &&
           LZ4_decompress_safe(
               from + 4, to, static_cast<int>(in.size() - 4), static_cast<int>(out.size())) ==
               static_cast<int>(out.size());
  case ZarrCompressor::blosc:
    break;
  }
  std::size_t held = 0;
  return blosc_cbuffer_validate(from, in.size(), &held) == 0 && held == out.size() &&
         blosc_decompress_ctx(from, to, out.size(), 1) == static_cast<int>(out.size());
}

} // namespace

Index ZarrArray::chunk_values() const {
  Index values = 1;
  for (const Index side : chunks)
    values *= side;
  return values;
}

std::string ZarrArray::key(std::span<const Index> chunk) const {
  const std::string indices = fmt::format("{}", fmt::join(chunk, std::string_view(&separator, 1)));
  return name.empty() ? indices : name + "/" + indices;
}

ZarrArray
read_zarr_array(const ZarrStore& store, const std::string& path, const std::string& name) {
  const std::string key = name.empty() ? ".zarray" : name + "/.zarray";
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw FormatError(path, key, found, expected);
  };
  const auto found = read_json(store, key);
  if (!found)
    refuse("no such array", "an array of Zarr v2");
  const Json& json = *found;
  if (!json.is_object())
    refuse("text that is no JSON object", "the header of an array");
  if (json.value("zarr_format", 0) != 2)
    refuse(fmt::format("zarr_format {}", json.value("zarr_format", 0)), "2");
  if (json.contains("filters") && !json["filters"].is_null() && !json["filters"].empty())
    refuse("filters " + json["filters"].dump(), "none");
  ZarrArray array;
  array.name = name;
  array.shape = lengths(json, "shape");
  array.chunks = lengths(json, "chunks");
  if (array.shape.size() != array.chunks.size() || array.shape.size() < 2)
    refuse(fmt::format("shape [{}], chunks [{}]",
                       fmt::join(array.shape, ", "),
                       fmt::join(array.chunks, ", ")),
           "two dimensions or more, the same for both");
  double values = 1, chunk = 1;
  for (std::size_t d = 0; d < array.shape.size(); ++d) {
    if (array.shape[d] < 1 || array.chunks[d] < 1)
      refuse(fmt::format("shape [{}], chunks [{}]",
                         fmt::join(array.shape, ", "),
                         fmt::join(array.chunks, ", ")),
             "positive lengths");
    values *= static_cast<double>(array.shape[d]);
    chunk *= static_cast<double>(array.chunks[d]);
  }
  if (values > 1e15 || chunk * 8 > static_cast<double>(most_chunk_values))
    refuse(fmt::format("shape [{}], chunks [{}]",
                       fmt::join(array.shape, ", "),
                       fmt::join(array.chunks, ", ")),
           "chunks of at most 2 GiB");
  if (json.value("order", "C") != std::string("C"))
    refuse("order " + json["order"].dump(), "C");
  const auto compressor = compressor_of(json);
  if (!compressor)
    refuse("compressor " + json["compressor"].value("id", ""),
           "none, zlib, gzip, zstd, lz4 or blosc");
  array.compressor = *compressor;
  const std::string type = json.contains("dtype") && json["dtype"].is_string()
                               ? json["dtype"].get<std::string>()
                               : std::string("a structure");
  if (type.size() < 3 || (type[0] != '<' && type[0] != '>' && type[0] != '|'))
    refuse("type " + type, "integers or floats, like <u2");
  array.big_endian = type[0] == '>';
  if (type.substr(1) == "b1") {
    array.type = frames::PixelType::u8;
  } else {
    try {
      array.type = frames::parse_pixel_type(type.substr(1));
    } catch (const OptionError&) {
      refuse("type " + type, "integers or floats, like <u2");
    }
  }
  array.fill = fill_of(json);
  const std::string separator = json.value("dimension_separator", ".");
  array.separator = separator == "/" ? '/' : '.';
  return array;
}

void decode_zarr_chunk(const ZarrArray& array,
                       const std::string& path,
                       const std::string& key,
                       std::span<const std::byte> in,
                       std::span<std::byte> out) {
  if (!unpack(array.compressor, in, out))
    throw FormatError(path,
                      key,
                      fmt::format("{} bytes that do not unpack", in.size()),
                      fmt::format("a chunk of {} bytes", out.size()));
  if (array.big_endian)
    swap_bytes(out.data(), array.chunk_values(), frames::size_of(array.type));
}

ZarrAxis read_zarr_axis(const ZarrStore& store, const std::string& group, int number) {
  const auto json = read_json(store, fmt::format("{}/axis-{}/.zattrs", group, number));
  ZarrAxis axis;
  if (!json || !json->is_object())
    return axis;
  if (json->contains("scale") && (*json)["scale"].is_number())
    axis.scale = (*json)["scale"].get<double>();
  if (json->contains("units") && (*json)["units"].is_string())
    axis.unit = (*json)["units"].get<std::string>();
  return axis;
}

} // namespace vitrum::io
