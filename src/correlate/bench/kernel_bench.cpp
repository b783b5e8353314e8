// Rates of the kernels behind the two-time map, one thread, in processor time: float tiles against
// OpenBLAS ssyrk, integer tiles against float tiles, all that is made of tiles against tiles.
#include <cblas.h>

#include <benchmark/benchmark.h>

#include "processor_time.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

PixelMatrix make_counts(Index frames, Index pixels, Index statics, double largest) {
  const Index width = 200;
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(pixels), 1);
  std::vector<std::int32_t> fine(labels.size());
  for (std::size_t i = 0; i < fine.size(); ++i)
    fine[i] = static_cast<std::int32_t>(1 + static_cast<Index>(i) * statics / pixels);
  PixelMatrix m = make_pixel_matrix(frames, make_groups(labels, fine, width, 1));
  parallel_for(0, frames, 1, [&](Index t, Index) {
    Random random(1, static_cast<std::uint64_t>(t));
    for (Index p = 0; p < pixels; ++p)
      m.row(t)[p] = static_cast<float>(random() % static_cast<std::uint64_t>(largest + 1));
  });
  return m;
}

/// All tiles and nothing made of them: what the kernel alone does.
void products(const TileKernel& kernel) {
  constexpr Index edge = 480;
  std::vector<float> out(edge * (edge + 16));
  for (Index row = 0; row < kernel.frames(); row += edge)
    for (Index col = 0; col <= row; col += edge)
      for (Index g = 0; g < kernel.group_count(); ++g)
        kernel.product(g,
                       row,
                       std::min(edge, kernel.frames() - row),
                       col,
                       std::min(edge, kernel.frames() - col),
                       out.data(),
                       edge + 16);
  benchmark::DoNotOptimize(out.data());
}

/// The map and one-time functions with errors.
void everything(const TileKernel& kernel) {
  MapCollector map(kernel.frames());
  OneTimeAccumulator one_time(kernel, {});
  TileConsumer* consumers[] = {&map, &one_time};
  correlate_two_time(kernel, consumers);
  benchmark::DoNotOptimize(one_time.result());
}

void kernels(benchmark::State& state) {
  const Index frames = state.range(0), pixels = state.range(1), statics = state.range(2);
  const auto n = statics > 1 ? Normalization::static_bin : Normalization::plain;
  set_thread_count(1);
  openblas_set_num_threads(1);
  const PixelMatrix counts = make_counts(frames, pixels, statics, 7);
  PixelMatrix wide = make_counts(frames, pixels, statics, 500);
  const FloatKernel floats(copy(counts), n);
  const CountKernel bytes(make_count_matrix(counts), n);
  const CountKernel words(make_count_matrix(wide), n);
  const CountKernel bits(
      make_count_matrix(make_counts(frames, pixels, statics, 1)), n, CountForm::bits);
  std::vector<float> product(static_cast<std::size_t>(frames * frames));
  double blas = 1e300, f = 1e300, b = 1e300, w = 1e300, bit = 1e300, bit_all = 1e300, f_all = 1e300,
         b_all = 1e300;
  for (auto _ : state) {
    time_into(blas, [&] {
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
    time_into(f, [&] { products(floats); });
    time_into(b, [&] { products(bytes); });
    time_into(w, [&] { products(words); });
    time_into(bit, [&] { products(bits); });
    time_into(bit_all, [&] { everything(bits); });
    time_into(f_all, [&] { everything(floats); });
    time_into(b_all, [&] { everything(bytes); });
  }
  set_thread_count(0);
  state.counters["float_over_ssyrk"] = blas / f;
  state.counters["bytes_over_float"] = f / b;
  state.counters["words_over_float"] = f / w;
  state.counters["bits_over_float"] = f / bit;
  state.counters["bits_all_over_tiles"] = bit / bit_all;
  state.counters["float_all_over_tiles"] = f / f_all;
  state.counters["bytes_all_over_tiles"] = b / b_all;
}

BENCHMARK(kernels)
    ->Args({2000, 20000, 1})
    ->Args({2000, 20000, 4})
    ->Args({2000, 50000, 1})
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

} // namespace
