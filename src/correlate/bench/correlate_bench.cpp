// Rates of the correlators against OpenBLAS ssyrk measured in the same run. Run with one or two
// threads: --benchmark_context is not needed, the thread count is an argument.
#include <cblas.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <unistd.h>

#include <benchmark/benchmark.h>

#include "blas_environment.hpp"
#include "processor_time.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

PixelMatrix make_counts(Index frames, Index pixels) {
  const Index width = 256;
  std::vector<std::int32_t> labels(static_cast<std::size_t>(pixels), 1);
  labels.resize(static_cast<std::size_t>((pixels + width - 1) / width * width), 0);
  PixelMatrix m = make_pixel_matrix(frames, make_groups(labels, {}, width, 1));
  parallel_for(0, frames, 1, [&](Index t, Index) {
    Random random(1, static_cast<std::uint64_t>(t));
    for (Index p = 0; p < pixels; ++p)
      m.row(t)[p] = static_cast<float>(random() % 8);
  });
  return m;
}

/// Best of several runs; processor time tells more than wall time on a machine that others use.
struct Best {
  double wall_s = 1e300, cpu_s = 1e300;
  void time(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu = processor_s();
    work();
    cpu_s = std::min(cpu_s, processor_s() - cpu);
    wall_s = std::min(
        wall_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
};

struct Work {
  enum class From {
    fluctuations,
    floats,
    counts
  } from; // what is packed and normalised in the time
  bool map, one_time;
};

/// Time of ssyrk over time of our work, measured turn by turn.
void two_time(benchmark::State& state, Work work) {
  const Index frames = state.range(0);
  const Index pixels = state.range(1);
  const Index threads = state.range(2);
  const PixelMatrix counts = make_counts(frames, pixels);
  const FloatKernel prepared(copy(counts), Normalization::plain);
  Best ours, blas;
  set_thread_count(threads);
  for (auto _ : state) {
    openblas_set_num_threads(static_cast<int>(threads));
    blas.time([&] { // fresh memory for the result, as the map has it
      Buffer<float> product(frames * frames);
      cblas_ssyrk(CblasRowMajor,
                  CblasLower,
                  CblasNoTrans,
                  static_cast<int>(frames),
                  static_cast<int>(pixels),
                  1,
                  counts.values.data(),
                  static_cast<int>(counts.stride),
                  0,
                  product.data(),
                  static_cast<int>(frames));
    });
    PixelMatrix matrix = work.from == Work::From::floats ? copy(counts) : PixelMatrix{};
    CountMatrix bytes = work.from == Work::From::counts ? make_count_matrix(counts) : CountMatrix{};
    ours.time([&] {
      std::unique_ptr<TileKernel> own;
      if (work.from == Work::From::floats)
        own = std::make_unique<FloatKernel>(std::move(matrix), Normalization::plain);
      if (work.from == Work::From::counts)
        own = std::make_unique<CountKernel>(std::move(bytes), Normalization::plain);
      const TileKernel& kernel = own ? *own : static_cast<const TileKernel&>(prepared);
      MapCollector map(work.map ? frames : 0);
      OneTimeAccumulator one_time(kernel, {});
      std::vector<TileConsumer*> consumers;
      if (work.map)
        consumers.push_back(&map);
      if (work.one_time)
        consumers.push_back(&one_time);
      correlate_two_time(kernel, consumers);
      if (work.one_time)
        benchmark::DoNotOptimize(one_time.result());
    });
  }
  set_thread_count(0);
  const double flops = double(frames) * double(frames) * double(pixels);
  state.counters["ssyrk_GF_per_cpu"] = flops / blas.cpu_s * 1e-9;
  state.counters["ours_over_ssyrk_cpu"] = blas.cpu_s / ours.cpu_s;
  state.counters["ours_over_ssyrk_wall"] = blas.wall_s / ours.wall_s;
}

void sizes(benchmark::internal::Benchmark* b) {
  for (const Index threads : {1, 2})
    b->Args({2000, 50000, threads})->Args({5000, 32768, threads})->Args({2000, 2000, threads});
  b->Iterations(3)->Unit(benchmark::kMillisecond)->UseRealTime();
}

constexpr auto ready = Work::From::fluctuations, floats = Work::From::floats,
               counts = Work::From::counts;
BENCHMARK_CAPTURE(two_time, map, Work{ready, true, false})->Apply(sizes);
BENCHMARK_CAPTURE(two_time, map_and_one_time, Work{ready, true, true})->Apply(sizes);
BENCHMARK_CAPTURE(two_time, normalize_and_map, Work{floats, true, false})->Apply(sizes);
BENCHMARK_CAPTURE(two_time, normalize_map_and_one_time, Work{floats, true, true})->Apply(sizes);
BENCHMARK_CAPTURE(two_time, counts_normalize_map_and_one_time, Work{counts, true, true})
    ->Apply(sizes);

} // namespace

int main(int argc, char** argv) {
  // OpenBLAS reads its variables when the program is loaded.
  if (set_blas_environment())
    execv("/proc/self/exe", argv);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
