// Every kernel over four decades of counts, from counts in memory to the map and the one-time
// functions with errors: how much longer the kernel that is chosen takes than the fastest, and what
// the nominal rates say of each. One thread, processor time.
#include <array>
#include <memory>

#include <benchmark/benchmark.h>

#include "processor_time.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/correlate/count_kernel.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/kernel_choice.hpp"
#include "vitrum/correlate/one_time.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::correlate;

PixelMatrix make_counts(Index frames, Index side, double mean) {
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(side * side), 1);
  PixelMatrix m = make_pixel_matrix(frames, make_groups(labels, {}, side, 1));
  parallel_for(0, frames, 1, [&](Index t, Index) {
    Random random(1, static_cast<std::uint64_t>(t));
    for (double p = random.exponential() / mean; p < static_cast<double>(m.pixels());
         p += random.exponential() / mean)
      m.row(t)[static_cast<Index>(p)] += 1;
  });
  return m;
}

KernelTask task_of(const PixelMatrix& m) {
  KernelTask task{.frames = m.frames,
                  .pixels = m.pixels(),
                  .groups = m.groups.groups(),
                  .integer_counts = true};
  task.above_one = 0;
  for (Index t = 0; t < m.frames; ++t)
    for (Index p = 0; p < m.pixels(); ++p) {
      const auto x = static_cast<double>(m.row(t)[p]);
      task.largest_count = std::max(task.largest_count, x);
      task.events += x > 0 ? 1 : 0;
      task.above_one += x > 1 ? 1 : 0;
    }
  return task;
}

void everything(const TileKernel& kernel) {
  MapCollector map(kernel.frames());
  OneTimeAccumulator one_time(kernel, {});
  TileConsumer* consumers[] = {&map, &one_time};
  correlate_two_time(kernel, consumers);
  benchmark::DoNotOptimize(one_time.result());
}

double time_of(KernelKind kind, const PixelMatrix& counts) {
  double best = 1e300;
  for (int run = 0; run < 2; ++run) {
    PixelMatrix floats;
    CountMatrix integers;
    EventMatrix events;
    if (kind == KernelKind::floats)
      floats = copy(counts);
    else if (kind == KernelKind::events)
      events = make_event_matrix(counts);
    else
      integers = make_count_matrix(counts);
    time_into(best, [&] {
      std::unique_ptr<TileKernel> kernel;
      if (kind == KernelKind::floats)
        kernel = std::make_unique<FloatKernel>(std::move(floats), Normalization::plain);
      else if (kind == KernelKind::events)
        kernel = std::make_unique<EventKernel>(events, Normalization::plain);
      else
        kernel = std::make_unique<CountKernel>(std::move(integers),
                                               Normalization::plain,
                                               kind == KernelKind::bits ? CountForm::bits
                                                                        : CountForm::packed);
      everything(*kernel);
    });
  }
  return best;
}

void kernel_choice(benchmark::State& state) {
  const double mean = 1e-4 * static_cast<double>(state.range(0));
  const PixelMatrix counts = make_counts(state.range(1), 256, mean);
  const KernelChoice choice = choose_kernel(task_of(counts), nominal_rates());
  set_thread_count(1);
  for (auto _ : state) {
    double best = 1e300, chosen = 0;
    for (const KernelChoice::Candidate& one : choice.candidates) {
      // words hold what bytes hold; what is predicted to take six times as long is not the fastest
      if (!one.refused.empty() || one.kind == KernelKind::words ||
          one.predicted_s > 6 * choice.predicted_s)
        continue;
      const double time = time_of(one.kind, counts);
      best = std::min(best, time);
      if (one.kind == choice.kind)
        chosen = time;
      const std::string name(name_of(one.kind));
      state.counters[name + "_s"] = time;
      state.counters[name + "_over_nominal"] = time / one.predicted_s;
    }
    state.counters["chosen_over_fastest"] = chosen / best;
    state.SetLabel(std::string(name_of(choice.kind)));
  }
  set_thread_count(0);
}
BENCHMARK(kernel_choice)
    ->ArgsProduct({{1, 3, 10, 30, 100, 300, 1000, 3000, 10000}, {2000}})
    ->ArgsProduct({{30, 100, 300, 1000}, {5000}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

} // namespace
