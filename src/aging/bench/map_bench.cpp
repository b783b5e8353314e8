// A map of 16,000 × 16,000 with 300 windows of age: every analysis that reads it, alone and
// together. The baseline is one plain pass over the lower triangle.
#include <cmath>

#include <benchmark/benchmark.h>

#include "vitrum/aging/events.hpp"
#include "vitrum/aging/heterogeneity.hpp"
#include "vitrum/aging/superposition.hpp"
#include "vitrum/aging/windows.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random_fill.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace vitrum::aging {
namespace {

constexpr Index frames = 16000;

/// C = 1 + 0.3 exp(−2 (lag/500)^0.7) and noise of 0.02.
const Buffer<float>& map() {
  static const Buffer<float> values = [] {
    std::vector<float> decay(frames);
    for (Index l = 0; l < frames; ++l)
      decay[std::size_t(l)] = float(1 + 0.3 * std::exp(-2 * std::pow(double(l) / 500, 0.7)));
    Buffer<float> m(frames * frames);
    parallel_for(0, frames, 64, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const auto row = m.span().subspan(std::size_t(i * frames), std::size_t(frames));
        fill_normal(1, std::uint64_t(i), 0, row);
        for (Index j = 0; j < frames; ++j)
          row[std::size_t(j)] = decay[std::size_t(std::abs(i - j))] + 0.02F * row[std::size_t(j)];
      }
    });
    return m;
  }();
  return values;
}

void one_pass(benchmark::State& state) {
  const auto& m = map();
  for (auto _ : state) {
    double sum = 0;
    for (Index i = 0; i < frames; ++i) {
      float row = 0;
      for (Index j = 0; j < i; ++j)
        row += m[i * frames + j];
      sum += double(row);
    }
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(one_pass)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void windows_300(benchmark::State& state) {
  correlate::OneTimeOptions options;
  options.windows = make_windows(frames, 53, 53);
  for (auto _ : state)
    benchmark::DoNotOptimize(correlate::one_time_from_map(map().span(), frames, options));
}
BENCHMARK(windows_300)->Unit(benchmark::kMillisecond)->Iterations(1)->MeasureProcessCPUTime();

void events(benchmark::State& state) {
  const MemoryRows rows(map().span(), frames);
  for (auto _ : state)
    benchmark::DoNotOptimize(find_events(rows));
}
BENCHMARK(events)->Unit(benchmark::kMillisecond)->Iterations(1)->MeasureProcessCPUTime();

void heterogeneity(benchmark::State& state) {
  const MemoryRows rows(map().span(), frames);
  const Index lags[] = {1, 3, 10, 30, 100, 300, 1000};
  for (auto _ : state)
    benchmark::DoNotOptimize(map_heterogeneity(read_band(rows, 1000), lags));
}
BENCHMARK(heterogeneity)->Unit(benchmark::kMillisecond)->Iterations(1)->MeasureProcessCPUTime();

void material_time(benchmark::State& state) {
  const MemoryRows rows(map().span(), frames);
  AgeSeries series;
  for (Index w = 0; w < 300; ++w) {
    series.age_s.push_back(double(w) * 53 + 26);
    series.log_tau.push_back(std::log(500.0));
    series.error.push_back(0.1);
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(make_material_time(rows, series, 1));
}
BENCHMARK(material_time)->Unit(benchmark::kMillisecond)->Iterations(1)->MeasureProcessCPUTime();

} // namespace
} // namespace vitrum::aging
