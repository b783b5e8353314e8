#include "vitrum/stream/message.hpp"

#include <algorithm>
#include <cstring>

#include "pixel_types.hpp"
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

using io::Compression;

/// Each value the other way round.
std::vector<std::byte> swapped(std::vector<std::byte> values, Index size) {
  for (auto at = values.begin(); at != values.end(); at += size)
    std::reverse(at, at + size);
  return values;
}

/// The message with its bytes `from`, which stand there once, replaced by `to`.
Part replaced(Part part, const std::vector<unsigned>& from, const std::vector<unsigned>& to) {
  const auto same = [](std::byte a, unsigned b) { return std::to_integer<unsigned>(a) == b; };
  const auto at = std::search(part.begin(), part.end(), from.begin(), from.end(), same);
  EXPECT_NE(at, part.end());
  EXPECT_EQ(std::search(at + 1, part.end(), from.begin(), from.end(), same), part.end());
  std::transform(
      to.begin(), to.end(), at, [](unsigned value) { return static_cast<std::byte>(value); });
  return part;
}

std::vector<std::byte> unpacked(Protocol protocol, const std::vector<Part>& parts, PixelType type) {
  const auto image = std::get<Image>(parse(protocol, spans(parts), "test"));
  EXPECT_EQ(image.type, type);
  std::vector<std::byte> got(static_cast<std::size_t>(image.bytes()));
  unpack(image, got);
  return got;
}

TEST(Messages, BringImagesInBothByteOrders) {
  const std::pair<PixelType, unsigned> tags[] = {{PixelType::u16, 65},
                                                 {PixelType::u32, 66},
                                                 {PixelType::u64, 67},
                                                 {PixelType::i16, 73},
                                                 {PixelType::i32, 74},
                                                 {PixelType::i64, 75},
                                                 {PixelType::f32, 81},
                                                 {PixelType::f64, 82}};
  constexpr Index height = 9, width = 10;
  for (const auto& [type, tag] : tags)
    for (const auto packing : {Compression::none, Compression::lz4, Compression::bitshuffle_lz4}) {
      SCOPED_TRACE(testing::Message()
                   << name_of(type) << ", packing " << static_cast<int>(packing));
      const Index size = frames::size_of(type);
      const auto values = picture(height * width * size, 9);
      const auto sent = swapped(values, size);
      const Frame frame{1, 2, height, width, type, sent, 0, 0};
      auto v2 = make_image(Protocol::v2, frame, packing);
      v2[0] = replaced(v2[0], {0x82, 9, 10, 0xD8, tag + 4}, {0x82, 9, 10, 0xD8, tag});
      EXPECT_EQ(unpacked(Protocol::v2, v2, type), values);
      if (packing == Compression::bitshuffle_lz4 && size > 4) {
        EXPECT_THROW((void)make_image(Protocol::v1, frame, packing), DataError);
        continue;
      }
      auto v1 = make_image(Protocol::v1, frame, packing);
      v1[1] = replaced(v1[1], {'<'}, {'>'});
      EXPECT_EQ(unpacked(Protocol::v1, v1, type), values);
    }
}

TEST(Messages, BringImagesShuffledInOtherElements) {
  // the bytes of 9 x 10 values of two bytes, shuffled as 9 x 5 of four
  const auto values = picture(180, 4);
  const Frame frame{1, 2, 9, 5, PixelType::u32, values, 0, 0};
  auto v1 = make_image(Protocol::v1, frame, Compression::bitshuffle_lz4);
  const std::string text = R"({"htype":"dimage_d-1.0","shape":[10,9],"type":"uint16",)"
                           R"("encoding":"bs32-lz4<"})";
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  v1[1] = Part(bytes, bytes + text.size());
  EXPECT_EQ(unpacked(Protocol::v1, v1, PixelType::u16), values);
  auto v2 = make_image(Protocol::v2, frame, Compression::bitshuffle_lz4);
  v2[0] = replaced(v2[0], {0x82, 9, 5, 0xD8, 70}, {0x82, 9, 10, 0xD8, 69});
  EXPECT_EQ(unpacked(Protocol::v2, v2, PixelType::u16), values);
}

TEST(Messages, SayWhatMasksCannotHold) {
  SeriesStart said = known_start();
  said.info.height = 90;
  said.info.width = 100;
  said.info.bad_pixels = std::vector<std::uint8_t>(9000, 0);
  auto parts = make_start(Protocol::v2, said);
  parts[0].resize(parts[0].size() - 36000);
  // a byte string of 36000 bytes becomes one of 16
  parts[0] = replaced(parts[0], {0x59, 0x8C, 0xA0}, {0x50, 0, 0});
  parts[0].resize(parts[0].size() + 14);
  try {
    (void)parse(Protocol::v2, spans(parts), "test");
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_STREQ(error.what(),
                 "test:start message, pixel_mask: 16 bytes, expected 90 x 100 of uint32");
  }
}

TEST(Messages, BringImagesOfEveryTypeAndPacking) {
  for (const auto protocol : {Protocol::v1, Protocol::v2})
    for (const auto type : frames::all_pixel_types)
      for (const auto packing : {Compression::none, Compression::lz4, Compression::bitshuffle_lz4})
        for (const Index height : {1, 3, 64, 130}) {
          if (protocol == Protocol::v1 && packing == Compression::bitshuffle_lz4 &&
              frames::size_of(type) > 4)
            continue; // V1 has no name for it
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

TEST(Messages, SayWhatIsWrongWithArraysOfV2) {
  const auto values = picture(180, 4);
  const auto whole = make_image(
      Protocol::v2, {1, 2, 9, 10, PixelType::u16, values, 0, 0}, Compression::bitshuffle_lz4)[0];
  const auto of = [&](const std::vector<unsigned>& from,
                      const std::vector<unsigned>& to,
                      const std::string& channel = "") -> std::string {
    const auto part = replaced(whole, from, to);
    try {
      (void)parse(Protocol::v2, {part}, "test", {channel});
    } catch (const FormatError& error) {
      return error.what();
    }
    return "no complaint";
  };
  const std::string data = "test:image message, data: ";
  EXPECT_EQ(of({0x82, 9, 10}, {0x82, 9, 10}), "no complaint");
  EXPECT_EQ(of({0x82, 9, 10}, {0x82, 0, 10}), data + "0 pixels, expected 1 to 100000 pixels");
  EXPECT_EQ(of({0x82, 9, 10}, {0x82, 9, 0x60}), data + "a text, expected 1 to 100000 pixels");
  EXPECT_EQ(of({10, 0xD8, 69}, {10, 0xD8, 99}), data + "tag 99, expected a typed array (RFC 8746)");
  EXPECT_EQ(of({0xD9, 0xDC, 0xB4}, {0xD9, 0xDC, 0xB5}),
            data + "tag 56501, expected a byte string, compressed (tag 56500) or not");
  EXPECT_EQ(of({'b', 's', 'l', 'z', '4'}, {'b', 's', 'l', 'z', '5'}),
            data + "compression 'bslz5', expected bslz4 or lz4");
  EXPECT_EQ(of({'z', '4', 2}, {'z', '4', 3}), data + "elements of 3 bytes, expected 1, 2, 4 or 8");
  EXPECT_EQ(of({0x82, 9, 10}, {0x82, 9, 10}, "threshold_2"),
            data + "channels threshold_1, expected 'threshold_2'");
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
