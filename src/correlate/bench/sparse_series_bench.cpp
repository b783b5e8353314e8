// The very sparse regime: 100,000 frames of 1676 x 2100 pixels at 2.5e-5 counts, ten million events
// in memory, 36 bins: statistics, loading, multi-tau g2 and one-time functions in windows.
#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include "processor_time.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/correlate/event_one_time.hpp"
#include "vitrum/correlate/event_pixel_g2.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::correlate;

double resident_gb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024e-9;
}

void very_sparse_series(benchmark::State& state) {
  const Index frame_count = 100000, height = 1676, width = 2100, pixels = height * width;
  const double mean = 2.85e-5 / 10 * static_cast<double>(state.range(0));
  frames::EventList list;
  list.clear();
  Random random(1);
  for (Index t = 0; t < frame_count; ++t) {
    for (double p = random.exponential() / mean; p < static_cast<double>(pixels);
         p += 1 + random.exponential() / mean)
      list.add(static_cast<std::uint32_t>(p), 1);
    list.end_frame();
  }
  const Index events = list.events();
  std::vector<std::int32_t> labels(static_cast<std::size_t>(pixels));
  for (Index p = 0; p < pixels; ++p)
    labels[static_cast<std::size_t>(p)] = static_cast<std::int32_t>(1 + p * 36 / pixels);
  const auto partition = frames::make_partition_from_labels(height, width, labels, labels, nullptr);
  auto source = frames::make_event_source(std::move(list), height, width);
  const frames::Mask mask = frames::make_mask(height, width);
  const double before_gb = resident_gb();
  for (auto _ : state) {
    double times[6] = {processor_s()};
    benchmark::DoNotOptimize(frames::measure_series(*source, mask));
    times[1] = processor_s();
    auto matrices = load_events(*source, partition);
    times[2] = processor_s();
    for (const EventMatrix& m : matrices)
      benchmark::DoNotOptimize(make_pixel_g2(m, {.lags = PixelLags::multi_tau}));
    times[3] = processor_s();
    double kernels = 0;
    for (const EventMatrix& m : matrices) {
      const double start = processor_s();
      const EventKernel kernel(m, Normalization::static_bin);
      kernels += processor_s() - start;
      OneTimeOptions options;
      options.remove_bias = state.range(1) != 0;
      for (Index first = 1; first < frame_count; first *= 2)
        options.windows.push_back({first, std::min(2 * first, frame_count)});
      benchmark::DoNotOptimize(make_one_time_from_events(kernel, options));
    }
    times[4] = processor_s();
    state.counters["measure_s"] = times[1] - times[0];
    state.counters["load_s"] = times[2] - times[1];
    state.counters["multi_tau_s"] = times[3] - times[2];
    state.counters["kernels_s"] = kernels;
    state.counters["one_time_s"] = times[4] - times[3] - kernels;
    state.counters["total_cpu_s"] = times[4] - times[0];
  }
  state.counters["events"] = static_cast<double>(events);
  state.counters["input_GB"] = before_gb;
  state.counters["peak_GB"] = resident_gb();
}
BENCHMARK(very_sparse_series)
    ->Args({10, 0})
    ->Args({10, 1})
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

} // namespace
