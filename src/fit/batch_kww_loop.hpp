// The body of the batch fits on vectors of any width; included by the files that compile it for one
// instruction set each. Everything is inlined into the function with that target.
#pragma once
#include <cmath>
#include <cstring>
#include <limits>

#include "batch_kww_kernel.hpp"

namespace vitrum::fit {
namespace {

#define VITRUM_INLINE __attribute__((always_inline)) inline

template <class T, int lanes>
struct VectorOf {
  using Values [[gnu::vector_size(sizeof(T) * lanes)]] = T;
};
template <int lanes>
struct IntegersOf {
  using Values [[gnu::vector_size(4 * lanes)]] = std::int32_t;
  using Wide [[gnu::vector_size(8 * lanes)]] = std::int64_t;
};

// e^x for |x| below 87: 2^n e^r, |r| <= ln 2 / 2, by its series.
template <int lanes>
VITRUM_INLINE void exp_of(const typename VectorOf<float, lanes>::Values& x,
                          typename VectorOf<float, lanes>::Values& result) {
  using V = typename VectorOf<float, lanes>::Values;
  using I = typename IntegersOf<lanes>::Values;
  const V magic = V{} + 12582912.0F; // 1.5·2^23: adding it rounds to an integer
  const V n = (x * 1.44269504F + magic) - magic;
  const V r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  V s = V{} + 1.0F / 720;
  s = s * r + 1.0F / 120;
  s = s * r + 1.0F / 24;
  s = s * r + 1.0F / 6;
  s = s * r + 0.5F;
  s = s * r + 1.0F;
  s = s * r + 1.0F;
  const I power = (__builtin_convertvector(n, I) + 127) << 23;
  V scale;
  std::memcpy(&scale, &power, sizeof scale);
  result = s * scale;
}

template <int lanes>
VITRUM_INLINE void exp_of(const typename VectorOf<double, lanes>::Values& x,
                          typename VectorOf<double, lanes>::Values& result) {
  using V = typename VectorOf<double, lanes>::Values;
  using I = typename IntegersOf<lanes>::Wide;
  const V magic = V{} + 6755399441055744.0; // 1.5·2^52
  const V shifted = x * 1.4426950408889634 + magic;
  const V n = shifted - magic;
  const V r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  V s = V{} + 1.0 / 39916800;
  s = s * r + 1.0 / 3628800;
  s = s * r + 1.0 / 362880;
  s = s * r + 1.0 / 40320;
  s = s * r + 1.0 / 5040;
  s = s * r + 1.0 / 720;
  s = s * r + 1.0 / 120;
  s = s * r + 1.0 / 24;
  s = s * r + 1.0 / 6;
  s = s * r + 0.5;
  s = s * r + 1.0;
  s = s * r + 1.0;
  I bits; // the integer stands in the low bits of the shifted value
  std::memcpy(&bits, &shifted, sizeof bits);
  const I power = (bits + 1023) << 52;
  V scale;
  std::memcpy(&scale, &power, sizeof scale);
  result = s * scale;
}

template <class T, int lanes, int n, bool with_offset>
struct Batch {
  using V = typename VectorOf<T, lanes>::Values;
  static constexpr int pairs = n * (n + 1) / 2;

  // parameters: 0 contrast, 1 ln tau, 2 exponent, 3 baseline
  struct Normal {
    V product[pairs]; // lower triangle of JᵀWJ
    V slope[n];       // JᵀW(value − curve)
    V chi2;
  };

  static constexpr int at(int row, int column) { return row * (row + 1) / 2 + column; }

