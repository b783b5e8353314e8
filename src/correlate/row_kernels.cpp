#include "row_kernels.hpp"

#include "vitrum/core/simd.hpp"

// The loops are plain; the attributes ask for the vector code that -O2 does not give. Sums run in
// 16 lanes whatever the instruction set, so that their rounding is the same everywhere.
#if defined(__x86_64__)
#include <immintrin.h>
#define VITRUM_LOOP(isa) __attribute__((target(isa), optimize("O3")))
#else
#define VITRUM_LOOP(isa)
#endif

namespace vitrum::correlate {
namespace {

constexpr int lanes = 16;

struct Lanes {
  float uv[lanes]{}, u2[lanes]{}, v2[lanes]{}, u2v[lanes]{}, uv2[lanes]{};
  float u4[lanes]{}, v4[lanes]{}, u2v2[lanes]{}, u3v[lanes]{}, uv3[lanes]{};
};

#define VITRUM_DEFINE_ROWS(suffix, isa)                                                            \
  VITRUM_LOOP(isa)                                                                                 \
  void add_float_##suffix(const float* __restrict from, float* __restrict to, Index count) {       \
    for (Index i = 0; i < count; ++i)                                                              \
      to[i] += from[i];                                                                            \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void add_double_##suffix(const float* __restrict from, double* __restrict to, Index count) {     \
    for (Index i = 0; i < count; ++i)                                                              \
      to[i] += static_cast<double>(from[i]);                                                       \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void add_skip_##suffix(const float* __restrict from, double* __restrict to, Index count) {       \
    for (Index i = 0; i < count; ++i)                                                              \
      to[i] += from[i] == from[i] ? static_cast<double>(from[i]) : 0.0;                            \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void sum_##suffix(const float* __restrict x, Index count, double* __restrict s) {                \
    for (Index i = 0; i < count; i += lanes)                                                       \
      for (int k = 0; k < lanes; ++k)                                                              \
        s[k] += static_cast<double>(x[i + k]);                                                     \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void square_##suffix(                                                                            \
      const float* __restrict x, Index count, double mean, double* __restrict s) {                 \
    for (Index i = 0; i < count; i += lanes)                                                       \
      for (int k = 0; k < lanes; ++k) {                                                            \
        const double d = static_cast<double>(x[i + k]) - mean;                                     \
        s[k] += d * d;                                                                             \
      }                                                                                            \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void scale_##suffix(float* __restrict x, Index count, double scale, double shift) {              \
    for (Index i = 0; i < count; ++i)                                                              \
      x[i] = static_cast<float>(static_cast<double>(x[i]) * scale - shift);                        \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void scales_##suffix(                                                                            \
      float* __restrict x, Index count, const double* __restrict scale, double shift) {            \
    for (Index i = 0; i < count; ++i)                                                              \
      x[i] = static_cast<float>(static_cast<double>(x[i]) * scale[i] - shift);                     \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  CountSums words_##suffix(const std::uint16_t* __restrict x, Index count) {                       \
    std::uint32_t sum = 0;                                                                         \
    std::uint64_t square = 0;                                                                      \
    for (int i = 0; i < static_cast<int>(count); ++i) {                                            \
      const std::uint32_t one = x[i];                                                              \
      sum += one;                                                                                  \
      square += one * one;                                                                         \
    }                                                                                              \
    return {static_cast<std::int32_t>(sum), square};                                               \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void third_##suffix(                                                                             \
      const float* __restrict u, const float* __restrict v, Index count, Lanes& __restrict s) {    \
    for (Index i = 0; i < count; i += lanes)                                                       \
      for (int k = 0; k < lanes; ++k) {                                                            \
        const float x = u[i + k], y = v[i + k];                                                    \
        const float xy = x * y;                                                                    \
        s.uv[k] += xy;                                                                             \
        s.u2[k] += x * x;                                                                          \
        s.v2[k] += y * y;                                                                          \
        s.u2v[k] += xy * x;                                                                        \
        s.uv2[k] += xy * y;                                                                        \
      }                                                                                            \
  }                                                                                                \
  VITRUM_LOOP(isa)                                                                                 \
  void fourth_##suffix(                                                                            \
      const float* __restrict u, const float* __restrict v, Index count, Lanes& __restrict s) {    \
    for (Index i = 0; i < count; i += lanes)                                                       \
      for (int k = 0; k < lanes; ++k) {                                                            \
        const float x = u[i + k], y = v[i + k];                                                    \
        const float xy = x * y, xx = x * x, yy = y * y;                                            \
        s.u4[k] += xx * xx;                                                                        \
        s.v4[k] += yy * yy;                                                                        \
        s.u2v2[k] += xx * yy;                                                                      \
        s.u3v[k] += xx * xy;                                                                       \
        s.uv3[k] += xy * yy;                                                                       \
      }                                                                                            \
  }

