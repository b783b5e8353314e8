#include "shift_kernel.hpp"

#include <algorithm>
#include <cstdint>

namespace vitrum::ecm {
namespace {

#define VITRUM_INLINE __attribute__((always_inline)) inline

VITRUM_INLINE void
blend_any(const float* const* rows, const float* weights, Index count, float* out, Index n) {
  // a few registers of the sum stay while the rows pass by
  constexpr Index block = 64;
  for (Index k = 0; k < n; k += block) {
    float sum[block] = {};
    const Index here = std::min(block, n - k);
    for (Index i = 0; i < count; ++i) {
      const float w = weights[i];
      const float* row = rows[i] + k;
      if (here == block)
        for (Index j = 0; j < block; ++j)
          sum[j] += w * row[j];
      else
        for (Index j = 0; j < here; ++j)
          sum[j] += w * row[j];
    }
    std::copy_n(sum, here, out + k);
  }
}

VITRUM_INLINE void convolve_any(const float* line, const float* weights, float* out, Index n) {
  constexpr Index block = 64;
  for (Index k = 0; k < n; k += block) {
    float sum[block] = {};
    const Index here = std::min(block, n - k);
    for (Index i = 0; i < shift_taps; ++i) {
      const float w = weights[i];
      const float* from = line + k + i;
      if (here == block)
        for (Index j = 0; j < block; ++j)
          sum[j] += w * from[j];
      else
        for (Index j = 0; j < here; ++j)
          sum[j] += w * from[j];
    }
    std::copy_n(sum, here, out + k);
  }
}

template <class T>
VITRUM_INLINE void convert_any(const T* from, Index n, float* out) {
  for (Index k = 0; k < n; ++k)
    out[k] = static_cast<float>(from[k]);
}

#define VITRUM_LEVEL(name, ...)                                                                    \
  __VA_ARGS__ void blend_##name(                                                                   \
      const float* const* rows, const float* weights, Index count, float* out, Index n) {          \
    blend_any(rows, weights, count, out, n);                                                       \
  }                                                                                                \
  __VA_ARGS__ void convolve_##name(const float* line, const float* weights, float* out, Index n) { \
    convolve_any(line, weights, out, n);                                                           \
  }                                                                                                \
  template <class T>                                                                               \
  __VA_ARGS__ void convert_##name(const T* from, Index n, float* out) {                            \
    convert_any(from, n, out);                                                                     \
  }

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
VITRUM_LEVEL(plain, [[gnu::optimize("O3")]])
VITRUM_LEVEL(avx2, [[gnu::target("avx2,fma"), gnu::optimize("O3")]])
VITRUM_LEVEL(avx512, [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,fma"), gnu::optimize("O3")]])
#else
VITRUM_LEVEL(plain, )
#endif

} // namespace

ShiftKernel shift_kernel([[maybe_unused]] SimdLevel level) {
#ifdef VITRUM_VECTORS
  if (level >= SimdLevel::avx512)
    return {&blend_avx512, &convolve_avx512};
  if (level >= SimdLevel::avx2)
    return {&blend_avx2, &convolve_avx2};
#endif
  return {&blend_plain, &convolve_plain};
}

template <class T>
void to_floats(const T* from, Index n, float* out, [[maybe_unused]] SimdLevel level) {
#ifdef VITRUM_VECTORS
  if (level >= SimdLevel::avx512)
    return convert_avx512(from, n, out);
  if (level >= SimdLevel::avx2)
    return convert_avx2(from, n, out);
#endif
  convert_plain(from, n, out);
}

template void to_floats(const std::int8_t*, Index, float*, SimdLevel);
template void to_floats(const std::uint8_t*, Index, float*, SimdLevel);
template void to_floats(const std::int16_t*, Index, float*, SimdLevel);
template void to_floats(const std::uint16_t*, Index, float*, SimdLevel);
template void to_floats(const std::int32_t*, Index, float*, SimdLevel);
template void to_floats(const std::uint32_t*, Index, float*, SimdLevel);
template void to_floats(const std::int64_t*, Index, float*, SimdLevel);
template void to_floats(const std::uint64_t*, Index, float*, SimdLevel);
template void to_floats(const float*, Index, float*, SimdLevel);
template void to_floats(const double*, Index, float*, SimdLevel);

} // namespace vitrum::ecm
