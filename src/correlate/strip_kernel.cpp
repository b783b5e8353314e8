#include "strip_kernel.hpp"

#include <algorithm>

#if defined(__x86_64__)
#define VITRUM_LOOP(isa) __attribute__((target(isa), optimize("O3")))
#else
#define VITRUM_LOOP(isa)
#endif

namespace vitrum::correlate {
namespace {

using Lane16 = float __attribute__((vector_size(64), may_alias));
constexpr Index piece = 256; // frames summed in floats

// y[t] is loaded once for eight lags; the later frames stay in the first-level cache.
#define VITRUM_DEFINE_STRIP(suffix, isa)                                                           \
  VITRUM_LOOP(isa)                                                                                 \
  void products_##suffix(const float* y, Index first, Index last, Index lag, float* sums) {        \
    const auto* v = reinterpret_cast<const Lane16*>(y);                                            \
    Lane16 a0{}, a1{}, a2{}, a3{}, a4{}, a5{}, a6{}, a7{};                                         \
    for (Index t = first; t < last; ++t) {                                                         \
      const Lane16 x = v[t];                                                                       \
      const Lane16* later = v + t + lag;                                                           \
      a0 += x * later[0];                                                                          \
      a1 += x * later[1];                                                                          \
      a2 += x * later[2];                                                                          \
      a3 += x * later[3];                                                                          \
      a4 += x * later[4];                                                                          \
      a5 += x * later[5];                                                                          \
      a6 += x * later[6];                                                                          \
      a7 += x * later[7];                                                                          \
    }                                                                                              \
    auto* out = reinterpret_cast<Lane16*>(sums);                                                   \
    out[0] = a0, out[1] = a1, out[2] = a2, out[3] = a3;                                            \
    out[4] = a4, out[5] = a5, out[6] = a6, out[7] = a7;                                            \
  }

VITRUM_DEFINE_STRIP(base, "sse2")
VITRUM_DEFINE_STRIP(avx2, "avx2,fma")
VITRUM_DEFINE_STRIP(avx512, "avx512f,prefer-vector-width=512")

using Products = void (*)(const float*, Index, Index, Index, float*);

Products choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return products_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return products_avx2;
#endif
  return products_base;
}

} // namespace

void lag_products(const float* y, Index frames, Index lag, Index lags, double* out) {
  static const Products products = choose();
  std::fill_n(out, lags * strip_width, 0.0);
  const Index common = lags == strip_lags ? std::max<Index>(frames - lag - strip_lags + 1, 0) : 0;
  alignas(64) float sums[strip_lags * strip_width];
  for (Index first = 0; first < common; first += piece) {
    products(y, first, std::min(first + piece, common), lag, sums);
    for (Index i = 0; i < strip_lags * strip_width; ++i)
      out[i] += static_cast<double>(sums[i]);
  }
  for (Index j = 0; j < lags; ++j) // the ends, where the later lags have run out of frames
    for (Index t = common; t < frames - lag - j; ++t)
      for (Index p = 0; p < strip_width; ++p)
        out[j * strip_width + p] += static_cast<double>(y[t * strip_width + p]) *
                                    static_cast<double>(y[(t + lag + j) * strip_width + p]);
}

} // namespace vitrum::correlate
