// The body of the batch fits on vectors of any width; included by the files that compile it for one
// instruction set each. They define VITRUM_TARGET before: every function must have that target
// itself, or gcc takes its wide vectors apart before it inlines it.
#pragma once
#include <cmath>
#include <cstring>
#include <limits>

#include "batch_kww_kernel.hpp"

namespace vitrum::fit {
namespace {

// sums stay in registers only where the loops over them are unrolled
#define VITRUM_UNROLL _Pragma("GCC unroll 16")
#define VITRUM_INLINE VITRUM_TARGET __attribute__((always_inline)) inline

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
  const V shifted = x * 1.44269504F + magic;
  const V n = shifted - magic;
  const V r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  V s = V{} + 1.0F / 720;
  s = s * r + 1.0F / 120;
  s = s * r + 1.0F / 24;
  s = s * r + 1.0F / 6;
  s = s * r + 0.5F;
  s = s * r + 1.0F;
  s = s * r + 1.0F;
  I power, bits; // the integer stands in the low bits of the shifted value
  std::memcpy(&power, &shifted, sizeof power);
  std::memcpy(&bits, &s, sizeof bits);
  bits += power << 23;
  std::memcpy(&result, &bits, sizeof result);
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
  I power, bits;
  std::memcpy(&power, &shifted, sizeof power);
  std::memcpy(&bits, &s, sizeof bits);
  bits += power << 52;
  std::memcpy(&result, &bits, sizeof result);
}

template <class T, int lanes, int n, bool with_offset, bool weighted>
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
    VITRUM_UNROLL
    for (int k = 0; k < pairs; ++k)
      product[k] = V{};
    VITRUM_UNROLL
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
    if constexpr (with_offset)
      for (Index r = 0; r < plan.offset->ranks; ++r)
        offset_u[r] /= p[2]; // derivatives by ln tau are summed without the exponent
    // 2 (t/tau)^exponent up to where e^−x is still a normal number
    const T log_two = T(0.69314718055994530942);
    const T lowest = sizeof(T) == 4 ? T(-86) : T(-700), most = sizeof(T) == 4 ? T(4.45) : T(6.55);
    for (Index l = 0; l < plan.lags; ++l) {
      V value;
      std::memcpy(&value, values + l * stride, sizeof value);
      const V x = plan.log_lag[static_cast<std::size_t>(l)] - p[1];
      V power = p[2] * x + log_two;
      power = power < most ? power : V{} + most;
      power = power > lowest ? power : V{} + lowest;
      V e, decay;
      exp_of<lanes>(power, e);
      exp_of<lanes>(-e, decay);
      // derivatives without factors that all lags share: contrast · exponent, −contrast
      V by_u = decay * e, by_b = by_u * x;
      if constexpr (with_offset)
        for (Index r = 0; r < plan.offset->ranks; ++r) {
          const T v = plan.vectors[static_cast<std::size_t>(r * plan.lags + l)];
          decay -= offset[r] * v;
          by_u -= offset_u[r] * v;
          by_b += offset_b[r] * v;
        }
      V residual = value - p[0] * decay;
      if constexpr (n == 4)
        residual -= p[3];
      const V j[3] = {decay, by_u, by_b};
      const T w = weighted ? plan.weight[static_cast<std::size_t>(l)] : T(1);
      const V more = weighted ? residual * w : residual;
      chi2 += more * residual;
      VITRUM_UNROLL
      for (int a = 0; a < 3; ++a) {
        slope[a] += more * j[a];
        const V wj = weighted ? j[a] * w : j[a];
        VITRUM_UNROLL
        for (int b = 0; b <= a; ++b)
          product[at(a, b)] += wj * j[b];
        if constexpr (n == 4)
          product[at(3, a)] += wj;
      }
      if constexpr (n == 4)
        slope[3] += more;
    }
    if constexpr (n == 4)
      product[at(3, 3)] = V{} + plan.weight_sum;
    const V one = V{} + T(1), scale[4] = {one, p[0] * p[2], -p[0], one};
    VITRUM_UNROLL
    for (int a = 0; a < n; ++a) {
      out.slope[a] = slope[a] * scale[a];
      VITRUM_UNROLL
      for (int b = 0; b <= a; ++b)
        out.product[at(a, b)] = product[at(a, b)] * (scale[a] * scale[b]);
    }
    out.chi2 = chi2;
  }

  /// L D Lᵀ of a positive matrix: L below the diagonal, 1/D on it; no roots.
  static VITRUM_INLINE void factor(const V (&a)[pairs], V (&f)[pairs]) {
    VITRUM_UNROLL
    for (int i = 0; i < n; ++i) {
      V row[n]; // L times D
      V pivot = a[at(i, i)];
      VITRUM_UNROLL
      for (int j = 0; j < i; ++j) {
        V sum = a[at(i, j)];
        VITRUM_UNROLL
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
    VITRUM_UNROLL
    for (int i = 0; i < n; ++i) {
      V sum = b[i];
      VITRUM_UNROLL
      for (int k = 0; k < i; ++k)
        sum -= f[at(i, k)] * x[k];
      x[i] = sum;
    }
    VITRUM_UNROLL
    for (int i = n - 1; i >= 0; --i) {
      V sum = x[i] * f[at(i, i)];
      VITRUM_UNROLL
      for (int k = i + 1; k < n; ++k)
        sum -= f[at(k, i)] * x[k];
      x[i] = sum;
    }
  }

  /// A parameter on its bound with the slope pointing outwards is held.
  static VITRUM_INLINE void hold(V (&product)[pairs], V (&slope)[n], int which, const V& held) {
    VITRUM_UNROLL
    for (int other = 0; other < n; ++other) {
      const int k = other <= which ? at(which, other) : at(other, which);
      product[k] = held != 0 ? V{} + (other == which ? T(1) : T(0)) : product[k];
    }
    slope[which] = held != 0 ? V{} : slope[which];
  }

  /// Where the fits of a block have ended.
  struct Ends {
    alignas(64) T p[n][block_curves], product[pairs][block_curves];
    alignas(64) T chi2[block_curves], best[block_curves], open[block_curves];
  };

  /// Lanes of the fits that are going on.
  struct Lanes {
    alignas(64) T p[n][lanes], trial[n][lanes], product[pairs][lanes], slope[n][lanes];
    alignas(64) T chi2[lanes], lambda[lanes];
    Index curve[lanes], steps[lanes];
  };

  static VITRUM_INLINE void get(const T* from, V& v) { std::memcpy(&v, from, sizeof v); }
  static VITRUM_INLINE void put(T* to, const V& v) { std::memcpy(to, &v, sizeof v); }

  /// The next curve takes a lane; a copy of its first one where none is left.
  static VITRUM_INLINE void take(const BatchPlan<T>& plan,
                                 const T* values,
                                 Index curve,
                                 bool real,
                                 const Ends& ends,
                                 int lane,
                                 Lanes& state,
                                 T* side_by_side) {
    state.curve[lane] = real ? curve : -1;
    state.steps[lane] = -1; // the first evaluation is at the start
    const T* from = values + curve / row_lanes * row_lanes * plan.lags + curve % row_lanes;
    for (Index l = 0; l < plan.lags; ++l)
      side_by_side[l * lanes + lane] = from[l * row_lanes];
    VITRUM_UNROLL
    for (int k = 0; k < n; ++k)
      state.p[k][lane] = state.trial[k][lane] = ends.p[k][curve];
    state.chi2[lane] = std::numeric_limits<T>::infinity();
    state.lambda[lane] = T(1e-2);
  }

  /// Fits `count` curves. A lane that has ended takes the next one, so that none waits for others.
  static VITRUM_INLINE void
  run(const BatchPlan<T>& plan, const T* values, Index count, T* side_by_side, BatchOut<T>& out) {
    Ends ends;
    for (Index first = 0; first < count; first += lanes) {
      V p[n], best{};
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k)
        p[k] = V{};
      start(plan,
            values + first / row_lanes * row_lanes * plan.lags + first % row_lanes,
            row_lanes,
            p,
            best);
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k)
        put(ends.p[k] + first, p[k]);
      put(ends.best + first, best);
    }
    const V low[2] = {V{} + static_cast<T>(plan.log_tau_low),
                      V{} + static_cast<T>(plan.exponent_low)};
    const V high[2] = {V{} + static_cast<T>(plan.log_tau_high),
                       V{} + static_cast<T>(plan.exponent_high)};
    const T tolerance = static_cast<T>(plan.tolerance);
    // chi² of fifty lags is rounded by about as much: the slopes know better where the minimum is
    const T slack = 1 + 40 * std::numeric_limits<T>::epsilon();
    const V one = V{} + T(1);
    Lanes state;
    VITRUM_UNROLL
    for (int k = 0; k < pairs; ++k)
      put(state.product[k], V{});
    VITRUM_UNROLL
    for (int k = 0; k < n; ++k)
      put(state.slope[k], V{});
    Index next = 0, going = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      const bool real = next < count;
      take(plan, values, real ? next++ : 0, real, ends, lane, state, side_by_side);
      going += real ? 1 : 0;
    }
    while (going > 0) {
      V p[n], trial[n], moved{};
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k) {
        get(state.p[k], p[k]);
        get(state.trial[k], trial[k]);
      }
      Normal there;
      evaluate(plan, side_by_side, lanes, trial, there);
      V before, lambda;
      get(state.chi2, before);
      get(state.lambda, lambda);
      const V better = there.chi2 <= before * slack ? one : V{};
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k) {
        V size = k == 0 || k == 3 ? p[0] : k == 2 ? p[2] : V{} + T(1);
        size = size < 0 ? -size : size;
        V change = trial[k] - p[k];
        change = change < 0 ? -change : change;
        moved = change > tolerance * size ? V{} + T(1) : moved;
      }
      V product[pairs], slope[n], factors[pairs], step[n];
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k) {
        p[k] = better != 0 ? trial[k] : p[k];
        put(state.p[k], p[k]);
        get(state.slope[k], slope[k]);
        slope[k] = better != 0 ? there.slope[k] : slope[k];
        put(state.slope[k], slope[k]);
      }
      VITRUM_UNROLL
      for (int k = 0; k < pairs; ++k) {
        get(state.product[k], product[k]);
        product[k] = better != 0 ? there.product[k] : product[k];
        put(state.product[k], product[k]);
      }
      put(state.chi2, better != 0 ? there.chi2 : before);
      lambda = better != 0 ? lambda * T(0.1) : lambda * T(8);
      lambda = lambda < T(1e-7) ? V{} + T(1e-7) : lambda;
      put(state.lambda, lambda);

      VITRUM_UNROLL
      for (int k = 0; k < 2; ++k) {
        // masks as numbers: those of comparisons joined by & are worked out lane by lane (gcc 12)
        V low_held = p[k + 1] <= low[k] ? one : V{};
        V high_held = p[k + 1] >= high[k] ? one : V{};
        low_held = slope[k + 1] < 0 ? low_held : V{};
        high_held = slope[k + 1] > 0 ? high_held : V{};
        const V held = low_held + high_held;
        hold(product, slope, k + 1, held);
      }
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k)
        product[at(k, k)] += product[at(k, k)] * lambda;
      factor(product, factors);
      solve(factors, slope, step);
      step[1] = step[1] > T(1.5) ? V{} + T(1.5) : step[1];
      step[1] = step[1] < T(-1.5) ? V{} + T(-1.5) : step[1];
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k)
        trial[k] = p[k] + step[k];
      VITRUM_UNROLL
      for (int k = 0; k < 2; ++k) {
        trial[k + 1] = trial[k + 1] < low[k] ? low[k] : trial[k + 1];
        trial[k + 1] = trial[k + 1] > high[k] ? high[k] : trial[k + 1];
      }
      VITRUM_UNROLL
      for (int k = 0; k < n; ++k)
        put(state.trial[k], trial[k]);

      // a step that is refused although it is below the tolerance is one of rounding
      alignas(64) T going_on[lanes];
      put(going_on, moved);
      for (int lane = 0; lane < lanes; ++lane) {
        const bool fresh = ++state.steps[lane] == 0;
        const bool done = !fresh && going_on[lane] == 0;
        if (!done && state.steps[lane] < plan.max_iterations)
          continue;
        if (const Index curve = state.curve[lane]; curve >= 0) {
          VITRUM_UNROLL
          for (int k = 0; k < n; ++k)
            ends.p[k][curve] = state.p[k][lane];
          VITRUM_UNROLL
          for (int k = 0; k < pairs; ++k)
            ends.product[k][curve] = state.product[k][lane];
          ends.chi2[curve] = state.chi2[lane];
          ends.open[curve] = done ? T(0) : T(1);
          --going;
          const bool real = next < count;
          if (real) {
            take(plan, values, next++, true, ends, lane, state, side_by_side);
            ++going;
          } else {
            state.curve[lane] = -1;
          }
        }
      }
    }
    for (Index first = 0; first < count; first += lanes)
      finish(plan, ends, first, low, high, out);
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
      p[0] = sum > best ? sum * plan.node_scale[i] : p[0];
      p[1] = sum > best ? V{} + plan.node_log_tau[i] : p[1];
      p[2] = sum > best ? V{} + plan.node_exponent[i] : p[2];
      best = sum > best ? sum : best;
    }
    // where no curve falls: any start will do, the status tells
    p[1] = best > 0 ? p[1] : V{} + plan.node_log_tau[0];
    p[2] = best > 0 ? p[2] : V{} + plan.node_exponent[0];
    if constexpr (n == 4)
      p[3] = mean;
  }

  static VITRUM_INLINE void finish(const BatchPlan<T>&,
                                   const Ends& ends,
                                   Index first,
                                   const V (&low)[2],
                                   const V (&high)[2],
                                   BatchOut<T>& out) {
    V p[n];
    VITRUM_UNROLL
    for (int k = 0; k < n; ++k)
      get(ends.p[k] + first, p[k]);
    // scaled to a unit diagonal, so that dependence shows
    V scale[n], scaled[pairs], factors[pairs], inverse[3][n];
    V on[3];
    on[0] = V{};
    VITRUM_UNROLL
    for (int k = 0; k < 2; ++k) {
      on[k + 1] = p[k + 1] <= low[k] ? V{} + T(1) : V{};
      on[k + 1] = p[k + 1] >= high[k] ? V{} + T(1) : on[k + 1];
    }
    V product[pairs], slope[n];
    VITRUM_UNROLL
    for (int k = 0; k < pairs; ++k)
      get(ends.product[k] + first, product[k]);
    VITRUM_UNROLL
    for (int k = 0; k < n; ++k)
      slope[k] = V{};
    VITRUM_UNROLL
    for (int k = 1; k < 3; ++k)
      hold(product, slope, k, on[k]);
    VITRUM_UNROLL
    for (int i = 0; i < n; ++i) {
      alignas(64) T roots[lanes];
      put(roots, product[at(i, i)]);
      for (T& root : roots)
        root = T(1) / std::sqrt(root);
      get(roots, scale[i]);
    }
    VITRUM_UNROLL
    for (int i = 0; i < n; ++i)
      VITRUM_UNROLL
    for (int j = 0; j <= i; ++j)
      scaled[at(i, j)] = product[at(i, j)] * scale[i] * scale[j];
    factor(scaled, factors);
    V smallest = V{} + T(1);
    VITRUM_UNROLL
    for (int i = 0; i < n; ++i) {
      const V pivot = 1 / factors[at(i, i)];
      smallest = pivot < smallest ? pivot : smallest;
    }
    VITRUM_UNROLL
    for (int k = 0; k < 3; ++k) {
      V unit[n], column[n];
      VITRUM_UNROLL
      for (int i = 0; i < n; ++i)
        unit[i] = V{} + (i == k ? T(1) : T(0));
      solve(factors, unit, column);
      VITRUM_UNROLL
      for (int i = 0; i < n; ++i)
        inverse[k][i] = column[i] * scale[i] * scale[k];
    }
    VITRUM_UNROLL
    for (int i = 0; i < 3; ++i)
      VITRUM_UNROLL
    for (int j = 0; j <= i; ++j)
      put(out.covariance[at(i, j)] + first, inverse[i][j]);
    put(out.contrast + first, p[0]);
    put(out.log_tau + first, p[1]);
    put(out.exponent + first, p[2]);
    put(out.baseline + first, n == 4 ? p[n - 1] : V{});
    std::memcpy(out.chi2 + first, ends.chi2 + first, sizeof(V));
    for (int lane = 0; lane < lanes; ++lane) {
      const Index curve = first + lane;
      auto status = BatchStatus::converged;
      const bool finite = std::isfinite(p[0][lane]) && std::isfinite(ends.chi2[curve]);
      if (!finite || !(p[0][lane] > 0) || !(ends.best[curve] > 0))
        status = BatchStatus::no_decay;
      else if (ends.open[curve] != 0)
        status = BatchStatus::not_converged;
      else if (!(smallest[lane] > 16 * std::numeric_limits<T>::epsilon()))
        status = BatchStatus::dependent;
      else if (on[1][lane] != 0 || on[2][lane] != 0)
        status = BatchStatus::at_bound;
      out.status[curve] = static_cast<std::uint8_t>(status);
    }
  }
};

/// A block of curves, `lanes` at a time.
template <class T, int lanes>
VITRUM_INLINE void run_block(
    const BatchPlan<T>& plan, const T* values, Index count, T* side_by_side, BatchOut<T>& out) {
  if (plan.parameters == 4) {
    if (plan.offset != nullptr)
      Batch<T, lanes, 4, true, true>::run(plan, values, count, side_by_side, out);
    else if (plan.weighted)
      Batch<T, lanes, 4, false, true>::run(plan, values, count, side_by_side, out);
    else
      Batch<T, lanes, 4, false, false>::run(plan, values, count, side_by_side, out);
  } else {
    if (plan.offset != nullptr)
      Batch<T, lanes, 3, true, true>::run(plan, values, count, side_by_side, out);
    else if (plan.weighted)
      Batch<T, lanes, 3, false, true>::run(plan, values, count, side_by_side, out);
    else
      Batch<T, lanes, 3, false, false>::run(plan, values, count, side_by_side, out);
  }
}

} // namespace
} // namespace vitrum::fit
