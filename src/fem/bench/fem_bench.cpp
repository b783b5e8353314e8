// Bytes per second and processor of the one pass from which every variance is made, for counts of
// 16 bits: as a share of what reading and copying the patterns costs, and beside plain loops of the
// same sums (numpy.bincount itself: tools/bench_bincount.py).
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>

#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/fem/pattern_sums.hpp"
#include "vitrum/fem/variance.hpp"

namespace vitrum::fem {
namespace {

constexpr Index edge = 512, count = 128;

std::vector<std::uint16_t> make_patterns() {
  Random random(1);
  std::vector<std::uint16_t> values(static_cast<std::size_t>(edge * edge * count));
  for (auto& v : values)
    v = static_cast<std::uint16_t>(100 + random.below(200));
  return values;
}

PolarMap make_map() {
  RingShape shape;
  shape.center_x_px = shape.center_y_px = 255.3;
  return make_polar_map(shape, {}, frames::make_mask(edge, edge), {});
}

template <class F>
double seconds(F&& work) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

/// One bin for each pixel, doubles: what numpy.bincount does with weights I and I², and the two
/// sums of each pixel.
void plain_sums(const std::vector<std::uint16_t>& patterns,
                const PolarMap& map,
                std::vector<double>& sum,
                std::vector<double>& squares) {
  const auto pixels = static_cast<std::size_t>(edge * edge);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    std::vector<double> ring(static_cast<std::size_t>(map.rings), 0), ring_squares(ring);
    const std::uint16_t* v = patterns.data() + i * pixels;
    for (std::size_t p = 0; p < pixels; ++p) {
      const double x = v[p];
      sum[p] += x;
      squares[p] += x * x;
    }
    for (std::size_t p = 0; p < pixels; ++p)
      if (const auto r = map.pixels[p].first_ring; r >= 0) {
        ring[static_cast<std::size_t>(r)] += v[p];
        ring_squares[static_cast<std::size_t>(r)] += static_cast<double>(v[p]) * v[p];
      }
    benchmark::DoNotOptimize(ring.data());
    benchmark::DoNotOptimize(ring_squares.data());
  }
  benchmark::DoNotOptimize(sum.data());
}

void pass(benchmark::State& state) {
  set_thread_count(1);
  const auto map = make_map();
  const auto patterns = make_patterns();
  const double bytes = static_cast<double>(patterns.size()) * 2;
  Buffer<std::uint16_t> copy(edge * edge * 16);
  const double copying = bytes / seconds([&] {
                           for (Index i = 0; i < count; i += 16) {
                             std::memcpy(copy.data(),
                                         patterns.data() + i * edge * edge,
                                         static_cast<std::size_t>(edge * edge * 32));
                             benchmark::DoNotOptimize(copy.data());
                           }
                         });
  std::vector<double> sum(static_cast<std::size_t>(edge * edge), 0), squares(sum);
  const double plain = bytes / seconds([&] { plain_sums(patterns, map, sum, squares); });
  const auto source = frames::make_memory_source(patterns, count, edge, edge);
  const std::vector<double> center(static_cast<std::size_t>(edge * edge), 200);
  SumOptions options;
  options.groups = count / state.range(0);
  double best = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(sum_patterns(*source, map, center, options));
    best = std::max(
        best,
        bytes / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  state.SetBytesProcessed(state.iterations() * edge * edge * count * 2);
  state.counters["of_memory"] = best / copying;
  state.counters["over_plain"] = best / plain;
  state.SetLabel("patterns in a group whose sums are kept for errors");
}
BENCHMARK(pass)->Arg(1)->Arg(8)->Arg(32)->Arg(128 / 2)->Unit(benchmark::kMillisecond);

/// What comes after the pass: all definitions with 200 bootstrap samples.
void variances_from_sums(benchmark::State& state) {
  set_thread_count(1);
  const auto map = make_map();
  const auto source = frames::make_memory_source(make_patterns(), count, edge, edge);
  const auto sums =
      sum_patterns(*source, map, std::vector<double>(static_cast<std::size_t>(edge * edge), 200));
  for (auto _ : state)
    benchmark::DoNotOptimize(compute_variances(sums, map));
}
BENCHMARK(variances_from_sums)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace vitrum::fem
