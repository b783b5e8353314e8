// Panels in the instruction set that every x86-64 has, written so that any compiler vectorises it.
#include <cstring>

#include "panel_rescale.hpp"

namespace vitrum::correlate {
namespace {

constexpr int vector_lanes = 4;
constexpr int width = 8;  // columns at a time
constexpr int height = 4; // rows at a time
using Floats = float __attribute__((vector_size(16)));
using Ints = std::int32_t __attribute__((vector_size(16)));
using Unsigned = std::uint32_t __attribute__((vector_size(16)));
constexpr int vectors = width / vector_lanes;

template <class V, class T>
V load(const T* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

void floats(const float* rows, const float* cols, Index depth, float* out, Index stride, bool add) {
  for (Index i0 = 0; i0 < sliver_frames; i0 += height)
    for (Index j0 = 0; j0 < panel_frames; j0 += width) {
      Floats sum[height][vectors]{};
      const float* a = rows + i0;
      const float* b = cols + j0;
      for (Index k = 0; k < depth; ++k, a += panel_frames, b += panel_frames) {
        const Floats left = load<Floats>(b);
        const Floats right = load<Floats>(b + vector_lanes);
#pragma GCC unroll 4
        for (int i = 0; i < height; ++i) {
          sum[i][0] += a[i] * left;
          sum[i][1] += a[i] * right;
        }
      }
      for (int i = 0; i < height; ++i)
        for (int v = 0; v < vectors; ++v) {
          float* to = out + (i0 + i) * stride + j0 + v * vector_lanes;
          const Floats total = add ? sum[i][v] + load<Floats>(to) : sum[i][v];
          std::memcpy(to, &total, sizeof total);
        }
    }
}

/// Four bytes (low = even, high = odd pixels) as two words each.
inline Unsigned even_bytes(Unsigned x) {
  return x & 0x00ff00ffU;
}
inline Unsigned odd_bytes(Unsigned x) {
  return (x >> 8) & 0x00ff00ffU;
}

/// Products of two words below 32768 each, added.
inline Ints word_products(Unsigned x, Unsigned y) {
#if defined(__x86_64__)
  using Shorts = short __attribute__((vector_size(16)));
  return reinterpret_cast<Ints>(
      __builtin_ia32_pmaddwd128(reinterpret_cast<Shorts>(x), reinterpret_cast<Shorts>(y)));
#else
  return reinterpret_cast<Ints>((x & 0xffffU) * (y & 0xffffU) + (x >> 16) * (y >> 16));
#endif
}

inline Ints byte_products(Unsigned x, Unsigned y) {
  return word_products(even_bytes(x), even_bytes(y)) + word_products(odd_bytes(x), odd_bytes(y));
}

inline Ints common_bits(Unsigned x, Unsigned y) {
  Unsigned z = x & y;
  z -= (z >> 1) & 0x55555555U;
  z = (z & 0x33333333U) + ((z >> 2) & 0x33333333U);
  z = (z + (z >> 4)) & 0x0f0f0f0fU;
  z += z >> 8;
  z += z >> 16;
  return reinterpret_cast<Ints>(z & 0x3fU);
}

template <Ints (*product)(Unsigned, Unsigned)>
void integers(const std::uint32_t* rows,
              const std::uint32_t* cols,
              Index depth,
              std::int32_t* out) {
  for (Index i0 = 0; i0 < sliver_frames; i0 += height)
    for (Index j0 = 0; j0 < panel_frames; j0 += vector_lanes) {
      Ints sum[height]{};
      const std::uint32_t* a = rows + i0;
      const std::uint32_t* b = cols + j0;
      for (Index k = 0; k < depth; ++k, a += panel_frames, b += panel_frames) {
        const auto column = load<Unsigned>(b);
#pragma GCC unroll 4
        for (int i = 0; i < height; ++i)
          sum[i] += product(Unsigned{} + a[i], column);
      }
      for (int i = 0; i < height; ++i)
        std::memcpy(out + (i0 + i) * panel_frames + j0, &sum[i], sizeof sum[i]);
    }
}

VITRUM_DEFINE_RESCALE(rescale, "sse2")

void transpose(const std::uint32_t* from, Index stride, std::uint32_t* to, Index to_stride) {
  for (Index k = 0; k < 16; ++k)
    for (Index f = 0; f < 16; ++f)
      to[k * to_stride + f] = from[f * stride + k];
}

void transpose_scaled(const float* from, Index stride, const RowScale* scales, float* panel) {
  for (Index f = 0; f < 16; ++f) {
    const RowScale& s = scales[f];
    const double scale = static_cast<double>(s.scale) + static_cast<double>(s.scale_rest);
    const double shift = static_cast<double>(s.shift) + static_cast<double>(s.shift_rest);
    for (Index k = 0; k < 16; ++k)
      panel[k * panel_frames + f] =
          static_cast<float>(static_cast<double>(from[f * stride + k]) * scale - shift);
  }
}

} // namespace

const PanelKernels detail::panels_baseline{floats,
                                           integers<byte_products>,
                                           integers<word_products>,
                                           integers<common_bits>,
                                           rescale,
                                           transpose,
                                           transpose_scaled};

const PanelKernels& panel_kernels(SimdLevel level) {
#if defined(__x86_64__)
  switch (level) {
  case SimdLevel::baseline:
    break;
  case SimdLevel::avx2:
    return detail::panels_avx2;
  case SimdLevel::avx512:
    return detail::panels_avx512;
  case SimdLevel::vnni:
    return detail::panels_vnni;
  }
#else
  (void)level;
#endif
  return detail::panels_baseline;
}

} // namespace vitrum::correlate
