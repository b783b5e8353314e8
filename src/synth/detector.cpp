#include "detector.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "field.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::synth {
namespace {

constexpr float inversion_below = 12.0F;

// e^−x for 0 ≤ x ≤ 12: 2^−n e^r, |r| ≤ ln 2 / 2, by its series (relative error below 1e-13).
[[gnu::always_inline]] inline double exp_minus(double x) {
  const double n = static_cast<double>(static_cast<std::int32_t>(x * 1.4426950408889634 + 0.5));
  const double r = n * 0.69314718055994531 - x;
  double series = 1.0;
  for (int k = 11; k >= 1; --k)
    series = 1.0 + series * r * (1.0 / k);
  const auto power = static_cast<std::int64_t>(1023 - static_cast<std::int32_t>(n)) << 52;
  return series * std::bit_cast<double>(power);
}

// How many values of the distribution function lie below u.
[[gnu::always_inline]] inline void invert(const float* __restrict rates,
                                          const std::uint32_t* __restrict words,
                                          std::uint32_t* __restrict counts) {
  double u[lanes], p[lanes], below[lanes], rate[lanes];
  std::int64_t n[lanes];
  for (Index l = 0; l < lanes; ++l) {
    rate[l] = rates[l] < inversion_below ? static_cast<double>(rates[l]) : 0.0;
    u[l] = (static_cast<double>(static_cast<std::int32_t>(words[l] >> 1)) + 0.25 +
            0.5 * static_cast<double>(static_cast<std::int32_t>(words[l] & 1U))) *
           0x1p-31;
    p[l] = exp_minus(rate[l]);
    below[l] = p[l];
    n[l] = 0;
  }
  for (int k = 1; k < 100; ++k) {
    std::int64_t any = 0;
    const double inverse = 1.0 / k;
    for (Index l = 0; l < lanes; ++l) {
      const std::int64_t more = u[l] > below[l] ? 1 : 0;
      n[l] += more;
      any |= more;
      p[l] *= rate[l] * inverse;
      below[l] += p[l];
    }
    if (any == 0)
      break;
  }
  for (Index l = 0; l < lanes; ++l)
    counts[l] = static_cast<std::uint32_t>(n[l]);
}

using Invert = void (*)(const float*, const std::uint32_t*, Index, std::uint32_t*);

void invert_plain(const float* rates,
                  const std::uint32_t* words,
                  Index size,
                  std::uint32_t* counts) {
  for (Index i = 0; i < size; i += lanes)
    invert(rates + i, words + i, counts + i);
}
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
[[gnu::target("avx512f,avx512vl,avx512dq"), gnu::optimize("O3", "fp-contract=off")]] void
invert_avx512(const float* rates, const std::uint32_t* words, Index size, std::uint32_t* counts) {
  for (Index i = 0; i < size; i += lanes)
    invert(rates + i, words + i, counts + i);
}
[[gnu::target("avx2"), gnu::optimize("O3", "fp-contract=off")]] void
invert_avx2(const float* rates, const std::uint32_t* words, Index size, std::uint32_t* counts) {
  for (Index i = 0; i < size; i += lanes)
    invert(rates + i, words + i, counts + i);
}
#endif

Invert best() {
#ifdef VITRUM_VECTORS
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    return &invert_avx512;
  if (__builtin_cpu_supports("avx2"))
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
