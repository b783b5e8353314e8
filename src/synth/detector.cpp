#include "detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "field.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/simd.hpp"

namespace vitrum::synth {
namespace {

constexpr float inversion_below = 12.0F;

constexpr Index half = lanes / 2;
using Doubles [[gnu::vector_size(64)]] = double;
using Longs [[gnu::vector_size(64)]] = std::int64_t;
using Integers [[gnu::vector_size(32)]] = std::int32_t;
using Floats [[gnu::vector_size(32)]] = float;

// e^−x for 0 ≤ x ≤ 12: 2^−n e^r, |r| ≤ ln 2 / 2, by its series (relative error below 1e-13).
[[gnu::always_inline]] inline void exp_minus(const Doubles& x, Doubles& result) {
  const Integers n = __builtin_convertvector(x * 1.4426950408889634 + 0.5, Integers);
  const Doubles r = __builtin_convertvector(n, Doubles) * 0.69314718055994531 - x;
  Doubles series = Doubles{} + 1.0;
  for (int k = 11; k >= 1; --k)
    series = 1.0 + series * r * (1.0 / k);
  const Longs power = (1023 - __builtin_convertvector(n, Longs)) << 52;
  result = series * reinterpret_cast<Doubles>(power);
}

// How many values of the distribution function lie below u = (word + 1/2)/2^32, of eight lanes.
[[gnu::always_inline]] inline void
invert(const float* rates, const std::uint32_t* words, std::uint32_t* counts) {
  Floats rate_f;
  Integers word;
  std::memcpy(&rate_f, rates, sizeof rate_f);
  std::memcpy(&word, words, sizeof word);
  Doubles rate = __builtin_convertvector(rate_f, Doubles);
  rate = rate < static_cast<double>(inversion_below) ? rate : Doubles{};
  // the signed word plus 2^31: another order of the same numbers, equally uniform
  const Doubles u = (__builtin_convertvector(word, Doubles) + (0x1p31 + 0.5)) * 0x1p-32;
  Doubles p;
  exp_minus(rate, p);
  Doubles below = p;
  Longs n{};
  for (int k = 1; k < 100; ++k) {
    const Longs more = u > below; // −1 where true
    n -= more;
    std::int64_t any = 0;
    for (Index l = 0; l < half; ++l)
      any |= more[l];
    if (any == 0)
      break;
    p *= rate * (1.0 / k);
    below += p;
  }
  const Integers narrow = __builtin_convertvector(n, Integers);
  std::memcpy(counts, &narrow, sizeof narrow);
}

using Invert = void (*)(const float*, const std::uint32_t*, Index, std::uint32_t*);

void invert_plain(const float* rates,
                  const std::uint32_t* words,
                  Index size,
                  std::uint32_t* counts) {
  for (Index i = 0; i < size; i += half)
    invert(rates + i, words + i, counts + i);
}
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
[[gnu::target("avx512f,avx512vl,avx512dq"), gnu::optimize("O3", "fp-contract=off")]] void
invert_avx512(const float* rates, const std::uint32_t* words, Index size, std::uint32_t* counts) {
  for (Index i = 0; i < size; i += half)
    invert(rates + i, words + i, counts + i);
}
[[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off")]] void
invert_avx2(const float* rates, const std::uint32_t* words, Index size, std::uint32_t* counts) {
  for (Index i = 0; i < size; i += half)
    invert(rates + i, words + i, counts + i);
}
#endif

Invert best() {
#ifdef VITRUM_VECTORS
  if (simd_level() >= SimdLevel::avx512)
    return &invert_avx512;
  if (simd_level() >= SimdLevel::avx2)
    return &invert_avx2;
#endif
  return &invert_plain;
}

} // namespace

void draw_counts(std::span<const float> rates,
                 std::span<const std::uint32_t> words,
                 std::uint64_t seed,
                 std::uint64_t stream,
                 std::span<std::uint32_t> counts) {
  static const Invert inversion = best();
  inversion(rates.data(), words.data(), static_cast<Index>(rates.size()), counts.data());
  for (std::size_t i = 0; i < rates.size(); ++i)
    if (rates[i] >= inversion_below) {
      Random random(seed, stream + i);
      counts[i] = static_cast<std::uint32_t>(
          std::min<Index>(random.poisson(static_cast<double>(rates[i])), 0xFFFFFFFF));
    }
}

} // namespace vitrum::synth