  static VITRUM_INLINE void
  evaluate(const BatchPlan<T>& plan, const T* values, Index stride, const V (&p)[n], Normal& out) {
    V product[pairs], slope[n], chi2{};
    for (int k = 0; k < pairs; ++k)
      product[k] = V{};
    for (int k = 0; k < n; ++k)
      slope[k] = V{};
    V offset[offset_ranks], offset_u[offset_ranks], offset_b[offset_ranks];
    if constexpr (with_offset)
      for (int lane = 0; lane < lanes; ++lane) {
        double value[offset_ranks], by_u[offset_ranks], by_b[offset_ranks];
        offset_coefficients(*plan.offset,
                            static_cast<double>(p[1][lane]),
                            static_cast<double>(p[2][lane]),
                            value,
                            by_u,
                            by_b);
        for (Index r = 0; r < plan.offset->ranks; ++r) {
          offset[r][lane] = static_cast<T>(value[r]);
          offset_u[r][lane] = static_cast<T>(by_u[r]);
          offset_b[r][lane] = static_cast<T>(by_b[r]);
        }
      }
    const T lowest = sizeof(T) == 4 ? T(-86) : T(-700), most = T(4.5);
    for (Index l = 0; l < plan.lags; ++l) {
      V value;
      std::memcpy(&value, values + l * stride, sizeof value);
      const V x = plan.log_lag[static_cast<std::size_t>(l)] - p[1];
      V power = p[2] * x;
      power = power < most ? power : V{} + most;
      power = power > lowest ? power : V{} + lowest;
      V e;
      exp_of<lanes>(power, e);
      V argument = -2 * e;
      argument = argument > lowest ? argument : V{} + lowest;
      V decay;
      exp_of<lanes>(argument, decay);
      const V fall = decay * 2 * e;
      V by_u = fall * p[2], by_b = -(fall * x);
      if constexpr (with_offset)
        for (Index r = 0; r < plan.offset->ranks; ++r) {
          const T v = plan.vectors[static_cast<std::size_t>(r * plan.lags + l)];
          decay -= offset[r] * v;
          by_u -= offset_u[r] * v;
          by_b -= offset_b[r] * v;
        }
      V j[n];
      j[0] = decay;
      j[1] = p[0] * by_u;
      j[2] = p[0] * by_b;
      V residual = value - p[0] * decay;
      if constexpr (n == 4) {
        j[3] = V{} + T(1);
        residual -= p[3];
      }
      const V weighted = residual * plan.weight[static_cast<std::size_t>(l)];
      chi2 += weighted * residual;
      for (int a = 0; a < n; ++a) {
        slope[a] += weighted * j[a];
        const V wj = j[a] * plan.weight[static_cast<std::size_t>(l)];
        for (int b = 0; b <= a; ++b)
          product[at(a, b)] += wj * j[b];
      }
    }
    for (int k = 0; k < pairs; ++k)
      out.product[k] = product[k];
    for (int k = 0; k < n; ++k)
      out.slope[k] = slope[k];
    out.chi2 = chi2;
  }

  /// L D Lᵀ of a positive matrix: L below the diagonal, 1/D on it; no roots.
  static VITRUM_INLINE void factor(const V (&a)[pairs], V (&f)[pairs]) {
    for (int i = 0; i < n; ++i) {
      V row[n]; // L times D
      V pivot = a[at(i, i)];
      for (int j = 0; j < i; ++j) {
        V sum = a[at(i, j)];
        for (int k = 0; k < j; ++k)
          sum -= row[k] * f[at(j, k)];
        row[j] = sum;
        f[at(i, j)] = sum * f[at(j, j)];
        pivot -= sum * f[at(i, j)];
      }
      pivot = pivot > T(1e-30) ? pivot : V{} + T(1e-30);
      f[at(i, i)] = 1 / pivot;
    }
  }
  static VITRUM_INLINE void solve(const V (&f)[pairs], const V (&b)[n], V (&x)[n]) {
    for (int i = 0; i < n; ++i) {
      V sum = b[i];
      for (int k = 0; k < i; ++k)
        sum -= f[at(i, k)] * x[k];
      x[i] = sum;
    }
    for (int i = n - 1; i >= 0; --i) {
      V sum = x[i] * f[at(i, i)];
      for (int k = i + 1; k < n; ++k)
        sum -= f[at(k, i)] * x[k];
      x[i] = sum;
    }
  }

  /// A parameter on its bound with the slope pointing outwards is held.
  static VITRUM_INLINE void hold(V (&product)[pairs], V (&slope)[n], int which, const V& held) {
    for (int other = 0; other < n; ++other) {
      const int k = other <= which ? at(which, other) : at(other, which);
      product[k] = held != 0 ? V{} + (other == which ? T(1) : T(0)) : product[k];
    }
    slope[which] = held != 0 ? V{} : slope[which];
  }

