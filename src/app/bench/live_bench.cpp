// Frames per second from the messages of a detector to two-time map and g2: parse, unpack (bslz4),
// take a ring of 20,000 pixels out of 512 x 512, correlate. `worst` is the rate of the dearest
// stretch, in which the map has its most cells of one frame each. A detector of 1000 frames/s is
// followed when both are above 1000.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include <benchmark/benchmark.h>

#include "vitrum/core/random.hpp"
#include "vitrum/correlate/live_correlator.hpp"
#include "vitrum/stream/message.hpp"

using namespace vitrum;

namespace {

constexpr Index edge = 512;
constexpr Index different = 64; // frames that are sent again and again

double wall_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

frames::Partition ring(Index pixels) {
  const double inner = 120;
  const double outer = std::sqrt(inner * inner + static_cast<double>(pixels) / 3.14159265);
  std::vector<std::int32_t> dynamic(edge * edge, 0), fine(edge * edge, 0);
  for (Index y = 0; y < edge; ++y)
    for (Index x = 0; x < edge; ++x) {
      const double r = std::hypot(static_cast<double>(y) - 255.5, static_cast<double>(x) - 255.5);
      if (r >= inner && r < outer) {
        dynamic[y * edge + x] = 1;
        fine[y * edge + x] = static_cast<std::int32_t>(1 + 4 * (r - inner) / (outer - inner));
      }
    }
  return frames::make_partition_from_labels(edge, edge, dynamic, fine, nullptr);
}

void follow(benchmark::State& state) {
  const double mean = static_cast<double>(state.range(0)) / 100;
  const Index total = state.range(1);
  std::vector<std::vector<stream::Part>> messages;
  Random random(7);
  double bytes = 0;
  for (Index t = 0; t < different; ++t) {
    std::vector<std::uint16_t> counts(edge * edge);
    for (auto& count : counts)
      count = static_cast<std::uint16_t>(random.poisson(mean));
    messages.push_back(stream::make_image(
        stream::Protocol::v2,
        {1, t, edge, edge, frames::PixelType::u16, std::as_bytes(std::span(counts)), 0, 0},
        io::Compression::bitshuffle_lz4));
    bytes += static_cast<double>(messages.back()[0].size()) / different;
  }
  const auto partition = ring(20000);
  double worst = 1e300;
  for (auto _ : state) {
    correlate::LiveCorrelator live(partition, frames::PixelType::u16);
    constexpr Index block = 48, stretch = 480;
    double begun = wall_s();
    for (Index first = 0; first < total; first += block) {
      live.push(block, [&](Index k, std::byte* out) -> correlate::Arrival {
        const auto& parts = messages[static_cast<std::size_t>((first + k) % different)];
        const auto message =
            stream::parse(stream::Protocol::v2, {parts.begin(), parts.end()}, "bench");
        stream::unpack(std::get<stream::Image>(message), {out, 2 * edge * edge});
        return {};
      });
      if ((first + block) % stretch == 0) {
        worst = std::min(worst, stretch / (wall_s() - begun));
        begun = wall_s();
      }
    }
    benchmark::DoNotOptimize(live.bin(1).map.data());
  }
  state.SetItemsProcessed(state.iterations() * total);
  state.counters["worst_per_s"] = worst;
  state.counters["pixels"] = static_cast<double>(
      std::count(partition.dynamic_labels.begin(), partition.dynamic_labels.end(), 1));
  state.counters["packed_kB"] = bytes / 1e3;
}

} // namespace

BENCHMARK(follow)
    ->ArgNames({"counts_per_100", "frames"})
    ->Args({5, 4032})
    ->Args({100, 4032})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1)
    ->UseRealTime();
