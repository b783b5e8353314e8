// Bytes per second and processor of the one pass from which every variance is made, for counts of
// 16 bits, against plain loops of the same sums.
#include <benchmark/benchmark.h>

#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/fem/pattern_sums.hpp"

namespace vitrum::fem {
namespace {

constexpr Index edge = 512, count = 64;

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

void pass(benchmark::State& state) {
  set_thread_count(1);
  const auto map = make_map();
  const auto source = frames::make_memory_source(make_patterns(), count, edge, edge);
  const std::vector<double> center(static_cast<std::size_t>(edge * edge), 200);
  SumOptions options;
  options.groups = count / state.range(0);
  for (auto _ : state)
    benchmark::DoNotOptimize(sum_patterns(*source, map, center, options));
  state.SetBytesProcessed(state.iterations() * edge * edge * count * 2);
  state.SetLabel("patterns in a group whose sums are kept for errors");
}
BENCHMARK(pass)->Arg(1)->Arg(8)->Arg(32)->Unit(benchmark::kMillisecond);

/// What numpy.bincount does with weights I and I², and the two sums of each pixel.
void plain_loops(benchmark::State& state) {
  const auto map = make_map();
  const auto patterns = make_patterns();
  const auto pixels = static_cast<std::size_t>(edge * edge);
  std::vector<double> sum(pixels, 0), squares(pixels, 0);
  for (auto _ : state) {
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
  state.SetBytesProcessed(state.iterations() * edge * edge * count * 2);
  state.SetLabel("one bin for each pixel, doubles");
}
BENCHMARK(plain_loops)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace vitrum::fem
