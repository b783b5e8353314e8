// What a detector says over the network, whatever the protocol: a series starts, an image, the
// series ends.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/io/compressed.hpp"

namespace vitrum::stream {

/// The series as the detector announces it. What was not said is empty, NaN or 0: height and width
/// may be known only with the first image, and so is the pixel type.
struct SeriesStart {
  Index series = 0;
  frames::SeriesInfo info;           // `frames` as announced, 0: not said
  std::vector<std::string> channels; // V2: thresholds, in the order of the data
};

/// One image of one channel, still packed.
struct Image {
  Index series = 0, number = 0;
  Index height = 0, width = 0;
  frames::PixelType type = frames::PixelType::u16;
  bool big_endian = false;
  io::Compression compression = io::Compression::none;
  Index element_bytes = 1; // of the bitshuffle
  std::span<const std::byte> data;
  std::shared_ptr<const void> owner; // keeps `data`

  [[nodiscard]] Index bytes() const { return height * width * frames::size_of(type); }
};

struct SeriesEnd {
  Index series = 0;
};

using Message = std::variant<SeriesStart, Image, SeriesEnd>;

/// The parts of one message of the network; V2 has one.
using Part = std::vector<std::byte>;
using Parts = std::vector<std::span<const std::byte>>;

/// Unpacks an image to `out`, bytes() long, in the byte order of this machine. Thread-safe. Throws
/// DataError.
void unpack(const Image& image, std::span<std::byte> out);

enum class Protocol { v1, v2 };
[[nodiscard]] std::string_view name_of(Protocol protocol); // "v1", "v2"
/// Throws OptionError that lists the names.
[[nodiscard]] Protocol parse_protocol(std::string_view name);
/// By the first bytes of a message: JSON or a CBOR map. Throws FormatError; `from` is what messages
/// call the sender.
[[nodiscard]] Protocol recognise(const Parts& parts, const std::string& from);

/// Which image of a message with several channels is wanted: its name, or "" for the first one.
struct ParseOptions {
  std::string channel;
};

/// Throws FormatError that says what was found, in which field. Images point into `parts`; the
/// caller sets `owner`.
[[nodiscard]] Message
parse(Protocol protocol, const Parts& parts, const std::string& from, const ParseOptions& = {});

/// An unpacked image to be sent.
struct Frame {
  Index series = 0, number = 0;
  Index height = 0, width = 0;
  frames::PixelType type = frames::PixelType::u16;
  std::span<const std::byte> values;
  double start_s = 0, exposure_s = 0; // since the start of the series
};

/// The messages in the form of a protocol. Compression none, lz4 or bitshuffle_lz4, or what each
/// protocol calls so. Throws DataError for what it cannot say.
[[nodiscard]] std::vector<Part> make_start(Protocol protocol, const SeriesStart& start);
[[nodiscard]] std::vector<Part>
make_image(Protocol protocol, const Frame& frame, io::Compression compression);
[[nodiscard]] std::vector<Part> make_end(Protocol protocol, Index series);

} // namespace vitrum::stream
