#include "tiff_pages.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <tiffio.h>

#include "bytes.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index max_pages = 10'000'000;

/// libtiff reports through a global callback: the text goes to this thread's string.
thread_local std::string last_error;

void keep_error(thandle_t, const char*, const char* format, std::va_list arguments) {
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  last_error = text;
}

std::string why() {
  return last_error.empty() ? "no reason given" : last_error;
}

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

struct Layout {
  std::uint32_t width = 0, height = 0;
  std::uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, compression = COMPRESSION_NONE,
                photometric = 0;
  bool operator==(const Layout& other) const {
    return width == other.width && height == other.height && bits == other.bits &&
           samples == other.samples && format == other.format;
  }
};

Layout layout_of(TIFF* tiff) {
  Layout layout;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric);
  return layout;
}

std::optional<frames::PixelType> type_of(const Layout& layout) {
  using frames::PixelType;
  switch (layout.format * 100 + layout.bits) {
  case SAMPLEFORMAT_UINT * 100 + 8:
    return PixelType::u8;
  case SAMPLEFORMAT_UINT * 100 + 16:
    return PixelType::u16;
  case SAMPLEFORMAT_UINT * 100 + 32:
    return PixelType::u32;
  case SAMPLEFORMAT_UINT * 100 + 64:
    return PixelType::u64;
  case SAMPLEFORMAT_INT * 100 + 8:
    return PixelType::i8;
  case SAMPLEFORMAT_INT * 100 + 16:
    return PixelType::i16;
  case SAMPLEFORMAT_INT * 100 + 32:
    return PixelType::i32;
  case SAMPLEFORMAT_INT * 100 + 64:
    return PixelType::i64;
  case SAMPLEFORMAT_IEEEFP * 100 + 32:
    return PixelType::f32;
  case SAMPLEFORMAT_IEEEFP * 100 + 64:
    return PixelType::f64;
  default:
    return std::nullopt;
  }
}

std::string words(const Layout& layout) {
  return fmt::format("{} × {} pixels of {} × {} bits{}",
                     layout.height,
                     layout.width,
                     layout.samples,
                     layout.bits,
                     layout.format == SAMPLEFORMAT_IEEEFP ? " floating point"
                     : layout.format == SAMPLEFORMAT_INT  ? " signed"
                                                          : "");
}

} // namespace

void quiet_tiff() {
  static const bool done = [] {
    TIFFSetErrorHandler(nullptr);
    TIFFSetErrorHandlerExt(keep_error);
    TIFFSetWarningHandler(nullptr);
    TIFFSetWarningHandlerExt(nullptr);
    return true;
  }();
  static_cast<void>(done);
  last_error.clear();
}

TiffDescription parse_imagej(const std::string& description) {
  TiffDescription out;
  if (!description.starts_with("ImageJ="))
    return out;
  for (std::size_t at = 0; at < description.size();) {
    const auto end = std::min(description.find('\n', at), description.size());
    const std::string line = description.substr(at, end - at);
    at = end + 1;
    const auto equal = line.find('=');
    if (equal == std::string::npos)
      continue;
    const std::string key = line.substr(0, equal);
    const std::string value = line.substr(equal + 1);
    const double number = std::strtod(value.c_str(), nullptr);
    if (key == "images" && number >= 1 && number <= static_cast<double>(max_pages))
      out.images = static_cast<Index>(number);
    else if (key == "finterval" && number > 0 && number < 1e9)
      out.frame_time_s = number; // ImageJ keeps it in seconds
    else if (key == "unit" || key == "ImageJ" || key == "spacing")
      out.facts.emplace_back(key == "ImageJ" ? "written by ImageJ" : key, value);
  }
  if (out.images == 0 && !description.empty())
    out.images = 1;
  return out;
}

struct TiffPages::State {
  std::string path;
  std::unique_ptr<TIFF, Closer> tiff;
  std::vector<std::uint64_t> offsets; // of the directories of the pages
  Layout layout;
  frames::PixelType type = frames::PixelType::u16;
  TiffDescription description;
  std::string compression;
  Index images = 0;
  // ImageJ above 4 GB: one directory, all images behind each other
  std::optional<InputFile> contiguous;
  Index first_byte = 0;
  bool swapped = false;

