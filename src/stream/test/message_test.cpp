#include "vitrum/stream/message.hpp"

#include <cstring>

#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

using frames::PixelType;

Parts spans(const std::vector<Part>& parts) {
  return {parts.begin(), parts.end()};
}

/// Counts that compress, and some that do not.
std::vector<std::byte> picture(Index bytes, unsigned seed) {
  std::vector<std::byte> out(static_cast<std::size_t>(bytes));
  std::uint32_t state = seed;
  for (std::size_t i = 0; i < out.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    out[i] = static_cast<std::byte>(i % 4 == 0 ? (state >> 24) % 5 : 0);
  }
  return out;
}

SeriesStart known_start() {
  SeriesStart start;
  start.series = 7;
  start.info.frames = 12;
  start.info.height = 3;
  start.info.width = 5;
  start.info.type = PixelType::u16;
  start.info.frame_time_s = 0.002;
  start.info.exposure_s = 0.0019;
  start.info.geometry.wavelength_angstrom = 1.24;
  start.info.geometry.distance_m = 4.5;
  start.info.geometry.pixel_size_x_m = 75e-6;
  start.info.geometry.pixel_size_y_m = 75e-6;
  start.info.geometry.beam_center_x_px = 2.5;
  start.info.geometry.beam_center_y_px = 1.25;
  start.info.bad_pixels = std::vector<std::uint8_t>(15, 0);
  start.info.bad_pixels[4] = 1;
  return start;
}

TEST(Messages, SayWhatASeriesIs) {
  for (const auto protocol : {Protocol::v1, Protocol::v2}) {
    const auto said = known_start();
    const auto parts = make_start(protocol, said);
    EXPECT_EQ(recognise(spans(parts), "test"), protocol);
    const auto heard = std::get<SeriesStart>(parse(protocol, spans(parts), "test"));
    EXPECT_EQ(heard.series, 7);
    EXPECT_EQ(heard.info.frames, 12);
    EXPECT_EQ(heard.info.height, 3);
    EXPECT_EQ(heard.info.width, 5);
    EXPECT_EQ(heard.info.frame_time_s, 0.002);
    EXPECT_EQ(heard.info.exposure_s, 0.0019);
    EXPECT_EQ(heard.info.geometry.wavelength_angstrom, 1.24);
    EXPECT_EQ(heard.info.geometry.distance_m, 4.5);
    EXPECT_EQ(heard.info.geometry.pixel_size_y_m, 75e-6);
    EXPECT_EQ(heard.info.geometry.beam_center_x_px, 2.5);
    EXPECT_EQ(heard.info.geometry.beam_center_y_px, 1.25);
    EXPECT_EQ(heard.info.bad_pixels, said.info.bad_pixels);
    EXPECT_EQ(std::get<SeriesEnd>(parse(protocol, spans(make_end(protocol, 9)), "test")).series, 9);
  }
}

TEST(Messages, BringImagesOfEveryTypeAndPacking) {
  using io::Compression;
  for (const auto protocol : {Protocol::v1, Protocol::v2})
    for (const auto type : {PixelType::u8, PixelType::u16, PixelType::u32})
      for (const auto packing : {Compression::none, Compression::lz4, Compression::bitshuffle_lz4})
        for (const Index height : {1, 3, 64, 130}) {
          const Index width = 67;
          const auto values = picture(height * width * frames::size_of(type), 3);
          const auto parts =
              make_image(protocol, {2, 41, height, width, type, values, 0.5, 0.1}, packing);
          const auto image = std::get<Image>(parse(protocol, spans(parts), "test"));
          EXPECT_EQ(image.series, 2);
          EXPECT_EQ(image.number, 41);
          ASSERT_EQ(image.height, height);
          ASSERT_EQ(image.width, width);
          ASSERT_EQ(image.type, type);
          std::vector<std::byte> got(values.size());
          unpack(image, got);
          EXPECT_EQ(got, values);
        }
}

