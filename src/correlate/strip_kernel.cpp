#include "strip_kernel.hpp"

#include "vitrum/core/simd.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The vector types ask for the code; without predictive commoning, which would keep earlier frames
// in registers until none are left.
#if defined(__x86_64__)
#define VITRUM_LOOP(isa) __attribute__((target(isa), optimize("O3", "no-predictive-commoning")))
#else
#define VITRUM_LOOP(isa)
#endif
#define VITRUM_INLINE [[gnu::always_inline]] inline
#define VITRUM_VECTOR(T, size) __attribute__((vector_size(size), may_alias, aligned(size))) T

#define avx512_isa "avx512f,avx512bw,avx512vl,avx512dq" VITRUM_WIDE
#define avx2_isa "avx2,fma"

namespace vitrum::correlate {
namespace {

template <int n>
struct Vectors; // n floats, n / 2 doubles
#define VITRUM_DEFINE_VECTORS(n)                                                                   \
  template <>                                                                                      \
  struct Vectors<n> {                                                                              \
    using Float = VITRUM_VECTOR(float, (n)*4);                                                     \
    using Double = VITRUM_VECTOR(double, (n)*4);                                                   \
  };
VITRUM_DEFINE_VECTORS(4)
VITRUM_DEFINE_VECTORS(8)
VITRUM_DEFINE_VECTORS(16)

/// sums[j, p] += Σ_t now[t, p] then[t − j, p] of one strip, one register of pixels at a time, with
/// `count` accumulators that stay in registers.
template <class Vector, int count, class T>
VITRUM_INLINE void multiply(const T* now, const T* then, Index frames, double* sums) {
  constexpr Index lanes = sizeof(Vector) / sizeof(T);
  for (Index first = 0; first < strip_width; first += lanes) {
    const T* x_at = now + first;
    const T* y_at = then + first;
    Vector a[count]{};
    for (Index t = 0; t < frames; ++t, x_at += strip_width, y_at += strip_width) {
      const Vector x = *reinterpret_cast<const Vector*>(x_at);
      __asm__("" : "+r"(y_at)); // an address of its own, so that j needs no register
#pragma GCC unroll 16
      for (int j = 0; j < count; ++j)
        a[j] += x * *reinterpret_cast<const Vector*>(y_at - j * strip_width);
    }
    Vector stored[count];
#pragma GCC unroll 16
    for (int j = 0; j < count; ++j)
      stored[j] = a[j];
    for (int j = 0; j < count; ++j)
      for (int p = 0; p < lanes; ++p)
        sums[j * strip_width + first + p] += static_cast<double>(stored[j][p]);
  }
}

VITRUM_INLINE void to_doubles(const float* from, Index frames, double* to) {
  for (Index i = 0; i < frames * strip_width; ++i)
    to[i] = static_cast<double>(from[i]);
}

template <class Vector>
VITRUM_INLINE void
multiply_wide(const float* y, Index frames, Index lag, Index lags, double* sums) {
  constexpr Index piece = 64;
  alignas(64) double now[piece * strip_width];
  alignas(64) double then[(piece + strip_lags - 1) * strip_width];
  for (Index first = 0; first < frames; first += piece) {
    const Index count = frames - first < piece ? frames - first : piece;
    to_doubles(y + first * strip_width, count, now);
    for (Index j = 0; j < lags; j += strip_lags) {
      to_doubles(
          y + (first - lag - j - strip_lags + 1) * strip_width, count + strip_lags - 1, then);
      multiply<Vector, strip_lags>(
          now, then + (strip_lags - 1) * strip_width, count, sums + j * strip_width);
    }
  }
}

template <class T>
VITRUM_INLINE void
stage(const T* counts, Index stride, Index frames, const float* shift, float* out) {
  for (Index t = 0; t < frames; ++t)
    for (Index p = 0; p < strip_width; ++p)
      out[t * strip_width + p] = static_cast<float>(counts[t * stride + p]) - shift[p];
}

#if defined(__x86_64__)
// The compiler does not find the instructions that widen integers. The forms without a mask make it
// warn of values that are not set.
constexpr __mmask16 all_lanes = 0xffff;
#define VITRUM_STAGE_AVX512(name, T, load)                                                         \
  VITRUM_LOOP(avx512_isa)                                                                          \
  void name(const T* counts, Index stride, Index frames, const float* shift, float* out) {         \
    const __m512 s = _mm512_loadu_ps(shift);                                                       \
    for (Index t = 0; t < frames; ++t) {                                                           \
      const T* at = counts + t * stride;                                                           \
      _mm512_store_ps(out + t * strip_width, _mm512_sub_ps(load, s));                              \
    }                                                                                              \
  }
VITRUM_STAGE_AVX512(
    u8_avx512,
    std::uint8_t,
    _mm512_maskz_cvtepi32_ps(all_lanes,
                             _mm512_maskz_cvtepu8_epi32(
                                 all_lanes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)))))
