// Per-pixel g2 against the multiply-adds that the processor can do, and against a plain loop over
// lags and pixels, measured turn by turn in the same run. Processor time: other programs share the
// machine.
#include <algorithm>
#include <chrono>
#include <vector>

#include <benchmark/benchmark.h>

#include "processor_time.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/pixel_g2.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

double wall_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Best {
  double wall = 1e300, cpu = 1e300;
  void time(auto&& work) {
    const double w = wall_s(), c = processor_s();
    work();
    wall = std::min(wall, wall_s() - w);
    cpu = std::min(cpu, processor_s() - c);
  }
};

template <class T>
struct Series {
  Index frames, pixels, stride;
  Buffer<T> values;
  std::vector<std::uint8_t> valid;
  PixelGroups groups;

  Series(Index n, Index p) : frames(n), pixels(p) {
    const Index line = 64 / Index(sizeof(T));
    stride = ((p + line - 1) / line | 1) * line;
    values = Buffer<T>(n * stride);
    valid.assign(std::size_t(n), 1);
    const Index width = 1024;
    groups = make_groups(std::vector<std::int32_t>(std::size_t(p), 1), {}, width, 1);
    parallel_for(0, n, 1, [&](Index t, Index) {
      Random random(1, std::uint64_t(t));
      for (Index i = 0; i < p; i += 16)
        for (std::uint64_t bits = random(), j = 0; j < 16; ++j, bits >>= 4)
          values[t * stride + i + Index(j)] = T((bits & 3) * ((bits >> 2) & 3)); // 0 … 9
    });
  }
  [[nodiscard]] PixelRows rows() const { return {values.data(), frames, stride}; }
};

/// Multiply-adds on independent registers: what the processor can do, in GF/s of one thread.
#if defined(__x86_64__)
__attribute__((target("avx512f" VITRUM_WIDE), optimize("O3")))
#endif
double
peak_gflops() {
  using Vector = float __attribute__((vector_size(64)));
  Vector a[16]{};
  Vector x{}, y{};
  for (int i = 0; i < 16; ++i)
    x[i] = 1.0F, y[i] = 1e-9F;
  constexpr Index turns = 3000000;
  const double start = processor_s();
  for (Index t = 0; t < turns; ++t) {
    __asm__ volatile("" : "+v"(x), "+v"(y));
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i)
      a[i] += x * y;
  }
  for (int i = 0; i < 16; ++i)
    benchmark::DoNotOptimize(a[i]);
  return 2.0 * 16 * 16 * double(turns) / (processor_s() - start) * 1e-9;
}

/// Multi-tau the plain way: blocks of pixels, for each lag a loop over frames and pixels that the
/// compiler vectorises; floats.
__attribute__((optimize("O3"), target("avx2,fma"))) void plain_multi_tau(const float* values,
                                                                         Index frames,
                                                                         Index stride,
                                                                         Index pixels,
                                                                         Index levels,
                                                                         std::vector<float>& out) {
  constexpr Index block = 512;
  std::vector<float> y(std::size_t(frames * block));
  for (Index p0 = 0; p0 + block <= pixels; p0 += block) {
    for (Index t = 0; t < frames; ++t)
      std::copy_n(values + t * stride + p0, block, y.data() + t * block);
    Index n = frames, slot = 0;
    for (Index l = 0; l < levels; ++l) {
      for (Index lag = l == 0 ? 1 : 9; lag <= 16; ++lag, ++slot) {
        float* sum = out.data() + slot * pixels + p0;
        std::fill_n(sum, block, 0.0F);
        for (Index t = 0; t + lag < n; ++t) {
          const float* a = y.data() + t * block;
          const float* b = a + lag * block;
          for (Index p = 0; p < block; ++p)
            sum[p] += a[p] * b[p];
        }
      }
      n /= 2;
      for (Index t = 0; t < n; ++t)
        for (Index p = 0; p < block; ++p)
          y[t * block + p] = y[2 * t * block + p] + y[(2 * t + 1) * block + p];
    }
  }
}

template <class T>
void multi_tau(benchmark::State& state) {
  const Series<T> series(5000, state.range(0));
  Best ours, plain;
  double peak = 0;
  PixelG2 result;
  std::vector<float> out(std::size_t(72 * series.pixels));
  for (auto _ : state) {
    set_thread_count(state.range(1));
    ours.time([&] {
      result = make_pixel_g2(
          series.rows(), series.valid, series.groups, {.lags = PixelLags::multi_tau, .levels = 8});
    });
    set_thread_count(1);
    if constexpr (std::is_same_v<T, float>)
      plain.time([&] {
        plain_multi_tau(series.values.data(), series.frames, series.stride, series.pixels, 8, out);
      });
    peak = std::max(peak, peak_gflops());
  }
  set_thread_count(0);
  double products = 0;
  for (const Index pairs : result.pairs)
    products += double(pairs);
  const double floor = 2 * products * double(series.pixels) / peak * 1e-9;
  const double scale = 1e6 / double(series.pixels);
  state.counters["cpu_s_per_1M_pixels"] = ours.cpu * scale;
  state.counters["wall_s_per_1M_pixels"] = ours.wall * scale;
  state.counters["fma_floor_cpu_s"] = floor * scale;
  state.counters["share_of_fma_peak"] = floor / ours.cpu;
  if constexpr (std::is_same_v<T, float>)
    state.counters["times_plain_loop"] = plain.cpu / ours.cpu;
  state.counters["lags"] = double(result.value.size());
}

void sizes(benchmark::internal::Benchmark* b) {
  b->Args({131072, 1})
      ->Args({131072, 2})
      ->Args({524288, 2})
      ->Iterations(3)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

BENCHMARK_TEMPLATE(multi_tau, std::uint8_t)->Apply(sizes);
BENCHMARK_TEMPLATE(multi_tau, std::uint16_t)->Apply(sizes);
BENCHMARK_TEMPLATE(multi_tau, float)->Apply(sizes);

/// All lags by transforms against sums of products.
void all_lags(benchmark::State& state, PixelNormalization normalization) {
  const Series<std::uint8_t> series(state.range(0), 4096);
  Best transforms, sums;
  PixelG2Options options{.normalization = normalization, .lags = PixelLags::linear};
  set_thread_count(1);
  for (auto _ : state) {
    options.method = PixelMethod::transforms;
    transforms.time([&] {
      benchmark::DoNotOptimize(make_pixel_g2(series.rows(), series.valid, series.groups, options));
    });
    options.method = PixelMethod::sums;
    sums.time([&] {
      benchmark::DoNotOptimize(make_pixel_g2(series.rows(), series.valid, series.groups, options));
    });
  }
  set_thread_count(0);
  state.counters["transforms_us_per_pixel"] = 1e6 * transforms.cpu / 4096;
  state.counters["sums_us_per_pixel"] = 1e6 * sums.cpu / 4096;
  state.counters["transforms_over_sums"] = sums.cpu / transforms.cpu;
}

BENCHMARK_CAPTURE(all_lags, symmetric_bin, PixelNormalization::symmetric_bin)
    ->Arg(1000)
    ->Arg(5000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_lags, symmetric, PixelNormalization::symmetric)
    ->Arg(1000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

} // namespace
