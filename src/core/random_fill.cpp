#include "vitrum/core/random_fill.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum {
namespace {

// Vectors of sixteen numbers, which the compiler cuts into what the instruction set has.
constexpr int lanes = 16;
using Floats [[gnu::vector_size(64)]] = float;
using Words [[gnu::vector_size(64)]] = std::uint32_t;
using Integers [[gnu::vector_size(64)]] = std::int32_t;
using Longs [[gnu::vector_size(64)]] = std::uint64_t; // eight

// High and low words of 32-bit products. The even words of a vector are the low halves of its eight
// long ones.
[[gnu::always_inline]] inline void
multiply(const Words& a, std::uint32_t factor, Words& high, Words& low) {
  const Longs both = reinterpret_cast<Longs>(a);
  const Longs even = (both & 0xFFFFFFFFULL) * static_cast<std::uint64_t>(factor);
  const Longs odd = (both >> 32) * static_cast<std::uint64_t>(factor);
  const Longs joined_high = (even >> 32) | (odd & 0xFFFFFFFF00000000ULL);
  const Longs joined_low = (even & 0xFFFFFFFFULL) | (odd << 32);
  high = reinterpret_cast<Words>(joined_high);
  low = reinterpret_cast<Words>(joined_low);
}

// Philox 4x32-10 of sixteen counters (n, n_high | mark, stream). Word w of counter l lands at
// w · 16 + l.
[[gnu::always_inline]] inline void
philox_chunk(std::uint64_t seed, std::uint64_t stream, std::uint64_t chunk, Words* out) {
  const std::uint64_t first = chunk * lanes;
  const Words lane{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Words zero{};
  Words c0 = lane + static_cast<std::uint32_t>(first);
  // the top bit of the second word keeps these counters apart from those of Random
  Words c1 = zero + (static_cast<std::uint32_t>(first >> 32) | 0x80000000U);
  Words c2 = zero + static_cast<std::uint32_t>(stream);
  Words c3 = zero + static_cast<std::uint32_t>(stream >> 32);
  auto k0 = static_cast<std::uint32_t>(seed);
  auto k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    Words high0, low0, high1, low1;
    multiply(c0, 0xD2511F53U, high0, low0);
    multiply(c2, 0xCD9E8D57U, high1, low1);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

// −2 ln of u = (word + 1/2)/2^32: exponent and mantissa in [√½, √2), then 2 artanh((m − 1)/(m + 1))
// by its series, whose first term left out is below 1e-9.
[[gnu::always_inline]] inline void minus_two_log(const Words& word, Floats& result) {
  const auto half = reinterpret_cast<Integers>(word) >> 1 & 0x7FFFFFFF;
  const Floats u = (__builtin_convertvector(half, Floats) + 0.25F) * 0x1p-31F;
  const Integers bits = reinterpret_cast<Integers>(u);
  const Integers exponent = (bits - 0x3F3504F3) >> 23; // relative to √½
  const Integers mantissa = bits - (exponent << 23);
  const Floats m = reinterpret_cast<Floats>(mantissa);
  const Floats s = (m - 1.0F) / (m + 1.0F);
  const Floats s2 = s * s;
  const Floats series =
      1.0F + s2 * (1.0F / 3 + s2 * (1.0F / 5 + s2 * (1.0F / 7 + s2 * (1.0F / 9))));
  const Floats log = __builtin_convertvector(exponent, Floats) * 0.693147181F + 2.0F * s * series;
  const Floats twice = -2.0F * log;
  result = twice > 0.0F ? twice : Floats{};
}

// √x as x times the inverse root, from a guess by its bits and three of Newton's steps (the first
// guess is right to 3.5 %, so the last step ends at rounding).
[[gnu::always_inline]] inline void root(const Floats& x, Floats& result) {
  const Integers guess = 0x5F3759DF - (reinterpret_cast<Integers>(x) >> 1);
  Floats y = reinterpret_cast<Floats>(guess);
  const Floats half = 0.5F * x;
  for (int step = 0; step < 3; ++step)
    y = y * (1.5F - half * y * y);
  result = x * y;
}

// Two words to two normals. The turn is cut into quarters about its nearest one; sine and cosine of
// the rest, |a| ≤ π/4, by their series.
[[gnu::always_inline]] inline void
box_muller(const Words& radius_word, const Words& angle_word, Floats& x, Floats& y) {
  Floats square, radius;
  minus_two_log(radius_word, square);
  root(square, radius);
  const Words quarter = (angle_word + 0x20000000U) >> 30;
  const Words centred = (angle_word + 0x20000000U) << 2;
  // angle − quarter·2^30 = ((angle + 2^29) mod 2^30) − 2^29
  const Integers rest = (reinterpret_cast<Integers>(centred) >> 2 & 0x3FFFFFFF) - 0x20000000;
  const Floats a =
      __builtin_convertvector(rest, Floats) * static_cast<float>(1.57079632679489662 * 0x1p-30);
  const Floats a2 = a * a;
  const Floats sine =
      a * (1.0F + a2 * (-1.0F / 6 + a2 * (1.0F / 120 + a2 * (-1.0F / 5040 + a2 / 362880.0F))));
  const Floats cosine =
      1.0F + a2 * (-0.5F + a2 * (1.0F / 24 + a2 * (-1.0F / 720 + a2 * (1.0F / 40320))));
  const Integers odd = reinterpret_cast<Integers>(quarter) << 31 >> 31;
  const Integers turned = (reinterpret_cast<Integers>(quarter) & 2) << 30;
  const Floats c = odd != 0 ? -sine : cosine;
  const Floats s = odd != 0 ? cosine : sine;
  const Integers cx = reinterpret_cast<Integers>(c) ^ turned; // the sign bit
  const Integers sx = reinterpret_cast<Integers>(s) ^ turned;
  x = radius * reinterpret_cast<Floats>(cx);
  y = radius * reinterpret_cast<Floats>(sx);
}

[[gnu::always_inline]] inline void
normal_chunk(std::uint64_t seed, std::uint64_t stream, std::uint64_t chunk, Floats* normals) {
  Words words[4];
  philox_chunk(seed, stream, chunk, words);
  box_muller(words[0], words[1], normals[0], normals[1]);
  box_muller(words[2], words[3], normals[2], normals[3]);
}

using WordChunks = void (*)(std::uint64_t, std::uint64_t, std::uint64_t, Index, std::uint32_t*);
using NormalChunks = void (*)(std::uint64_t, std::uint64_t, std::uint64_t, Index, float*);

#define VITRUM_FILL_LOOPS(suffix)                                                                  \
  void words_##suffix(std::uint64_t seed,                                                          \
                      std::uint64_t stream,                                                        \
                      std::uint64_t chunk,                                                         \
                      Index chunks,                                                                \
                      std::uint32_t* out) {                                                        \
    for (Index i = 0; i < chunks; ++i) {                                                           \
      Words made[4];                                                                               \
      philox_chunk(seed, stream, chunk + static_cast<std::uint64_t>(i), made);                     \
      std::memcpy(out + i * random_chunk, made, sizeof made);                                      \
    }                                                                                              \
  }
#define VITRUM_NORMAL_LOOPS(suffix)                                                                \
  void normals_##suffix(                                                                           \
      std::uint64_t seed, std::uint64_t stream, std::uint64_t chunk, Index chunks, float* out) {   \
    for (Index i = 0; i < chunks; ++i) {                                                           \
      Floats made[4];                                                                              \
      normal_chunk(seed, stream, chunk + static_cast<std::uint64_t>(i), made);                     \
      std::memcpy(out + i * random_chunk, made, sizeof made);                                      \
    }                                                                                              \
  }

VITRUM_FILL_LOOPS(plain)
VITRUM_NORMAL_LOOPS(plain)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
// No fused multiply-add: every instruction set must give the same bits.
#define VITRUM_AVX512                                                                              \
  [[gnu::target("avx512f,avx512bw,avx512vl,avx512dq"), gnu::optimize("O3", "fp-contract=off")]]
#define VITRUM_AVX2 [[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off")]]
VITRUM_AVX512 VITRUM_FILL_LOOPS(avx512) VITRUM_AVX512 VITRUM_NORMAL_LOOPS(avx512) VITRUM_AVX2
    VITRUM_FILL_LOOPS(avx2) VITRUM_AVX2 VITRUM_NORMAL_LOOPS(avx2)
#endif

