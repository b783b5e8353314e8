// TIA series (.ser): images of one shape, with exposure and pixel size from the .emi beside them.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bytes.hpp"
#include "located_frames.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index element_header = 50; // of a 2-D element, before its pixels

std::optional<frames::PixelType> ser_type(int type) {
  using frames::PixelType;
  constexpr std::array types{PixelType::u8,
                             PixelType::u16,
                             PixelType::u32,
                             PixelType::i8,
                             PixelType::i16,
                             PixelType::i32,
                             PixelType::f32,
                             PixelType::f64};
  if (type < 1 || type > static_cast<int>(types.size()))
    return std::nullopt;
  return types[static_cast<std::size_t>(type - 1)];
}

class SerHeader {
public:
  explicit SerHeader(const InputFile& file) : file_(file) {
    if (number<std::uint16_t>(0) != 0x4949 || number<std::uint16_t>(2) != 0x0197)
      throw FormatError(file.path(), "byte 0", "no mark of a TIA series", "49 49 97 01");
    wide_ = number<std::uint16_t>(4) > 0x0210;
    const auto kind = number<std::uint32_t>(6);
    if (kind != 0x4122)
      throw FormatError(file.path(),
                        "byte 6",
                        kind == 0x4120 ? "a series of spectra" : fmt::format("kind {:x}", kind),
                        "a series of images (4122)");
    timed_ = number<std::uint32_t>(10) == 0x4152 || number<std::uint32_t>(10) == 0x4142;
    total_ = number<std::uint32_t>(14);
    valid_ = number<std::uint32_t>(18);
    table_ = wide_ ? static_cast<Index>(number<std::uint64_t>(22))
                   : static_cast<Index>(number<std::uint32_t>(22));
    const Index entry = wide_ ? 8 : 4;
    if (valid_ < 1 || valid_ > total_)
      throw FormatError(file.path(),
                        "byte 18",
                        fmt::format("{} valid of {} images", valid_, total_),
                        "at least one, at most all");
    if (table_ < 26 || total_ > file.size() / entry || table_ > file.size() - 2 * total_ * entry)
      throw FormatError(file.path(),
                        "byte 22",
                        fmt::format("a table of {} offsets at byte {}", total_, table_),
                        fmt::format("it within {} bytes", file.size()));
  }

  [[nodiscard]] Index valid() const { return valid_; }
  [[nodiscard]] Index total() const { return total_; }
  /// Byte of image i.
  [[nodiscard]] Index element(Index i) const {
    const Index at = offset(i);
    if (at < 0 || at > file_.size() - element_header)
      throw FormatError(file_.path(),
                        fmt::format("frame {}", i),
                        fmt::format("its place is byte {}", at),
                        fmt::format("within {} bytes", file_.size()));
    return at;
  }
  /// Seconds since 1970 of image i; NaN without tags.
  [[nodiscard]] double time(Index i) const {
    const Index at = offset(total_ + i);
    if (!timed_ || at < 0 || at > file_.size() - 8)
      return frames::unknown;
    return static_cast<double>(number<std::uint32_t>(at + 4));
  }

  template <class T>
  [[nodiscard]] T number(Index at) const {
    std::array<std::byte, sizeof(T)> bytes{};
    file_.read(at, sizeof(T), bytes.data());
    return load_little<T>(bytes.data());
  }

private:
  [[nodiscard]] Index offset(Index entry) const {
    return wide_ ? static_cast<Index>(number<std::uint64_t>(table_ + 8 * entry))
                 : static_cast<Index>(number<std::uint32_t>(table_ + 4 * entry));
  }

  const InputFile& file_;
  bool wide_ = false, timed_ = false;
  Index total_ = 0, valid_ = 0, table_ = 0;
};

/// "<Label>Exposure</Label><Value>0.5</Value>" of the text between ObjectInfo tags.
std::string labelled(const std::string& xml, const std::string& label) {
  const auto at = xml.find("<Label>" + label + "</Label><Value>");
  if (at == std::string::npos)
    return {};
  const auto begin = xml.find("<Value>", at) + 7;
  const auto end = xml.find('<', begin);
  return end == std::string::npos ? std::string()
                                  : std::string(trimmed(xml.substr(begin, end - begin)));
}

/// NAME.emi beside NAME_1.ser.
std::string read_emi(const std::string& path) {
  const auto bar = path.rfind('_');
  if (bar == std::string::npos)
    return {};
  const std::string emi = path.substr(0, bar) + ".emi";
  if (!std::filesystem::is_regular_file(emi))
    return {};
  const auto bytes = first_bytes(emi, Index{64} << 20);
  const std::string text(bytes.begin(), bytes.end());
  const auto begin = text.find("<ObjectInfo>");
  const auto end = text.find("</ObjectInfo>", begin);
  return begin == std::string::npos || end == std::string::npos ? std::string()
                                                                : text.substr(begin, end - begin);
}

