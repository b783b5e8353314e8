// R24's experiment at its full length, 120,000 frames of 2.5 s, from frames to findings: how long
// it takes and what is found. The tests do a tenth of it.
#include <cmath>

#include <benchmark/benchmark.h>

#include "../test/r24_experiment.hpp"

namespace vitrum::app {
namespace {

void r24_full_length(benchmark::State& state) {
  const testing::R24Experiment experiment(120000, 1); // simulated outside the clock
  Tree tree;
  for (auto _ : state)
    tree = experiment.analysed(true);
  state.counters["stretches_missed_of_7"] =
      static_cast<double>(testing::r24_stretches_missed(tree));
  double worst = 0;
  for (const auto& t : testing::r24_aging_times(tree))
    worst = std::max(worst, std::abs(t.found_s / t.truth_s - 1));
  state.counters["aging_times_off_by"] = worst;
  const auto time = tree.numbers("entry/event/time_s");
  state.counters["events"] = static_cast<double>(time.size());
  if (!time.empty())
    state.counters["event_off_by_frames"] =
        (time[0] - synth::r24_event_s) / experiment.frame_time_s();
  state.counters["frames_per_s"] = benchmark::Counter(120000, benchmark::Counter::kIsRate);
}
BENCHMARK(r24_full_length)
    ->Unit(benchmark::kSecond)
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

} // namespace
} // namespace vitrum::app
