#include "vitrum/core/random_fill.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum {
namespace {

constexpr int lanes = 16;

// Philox 4x32-10 of sixteen counters (n, n_high | mark, stream). Word w of counter l lands at
// w · 16 + l.
[[gnu::always_inline]] inline void philox_chunk(std::uint64_t seed,
                                                std::uint64_t stream,
                                                std::uint64_t chunk,
                                                std::uint32_t* __restrict out) {
  // the top bit of the second word keeps these counters apart from those of Random
  std::uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
  const std::uint64_t first = chunk * lanes;
  for (int l = 0; l < lanes; ++l) {
    c0[l] = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(l);
    c1[l] = static_cast<std::uint32_t>(first >> 32) | 0x80000000U;
    c2[l] = static_cast<std::uint32_t>(stream);
    c3[l] = static_cast<std::uint32_t>(stream >> 32);
  }
  auto k0 = static_cast<std::uint32_t>(seed);
  auto k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int l = 0; l < lanes; ++l) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c0[l];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c2[l];
      c0[l] = static_cast<std::uint32_t>(p1 >> 32) ^ c1[l] ^ k0;
      c1[l] = static_cast<std::uint32_t>(p1);
      c2[l] = static_cast<std::uint32_t>(p0 >> 32) ^ c3[l] ^ k1;
      c3[l] = static_cast<std::uint32_t>(p0);
    }
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  for (int l = 0; l < lanes; ++l) {
    out[l] = c0[l];
    out[lanes + l] = c1[l];
    out[2 * lanes + l] = c2[l];
    out[3 * lanes + l] = c3[l];
  }
}

// ln of u = (word + 1/2)/2^32: exponent and mantissa in [√½, √2), then 2 artanh((m − 1)/(m + 1)) by
// its series, whose first term left out is below 1e-9.
[[gnu::always_inline]] inline float log_of_word(std::uint32_t word) {
  const float u = (static_cast<float>(static_cast<std::int32_t>(word >> 1)) + 0.25F) * 0x1p-31F;
  const auto bits = std::bit_cast<std::int32_t>(u);
  const std::int32_t shifted = bits - 0x3F3504F3; // √½
  const std::int32_t exponent = shifted >> 23;
  const float m = std::bit_cast<float>(bits - exponent * 0x800000);
  const float s = (m - 1.0F) / (m + 1.0F);
  const float s2 = s * s;
  const float series = 1.0F + s2 * (1.0F / 3 + s2 * (1.0F / 5 + s2 * (1.0F / 7 + s2 * (1.0F / 9))));
  return static_cast<float>(exponent) * 0.693147181F + 2.0F * s * series;
}

// Two words to two normals. The turn is cut into quarters about its nearest one; sine and cosine of
// the rest, |a| ≤ π/4, by their series.
[[gnu::always_inline]] inline void
box_muller(std::uint32_t radius_word, std::uint32_t angle_word, float& x, float& y) {
  const float minus_two_log = std::max(0.0F, -2.0F * log_of_word(radius_word));
  const float radius = std::sqrt(minus_two_log);
  const auto quarter = static_cast<std::int32_t>((angle_word + 0x20000000U) >> 30);
  const auto rest = static_cast<std::int32_t>(angle_word << 2) >> 2; // of 2^30 per quarter
  const float a = static_cast<float>(rest - ((rest >= 0x20000000) ? 0x40000000 : 0)) *
                  static_cast<float>(1.57079632679489662 / 1073741824.0);
  const float a2 = a * a;
  const float sine =
      a *
      (1.0F + a2 * (-1.0F / 6 + a2 * (1.0F / 120 + a2 * (-1.0F / 5040 + a2 * (1.0F / 362880)))));
  const float cosine =
      1.0F + a2 * (-0.5F + a2 * (1.0F / 24 + a2 * (-1.0F / 720 + a2 * (1.0F / 40320))));
  const bool odd = (quarter & 1) != 0;
  const float c = odd ? -sine : cosine;
  const float s = odd ? cosine : sine;
  const bool turned = (quarter & 2) != 0;
  x = radius * (turned ? -c : c);
  y = radius * (turned ? -s : s);
}

[[gnu::always_inline]] inline void
normal_chunk(std::uint64_t seed, std::uint64_t stream, std::uint64_t chunk, float* __restrict out) {
  alignas(64) std::uint32_t words[4 * lanes];
  philox_chunk(seed, stream, chunk, words);
  for (int l = 0; l < lanes; ++l)
    box_muller(words[l], words[lanes + l], out[l], out[lanes + l]);
  for (int l = 0; l < lanes; ++l)
    box_muller(words[2 * lanes + l], words[3 * lanes + l], out[2 * lanes + l], out[3 * lanes + l]);
}

using WordChunks = void (*)(std::uint64_t, std::uint64_t, std::uint64_t, Index, std::uint32_t*);
using NormalChunks = void (*)(std::uint64_t, std::uint64_t, std::uint64_t, Index, float*);

#define VITRUM_FILL_LOOPS(suffix)                                                                  \
  void words_##suffix(std::uint64_t seed,                                                          \
                      std::uint64_t stream,                                                        \
                      std::uint64_t chunk,                                                         \
                      Index chunks,                                                                \
                      std::uint32_t* out) {                                                        \
    for (Index i = 0; i < chunks; ++i)                                                             \
      philox_chunk(seed, stream, chunk + static_cast<std::uint64_t>(i), out + i * random_chunk);   \
  }
#define VITRUM_NORMAL_LOOPS(suffix)                                                                \
  void normals_##suffix(                                                                           \
      std::uint64_t seed, std::uint64_t stream, std::uint64_t chunk, Index chunks, float* out) {   \
    for (Index i = 0; i < chunks; ++i)                                                             \
      normal_chunk(seed, stream, chunk + static_cast<std::uint64_t>(i), out + i * random_chunk);   \
  }

VITRUM_FILL_LOOPS(plain)
VITRUM_NORMAL_LOOPS(plain)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
// No fused multiply-add: every instruction set must give the same bits.
#define VITRUM_AVX512                                                                              \
  [[gnu::target("avx512f,avx512bw,avx512vl,avx512dq"),                                             \
    gnu::optimize("O3", "fp-contract=off", "no-math-errno")]]
#define VITRUM_AVX2 [[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off", "no-math-errno")]]
VITRUM_AVX512 VITRUM_FILL_LOOPS(avx512) VITRUM_AVX512 VITRUM_NORMAL_LOOPS(avx512) VITRUM_AVX2
    VITRUM_FILL_LOOPS(avx2) VITRUM_AVX2 VITRUM_NORMAL_LOOPS(avx2)
#endif

        struct Loops {
  WordChunks words = &words_plain;
  NormalChunks normals = &normals_plain;
};

Loops best() {
#ifdef VITRUM_VECTORS
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return {&words_avx512, &normals_avx512};
  if (__builtin_cpu_supports("avx2"))
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
