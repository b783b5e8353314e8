// Merlin (Medipix) .mib: every frame has a text header and big-endian counts, or, in raw mode
// ("R64"), the order in which the chip reads out.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "npy_series.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index chip = 256; // pixels along the side of one chip

struct MibHeader {
  Index bytes = 0; // of the header
  Index width = 0, height = 0;
  Index chips = 1;
  bool raw = false;
  int depth = 0; // bits per pixel of the counter
  frames::PixelType type = frames::PixelType::u16;
  double exposure_s = frames::unknown;
  std::string timestamp, layout;

  /// Bytes of the pixels as they are stored.
  [[nodiscard]] Index stored_bytes() const {
    const Index pixels = width * height;
    if (!raw)
      return pixels * frames::size_of(type);
    return depth == 1 ? pixels / 8 : depth == 6 ? pixels : depth == 12 ? 2 * pixels : 4 * pixels;
  }
};

Index whole_number(std::string_view text) {
  Index value = -1;
  text = trimmed(text);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// "MQ1,seq,header bytes,chips,nx,ny,type,layout,chip mask,time,exposure,…,<ns>ns,<depth>".
MibHeader parse_header(const std::string& path, const std::string& place, std::string_view text) {
  const auto fields = split_at(text.substr(0, text.find('\0')), ',');
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw FormatError(path, place, found, expected);
  };
  if (fields.size() < 11 || fields[0] != "MQ1")
    refuse("no Merlin header", "\"MQ1,\" and its fields");
  MibHeader h;
  h.bytes = whole_number(fields[2]);
  h.chips = whole_number(fields[3]);
  h.width = whole_number(fields[4]);
  h.height = whole_number(fields[5]);
  if (h.bytes < 64 || h.bytes > 1 << 16)
    refuse(fmt::format("a header of {} bytes", fields[2]), "64 to 65536");
  if (h.width < 1 || h.height < 1 || h.width > 1 << 16 || h.height > 1 << 16)
    refuse(fmt::format("{} × {} pixels", fields[5], fields[4]), "1 to 65536 along each side");
  const std::string type(fields[6]);
  h.layout = fields[7];
  h.timestamp = fields[9];
  h.exposure_s = to_number(fields[10]);
  for (const auto field : fields) {
    if (field.ends_with("ns"))
      if (const double exposure = to_number(field); exposure > 0)
        h.exposure_s = exposure * 1e-9;
  }
  if (type == "U08")
    h.type = frames::PixelType::u8;
  else if (type == "U16")
    h.type = frames::PixelType::u16;
  else if (type == "U32")
    h.type = frames::PixelType::u32;
  else if (type == "R64")
    h.raw = true;
  else
    refuse(fmt::format("pixel type {}", type), "U08, U16, U32 or R64");
  if (!h.raw)
    return h;
  // The depth is the field behind the exposure in nanoseconds.
  for (std::size_t i = 0; i + 1 < fields.size(); ++i)
    if (fields[i].ends_with("ns"))
      h.depth = static_cast<int>(whole_number(fields[i + 1]));
  if (h.depth != 1 && h.depth != 6 && h.depth != 12 && h.depth != 24)
    refuse(fmt::format("a raw frame of {} bits", h.depth), "1, 6, 12 or 24 bits");
  if (h.width * h.height != h.chips * chip * chip || (h.chips != 1 && h.chips != 4))
    refuse(fmt::format("a raw frame of {} × {} pixels on {} chips", h.height, h.width, h.chips),
           "one chip of 256 × 256, or four");
  if (h.chips == 4) { // stored as four chips side by side
    h.width = 2 * chip;
    h.height = 2 * chip;
  }
  h.type = h.depth <= 6    ? frames::PixelType::u8
           : h.depth == 12 ? frames::PixelType::u16
                           : frames::PixelType::u32;
  return h;
}

/// Counts in the order of the chip's words: 1 bit in 64-bit big-endian words from the lowest bit, 6
/// bits in groups of 8 reversed bytes, 12 in groups of 4 reversed 16-bit words, 24 as two frames of
/// 12, the higher one first.
void decode_raw(const std::byte* in, Index pixels, int depth, std::uint32_t* out) {
  if (depth == 1) {
    for (Index p = 0; p < pixels; ++p)
      out[p] = static_cast<std::uint32_t>(load_big<std::uint64_t>(in + p / 64 * 8) >> (p % 64)) & 1;
  } else if (depth == 6) {
    for (Index p = 0; p < pixels; ++p)
      out[p] = std::to_integer<std::uint32_t>(in[p / 8 * 8 + 7 - p % 8]);
  } else {
    const auto twelve = [&](const std::byte* from, Index p) {
      return static_cast<std::uint32_t>(
          load_big<std::uint16_t>(from + 2 * (p / 4 * 4 + 3 - p % 4)));
    };
    for (Index p = 0; p < pixels; ++p)
      out[p] = depth == 12 ? twelve(in, p) : (twelve(in, p) << 12) | twelve(in + 2 * pixels, p);
  }
}

