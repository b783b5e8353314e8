#include "row_kernels.hpp"

// The loops are plain; the attributes ask for the vector code that -O2 does not give.
#if defined(__x86_64__)
#define VITRUM_LOOP(isa) __attribute__((target(isa), optimize("O3")))
#else
#define VITRUM_LOOP(isa)
#endif

namespace vitrum::correlate {
namespace {

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
  void add_twice_##suffix(                                                                         \
      const float* __restrict from, float* __restrict to, float* __restrict also, Index count) {   \
    for (Index i = 0; i < count; ++i) {                                                            \
      to[i] += from[i];                                                                            \
      also[i] += from[i];                                                                          \
    }                                                                                              \
  }

VITRUM_DEFINE_ROWS(base, "sse2")
VITRUM_DEFINE_ROWS(avx2, "avx2")
VITRUM_DEFINE_ROWS(avx512, "avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")

struct Rows {
  void (*add_float)(const float*, float*, Index) = add_float_base;
  void (*add_double)(const float*, double*, Index) = add_double_base;
  void (*add_skip)(const float*, double*, Index) = add_skip_base;
  void (*add_twice)(const float*, float*, float*, Index) = add_twice_base;
};

Rows choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return {add_float_avx512, add_double_avx512, add_skip_avx512, add_twice_avx512};
  if (__builtin_cpu_supports("avx2"))
    return {add_float_avx2, add_double_avx2, add_skip_avx2, add_twice_avx2};
#endif
  return {};
}

const Rows& rows() {
  static const Rows chosen = choose();
  return chosen;
}

} // namespace

void add_row(const float* from, float* to, Index count) {
  rows().add_float(from, to, count);
}
void add_row(const float* from, double* to, Index count) {
  rows().add_double(from, to, count);
}
void add_row_skipping_nan(const float* from, double* to, Index count) {
  rows().add_skip(from, to, count);
}
void add_row_twice(const float* from, float* to, float* also, Index count) {
  rows().add_twice(from, to, also, count);
}

} // namespace vitrum::correlate
