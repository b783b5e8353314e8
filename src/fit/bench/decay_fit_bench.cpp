// Fits per second of one careful fit, starts included, against Ceres from one fixed start
// (which need not find the minimum). Both on one core, the same data.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "../test/ceres_fit.hpp"
#include "../test/support.hpp"

namespace {

using namespace vitrum;
using namespace vitrum::fit;

std::vector<Trial> trials(models::DecayModel model) {
  std::vector<Trial> all;
  for (std::uint64_t k = 0; k < 64; ++k)
    all.push_back(make_trial(model, k));
  return all;
}

std::vector<double> naive_start(const Trial& trial) {
  const auto& d = trial.data;
  std::vector<double> p{d.value.front() - d.value.back(),
                        d.value.back(),
                        std::log(d.lag_s[d.lag_s.size() / 2]),
                        0.8,
                        0.5,
                        std::log(d.lag_s.back()),
                        1};
  p[0] = std::max(p[0], 1e-3);
  p.resize(models::parameters(trial.model).size());
  return p;
}

void careful(benchmark::State& state, models::DecayModel model, bool profile) {
  const auto all = trials(model);
  FitOptions options;
  options.profile = profile;
  std::size_t k = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(fit_decay(model, all[k++ % all.size()].data, options));
  state.SetItemsProcessed(state.iterations());
}

void ceres_once(benchmark::State& state, models::DecayModel model) {
  const auto all = trials(model);
  std::size_t k = 0, missed = 0;
  FitOptions options;
  options.profile = false;
  std::vector<double> best;
  for (const Trial& t : all)
    best.push_back(fit_decay(model, t.data, options).chi2);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto p = naive_start(all[i]);
    missed += ceres_fit(model, all[i].data, p) > best[i] + 1e-2;
  }
  for (auto _ : state) {
    auto p = naive_start(all[k % all.size()]);
    benchmark::DoNotOptimize(ceres_fit(model, all[k++ % all.size()].data, p));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["missed_minima_percent"] =
      100.0 * static_cast<double>(missed) / static_cast<double>(all.size());
}

BENCHMARK_CAPTURE(careful, kww, models::DecayModel::kww, false);
BENCHMARK_CAPTURE(careful, kww_profile, models::DecayModel::kww, true);
BENCHMARK_CAPTURE(ceres_once, kww, models::DecayModel::kww);
BENCHMARK_CAPTURE(careful, ml, models::DecayModel::ml, false);
BENCHMARK_CAPTURE(ceres_once, ml, models::DecayModel::ml);
BENCHMARK_CAPTURE(careful, kww2, models::DecayModel::kww2, false);
BENCHMARK_CAPTURE(ceres_once, kww2, models::DecayModel::kww2);

} // namespace