VITRUM_DEFINE_ROWS(base, "sse2")
VITRUM_DEFINE_ROWS(avx2, "avx2")
VITRUM_DEFINE_ROWS(avx512, "avx512f,avx512dq,avx512vl,avx512bw" VITRUM_WIDE)

CountSums bytes_base(const std::uint8_t* x, Index count) {
  std::uint32_t sum = 0, square = 0;
  for (Index i = 0; i < count; ++i) {
    const std::uint32_t one = x[i];
    sum += one;
    square += one * one;
  }
  return {static_cast<std::int32_t>(sum), square};
}

#if defined(__x86_64__)
// The compiler widens bytes to 32 bits first.
__attribute__((target("avx2"))) CountSums bytes_avx2(const std::uint8_t* x, Index count) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i sum = zero, square = zero;
  Index i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i one = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
    const __m256i low = _mm256_unpacklo_epi8(one, zero), high = _mm256_unpackhi_epi8(one, zero);
    sum = _mm256_add_epi64(sum, _mm256_sad_epu8(one, zero));
    square = _mm256_add_epi32(
        square, _mm256_add_epi32(_mm256_madd_epi16(low, low), _mm256_madd_epi16(high, high)));
  }
  alignas(32) std::uint64_t sums[4];
  alignas(32) std::uint32_t squares[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sums), sum);
  _mm256_store_si256(reinterpret_cast<__m256i*>(squares), square);
  CountSums total = bytes_base(x + i, count - i);
  for (const std::uint64_t part : sums)
    total.sum += static_cast<std::int32_t>(part);
  for (const std::uint32_t part : squares)
    total.square += part;
  return total;
}
#endif

#define VITRUM_DEFINE_ADD_ROWS(suffix, isa)                                                        \
  VITRUM_LOOP(isa)                                                                                 \
  void add_floats_##suffix(const float* __restrict from,                                           \
                           Index from_stride,                                                      \
                           float* __restrict to,                                                   \
                           Index to_stride,                                                        \
                           Index row_count,                                                        \
                           Index count) {                                                          \
    for (Index r = 0; r < row_count; ++r, from += from_stride, to += to_stride)                    \
      for (Index i = 0; i < count; ++i)                                                            \
        to[i] += from[i];                                                                          \
  }

VITRUM_DEFINE_ADD_ROWS(base, "sse2")
VITRUM_DEFINE_ADD_ROWS(avx2, "avx2")
#if defined(__x86_64__)
// Rows of blocks are short: what is left of them after whole vectors is not added one by one.
__attribute__((target("avx512f"))) void add_floats_avx512(const float* from,
                                                          Index from_stride,
                                                          float* to,
                                                          Index to_stride,
                                                          Index row_count,
                                                          Index count) {
  const Index whole = count / lanes * lanes;
  const auto rest = static_cast<__mmask16>((1U << (count - whole)) - 1);
  for (Index r = 0; r < row_count; ++r, from += from_stride, to += to_stride) {
    for (Index i = 0; i < whole; i += lanes)
      _mm512_storeu_ps(to + i, _mm512_add_ps(_mm512_loadu_ps(to + i), _mm512_loadu_ps(from + i)));
    if (rest != 0)
      _mm512_mask_storeu_ps(to + whole,
                            rest,
                            _mm512_add_ps(_mm512_maskz_loadu_ps(rest, to + whole),
                                          _mm512_maskz_loadu_ps(rest, from + whole)));
  }
}
#endif

struct Rows {
  void (*add_float)(const float*, float*, Index);
  void (*add_floats)(const float*, Index, float*, Index, Index, Index);
  void (*add_double)(const float*, double*, Index);
  void (*add_skip)(const float*, double*, Index);
  void (*sum)(const float*, Index, double*);
  void (*square)(const float*, Index, double, double*);
  void (*scale)(float*, Index, double, double);
  void (*scales)(float*, Index, const double*, double);
  CountSums (*bytes)(const std::uint8_t*, Index);
  CountSums (*words)(const std::uint16_t*, Index);
  void (*third)(const float*, const float*, Index, Lanes&);
  void (*fourth)(const float*, const float*, Index, Lanes&);
};

#define VITRUM_ROWS(suffix, counts)                                                                \
  Rows {                                                                                           \
    add_float_##suffix, add_floats_##suffix, add_double_##suffix, add_skip_##suffix, sum_##suffix, \
        square_##suffix, scale_##suffix, scales_##suffix, bytes_##counts, words_##suffix,          \
        third_##suffix, fourth_##suffix                                                            \
  }