TEST(Messages, AreCutShortWithoutHarm) {
  const auto values = picture(2 * 64 * 64, 5);
  for (const auto protocol : {Protocol::v1, Protocol::v2}) {
    const auto whole = make_image(
        protocol, {1, 0, 64, 64, PixelType::u16, values, 0, 0}, io::Compression::bitshuffle_lz4);
    for (std::size_t p = 0; p < whole.size(); ++p)
      for (std::size_t size = 0; size < whole[p].size(); size += 1 + whole[p].size() / 97) {
        auto cut = whole;
        cut[p].resize(size);
        try {
          const auto image = std::get<Image>(parse(protocol, spans(cut), "test"));
          std::vector<std::byte> got(static_cast<std::size_t>(image.bytes()));
          unpack(image, got);
          EXPECT_EQ(protocol, Protocol::v1); // the last part of V1 holds times, which are not read
          EXPECT_EQ(p, 3U);
        } catch (const FormatError&) {
        } catch (const DataError&) {
        }
      }
  }
}

std::string complaint(Protocol protocol, const std::vector<std::string>& texts) {
  std::vector<Part> parts;
  for (const auto& text : texts) {
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    parts.emplace_back(bytes, bytes + text.size());
  }
  try {
    (void)parse(protocol, spans(parts), "tcp://host:1");
  } catch (const FormatError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Messages, SayWhatIsWrongWithV1) {
  const auto of = [](std::vector<std::string> parts) { return complaint(Protocol::v1, parts); };
  const std::string head = R"({"htype":"dimage-1.0","series":1,"frame":4})";
  const auto data = [&](const std::string& text) { return of({head, text, "abc"}); };
  EXPECT_EQ(of({"{oh"}), "tcp://host:1:message: no JSON, expected a JSON object");
  EXPECT_EQ(of({R"({"htype":"dhead"})"}),
            "tcp://host:1:message, htype: 'dhead', expected dheader-1.0, dimage-1.0 or "
            "dseries_end-1.0");
  EXPECT_EQ(of({head}),
            "tcp://host:1:message: 1 parts, expected at least three: dimage, dimage_d, "
            "data");
  EXPECT_EQ(of({R"({"htype":"dimage-1.0","frame":-1})", "{}", ""}),
            "tcp://host:1:dimage_d, htype: is missing");
  EXPECT_EQ(data(R"({"htype":"dimage_d-1.0","shape":[0,3],"type":"uint16","encoding":"<"})"),
            "tcp://host:1:dimage_d, shape: 0 x 3, expected at least one pixel");
  EXPECT_EQ(data(R"({"htype":"dimage_d-1.0","shape":[5,3],"type":"word","encoding":"<"})"),
            "tcp://host:1:dimage_d, type: 'word', expected a number type such as uint16");
  EXPECT_EQ(data(R"({"htype":"dimage_d-1.0","shape":[5,3],"type":"uint16","encoding":"bz2<"})"),
            "tcp://host:1:dimage_d, encoding: 'bz2<', expected <, lz4<, bs8-lz4<, bs16-lz4< or "
            "bs32-lz4<");
}

TEST(Messages, SayWhatIsWrongWithV2) {
  const auto of = [](std::string text) { return complaint(Protocol::v2, {std::move(text)}); };
  EXPECT_EQ(of(std::string("\xA1\x64type", 6)),
            "tcp://host:1:message: CBOR at byte 6: the message ends within an item (6 bytes)");
  EXPECT_EQ(of("\xA1\x64type\x65hello"),
            "tcp://host:1:message: type 'hello', expected start, image or end");
  EXPECT_EQ(of("\xA1\x64type\x65image"), "tcp://host:1:image message, data: is missing");
  EXPECT_EQ(
      of("\xA2\x64type\x65image\x64"
         "data\xA1\x61"
         "a\x61x"),
      "tcp://host:1:image message, data: a text, expected a multi-dimensional array (tag 40)");
  EXPECT_EQ(of(std::string(40, '\x81')),
            "tcp://host:1:message: CBOR at byte 18: nested deeper than 16");
  EXPECT_EQ(complaint(Protocol::v2, {"a", "b"}),
            "tcp://host:1:message: 2 parts, expected one (V2)");
}

TEST(Messages, OfOtherProgramsAreNotRecognised) {
  const std::string text = "GET / HTTP/1.1";
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  const Part part(bytes, bytes + text.size());
  try {
    (void)recognise({part}, "tcp://host:1");
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(),
                 "tcp://host:1:first message: 1 parts that begin with the bytes 47 45 54 20 2F 20 "
                 "48 54, expected DECTRIS V1 (JSON, several parts) or V2 (a CBOR map, one part)");
  }
}

} // namespace
} // namespace vitrum::stream