  [[nodiscard]] std::string page(Index frame) const { return fmt::format("page {}", frame); }
  void scan();
  void require_usable(Index frame, const Layout& found) const;
  void find_contiguous();
  void read_strips(Index frame, std::byte* out);
  void read_tiles(Index frame, std::byte* out);
};

void TiffPages::State::require_usable(Index frame, const Layout& found) const {
  if (found.width == 0 || found.height == 0)
    throw FormatError(path, page(frame), "an image without pixels", "");
  if (found.samples != 1 || found.photometric == PHOTOMETRIC_PALETTE || !type_of(found))
    throw FormatError(path, page(frame), words(found), "grey images of 8 to 64 bits");
  if (!TIFFIsCODECConfigured(found.compression))
    throw FormatError(path,
                      page(frame),
                      fmt::format("compression {}", found.compression),
                      "one that libtiff decodes");
}

void TiffPages::State::scan() {
  bool first = true;
  do {
    std::uint32_t subfile = 0;
    TIFFGetField(tiff.get(), TIFFTAG_SUBFILETYPE, &subfile);
    if (!first && (subfile & FILETYPE_REDUCEDIMAGE) != 0)
      continue; // a thumbnail
    const Layout found = layout_of(tiff.get());
    require_usable(static_cast<Index>(offsets.size()), found);
    if (first)
      layout = found;
    else if (!(found == layout))
      throw FormatError(path,
                        page(static_cast<Index>(offsets.size())),
                        words(found),
                        words(layout) + " as on page 0");
    first = false;
    offsets.push_back(TIFFCurrentDirOffset(tiff.get()));
    if (static_cast<Index>(offsets.size()) > max_pages)
      throw FormatError(path, "", fmt::format("more than {} pages", max_pages), "");
    last_error.clear();
  } while (TIFFReadDirectory(tiff.get()) != 0);
  if (!last_error.empty())
    throw FormatError(path,
                      page(static_cast<Index>(offsets.size())),
                      fmt::format("directory cannot be read ({})", why()),
                      "");
  images = static_cast<Index>(offsets.size());
}

void TiffPages::State::find_contiguous() {
  if (images != 1 || description.images <= 1)
    return;
  if (layout.compression != COMPRESSION_NONE)
    throw FormatError(path,
                      "",
                      fmt::format("one compressed page, but its description speaks of {} images",
                                  description.images),
                      "as many pages");
  TIFFSetDirectory(tiff.get(), 0);
  contiguous.emplace(path);
  first_byte = static_cast<Index>(TIFFGetStrileOffset(tiff.get(), 0));
  swapped = TIFFIsByteSwapped(tiff.get()) != 0;
  const Index bytes = Index{layout.width} * layout.height * frames::size_of(type);
  const Index need = first_byte + description.images * bytes;
  if (contiguous->size() < need)
    throw FormatError(path,
                      "",
                      fmt::format("{} bytes", contiguous->size()),
                      fmt::format("{} for the {} images that the ImageJ description states",
                                  need,
                                  description.images));
  images = description.images;
}

TiffPages::TiffPages(const std::string& path) : state_(std::make_unique<State>()) {
  require_readable_file(path);
  quiet_tiff();
  State& s = *state_;
  s.path = path;
  s.tiff.reset(TIFFOpen(path.c_str(), "rm"));
  if (!s.tiff)
    throw FormatError(path, "", fmt::format("unreadable TIFF ({})", why()), "a TIFF file");
  char* text = nullptr;
  if (TIFFGetField(s.tiff.get(), TIFFTAG_IMAGEDESCRIPTION, &text) != 0 && text != nullptr)
    s.description = parse_imagej(text);
  s.scan();
  s.type = *type_of(s.layout);
  const TIFFCodec* codec = TIFFFindCODEC(s.layout.compression);
  s.compression = s.layout.compression == COMPRESSION_NONE ? "none"
                  : codec != nullptr                       ? codec->name
                                                           : "unknown";
  const Index bytes = Index{s.layout.width} * s.layout.height * frames::size_of(s.type);
  // deflate packs at most a thousandfold: a larger frame than that cannot stand in the file
  if (bytes / 2000 > file_size(path))
    throw FormatError(path, "page 0", words(s.layout), "as much as the file can hold");
  s.find_contiguous();
}

