// KWW fits per second and processor of 50 lags, noise 0.005, true tau 20 … 250: in registers, in
// single and double precision, against the careful fit of one curve and Ceres' TinySolver (double,
// analytic derivatives, started at the true values). With VITRUM_BENCH_DUMP=FOLDER the curves and
// their fits go there, for tools/bench_scipy.py, which fits a part of them with scipy.
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include <benchmark/benchmark.h>
#include <ceres/tiny_solver.h>

#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/fit/batch_kww.hpp"
#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {
namespace {

constexpr Index lags = 50, curves = 16384;

struct Curves {
  std::vector<double> lag_s, sigma, values, tau, exponent, contrast;
};

const Curves& data() {
  static const Curves made = [] {
    Curves c;
    Random random(1);
    for (Index l = 0; l < lags; ++l) {
      c.lag_s.push_back(std::pow(2000.0, static_cast<double>(l) / (lags - 1)));
      c.sigma.push_back(0.005);
    }
    for (Index i = 0; i < curves; ++i) {
      c.tau.push_back(20 * std::exp(2.5 * random.uniform()));
      c.exponent.push_back(0.5 + 0.7 * random.uniform());
      c.contrast.push_back(0.1 + 0.3 * random.uniform());
    }
    for (const double lag : c.lag_s)
      for (std::size_t i = 0; i < c.tau.size(); ++i)
        c.values.push_back(1 +
                           c.contrast[i] * std::exp(-2 * std::pow(lag / c.tau[i], c.exponent[i])) +
                           0.005 * random.normal());
    return c;
  }();
  return made;
}

template <class T>
void batch(benchmark::State& state) {
  set_thread_count(1);
  const auto& c = data();
  const std::vector<T> values(c.values.begin(), c.values.end());
  BatchKwwOptions options;
  options.fit_baseline = state.range(0) != 0;
  options.level = static_cast<SimdLevel>(state.range(1));
  std::vector<T> shifted = values;
  if (!options.fit_baseline)
    for (T& v : shifted)
      v -= 1;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        fit_kww_batch<T>(c.lag_s, c.sigma, std::span<const T>(shifted), curves, curves, options));
  state.SetItemsProcessed(state.iterations() * curves);
  state.SetLabel(std::string(name_of(options.level)) +
                 (options.fit_baseline ? ", 4 parameters" : ", 3 parameters"));
}
BENCHMARK(batch<float>)->ArgsProduct({{0, 1}, {0, 1, 2}})->Unit(benchmark::kMillisecond);
BENCHMARK(batch<double>)->ArgsProduct({{0, 1}, {0, 1, 2}})->Unit(benchmark::kMillisecond);

template <class T>
void dump(const std::string& path, const std::vector<T>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

/// Single precision, three parameters; the curves are g2 − 1.
void beside_scipy(benchmark::State& state) {
  set_thread_count(1);
  const auto& c = data();
  std::vector<float> values;
  for (const double v : c.values)
    values.push_back(static_cast<float>(v - 1));
  BatchKwwFits<float> fits;
  for (auto _ : state)
    fits = fit_kww_batch<float>(c.lag_s, c.sigma, std::span<const float>(values), curves, curves);
  state.SetItemsProcessed(state.iterations() * curves);
  if (const char* folder = std::getenv("VITRUM_BENCH_DUMP")) {
    const std::string to = std::string(folder) + "/";
    dump(to + "lag_s.f64", c.lag_s);
    dump(to + "values.f32", values);
    dump(to + "tau_s.f32", fits.tau_s);
    dump(to + "kww_exponent.f32", fits.kww_exponent);
    dump(to + "contrast.f32", fits.contrast);
  }
}
BENCHMARK(beside_scipy)->Unit(benchmark::kMillisecond);

void careful(benchmark::State& state) {
  const auto& c = data();
  constexpr std::size_t few = 64;
  FitOptions options;
  options.profile = false;
  for (auto _ : state)
    for (std::size_t i = 0; i < few; ++i) {
      FitData one{c.lag_s, {}, c.sigma, {}, {}, {}, {}};
      for (std::size_t l = 0; l < static_cast<std::size_t>(lags); ++l)
        one.value.push_back(c.values[l * static_cast<std::size_t>(curves) + i]);
      benchmark::DoNotOptimize(fit_decay(models::DecayModel::kww, one, options));
    }
  state.SetItemsProcessed(state.iterations() * static_cast<Index>(few));
  state.SetLabel("careful fit of one curve, 4 parameters");
}
BENCHMARK(careful)->Unit(benchmark::kMillisecond);

struct TinyCurve {
  using Scalar = double;
  enum { NUM_RESIDUALS = lags, NUM_PARAMETERS = 4 };
  const double* log_lag;
  const double* value;
  bool operator()(const double* p, double* residual, double* jacobian) const {
    for (Index l = 0; l < lags; ++l) {
      const double x = log_lag[l] - p[1];
      const double e = std::exp(p[2] * x), decay = std::exp(-2 * e);
      residual[l] = (p[3] + p[0] * decay - value[l]) / 0.005;
      if (jacobian != nullptr) { // columns
        jacobian[l] = decay / 0.005;
        jacobian[lags + l] = p[0] * decay * 2 * e * p[2] / 0.005;
        jacobian[2 * lags + l] = -p[0] * decay * 2 * e * x / 0.005;
        jacobian[3 * lags + l] = 1 / 0.005;
      }
    }
    return true;
  }
};

void tiny_solver(benchmark::State& state) {
  const auto& c = data();
  std::vector<double> log_lag;
  for (const double lag : c.lag_s)
    log_lag.push_back(std::log(lag));
  constexpr std::size_t few = 2048;
  std::vector<double> rows(few * lags);
  for (std::size_t i = 0; i < few; ++i)
    for (std::size_t l = 0; l < static_cast<std::size_t>(lags); ++l)
      rows[i * lags + l] = c.values[l * static_cast<std::size_t>(curves) + i];
  for (auto _ : state)
    for (std::size_t i = 0; i < few; ++i) {
      const TinyCurve curve{log_lag.data(), rows.data() + i * lags};
      ceres::TinySolver<TinyCurve> solver;
      solver.options.parameter_tolerance = 1e-5;
      Eigen::Vector4d p(c.contrast[i], std::log(c.tau[i]), c.exponent[i], 1);
      benchmark::DoNotOptimize(solver.Solve(curve, &p));
    }
  state.SetItemsProcessed(state.iterations() * static_cast<Index>(few));
  state.SetLabel("Ceres TinySolver, 4 parameters, from the true values");
}
BENCHMARK(tiny_solver)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace vitrum::fit
