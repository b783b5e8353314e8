// Values per second of the Mittag-Leffler batch against the published sum of 16 nodes written
// plainly, one value at a time, both on one core.
#include <benchmark/benchmark.h>

#include <cmath>
#include <complex>
#include <ctime>
#include <vector>

#include "../mittag_leffler_kernels.hpp"
#include "vitrum/models/mittag_leffler.hpp"

namespace {

using namespace vitrum;

std::vector<double> arguments() {
  std::vector<double> x(4096);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = std::exp(-7 + 20.0 * static_cast<double>(i) / static_cast<double>(x.size()));
  return x;
}

// The peer: the published contour with 16 nodes, as a paper would write it.
double plain(double alpha, double x) {
  constexpr int nodes = 16;
  constexpr double h = 3.0 / nodes, pi = 3.14159265358979323846, mu = pi * nodes / 12;
  static std::complex<double> c[nodes], a[nodes];
  static double ready = -1;
  if (ready != alpha) {
    for (int k = 0; k < nodes; ++k) {
      const std::complex<double> w{1, (k + 0.5) * h}, s = mu * w * w;
      c[k] = 2 * h * mu / pi * std::exp(s) * std::pow(s, alpha - 1) * w;
      a[k] = std::pow(s, alpha);
    }
    ready = alpha;
  }
  double sum = 0;
  for (int k = 0; k < nodes; ++k) { // Re[c/(a + x)] in real numbers: complex division is slow
    const double re = a[k].real() + x, im = a[k].imag();
    sum += (c[k].real() * re + c[k].imag() * im) / (re * re + im * im);
  }
  return sum;
}

// Processor time: others may use the machine.
double now_s() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double seconds_of_plain(const std::vector<double>& x) {
  std::vector<double> out(x.size());
  double best = 1e9;
  for (int run = 0; run < 20; ++run) {
    const double start = now_s();
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = plain(0.7, x[i]);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
    best = std::min(best, now_s() - start);
  }
  return best / static_cast<double>(x.size());
}

// One benchmark per instruction set of this machine; the first is the one that is used.
void values(benchmark::State& state) {
  const auto& sets = models::detail::supported_kernels();
  const auto which = static_cast<std::size_t>(state.range(0));
  if (which >= sets.size()) {
    state.SkipWithError("not on this machine");
    return;
  }
  const auto x = arguments();
  std::vector<double> out(x.size());
  const models::MittagLeffler function(0.7, 1);
  const double plain_s = seconds_of_plain(x);
  const double start = now_s();
  for (auto _ : state) {
    sets[which].values(function.nodes(), x.data(), out.data(), static_cast<Index>(x.size()));
    benchmark::ClobberMemory();
  }
  const double each =
      (now_s() - start) / static_cast<double>(state.iterations()) / static_cast<double>(x.size());
  state.SetLabel(sets[which].name);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(x.size()));
  state.counters["times_plain"] = plain_s / each;
}
BENCHMARK(values)->Arg(0)->Arg(1)->Arg(2);

void values_and_derivatives(benchmark::State& state) {
  const auto x = arguments();
  std::vector<double> value(x.size()), dx(x.size()), da(x.size()), db(x.size());
  const models::MittagLeffler function(0.7, 1);
  for (auto _ : state) {
    function.evaluate(x, {value, dx, da, db});
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(x.size()));
}
BENCHMARK(values_and_derivatives);

void setup(benchmark::State& state) {
  double alpha = 0.5;
  for (auto _ : state) {
    const models::MittagLeffler function(alpha, 1);
    benchmark::DoNotOptimize(&function);
    alpha = alpha < 0.9 ? alpha + 1e-6 : 0.5;
  }
}
BENCHMARK(setup);

} // namespace