TiffPages::~TiffPages() = default;
TiffPages::TiffPages(TiffPages&&) noexcept = default;
TiffPages& TiffPages::operator=(TiffPages&&) noexcept = default;

Index TiffPages::frames() const {
  return state_->images;
}
Index TiffPages::height() const {
  return state_->layout.height;
}
Index TiffPages::width() const {
  return state_->layout.width;
}
frames::PixelType TiffPages::type() const {
  return state_->type;
}
const TiffDescription& TiffPages::description() const {
  return state_->description;
}
const std::string& TiffPages::compression() const {
  return state_->compression;
}

void TiffPages::State::read_strips(Index frame, std::byte* out) {
  std::uint32_t rows = layout.height;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ROWSPERSTRIP, &rows);
  rows = std::clamp<std::uint32_t>(rows, 1, layout.height);
  const Index row_bytes = Index{layout.width} * frames::size_of(type);
  for (std::uint32_t y = 0; y < layout.height; y += rows) {
    const Index bytes = row_bytes * std::min(rows, layout.height - y);
    const auto got = TIFFReadEncodedStrip(tiff.get(), y / rows, out + y * row_bytes, bytes);
    if (got != bytes)
      throw FormatError(
          path, page(frame), fmt::format("rows from {} cannot be read ({})", y, why()), "");
  }
}

void TiffPages::State::read_tiles(Index frame, std::byte* out) {
  std::uint32_t tile_width = 0, tile_height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff.get(), TIFFTAG_TILELENGTH, &tile_height);
  const Index element = frames::size_of(type);
  const Index tile_bytes = TIFFTileSize(tiff.get());
  if (tile_width == 0 || tile_height == 0 ||
      tile_bytes != Index{tile_width} * tile_height * element || tile_bytes > (Index{1} << 30))
    throw FormatError(path,
                      page(frame),
                      fmt::format("tiles of {} × {}", tile_height, tile_width),
                      "tiles below 1 GiB");
  std::vector<std::byte> tile(static_cast<std::size_t>(tile_bytes));
  for (std::uint32_t y = 0; y < layout.height; y += tile_height)
    for (std::uint32_t x = 0; x < layout.width; x += tile_width) {
      if (TIFFReadTile(tiff.get(), tile.data(), x, y, 0, 0) != tile_bytes)
        throw FormatError(path,
                          page(frame),
                          fmt::format("tile at row {}, column {} cannot be read ({})", y, x, why()),
                          "");
      const Index columns = std::min(tile_width, layout.width - x);
      for (std::uint32_t row = 0; row < std::min(tile_height, layout.height - y); ++row)
        std::memcpy(out + ((Index{y} + row) * layout.width + x) * element,
                    tile.data() + Index{row} * tile_width * element,
                    static_cast<std::size_t>(columns * element));
    }
}

void TiffPages::read(Index frame, std::byte* out) {
  State& s = *state_;
  if (s.contiguous) {
    const Index bytes = Index{s.layout.width} * s.layout.height * frames::size_of(s.type);
    s.contiguous->read(s.first_byte + frame * bytes, bytes, out);
    if (s.swapped)
      swap_bytes(out, Index{s.layout.width} * s.layout.height, frames::size_of(s.type));
    return;
  }
  quiet_tiff();
  if (TIFFSetSubDirectory(s.tiff.get(), s.offsets[static_cast<std::size_t>(frame)]) == 0)
    throw FormatError(
        s.path, s.page(frame), fmt::format("directory cannot be read ({})", why()), "");
  const Layout now = layout_of(s.tiff.get());
  if (!(now == s.layout))
    throw FormatError(s.path, s.page(frame), words(now), words(s.layout));
  if (TIFFIsTiled(s.tiff.get()) != 0)
    s.read_tiles(frame, out);
  else
    s.read_strips(frame, out);
}

} // namespace vitrum::io