Rows choose() {
#if defined(__x86_64__)
  if (simd_level() >= SimdLevel::avx512)
    return VITRUM_ROWS(avx512, avx2);
  if (simd_level() >= SimdLevel::avx2)
    return VITRUM_ROWS(avx2, avx2);
#endif
  return VITRUM_ROWS(base, base);
}

const Rows& rows() {
  static const Rows chosen = choose();
  return chosen;
}

double sum(const float (&values)[lanes]) {
  double total = 0;
  for (const float value : values)
    total += static_cast<double>(value);
  return total;
}

} // namespace

void add_row(const float* from, float* to, Index count) {
  rows().add_float(from, to, count);
}
void add_rows(const float* from,
              Index from_stride,
              float* to,
              Index to_stride,
              Index row_count,
              Index count) {
  rows().add_floats(from, from_stride, to, to_stride, row_count, count);
}
void add_row(const float* from, double* to, Index count) {
  rows().add_double(from, to, count);
}
void add_row_skipping_nan(const float* from, double* to, Index count) {
  rows().add_skip(from, to, count);
}

double row_sum(const float* row, Index count) {
  const Index whole = count / lanes * lanes;
  double sums[lanes]{};
  rows().sum(row, whole, sums);
  double total = 0;
  for (const double one : sums)
    total += one;
  for (Index i = whole; i < count; ++i)
    total += static_cast<double>(row[i]);
  return total;
}

double row_square_sum(const float* row, Index count, double mean) {
  const Index whole = count / lanes * lanes;
  double sums[lanes]{};
  rows().square(row, whole, mean, sums);
  double total = 0;
  for (const double one : sums)
    total += one;
  for (Index i = whole; i < count; ++i) {
    const double d = static_cast<double>(row[i]) - mean;
    total += d * d;
  }
  return total;
}

void scale_row(float* row, Index count, double scale, double shift) {
  rows().scale(row, count, scale, shift);
}
void scale_row(float* row, Index count, const double* scale, double shift) {
  rows().scales(row, count, scale, shift);
}

CountSums count_sums(const std::uint8_t* row, Index count) {
  return rows().bytes(row, count);
}
CountSums count_sums(const std::uint16_t* row, Index count) {
  return rows().words(row, count);
}

PairMoments& PairMoments::operator+=(const PairMoments& other) {
  uv += other.uv;
  u2 += other.u2;
  v2 += other.v2;
  u2v += other.u2v;
  uv2 += other.uv2;
  u4 += other.u4;
  v4 += other.v4;
  u2v2 += other.u2v2;
  u3v += other.u3v;
  uv3 += other.uv3;
  return *this;
}

namespace {

/// Of at most `lanes` pixels, each alone in its lane: the same bits without filling and emptying
/// the lanes, which costs more than the pixels do.
PairMoments moments_of_few(const float* u, const float* v, Index count, bool fourth) {
  PairMoments total;
  const auto add = [](double& to, float value) { to += static_cast<double>(value); };
  for (Index i = 0; i < count; ++i) {
    const float x = u[i], y = v[i];
    const float xx = x * x, yy = y * y, xy = x * y;
    add(total.uv, xy);
    add(total.u2, xx);
    add(total.v2, yy);
    add(total.u2v, xy * x);
    add(total.uv2, xy * y);
    if (fourth) {
      add(total.u4, xx * xx);
      add(total.v4, yy * yy);
      add(total.u2v2, xx * yy);
      add(total.u3v, xx * xy);
      add(total.uv3, xy * yy);
    }
  }
  return total;
}

} // namespace

PairMoments pair_moments(const float* u, const float* v, Index count, bool fourth) {
  if (count <= lanes)
    return moments_of_few(u, v, count, fourth);
  constexpr Index piece = 16384; // pixels that are summed in floats before they go to doubles
  PairMoments total;
  for (Index first = 0; first < count; first += piece) {
    const Index n = count - first < piece ? count - first : piece;
    const Index whole = n / lanes * lanes;
    float u_rest[lanes]{}, v_rest[lanes]{};
    for (Index i = whole; i < n; ++i) {
      u_rest[i - whole] = u[first + i];
      v_rest[i - whole] = v[first + i];
    }
    Lanes s;
    rows().third(u + first, v + first, whole, s);
    rows().third(u_rest, v_rest, lanes, s);
    if (fourth) {
      rows().fourth(u + first, v + first, whole, s);
      rows().fourth(u_rest, v_rest, lanes, s);
    }
    total += {sum(s.uv),
              sum(s.u2),
              sum(s.v2),
              sum(s.u2v),
              sum(s.uv2),
              sum(s.u4),
              sum(s.v4),
              sum(s.u2v2),
              sum(s.u3v),
              sum(s.uv3)};
  }
  return total;
}

} // namespace vitrum::correlate
