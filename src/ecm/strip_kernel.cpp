#include "strip_kernel.hpp"

#include <algorithm>
#include <cstring>

namespace vitrum::ecm {
namespace {

constexpr Index lanes = 16, block = 256;
using Floats [[gnu::vector_size(64)]] = float;

#define VITRUM_INLINE __attribute__((always_inline)) inline

VITRUM_INLINE void load(const float* from, Floats& to) {
  std::memcpy(&to, from, sizeof to);
}

VITRUM_INLINE void spill(const Floats& sum, double* sums) {
  for (Index l = 0; l < lanes; ++l)
    sums[l] += static_cast<double>(sum[l]);
}

/// n lags together, so that the earlier frame is loaded once; two sums each hide the latency.
template <int n>
VITRUM_INLINE void
add_block(const float* strip, Index first, Index last, const Index* lags, double* sums) {
  Floats even[n], odd[n];
  for (int k = 0; k < n; ++k)
    even[k] = odd[k] = Floats{};
  Index t = first;
  for (; t + 1 < last; t += 2) {
    Floats a, b;
    load(strip + t * lanes, a);
    load(strip + (t + 1) * lanes, b);
    for (int k = 0; k < n; ++k) {
      Floats c, d;
      load(strip + (t + lags[k]) * lanes, c);
      load(strip + (t + 1 + lags[k]) * lanes, d);
      even[k] += a * c;
      odd[k] += b * d;
    }
  }
  if (t < last) {
    Floats a;
    load(strip + t * lanes, a);
    for (int k = 0; k < n; ++k) {
      Floats c;
      load(strip + (t + lags[k]) * lanes, c);
      even[k] += a * c;
    }
  }
  for (int k = 0; k < n; ++k) {
    even[k] += odd[k];
    spill(even[k], sums + k * lanes);
  }
}

VITRUM_INLINE void
add_any(const float* strip, Index frames, const Index* lags, Index count, double* sums) {
  for (Index k = 0; k < count;) {
    const Index together = std::min<Index>(lags_at_once, count - k);
    // frames that all of these lags can use, then the rest of each
    const Index common = frames - lags[k + together - 1];
    if (together == lags_at_once && common > 0) {
      for (Index t = 0; t < common; t += block)
        add_block<lags_at_once>(strip, t, std::min(t + block, common), lags + k, sums + k * lanes);
      for (Index i = 0; i < together; ++i)
        for (Index t = common; t < frames - lags[k + i]; t += block)
          add_block<1>(strip,
                       t,
                       std::min(t + block, frames - lags[k + i]),
                       lags + k + i,
                       sums + (k + i) * lanes);
    } else {
      for (Index i = 0; i < together; ++i)
        for (Index t = 0; t < frames - lags[k + i]; t += block)
          add_block<1>(strip,
                       t,
                       std::min(t + block, frames - lags[k + i]),
                       lags + k + i,
                       sums + (k + i) * lanes);
    }
    k += together;
  }
}

void add_plain(const float* strip, Index frames, const Index* lags, Index count, double* sums) {
  add_any(strip, frames, lags, count, sums);
}
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_VECTORS 1
[[gnu::target("avx2,fma")]] void
add_avx2(const float* strip, Index frames, const Index* lags, Index count, double* sums) {
  add_any(strip, frames, lags, count, sums);
}
[[gnu::target("avx512f,avx512dq,avx512vl,fma")]] void
add_avx512(const float* strip, Index frames, const Index* lags, Index count, double* sums) {
  add_any(strip, frames, lags, count, sums);
}
#endif

} // namespace

StripKernel strip_kernel([[maybe_unused]] SimdLevel level) {
#ifdef VITRUM_VECTORS
  if (level >= SimdLevel::avx512)
    return &add_avx512;
  if (level >= SimdLevel::avx2)
    return &add_avx2;
#endif
  return &add_plain;
}

} // namespace vitrum::ecm