VITRUM_STAGE_AVX512(u16_avx512,
                    std::uint16_t,
                    _mm512_maskz_cvtepi32_ps(
                        all_lanes,
                        _mm512_maskz_cvtepu16_epi32(
                            all_lanes, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)))))
VITRUM_STAGE_AVX512(f32_avx512, float, _mm512_loadu_ps(at))

#define VITRUM_STAGE_AVX2(name, T, load)                                                           \
  VITRUM_LOOP(avx2_isa)                                                                            \
  void name(const T* counts, Index stride, Index frames, const float* shift, float* out) {         \
    for (Index t = 0; t < frames; ++t)                                                             \
      for (Index p = 0; p < strip_width; p += 8) {                                                 \
        const T* at = counts + t * stride + p;                                                     \
        _mm256_store_ps(out + t * strip_width + p,                                                 \
                        _mm256_sub_ps(load, _mm256_loadu_ps(shift + p)));                          \
      }                                                                                            \
  }
VITRUM_STAGE_AVX2(
    u8_avx2,
    std::uint8_t,
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)))))
VITRUM_STAGE_AVX2(u16_avx2,
                  std::uint16_t,
                  _mm256_cvtepi32_ps(
                      _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)))))
VITRUM_STAGE_AVX2(f32_avx2, float, _mm256_loadu_ps(at))
#endif

template <class Float>
VITRUM_INLINE void total_of(const float* y, Index frames, double* sum) {
  constexpr Index lanes = sizeof(Float) / sizeof(float);
  for (Index first = 0; first < strip_width; first += lanes) {
    Float total{};
    for (Index t = 0; t < frames; ++t)
      total += *reinterpret_cast<const Float*>(y + t * strip_width + first);
    for (int p = 0; p < lanes; ++p)
      sum[first + p] += static_cast<double>(total[p]);
  }
}

VITRUM_INLINE float most_energy(const float* y, Index frames) {
  float energy[strip_width]{};
  for (Index t = 0; t < frames; ++t)
    for (Index p = 0; p < strip_width; ++p)
      energy[p] += y[t * strip_width + p] * y[t * strip_width + p];
  float most = 0;
  for (const float e : energy)
    most = e > most ? e : most;
  return most;
}

template <class T>
VITRUM_INLINE T highest(const T* counts, Index stride, Index frames, Index pixels) {
  T lanes[strip_block]{};
  if (pixels == strip_block)
    for (Index t = 0; t < frames; ++t) {
      const T* row = counts + t * stride;
      for (Index p = 0; p < strip_block; ++p)
        lanes[p] = row[p] > lanes[p] ? row[p] : lanes[p];
    }
  else
    for (Index t = 0; t < frames; ++t)
      for (Index p = 0; p < pixels; ++p)
        lanes[p] = counts[t * stride + p] > lanes[p] ? counts[t * stride + p] : lanes[p];
  T most{};
  for (const T x : lanes)
    most = x > most ? x : most;
  return most;
}

template <class Float>
VITRUM_INLINE void pair_up(const float* y, Index frames, float* coarse) {
  constexpr Index lanes = sizeof(Float) / sizeof(float);
  for (Index t = 0; t < frames; ++t)
#pragma GCC unroll 4
    for (Index p = 0; p < strip_width; p += lanes)
      *reinterpret_cast<Float*>(coarse + t * strip_width + p) =
          *reinterpret_cast<const Float*>(y + 2 * t * strip_width + p) +
          *reinterpret_cast<const Float*>(y + (2 * t + 1) * strip_width + p);
}

