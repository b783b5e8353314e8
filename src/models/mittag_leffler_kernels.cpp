#include "mittag_leffler_kernels.hpp"
#include "vitrum/core/simd.hpp"

#include <algorithm>
#include <cstring>

namespace vitrum::models::detail {
namespace {

// As many doubles as a register of the instruction set holds. The bodies below are inlined into one
// function per set.
using Vec8 [[gnu::vector_size(64)]] = double;
using Vec4 [[gnu::vector_size(32)]] = double;

template <class Vec>
constexpr Index width = static_cast<Index>(sizeof(Vec) / sizeof(double));

#define VITRUM_INLINE                                                                              \
  template <class Vec>                                                                             \
  [[gnu::always_inline]] static inline

VITRUM_INLINE void load(Vec& v, const double* from, Index count) {
  v = Vec{};
  std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(double));
}

VITRUM_INLINE void store(double* to, const Vec& v, Index count) {
  std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(double));
}

// All nodes share one division, the slowest instruction: the sum is kept as one fraction. Its
// denominator stays below 1e92 for 28 nodes, and the products round no worse than the quotients.
VITRUM_INLINE void value_block(const MittagLeffler::Nodes& n, const Vec& x, Vec& out) {
  const Vec y = 1.0 / (1.0 + x);
  Vec numerator{}, denominator = 1.0 + Vec{};
  for (int k = 0; k < n.count; k += 4) {
    const auto i = static_cast<std::size_t>(k);
    const Vec d0 = 1.0 + y * (n.r[i] + n.t[i] * y);
    const Vec d1 = 1.0 + y * (n.r[i + 1] + n.t[i + 1] * y);
    const Vec d2 = 1.0 + y * (n.r[i + 2] + n.t[i + 2] * y);
    const Vec d3 = 1.0 + y * (n.r[i + 3] + n.t[i + 3] * y);
    const Vec n01 = (n.p[i] + n.q[i] * y) * d1 + (n.p[i + 1] + n.q[i + 1] * y) * d0;
    const Vec n23 = (n.p[i + 2] + n.q[i + 2] * y) * d3 + (n.p[i + 3] + n.q[i + 3] * y) * d2;
    const Vec d01 = d0 * d1;
    const Vec d23 = d2 * d3;
    const Vec d = d01 * d23;
    numerator = numerator * d + (n01 * d23 + n23 * d01) * denominator;
    denominator *= d;
  }
  out = (n.power == 1 ? y : y * y) * numerator / denominator;
}

VITRUM_INLINE void
value_body(const MittagLeffler::Nodes& n, const double* x, double* value, Index count) {
  Vec in, out;
  Index i = 0;
  for (; i + width<Vec> <= count; i += width<Vec>) {
    load(in, x + i, width<Vec>);
    value_block(n, in, out);
    store(value + i, out, width<Vec>);
  }
  if (i < count) {
    load(in, x + i, count - i);
    value_block(n, in, out);
    store(value + i, out, count - i);
  }
}

VITRUM_INLINE void gradient_body(const MittagLeffler::Nodes& n,
                                 const double* x,
                                 double* value,
                                 double* dx,
                                 double* dalpha,
                                 double* dbeta,
                                 Index count) {
  for (Index i = 0; i < count; i += width<Vec>) {
    const Index left = std::min(count - i, width<Vec>);
    Vec in;
    load(in, x + i, left);
    const Vec y = 1.0 / (1.0 + in);
    Vec sum{}, sum2{}, log1{}, log2{};
    for (int k = 0; k < n.count; ++k) {
      const auto j = static_cast<std::size_t>(k);
      const Vec re = 1.0 + n.b_re[j] * y;
      const Vec im = n.b_im[j] * y;
      const Vec scale = 1.0 / (re * re + im * im);
      const Vec g_re = re * scale; // 1/(1 + b·y)
      const Vec g_im = -im * scale;
      const Vec g2_re = g_re * g_re - g_im * g_im;
      const Vec g2_im = 2.0 * g_re * g_im;
      sum += n.c_re[j] * g_re - n.c_im[j] * g_im;
      sum2 += n.c_re[j] * g2_re - n.c_im[j] * g2_im;
      log1 += n.g_re[j] * g_re - n.g_im[j] * g_im;
      log2 += n.g_re[j] * g2_re - n.g_im[j] * g2_im;
    }
    if (n.power == 1) {
      store(value + i, y * sum, left);
      store(dx + i, -y * y * sum2, left);
    } else {
      store(value + i, y * y * sum, left);
      store(dx + i, -y * y * y * (sum + sum2), left);
    }
    store(dalpha + i, y * (1.0 - y) * log2, left);
    store(dbeta + i, -y * log1, left);
  }
}

#define VITRUM_KERNELS(suffix, vec, target)                                                        \
  target void values_##suffix(                                                                     \
      const MittagLeffler::Nodes& n, const double* x, double* value, Index count) {                \
    value_body<vec>(n, x, value, count);                                                           \
  }                                                                                                \
  target void gradient_##suffix(const MittagLeffler::Nodes& n,                                     \
                                const double* x,                                                   \
                                double* value,                                                     \
                                double* dx,                                                        \
                                double* dalpha,                                                    \
                                double* dbeta,                                                     \
                                Index count) {                                                     \
    gradient_body<vec>(n, x, value, dx, dalpha, dbeta, count);                                     \
  }

#if defined(__x86_64__)
VITRUM_KERNELS(avx512, Vec8, [[gnu::target("avx512f,avx512dq,avx512vl,fma")]])
VITRUM_KERNELS(avx2, Vec4, [[gnu::target("avx2,fma")]])
#endif
VITRUM_KERNELS(baseline, Vec8, )

std::vector<Kernels> find_supported() {
  std::vector<Kernels> found;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    found.push_back({"avx512", values_avx512, gradient_avx512});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    found.push_back({"avx2", values_avx2, gradient_avx2});
#endif
  found.push_back({"baseline", values_baseline, gradient_baseline});
  return found;
}

} // namespace

const std::vector<Kernels>& supported_kernels() {
  static const std::vector<Kernels> found = find_supported();
  return found;
}

const Kernels& chosen_kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    for (const Kernels& one : supported_kernels())
      if (parse_simd_level(one.name) <= simd_level())
        return one;
    return supported_kernels().back();
  }();
  return chosen;
}

} // namespace vitrum::models::detail