/// Chips 4, 3, 2, 1 stand side by side in rows of 1024; the lower two are turned by half a circle.
void arrange_quad(const std::vector<std::uint32_t>& row_of_chips, std::vector<std::uint32_t>& out) {
  const auto from = [&](Index number, Index y, Index x) {
    return row_of_chips[static_cast<std::size_t>(y * 4 * chip + number * chip + x)];
  };
  for (Index y = 0; y < chip; ++y)
    for (Index x = 0; x < chip; ++x) {
      const auto upper = static_cast<std::size_t>(y * 2 * chip + x);
      const auto lower = static_cast<std::size_t>((y + chip) * 2 * chip + x);
      out[upper] = from(3, y, x);
      out[upper + chip] = from(2, y, x);
      out[lower] = from(0, chip - 1 - y, chip - 1 - x);
      out[lower + chip] = from(1, chip - 1 - y, chip - 1 - x);
    }
}

class MibSeries final : public frames::FrameSource {
public:
  explicit MibSeries(const std::string& path) : file_(path) {
    header_ = read_header(0);
    step_ = header_.bytes + header_.stored_bytes();
    info_.path = path;
    info_.format = "mib";
    info_.type = header_.type;
    info_.width = header_.width;
    info_.height = header_.height;
    info_.exposure_s = header_.exposure_s;
    info_.frames = file_.size() / step_;
    if (info_.frames < 1)
      throw FormatError(path,
                        "frame 0",
                        fmt::format("the file ends at byte {}", file_.size()),
                        fmt::format("{} bytes", step_));
    if (const Index rest = file_.size() % step_; rest > 0)
      info_.problems.push_back(
          fmt::format("the last frame is cut after {} of {} bytes: left out", rest, step_));
    info_.metadata.emplace_back("time of the first frame", header_.timestamp);
    info_.metadata.emplace_back("chips", header_.layout);
    add_side_file(path);
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        read_one(first + i, out + i * info_.frame_bytes());
    });
  }

private:
  [[nodiscard]] MibHeader read_header(Index frame) const {
    const Index at = frame * step_;
    std::string text(static_cast<std::size_t>(std::min<Index>(file_.size() - at, 2048)), '\0');
    file_.read(at, static_cast<Index>(text.size()), reinterpret_cast<std::byte*>(text.data()));
    return parse_header(file_.path(), fmt::format("frame {}", frame), text);
  }

  void add_side_file(const std::string& path) {
    const std::string side = path.substr(0, path.rfind('.')) + ".hdr";
    if (lower_extension(path) != "mib" || !std::filesystem::is_regular_file(side))
      return;
    for (const auto& [key, value] : read_key_values(side, ':')) {
      if (key == "ScanX" || key == "ScanY" || key == "Chip Mode (SPM, CSM, CM, CSCM)" ||
          key == "Thresholds (keV)" || key.starts_with("Frames per Trigger"))
        info_.metadata.emplace_back(key, value);
      if (key == "Acquisition Period (ms)")
        if (const double period = to_number(value); period > 0)
          info_.frame_time_s = period * 1e-3;
    }
  }

  void read_one(Index frame, std::byte* out) const {
    const MibHeader header = read_header(frame);
    if (header.bytes != header_.bytes || header.width != header_.width ||
        header.height != header_.height || header.type != header_.type ||
        header.raw != header_.raw || header.depth != header_.depth)
      throw FormatError(file_.path(),
                        fmt::format("frame {}", frame),
                        fmt::format("{} × {} {}, header of {} bytes",
                                    header.height,
                                    header.width,
                                    frames::name_of(header.type),
                                    header.bytes),
                        fmt::format("{} × {} {}, header of {} bytes as in frame 0",
                                    header_.height,
                                    header_.width,
                                    frames::name_of(header_.type),
                                    header_.bytes));
    const Index at = frame * step_ + header_.bytes;
    if (!header_.raw) {
      file_.read(at, info_.frame_bytes(), out);
      swap_bytes(out, info_.pixels(), frames::size_of(info_.type));
      return;
    }
    Buffer<std::byte> stored(header_.stored_bytes());
    file_.read(at, header_.stored_bytes(), stored.data());
    std::vector<std::uint32_t> counts(static_cast<std::size_t>(info_.pixels()));
    decode_raw(stored.data(), info_.pixels(), header_.depth, counts.data());
    if (header_.chips == 4) {
      std::vector<std::uint32_t> arranged(counts.size());
      arrange_quad(counts, arranged);
      counts.swap(arranged);
    }
    frames::visit(info_.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (std::size_t p = 0; p < counts.size(); ++p) {
        const auto value = static_cast<T>(counts[p]);
        std::memcpy(out + p * sizeof(T), &value, sizeof(T));
      }
    });
  }

  InputFile file_;
  MibHeader header_;
  Index step_ = 0;
  frames::SeriesInfo info_;
};

} // namespace

Reader mib_reader() {
  return {[] {
            FormatDescription d;
            d.name = "mib";
            d.description = "Merlin/Medipix frames of 8, 16 and 32 bits, and raw ones of 1, 6, 12 "
                            "and 24 bits (one chip or four)";
            d.extensions = {"mib"};
            d.recognised_by = "first bytes \"MQ1,\"";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.head.size() >= 4 && std::memcmp(probe.head.data(), "MQ1,", 4) == 0;
          },
          [](const std::string& path, const OpenOptions&) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<MibSeries>(path);
          }};
}

} // namespace vitrum::io
