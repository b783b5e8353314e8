#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <unordered_map>

#include <png.h>

#include "canvas.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::plot {
namespace {

struct Indexed {
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint32_t> colours; // r | g << 8 | b << 16 | a << 24, in order of appearance
};

/// Empty `pixels` when there are more than 256 colours.
Indexed index_colours(const Picture& picture) {
  Indexed indexed;
  indexed.pixels.resize(picture.rgba.size() / 4);
  std::unordered_map<std::uint32_t, std::uint8_t> known;
  for (std::size_t i = 0; i < indexed.pixels.size(); ++i) {
    std::uint32_t colour = 0;
    std::memcpy(&colour, picture.rgba.data() + 4 * i, 4);
    auto found = known.find(colour);
    if (found == known.end()) {
      if (known.size() == 256)
        return {};
      found = known.emplace(colour, static_cast<std::uint8_t>(known.size())).first;
      indexed.colours.push_back(colour);
    }
    indexed.pixels[i] = found->second;
  }
  return indexed;
}

void append(png_structp png, png_bytep bytes, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(bytes), size);
}

void flush_nothing(png_structp) {}

void set_palette(png_structp png, png_infop info, const std::vector<std::uint32_t>& colours) {
  std::vector<png_color> entries;
  std::vector<png_byte> opacity;
  for (const std::uint32_t colour : colours) {
    std::uint8_t rgba[4];
    std::memcpy(rgba, &colour, 4);
    entries.push_back({rgba[0], rgba[1], rgba[2]});
    opacity.push_back(rgba[3]);
  }
  png_set_PLTE(png, info, entries.data(), static_cast<int>(entries.size()));
  if (std::any_of(opacity.begin(), opacity.end(), [](png_byte a) { return a != 255; }))
    png_set_tRNS(png, info, opacity.data(), static_cast<int>(opacity.size()), nullptr);
}

/// libpng leaves by longjmp when it fails: nothing with a destructor is made in here.
bool write_png(png_structp png,
               png_infop info,
               const Picture& picture,
               const Indexed& indexed,
               std::vector<png_bytep>& rows) {
  if (setjmp(png_jmpbuf(png)) != 0)
    return false;
  const bool small = !indexed.pixels.empty();
  png_set_IHDR(png,
               info,
               static_cast<png_uint_32>(picture.columns),
               static_cast<png_uint_32>(picture.rows),
               8,
               small ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGBA,
               PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (small)
    set_palette(png, info, indexed.colours);
  png_set_compression_level(png, 6);
  png_write_info(png, info);
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  return true;
}

} // namespace

std::string encode_png(const Picture& picture) {
  Indexed indexed = index_colours(picture);
  const bool small = !indexed.pixels.empty();
  std::vector<png_bytep> rows;
  for (Index y = 0; y < picture.rows; ++y)
    rows.push_back(small ? indexed.pixels.data() + y * picture.columns
                         : const_cast<png_bytep>(picture.rgba.data()) + 4 * y * picture.columns);
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  bool written = false;
  if (info != nullptr) {
    png_set_write_fn(png, &bytes, append, flush_nothing);
    written = write_png(png, info, picture, indexed, rows);
  }
  png_destroy_write_struct(&png, &info);
  if (!written)
    throw Error("png: the picture could not be encoded");
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t held = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < held ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= held ? letters[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

} // namespace vitrum::plot
