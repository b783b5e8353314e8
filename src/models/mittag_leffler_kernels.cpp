#include "mittag_leffler_kernels.hpp"

#include <cstring>

namespace vitrum::models::detail {
namespace {

// Eight doubles: one AVX-512 register, two of AVX2, four of SSE2. The bodies below are inlined into
// one function per instruction set, and the compiler splits the vectors as that set demands.
using Vec [[gnu::vector_size(64)]] = double;
constexpr Index width = 8;

#define VITRUM_INLINE [[gnu::always_inline]] static inline

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
  for (; i + width <= count; i += width) {
    load(in, x + i, width);
    value_block(n, in, out);
    store(value + i, out, width);
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
  for (Index i = 0; i < count; i += width) {
    const Index left = count - i < width ? count - i : width;
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
      if (dx != nullptr)
        store(dx + i, -y * y * sum2, left);
    } else {
      store(value + i, y * y * sum, left);
      if (dx != nullptr)
        store(dx + i, -y * y * y * (sum + sum2), left);
    }
    if (dalpha != nullptr)
      store(dalpha + i, y * (1.0 - y) * log2, left);
    if (dbeta != nullptr)
      store(dbeta + i, -y * log1, left);
  }
}

using ValueSum = void (*)(const MittagLeffler::Nodes&, const double*, double*, Index);
using GradientSum =
    void (*)(const MittagLeffler::Nodes&, const double*, double*, double*, double*, double*, Index);

#define VITRUM_KERNELS(suffix, target)                                                             \
  target void value_##suffix(                                                                      \
      const MittagLeffler::Nodes& n, const double* x, double* value, Index count) {                \
    value_body(n, x, value, count);                                                                \
  }                                                                                                \
  target void gradient_##suffix(const MittagLeffler::Nodes& n,                                     \
                                const double* x,                                                   \
                                double* value,                                                     \
                                double* dx,                                                        \
                                double* dalpha,                                                    \
                                double* dbeta,                                                     \
                                Index count) {                                                     \
    gradient_body(n, x, value, dx, dalpha, dbeta, count);                                          \
  }

#if defined(__x86_64__)
VITRUM_KERNELS(avx512, [[gnu::target("avx512f,avx512dq,avx512vl,fma")]])
VITRUM_KERNELS(avx2, [[gnu::target("avx2,fma")]])
#endif
VITRUM_KERNELS(baseline, )

struct Dispatch {
  ValueSum value = value_baseline;
  GradientSum gradient = gradient_baseline;
  const char* name = "baseline";
  Dispatch() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
      value = value_avx512;
      gradient = gradient_avx512;
      name = "avx512";
    } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      value = value_avx2;
      gradient = gradient_avx2;
      name = "avx2";
    }
#endif
  }
};

const Dispatch& dispatch() {
  static const Dispatch chosen;
  return chosen;
}

} // namespace

void sum_values(const MittagLeffler::Nodes& nodes, const double* x, double* value, Index count) {
  dispatch().value(nodes, x, value, count);
}

void sum_gradient(const MittagLeffler::Nodes& nodes,
                  const double* x,
                  double* value,
                  double* dx,
                  double* dalpha,
                  double* dbeta,
                  Index count) {
  dispatch().gradient(nodes, x, value, dx, dalpha, dbeta, count);
}

const char* instruction_set() {
  return dispatch().name;
}

} // namespace vitrum::models::detail
