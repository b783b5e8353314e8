// ρ(q) of 32,000 atoms on 81 × 81 × 41 reciprocal vectors, both species, and its direct twin.
#include <benchmark/benchmark.h>

#include "vitrum/core/random.hpp"
#include "vitrum/md/density.hpp"

namespace {

using namespace vitrum;

void density(benchmark::State& state) {
  const atoms::Box box(atoms::tilted_edges({29.06131, 29.06131, 29.06131}, {0, 0, 0}));
  Random random(1);
  std::vector<atoms::Vector> positions;
  for (int i = 0; i < 32000; ++i)
    positions.push_back(box.position({random.uniform(), random.uniform(), random.uniform()}));
  const md::ReciprocalGrid grid{{40, 40, 40}};
  md::DensityTransform transform(grid, std::pow(10.0, -static_cast<double>(state.range(0))));
  std::vector<md::Complex> out(static_cast<std::size_t>(grid.size()));
  for (auto _ : state)
    transform.transform(box, positions, out);
  state.counters["width"] = static_cast<double>(transform.kernel_width());
  state.counters["mesh"] = static_cast<double>(transform.mesh()[0]);
}
BENCHMARK(density)->Arg(3)->Arg(6)->Arg(9)->Arg(12)->Unit(benchmark::kMillisecond);

void direct(benchmark::State& state) {
  const atoms::Box box(atoms::tilted_edges({29.06131, 29.06131, 29.06131}, {0, 0, 0}));
  Random random(1);
  std::vector<atoms::Vector> positions;
  for (int i = 0; i < 32000; ++i)
    positions.push_back(box.position({random.uniform(), random.uniform(), random.uniform()}));
  std::vector<md::Miller> hkl;
  for (Index k = 0; k < state.range(0); ++k)
    hkl.push_back({k, 40 - k, k / 2});
  std::vector<md::Complex> out(hkl.size());
  for (auto _ : state)
    md::direct_density(box, positions, hkl, out);
}
BENCHMARK(direct)->Arg(9)->Arg(27)->Unit(benchmark::kMillisecond);

} // namespace