        struct Loops {
  WordChunks words = &words_plain;
  NormalChunks normals = &normals_plain;
};

Loops best() {
#ifdef VITRUM_VECTORS
  if (simd_level() >= SimdLevel::avx512)
    return {&words_avx512, &normals_avx512};
  if (simd_level() >= SimdLevel::avx2)
    return {&words_avx2, &normals_avx2};
#endif
  return {};
}

const Loops& loops() {
  static const Loops chosen = best();
  return chosen;
}

template <class T, class Loop>
void fill(std::uint64_t seed, std::uint64_t stream, Index first, std::span<T> out, Loop loop) {
  if (first < 0 || first % random_chunk != 0)
    throw OptionError(fmt::format("first = {}: must be a multiple of {}", first, random_chunk));
  const auto chunk = static_cast<std::uint64_t>(first / random_chunk);
  const Index whole = static_cast<Index>(out.size()) / random_chunk;
  loop(seed, stream, chunk, whole, out.data());
  const auto rest = out.subspan(static_cast<std::size_t>(whole * random_chunk));
  if (rest.empty())
    return;
  T last[random_chunk];
  loop(seed, stream, chunk + static_cast<std::uint64_t>(whole), 1, last);
  std::copy_n(last, rest.size(), rest.begin());
}

} // namespace

void fill_words(std::uint64_t seed,
                std::uint64_t stream,
                Index first,
                std::span<std::uint32_t> out) {
  fill(seed, stream, first, out, loops().words);
}

void fill_normal(std::uint64_t seed, std::uint64_t stream, Index first, std::span<float> out) {
  fill(seed, stream, first, out, loops().normals);
}

} // namespace vitrum
