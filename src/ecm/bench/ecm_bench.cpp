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
  // speckle of 4 px: a complex field of white noise blurred by a Gaussian; the sample moves by
  // whole pixels, in noise of a tenth of the mean
  constexpr Index margin = 16, wide = edge + 2 * margin, reach = 12;
  std::vector<float> speckle(static_cast<std::size_t>(wide * wide)), movie;
  for (std::uint64_t part = 0; part < 2; ++part) {
    std::vector<float> field(speckle.size()), blurred(speckle.size());
    fill_normal(1, part, 0, field);
    for (const Index step : {Index{1}, wide}) {
      for (Index i = 0; i < wide * wide; ++i) {
        float sum = 0;
        for (Index k = -reach; k <= reach; ++k)
          sum += std::exp(-static_cast<float>(k * k) / 16) *
                 field[static_cast<std::size_t>((i + k * step + wide * wide) % (wide * wide))];
        blurred[static_cast<std::size_t>(i)] = sum / 5;
      }
      std::swap(field, blurred);
    }
    for (std::size_t i = 0; i < speckle.size(); ++i)
      speckle[i] += field[i] * field[i] / 2;
  }
  std::vector<float> noise(static_cast<std::size_t>(edge * edge));
  for (Index t = 0; t < count; ++t) {
    fill_normal(2, 0, t * edge * edge, noise);
    for (Index y = 0; y < edge; ++y)
      for (Index x = 0; x < edge; ++x)
        movie.push_back(speckle[static_cast<std::size_t>((y + margin) * wide + x + t / 8)] +
                        0.1F * noise[static_cast<std::size_t>(y * edge + x)]);
  }
  const auto source = frames::make_memory_source(std::move(movie), count, edge, edge);
  for (auto _ : state)
    benchmark::DoNotOptimize(measure_drift(*source, {}));
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(drift)->Unit(benchmark::kMillisecond)->Iterations(1);

} // namespace
} // namespace vitrum::ecm
