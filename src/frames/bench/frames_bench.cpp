// Rate of measure_series against a plain loop over the same frames that only sums them (the bound
// that memory sets).
#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "vitrum/frames/series_statistics.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::frames;

template <class T>
void measure(benchmark::State& state) {
  const Index frames = 400, side = 512;
  std::vector<T> values(static_cast<std::size_t>(frames * side * side));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(i * 2654435761U >> 28);
  auto source = make_memory_source(values, frames, side, side);
  const Mask mask = make_mask(side, side);
  for (auto _ : state)
    benchmark::DoNotOptimize(measure_series(*source, mask));
  state.SetItemsProcessed(state.iterations() * frames);
  state.SetBytesProcessed(state.iterations() * frames * side * side *
                          static_cast<Index>(sizeof(T)));
}

template <class T>
void only_sum(benchmark::State& state) {
  const Index frames = 400, side = 512;
  const std::vector<T> values(static_cast<std::size_t>(frames * side * side), T{1});
  for (auto _ : state)
    benchmark::DoNotOptimize(std::accumulate(values.begin(), values.end(), std::uint64_t{0}));
  state.SetItemsProcessed(state.iterations() * frames);
  state.SetBytesProcessed(state.iterations() * frames * side * side *
                          static_cast<Index>(sizeof(T)));
}

BENCHMARK(only_sum<std::uint16_t>)->UseRealTime();
BENCHMARK(measure<std::uint16_t>)->UseRealTime();
BENCHMARK(measure<std::uint32_t>)->UseRealTime();
BENCHMARK(measure<float>)->UseRealTime();

} // namespace