void add_emi(frames::SeriesInfo& info, const std::string& xml, double dx, double dy) {
  const std::string mode = labelled(xml, "Mode");
  for (const char* label :
       {"Mode", "Microscope", "High tension", "Magnification", "Camera length", "Date"})
    if (const auto value = labelled(xml, label); !value.empty())
      info.metadata.emplace_back(label, value);
  for (const char* label : {"Integration time", "Exposure time"})
    if (const double exposure = to_number(labelled(xml, label)); exposure > 0)
      info.exposure_s = exposure;
  // The step of a diffraction pattern is written in 1/m, that of an image in m.
  const bool diffraction = mode.find("Diffraction") != std::string::npos;
  info.scale = make_image_scale(std::abs(dx), std::abs(dy), diffraction ? "1/m" : "m");
}

/// NAME_1.ser and the like, beside NAME.emi: the images are there.
std::string series_of(const std::string& emi) {
  const std::filesystem::path path(emi);
  const std::string start = path.stem().string() + "_";
  std::vector<std::string> names;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (const auto& one : std::filesystem::directory_iterator(folder)) {
    const std::string name = one.path().filename().string();
    if (!name.starts_with(start) || !name.ends_with(".ser") || name.size() <= start.size() + 4)
      continue;
    const auto number = name.substr(start.size(), name.size() - start.size() - 4);
    if (std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; }))
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  if (names.size() != 1)
    throw FormatError(emi,
                      "",
                      names.empty() ? fmt::format("no {}1.ser beside it", start)
                                    : fmt::format("{} series of images", names.size()),
                      names.empty() ? "the file that holds the images"
                                    : fmt::format("the name of one: {}", fmt::join(names, ", ")));
  return (path.parent_path() / names[0]).string();
}

std::unique_ptr<frames::FrameSource> open_ser(const std::string& given, const OpenOptions&) {
  const std::string path = given.ends_with(".emi") ? series_of(given) : given;
  InputFile file(path);
  if (file.size() < 30)
    throw FormatError(path, "", fmt::format("{} bytes", file.size()), "a header of 30 bytes");
  const SerHeader header(file);
  frames::SeriesInfo info;
  info.path = path;
  info.format = "ser";
  info.frames = header.valid();
  FramePlaces places;
  int stored = 0;
  for (Index i = 0; i < header.valid(); ++i) {
    const Index at = header.element(i);
    const int type = header.number<std::uint16_t>(at + 40);
    const auto width = static_cast<Index>(header.number<std::uint32_t>(at + 42));
    const auto height = static_cast<Index>(header.number<std::uint32_t>(at + 46));
    if (i == 0) {
      const auto known = ser_type(type);
      if (!known)
        throw FormatError(path,
                          fmt::format("byte {}", at + 40),
                          type == 9 || type == 10 ? "complex pixels"
                                                  : fmt::format("pixel type {}", type),
                          "integers or floats (1 to 8)");
      stored = type;
      info.type = *known;
      info.width = width;
      info.height = height;
      if (width < 1 || height < 1 || width > file.size() || height > file.size() / width)
        throw FormatError(path,
                          fmt::format("byte {}", at + 42),
                          fmt::format("{} × {} pixels", height, width),
                          fmt::format("pixels that {} bytes hold", file.size()));
      add_emi(info, read_emi(path), header.number<double>(at + 8), header.number<double>(at + 28));
    } else if (type != stored || width != info.width || height != info.height) {
      throw FormatError(
          path,
          fmt::format("frame {}", i),
          fmt::format("{} × {} pixels of type {}", height, width, type),
          fmt::format("{} × {} of type {} as in frame 0", info.height, info.width, stored));
    }
    places.each.push_back(at + element_header);
  }
  // The stamps are whole seconds: too coarse for the time of a frame.
  if (const double span = header.time(header.valid() - 1) - header.time(0); !std::isnan(span))
    info.metadata.emplace_back("seconds from the first to the last frame",
                               fmt::format("{:g}", span));
  if (header.valid() < header.total())
    info.problems.push_back(fmt::format(
        "{} of {} frames were recorded; the others are left out", header.valid(), header.total()));
  return make_located_frames(std::move(file), std::move(info), std::move(places));
}

} // namespace

Reader ser_reader() {
  return {[] {
            FormatDescription d;
            d.name = "ser";
            d.description = "TIA image series, any real type; pixel size, and the exposure from "
                            "the .emi beside it, which may be named instead";
            d.extensions = {"ser", "emi"};
            d.recognised_by = "first bytes 49 49 97 01, or 4A 4B 00 02 of a .emi";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            constexpr std::array<unsigned char, 4> ser{0x49, 0x49, 0x97, 0x01},
                emi{0x4a, 0x4b, 0x00, 0x02};
            const auto begins = [&](const auto& mark) {
              return probe.head.size() >= mark.size() &&
                     std::equal(mark.begin(), mark.end(), probe.head.begin());
            };
            return begins(ser) || (begins(emi) && probe.path.ends_with(".emi"));
          },
          open_ser};
}

} // namespace vitrum::io