  static VITRUM_INLINE void
  run(const BatchPlan<T>& plan, const T* values, Index stride, BatchOut<T, lanes>& out) {
    V p[n], best{};
    for (int k = 0; k < n; ++k)
      p[k] = V{};
    start(plan, values, stride, p, best);
    const V low[2] = {V{} + static_cast<T>(plan.log_tau_low),
                      V{} + static_cast<T>(plan.exponent_low)};
    const V high[2] = {V{} + static_cast<T>(plan.log_tau_high),
                       V{} + static_cast<T>(plan.exponent_high)};
    const T tolerance = static_cast<T>(plan.tolerance);
    // chi² of fifty lags is rounded by about as much: the slopes know better where the minimum is
    const T slack = 1 + 40 * std::numeric_limits<T>::epsilon();
    Normal here, there;
    evaluate(plan, values, stride, p, here);
    V lambda = V{} + T(1e-3);
    V open = V{} + T(1); // 1 while a lane goes on
    for (Index iteration = 0; iteration < plan.max_iterations; ++iteration) {
      V product[pairs], slope[n], factors[pairs], step[n], trial[n];
      for (int k = 0; k < pairs; ++k)
        product[k] = here.product[k];
      for (int k = 0; k < n; ++k)
        slope[k] = here.slope[k];
      for (int k = 0; k < 2; ++k) {
        V held = V{};
        held = (p[k + 1] <= low[k]) & (slope[k + 1] < 0) ? V{} + T(1) : held;
        held = (p[k + 1] >= high[k]) & (slope[k + 1] > 0) ? V{} + T(1) : held;
        hold(product, slope, k + 1, held);
      }
      for (int k = 0; k < n; ++k)
        product[at(k, k)] += product[at(k, k)] * lambda;
      factor(product, factors);
      solve(factors, slope, step);
      step[1] = step[1] > T(1.5) ? V{} + T(1.5) : step[1];
      step[1] = step[1] < T(-1.5) ? V{} + T(-1.5) : step[1];
      for (int k = 0; k < n; ++k)
        trial[k] = p[k] + step[k];
      for (int k = 0; k < 2; ++k) {
        trial[k + 1] = trial[k + 1] < low[k] ? low[k] : trial[k + 1];
        trial[k + 1] = trial[k + 1] > high[k] ? high[k] : trial[k + 1];
      }
      evaluate(plan, values, stride, trial, there);
      const auto better = (there.chi2 <= here.chi2 * slack) & (open != 0);
      V moved = V{};
      for (int k = 0; k < n; ++k) {
        V size = k == 0 || k == 3 ? p[0] : k == 2 ? p[2] : V{} + T(1);
        size = size < 0 ? -size : size;
        V change = trial[k] - p[k];
        change = change < 0 ? -change : change;
        moved = change > tolerance * size ? V{} + T(1) : moved;
      }
      for (int k = 0; k < n; ++k)
        p[k] = better ? trial[k] : p[k];
      for (int k = 0; k < pairs; ++k)
        here.product[k] = better ? there.product[k] : here.product[k];
      for (int k = 0; k < n; ++k)
        here.slope[k] = better ? there.slope[k] : here.slope[k];
      here.chi2 = better ? there.chi2 : here.chi2;
      // a step that is refused although it is below the tolerance is one of rounding
      open = moved != 0 ? open : V{};
      lambda = better ? lambda * T(0.1) : lambda * T(8);
      lambda = lambda < T(1e-7) ? V{} + T(1e-7) : lambda;
      T left = 0;
      for (int lane = 0; lane < lanes; ++lane)
        left += open[lane];
      if (left == 0)
        break;
    }
    finish(plan, p, here, open, best, low, high, out);
  }

  static VITRUM_INLINE void
  start(const BatchPlan<T>& plan, const T* values, Index stride, V (&p)[n], V& best) {
    V mean{};
    if constexpr (n == 4) { // nodes have weighted mean zero; the baseline follows from the means
      T weights = 0;
      for (Index l = 0; l < plan.lags; ++l) {
        V value;
        std::memcpy(&value, values + l * stride, sizeof value);
        mean += value * plan.weight[static_cast<std::size_t>(l)];
        weights += plan.weight[static_cast<std::size_t>(l)];
      }
      mean /= weights;
    }
    for (Index node = 0; node < plan.nodes; ++node) {
      const T* curve = plan.node_weights.data() + node * plan.lags;
      V sum0{}, sum1{};
      Index l = 0;
      for (; l + 1 < plan.lags; l += 2) {
        V a, b;
        std::memcpy(&a, values + l * stride, sizeof a);
        std::memcpy(&b, values + (l + 1) * stride, sizeof b);
        sum0 += a * curve[l];
        sum1 += b * curve[l + 1];
      }
      if (l < plan.lags) {
        V a;
        std::memcpy(&a, values + l * stride, sizeof a);
        sum0 += a * curve[l];
      }
      const V sum = sum0 + sum1;
      const auto i = static_cast<std::size_t>(node);
      const auto better = sum > best;
      best = better ? sum : best;
      p[0] = better ? sum * plan.node_scale[i] : p[0];
      p[1] = better ? V{} + plan.node_log_tau[i] : p[1];
      p[2] = better ? V{} + plan.node_exponent[i] : p[2];
    }
    // where no curve falls: any start will do, the status tells
    p[1] = best > 0 ? p[1] : V{} + plan.node_log_tau[0];
    p[2] = best > 0 ? p[2] : V{} + plan.node_exponent[0];
    if constexpr (n == 4)
      p[3] = mean;
  }

