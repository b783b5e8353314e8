// Pixels per second and processor for g2 at 200 logarithmic lags of 5000 frames, against the plain
// loop of the same sums; frames per second for the drift.
#include <cmath>

#include <benchmark/benchmark.h>

#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random_fill.hpp"
#include "vitrum/ecm/drift.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"
#include "vitrum/ecm/pixel_noise.hpp"

namespace vitrum::ecm {
namespace {

constexpr Index series = 5000;

const Strips& strips() {
  static const Strips made = make_virtual_pixels(
      2048, std::vector<std::uint8_t>(static_cast<std::size_t>(series), 1), VirtualPixels{});
  return made;
}

void g2(benchmark::State& state) {
  set_thread_count(1);
  const auto lags = make_log_lags(series - 1, 260); // 200 different ones
  const std::vector<std::uint8_t> valid(static_cast<std::size_t>(series), 1);
  std::vector<float> out(lags.size() * 2048);
  const auto level = static_cast<SimdLevel>(state.range(0));
  for (auto _ : state)
    correlate_pixels(strips(), valid, lags, Estimator::pixel_mean, out, 2048, level);
  state.SetItemsProcessed(state.iterations() * 2048);
  state.SetLabel(std::string(name_of(level)) + ", " + std::to_string(lags.size()) + " lags");
}
BENCHMARK(g2)->Arg(0)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);

void g2_plain_loop(benchmark::State& state) {
  const auto lags = make_log_lags(series - 1, 260);
  std::vector<float> values(static_cast<std::size_t>(series));
  for (Index t = 0; t < series; ++t)
    values[static_cast<std::size_t>(t)] = strips().strip(0)[t * strip_pixels];
  for (auto _ : state)
    for (const Index lag : lags) {
      float sum = 0;
      for (Index t = 0; t + lag < series; ++t)
        sum += values[static_cast<std::size_t>(t)] * values[static_cast<std::size_t>(t + lag)];
      benchmark::DoNotOptimize(sum);
    }
  state.SetItemsProcessed(state.iterations());
  state.SetLabel("one pixel after the other");
}
BENCHMARK(g2_plain_loop)->Unit(benchmark::kMillisecond);

void drift(benchmark::State& state) {
  set_thread_count(1);
  constexpr Index edge = 1024, count = 48;
  // white noise blurred along both axes: speckle enough for the work to be the same
  std::vector<float> noise(static_cast<std::size_t>(edge * edge)), movie;
  for (Index t = 0; t < count; ++t) {
    fill_normal(1, 0, 0, noise); // the same sample
    std::vector<float> frame(noise.size());
    for (Index y = 0; y < edge; ++y)
      for (Index x = 0; x < edge; ++x) {
        float sum = 0;
        for (Index i = 0; i < 6; ++i)
          sum += noise[static_cast<std::size_t>(y * edge + (x + i + t / 8) % edge)] +
                 noise[static_cast<std::size_t>((y + i) % edge * edge + (x + t / 8) % edge)];
        frame[static_cast<std::size_t>(y * edge + x)] = 10 + sum;
      }
    movie.insert(movie.end(), frame.begin(), frame.end());
  }
  const auto source = frames::make_memory_source(std::move(movie), count, edge, edge);
  for (auto _ : state)
    benchmark::DoNotOptimize(measure_drift(*source, {}));
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(drift)->Unit(benchmark::kMillisecond)->Iterations(1);

} // namespace
} // namespace vitrum::ecm
