// g(r) of 32,000 atoms up to six mean spacings, and the same counted atom by atom with a list of
// cells as wide as the distance.
#include <chrono>
#include <cmath>

#include <benchmark/benchmark.h>

#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/md/pairs.hpp"

namespace {

using namespace vitrum;

constexpr double r_max = 5.45, width = 0.01;

struct Gas {
  atoms::Box box{atoms::tilted_edges({29.06131, 29.06131, 29.06131}, {0, 0, 0})};
  std::vector<atoms::Vector> positions;
  std::vector<std::int32_t> species;
  Gas() {
    Random random(1);
    for (int i = 0; i < 32000; ++i) {
      positions.push_back(box.position({random.uniform(), random.uniform(), random.uniform()}));
      species.push_back(i % 2);
    }
  }
};

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double atom_by_atom_s(const Gas& gas) {
  const double start = now_s();
  const md::CellList cells(gas.box, gas.positions, r_max);
  std::vector<Index> counts(static_cast<std::size_t>(r_max / width) + 1, 0);
  for (Index i = 0; i < 32000; ++i)
    cells.for_neighbours(i, [&](Index, const atoms::Vector&, double square) {
      ++counts[static_cast<std::size_t>(std::sqrt(square) / width)];
    });
  benchmark::DoNotOptimize(counts);
  return now_s() - start;
}

void pair_distribution(benchmark::State& state) {
  const Gas gas;
  set_thread_count(1);
  const double plain = atom_by_atom_s(gas), start = now_s();
  for (auto _ : state)
    benchmark::DoNotOptimize(
        md::pair_distribution(gas.box, gas.positions, gas.species, 2, r_max, width));
  const double one = (now_s() - start) / static_cast<double>(state.iterations());
  state.counters["over atom by atom"] = plain / one;
  set_thread_count(0);
}
BENCHMARK(pair_distribution)->Unit(benchmark::kMillisecond);

} // namespace
