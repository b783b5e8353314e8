// Event kernel: pairs of events per second of CPU time, against the obvious loop over the pairs of
// each pixel and against the float kernel. Two lines of N = 5000 frames at 0.01 counts.
#include <benchmark/benchmark.h>

#include <vector>

#include "processor_time.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/correlate/event_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/correlate/two_time.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::correlate;

/// Frames of events at random: Poisson, by skipping.
frames::EventList make_list(Index frame_count, Index pixels, double mean) {
  frames::EventList list;
  list.clear();
  Random random(1);
  for (Index t = 0; t < frame_count; ++t) {
    for (double p = random.exponential() / mean; p < static_cast<double>(pixels);
         p += random.exponential() / mean) {
      const auto at = static_cast<std::uint32_t>(p);
      if (list.events() > list.frame_begin.back() && list.pixel.back() == at)
        ++list.count.back();
      else
        list.add(at, 1);
    }
    list.end_frame();
  }
  return list;
}

double pairs_of(const EventMatrix& m) {
  double pairs = 0;
  for (Index p = 0; p < m.pixels(); ++p) {
    const auto n = static_cast<double>(m.pixel_begin[p + 1] - m.pixel_begin[p]);
    pairs += n * (n + 1) / 2;
  }
  return pairs;
}

void naive_pairs(const EventMatrix& m, std::vector<std::uint32_t>& map) {
  for (Index p = 0; p < m.pixels(); ++p)
    for (Index i = m.pixel_begin[p]; i < m.pixel_begin[p + 1]; ++i) {
      std::uint32_t* row = map.data() + Index{m.frame[i]} * m.frames;
      for (Index j = m.pixel_begin[p]; j <= i; ++j)
        row[m.frame[j]] += m.count[i] * m.count[j];
    }
}

std::vector<EventMatrix> load(const frames::EventList& list, Index side, Index groups) {
  auto source = frames::make_event_source(list, side, side);
  LoadOptions options;
  options.groups.groups = groups;
  return load_events(*source, frames::make_single_bin(frames::make_mask(side, side)), {}, options);
}

/// Takes products and makes nothing of them.
class Nobody final : public ProductParts {
public:
  void finished(Index, Index, Index, Index, const float* sums, Index) override {
    benchmark::DoNotOptimize(sums);
  }
};

void pair_kernel(benchmark::State& state) {
  const Index frame_count = 5120, side = 512;
  const double mean = 1e-4 * static_cast<double>(state.range(0));
  const auto matrices = load(make_list(frame_count, side * side, mean), side, state.range(1));
  const EventMatrix& m = matrices.front();
  const double pairs = pairs_of(m);
  const EventKernel kernel(m, Normalization::plain);
  const Index edge = state.range(2);
  std::vector<float> out(static_cast<std::size_t>(edge + 16));
  Nobody nobody;
  double best = 1e9, naive = 1e9;
  std::vector<std::uint32_t> map(static_cast<std::size_t>(frame_count * frame_count));
  for (auto _ : state) {
    double start = processor_s();
    const Index strip = kernel.strip_rows(); // as maps are made
    for (Index tile = 0; tile < frame_count; tile += edge)
      for (Index col = 0; col <= tile; col += edge)
        for (Index row = tile; row < std::min(tile + edge, frame_count); row += strip)
          for (Index g = 0; g < kernel.group_count(); ++g)
            kernel.product_in_parts(g,
                                    row,
                                    std::min(strip, frame_count - row),
                                    col,
                                    std::min(edge, row + strip - col),
                                    out.data(),
                                    edge + 16,
                                    nobody);
    best = std::min(best, processor_s() - start);
    start = processor_s();
    naive_pairs(m, map);
    naive = std::min(naive, processor_s() - start);
  }
  state.counters["Gpairs_per_s"] = pairs / best * 1e-9;
  state.counters["times_naive"] = naive / best;
  state.counters["kernel_s"] = best;
}
BENCHMARK(pair_kernel)
    ->Args({100, 4, 5120})
    ->Args({100, 32, 512})
    ->Args({100, 32, 2048})
    ->Args({10, 32, 512})
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

void one_time_from_events(benchmark::State& state) {
  const Index frame_count = 5120, side = 512;
  const double mean = 1e-4 * static_cast<double>(state.range(0));
  const auto list = make_list(frame_count, side * side, mean);
  double load_s = 0, lists_s = 0, tiles_s = 0;
  for (auto _ : state) {
    const double a = processor_s();
    const auto matrices = load(list, side, 32);
    const double b = processor_s();
    const EventKernel kernel(matrices.front(), Normalization::plain);
    const double c = processor_s();
    OneTimeOptions options;
    options.remove_bias = false;
    benchmark::DoNotOptimize(make_one_time(kernel, options));
    const double d = processor_s();
    load_s = b - a;
    lists_s = c - b;
    tiles_s = d - c;
  }
  state.counters["load_s"] = load_s;
  state.counters["lists_s"] = lists_s;
  state.counters["tiles_s"] = tiles_s;
}
BENCHMARK(one_time_from_events)->Arg(100)->Arg(10)->Iterations(2)->Unit(benchmark::kMillisecond);

} // namespace
