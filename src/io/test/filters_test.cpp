#include "../filters.hpp"

#include <rapidcheck.h>

#include "../bitshuffle.hpp"
#include "../bitshuffle_events.hpp"
#include "../lzf.hpp"
#include "support.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;

std::vector<std::byte> counts(Index bytes, Index element, double mean, std::uint64_t seed) {
  std::vector<std::byte> out(static_cast<std::size_t>(bytes));
  Random random(seed);
  for (Index i = 0; i + element <= bytes; i += element) {
    const Index n[2] = {mean < 0 ? static_cast<Index>(random()) : random.poisson(mean),
                        0}; // up to 16 bytes
    std::memcpy(out.data() + i, n, static_cast<std::size_t>(element));
  }
  return out;
}

/// The definition: bit k of byte i of row 8j + b is bit b of byte j of element 8i + k.
std::vector<std::byte> slow_shuffle(const std::vector<std::byte>& in, Index element) {
  std::vector<std::byte> out(in.size());
  const Index count = static_cast<Index>(in.size()) / element;
  for (Index e = 0; e < count; ++e)
    for (Index j = 0; j < element; ++j)
      for (Index b = 0; b < 8; ++b) {
        const auto bit = (in[static_cast<std::size_t>(e * element + j)] >> b) & std::byte{1};
        out[static_cast<std::size_t>((8 * j + b) * (count / 8) + e / 8)] |= bit << (e % 8);
      }
  return out;
}

TEST(Bitshuffle, KernelsEqualTheDefinition) {
  for (const Index element : {1, 2, 3, 4, 8, 16})
    for (const Index count :
         {8, 16, 24, 120, 128, 136, 256, 504, 512, 520, 640, 1000, 1024, 4096, 4104, 8192})
      for (const double mean : {-1.0, 0.01, 0.0003}) {
        const auto plain = counts(count * element, element, mean, 7);
        const auto expected = slow_shuffle(plain, element);
        std::vector<std::byte> out(plain.size());
        bit_shuffle(plain.data(), out.data(), count, element);
        EXPECT_EQ(out, expected) << element << " " << count;
        std::vector<std::byte> back(plain.size());
        for (const auto& kernel : unshuffle_kernels()) {
          std::fill(back.begin(), back.end(), std::byte{0xee});
          kernel.run(expected.data(), back.data(), count, element);
          EXPECT_EQ(back, plain) << kernel.name << " " << element << " " << count;
        }
      }
}

TEST(Bitshuffle, TakesTheLastKernelThatTheLevelAllows) {
  const auto named = [](SimdLevel level) {
    return std::string(best_kernel(unshuffle_kernels(), level).name) + " " +
           best_kernel(event_kernels(), level).name;
  };
  EXPECT_EQ(named(SimdLevel::baseline), "sse2 scalar");
  for (const SimdLevel level : simd_levels()) {
    EXPECT_LE(best_kernel(unshuffle_kernels(), level).level, level);
    EXPECT_LE(best_kernel(event_kernels(), level).level, level);
  }
  EXPECT_EQ(named(SimdLevel::vnni),
            std::string(unshuffle_kernels().back().name) + " " + event_kernels().back().name);
}

TEST(Bitshuffle, ChunksDecodeToWhatWasEncoded) {
  for (const Packing packing : {Packing::none, Packing::lz4, Packing::zstd})
    for (const Index element : {1, 2, 4, 8})
      for (const Index elements : {1, 7, 8, 100, 4096, 4097, 50'000})
        for (const Index block : {Index{0}, Index{64}}) {
          const auto plain = counts(elements * element, element, 0.3, 3);
          const auto packed = encode_bitshuffle(plain, element, block, packing);
          std::vector<std::byte> out(plain.size());
          decode_bitshuffle(packed, out, element, block, packing);
          EXPECT_EQ(out, plain) << static_cast<int>(packing) << " " << element << " " << elements;
        }
}

TEST(Bitshuffle, DamagedChunksAreRefused) {
  const auto plain = counts(20'000, 2, 0.3, 3);
  const auto packed = encode_bitshuffle(plain, 2, 0, Packing::lz4);
  std::vector<std::byte> out(plain.size());
  const auto decode = [&](std::span<const std::byte> bytes) {
    decode_bitshuffle(bytes, out, 2, 0, Packing::lz4);
  };
  EXPECT_EQ(message_of<DataError>([&] { decode(std::span(packed).first(5)); }),
            "5 bytes, too few for the header of a bitshuffle chunk");
  std::vector<std::byte> small(19'998);
  EXPECT_EQ(message_of<DataError>([&] { decode_bitshuffle(packed, small, 2, 0, Packing::lz4); }),
            "header states 20000 bytes, expected 19998");
  auto odd = packed;
  odd[11] = std::byte{7};
  EXPECT_EQ(message_of<DataError>([&] { decode(odd); }),
            "blocks of 8199 bytes, expected a multiple of 16");
  // any cut is noticed
  for (std::size_t n = 12; n < packed.size(); n += 101)
    EXPECT_THROW(decode(std::span(packed).first(n)), DataError) << n;
}

TEST(Filters, PipelinesDecode) {
  const auto plain = counts(30'000, 4, 2.0, 5);
  // no filter at all, and one that was skipped for this chunk
  std::vector<std::byte> out(plain.size());
  decode_chunk({}, 0, plain, out);
  EXPECT_EQ(out, plain);
  const Filter packing{filter_bitshuffle, {0, 4, 4, 0, 2}, "bitshuffle"};
  decode_chunk({packing}, 1, plain, out);
  EXPECT_EQ(out, plain);
  decode_chunk({packing}, 0, encode_bitshuffle(plain, 4, 0, Packing::lz4), out);
  EXPECT_EQ(out, plain);
  EXPECT_TRUE(can_decode({packing}));
  EXPECT_FALSE(can_decode({{H5Z_FILTER_SZIP, {}, "szip"}}));
  EXPECT_FALSE(can_decode({{filter_bitshuffle, {0, 4, 0, 0, 2}, "bitshuffle"}}));
}

TEST(Lzf, RunsAndReferences) {
  // literal "abc", then a reference 3 back of length 3 + 2 … "abcabcabc"
  const std::vector<std::byte> packed{std::byte{2},
                                      std::byte{'a'},
                                      std::byte{'b'},
                                      std::byte{'c'},
                                      std::byte{(4 << 5)},
                                      std::byte{2}};
  std::vector<std::byte> out(9);
  EXPECT_EQ(decode_lzf(packed, out), 9);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), 9), "abcabcabc");
  const std::vector<std::byte> far{std::byte{0}, std::byte{'a'}, std::byte{(1 << 5)}, std::byte{9}};
  EXPECT_EQ(message_of<DataError>([&] { decode_lzf(far, out); }),
            "LZF reference at byte 4 points outside");
  EXPECT_EQ(message_of<DataError>([&] { decode_lzf(std::span(packed).first(5), out); }),
            "LZF data end at byte 5 inside a token");
}

} // namespace
} // namespace vitrum::io