// `n` floats make a register; `most` accumulators leave registers for the operands.
#define VITRUM_DEFINE_STRIP(suffix, isa, n, most, from_u8, from_u16, from_f32)                     \
  VITRUM_LOOP(isa)                                                                                 \
  void products_##suffix(const float* y, Index frames, Index lag, Index lags, double* sums) {      \
    using Vector = Vectors<n>::Float;                                                              \
    Index j = 0;                                                                                   \
    for (; j + (most) <= lags; j += (most))                                                        \
      multiply<Vector, most>(y, y - (lag + j) * strip_width, frames, sums + j * strip_width);      \
    for (; j < lags; j += strip_lags)                                                              \
      multiply<Vector, strip_lags>(                                                                \
          y, y - (lag + j) * strip_width, frames, sums + j * strip_width);                         \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void wide_##suffix(const float* y, Index frames, Index lag, Index lags, double* sums) {          \
    multiply_wide<Vectors<n>::Double>(y, frames, lag, lags, sums);                                 \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void coarsen_##suffix(const float* y, Index frames, float* coarse) {                             \
    pair_up<Vectors<n>::Float>(y, frames, coarse);                                                 \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void add_up_##suffix(const float* y, Index frames, double* sum) {                                \
    total_of<Vectors<n>::Float>(y, frames, sum);                                                   \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  float energy_##suffix(const float* y, Index frames) {                                            \
    return most_energy(y, frames);                                                                 \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  std::uint8_t highest_u8_##suffix(                                                                \
      const std::uint8_t* counts, Index stride, Index frames, Index pixels) {                      \
    return highest(counts, stride, frames, pixels);                                                \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  std::uint16_t highest_u16_##suffix(                                                              \
      const std::uint16_t* counts, Index stride, Index frames, Index pixels) {                     \
    return highest(counts, stride, frames, pixels);                                                \
  }                                                                                                \
  constexpr StripKernels kernels_##suffix{.name = #suffix,                                         \
                                          .stage_u8 = from_u8,                                     \
                                          .stage_u16 = from_u16,                                   \
                                          .stage_f32 = from_f32,                                   \
                                          .highest_u8 = highest_u8_##suffix,                       \
                                          .highest_u16 = highest_u16_##suffix,                     \
                                          .products = products_##suffix,                           \
                                          .products_wide = wide_##suffix,                          \
                                          .coarsen = coarsen_##suffix,                             \
                                          .add_up = add_up_##suffix,                               \
                                          .energy = energy_##suffix};

VITRUM_DEFINE_STRIP(baseline, "sse2", 4, 8, stage<std::uint8_t>, stage<std::uint16_t>, stage<float>)
#if defined(__x86_64__)
VITRUM_DEFINE_STRIP(avx2, avx2_isa, 8, 8, u8_avx2, u16_avx2, f32_avx2)
VITRUM_DEFINE_STRIP(avx512, avx512_isa, 16, 16, u8_avx512, u16_avx512, f32_avx512)
#endif

} // namespace

const StripKernels* strip_kernels(StripSet set) {
  switch (set) {
  case StripSet::avx512:
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
      return &kernels_avx512;
#endif
    return nullptr;
  case StripSet::avx2:
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      return &kernels_avx2;
#endif
    return nullptr;
  case StripSet::baseline:
    break;
  }
  return &kernels_baseline;
}

const StripKernels& strip_kernels() {
  static const StripKernels* const chosen = [] {
    const SimdLevel level = simd_level();
    for (const StripSet set : {StripSet::avx512, StripSet::avx2})
      if (level >= (set == StripSet::avx512 ? SimdLevel::avx512 : SimdLevel::avx2))
        if (const StripKernels* kernels = strip_kernels(set))
          return kernels;
    return strip_kernels(StripSet::baseline);
  }();
  return *chosen;
}

} // namespace vitrum::correlate