  static VITRUM_INLINE void finish(const BatchPlan<T>&,
                                   const V (&p)[n],
                                   const Normal& here,
                                   const V& open,
                                   const V& best,
                                   const V (&low)[2],
                                   const V (&high)[2],
                                   BatchOut<T, lanes>& out) {
    // scaled to a unit diagonal, so that dependence shows
    V scale[n], scaled[pairs], factors[pairs], inverse[3][n];
    V on[3];
    on[0] = V{};
    for (int k = 0; k < 2; ++k)
      on[k + 1] = (p[k + 1] <= low[k]) | (p[k + 1] >= high[k]) ? V{} + T(1) : V{};
    V product[pairs], slope[n];
    for (int k = 0; k < pairs; ++k)
      product[k] = here.product[k];
    for (int k = 0; k < n; ++k)
      slope[k] = here.slope[k];
    for (int k = 1; k < 3; ++k)
      hold(product, slope, k, on[k]);
    for (int i = 0; i < n; ++i)
      for (int lane = 0; lane < lanes; ++lane)
        scale[i][lane] = T(1) / std::sqrt(product[at(i, i)][lane]);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j <= i; ++j)
        scaled[at(i, j)] = product[at(i, j)] * scale[i] * scale[j];
    factor(scaled, factors);
    V smallest = V{} + T(1);
    for (int i = 0; i < n; ++i) {
      const V pivot = 1 / factors[at(i, i)];
      smallest = pivot < smallest ? pivot : smallest;
    }
    for (int k = 0; k < 3; ++k) {
      V unit[n], column[n];
      for (int i = 0; i < n; ++i)
        unit[i] = V{} + (i == k ? T(1) : T(0));
      solve(factors, unit, column);
      for (int i = 0; i < n; ++i)
        inverse[k][i] = column[i] * scale[i] * scale[k];
    }
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j <= i; ++j)
        std::memcpy(out.covariance[at(i, j)], &inverse[i][j], sizeof(V));
    std::memcpy(out.contrast, &p[0], sizeof(V));
    std::memcpy(out.log_tau, &p[1], sizeof(V));
    std::memcpy(out.exponent, &p[2], sizeof(V));
    const V zero{};
    std::memcpy(out.baseline, n == 4 ? &p[n - 1] : &zero, sizeof(V));
    std::memcpy(out.chi2, &here.chi2, sizeof(V));
    for (int lane = 0; lane < lanes; ++lane) {
      auto status = BatchStatus::converged;
      const bool finite = std::isfinite(p[0][lane]) && std::isfinite(here.chi2[lane]);
      if (!finite || !(p[0][lane] > 0) || !(best[lane] > 0))
        status = BatchStatus::no_decay;
      else if (open[lane] != 0)
        status = BatchStatus::not_converged;
      else if (!(smallest[lane] > 16 * std::numeric_limits<T>::epsilon()))
        status = BatchStatus::dependent;
      else if (on[1][lane] != 0 || on[2][lane] != 0)
        status = BatchStatus::at_bound;
      out.status[lane] = static_cast<std::uint8_t>(status);
    }
  }
};

template <class T, int lanes>
VITRUM_INLINE void
run_lanes(const BatchPlan<T>& plan, const T* values, Index stride, BatchOut<T, lanes>& out) {
  if (plan.parameters == 4) {
    if (plan.offset != nullptr)
      Batch<T, lanes, 4, true>::run(plan, values, stride, out);
    else
      Batch<T, lanes, 4, false>::run(plan, values, stride, out);
  } else if (plan.offset != nullptr) {
    Batch<T, lanes, 3, true>::run(plan, values, stride, out);
  } else {
    Batch<T, lanes, 3, false>::run(plan, values, stride, out);
  }
}

/// A batch in parts as wide as a register.
template <class T, int lanes, int width>
VITRUM_INLINE void
run_batch(const BatchPlan<T>& plan, const T* values, Index stride, BatchOut<T, lanes>& out) {
  if constexpr (lanes == width) {
    run_lanes<T, lanes>(plan, values, stride, out);
  } else {
    for (int first = 0; first < lanes; first += width) {
      BatchOut<T, width> part;
      run_lanes<T, width>(plan, values + first, stride, part);
      std::memcpy(out.contrast + first, part.contrast, sizeof part.contrast);
      std::memcpy(out.log_tau + first, part.log_tau, sizeof part.log_tau);
      std::memcpy(out.exponent + first, part.exponent, sizeof part.exponent);
      std::memcpy(out.baseline + first, part.baseline, sizeof part.baseline);
      std::memcpy(out.chi2 + first, part.chi2, sizeof part.chi2);
      std::memcpy(out.status + first, part.status, sizeof part.status);
      for (int k = 0; k < 6; ++k)
        std::memcpy(out.covariance[k] + first, part.covariance[k], sizeof part.covariance[k]);
    }
  }
}

} // namespace
} // namespace vitrum::fit
