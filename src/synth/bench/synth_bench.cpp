// Frames per second of virtual experiments of 256 x 256 pixels, KWW 0.7: both methods, against
// drawing the counts alone.
#include <benchmark/benchmark.h>

#include <vector>

#include "vitrum/core/random_fill.hpp"
#include "vitrum/synth/xpcs.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::synth;

void experiment(benchmark::State& state, FieldMethod method, double mean_counts) {
  XpcsOptions o;
  o.frames = 10000;
  o.height = o.width = 256;
  o.tau_s = 200;
  o.mean_counts = mean_counts;
  o.method = method;
  const XpcsExperiment made(o);
  for (auto _ : state)
    made.generate([](Index, Index, const std::byte*) {});
  state.SetItemsProcessed(state.iterations() * o.frames);
  state.counters["g1_error"] = made.g1_error();
}

void normals(benchmark::State& state) {
  std::vector<float> values(1 << 20);
  for (auto _ : state) {
    fill_normal(1, 1, 0, values);
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<Index>(values.size()));
}

BENCHMARK(normals);
BENCHMARK_CAPTURE(experiment, circulant_0_1, FieldMethod::circulant, 0.1)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(experiment, circulant_3, FieldMethod::circulant, 3)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK_CAPTURE(experiment, modes_0_1, FieldMethod::modes, 0.1)
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

} // namespace
