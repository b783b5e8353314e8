// Laws of decay, and their fits to one curve and to many.
#include <map>
#include <optional>

#include <fmt/format.h>

#include "bindings.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fit/batch_kww.hpp"
#include "vitrum/fit/decay_fit.hpp"
#include "vitrum/models/decay.hpp"
#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::python {
namespace {

py::array mittag_leffler(double alpha, const Doubles& x, double second) {
  const models::MittagLeffler function(alpha, second);
  std::vector<double> value(static_cast<std::size_t>(x.size()));
  {
    const py::gil_scoped_release release;
    function.evaluate(span_of(x), value);
  }
  return to_numpy(std::move(value), {x.shape(), x.shape() + x.ndim()});
}

py::array
decay(const std::string& model, const Doubles& lag_s, const std::map<std::string, double>& values) {
  const auto chosen = models::parse_decay_model(model);
  std::vector<double> parameters;
  for (const auto& info : models::parameters(chosen)) {
    const auto found = values.find(info.name);
    if (found == values.end())
      throw OptionError(fmt::format("{}: parameter {} is missing", model, info.name));
    parameters.push_back(found->second);
  }
  for (const auto& [name, value] : values)
    if (models::parameter_index(chosen, name) < 0)
      throw OptionError(fmt::format("{} has no parameter {}", model, name));
  std::vector<double> g2(static_cast<std::size_t>(lag_s.size()));
  models::evaluate(chosen, parameters, span_of(lag_s), g2);
  return to_numpy(std::move(g2), {lag_s.shape(), lag_s.shape() + lag_s.ndim()});
}

py::dict fit_decay(const Doubles& lag_s,
                   const Doubles& g2,
                   const std::optional<Doubles>& g2_errors,
                   const std::string& model,
                   const std::map<std::string, double>& fixed,
                   const std::map<std::string, std::pair<double, double>>& bounds,
                   const std::optional<Doubles>& covariance) {
  const auto vector_of = [](const Doubles& array) {
    return std::vector<double>(array.data(), array.data() + array.size());
  };
  fit::FitData data;
  data.lag_s = vector_of(lag_s);
  data.value = vector_of(g2);
  if (g2_errors)
    data.sigma = vector_of(*g2_errors);
  if (covariance)
    data.covariance = vector_of(*covariance);
  fit::FitOptions options;
  options.fixed = fixed;
  options.bounds = bounds;
  const auto chosen = models::parse_decay_model(model);
  fit::FitResult found;
  {
    const py::gil_scoped_release release;
    found = fit::fit_decay(chosen, data, options);
  }
  py::dict parameters, errors;
  for (const auto& p : found.parameters) {
    parameters[py::str(p.name)] = p.value;
    errors[py::str(p.name)] = p.error;
  }
  py::dict out;
  out["model"] = std::string(models::name(chosen));
  out["formula"] = std::string(models::formula(chosen));
  out["parameters"] = parameters;
  out["errors"] = errors;
  const auto count = static_cast<Index>(found.parameters.size());
  out["covariance"] = to_numpy(std::move(found.covariance), {count, count});
  out["status"] = std::string(fit::name(found.status));
  out["message"] = found.message;
  out["chi2"] = found.chi2;
  out["chi2_reduced"] = found.chi2_reduced;
  out["degrees_of_freedom"] = found.degrees_of_freedom;
  out["mean_time_s"] = found.mean_time_s;
  out["mean_time_s_errors"] = found.mean_time_error_s;
  out["curve"] = to_numpy(std::move(found.curve));
  return out;
}

template <class T>
py::dict fit_kww(const Doubles& lag_s,
                 const py::array_t<T, py::array::c_style>& curves,
                 const Doubles& sigma,
                 bool fit_baseline) {
  if (curves.ndim() != 2 || curves.shape(0) != lag_s.size())
    throw OptionError(
        fmt::format("curves: expected an array [lag, curve] of {} lags", lag_s.size()));
  fit::BatchKwwOptions options;
  options.fit_baseline = fit_baseline;
  fit::BatchKwwFits<T> fits;
  const std::span values(curves.data(), static_cast<std::size_t>(curves.size()));
  const Index count = curves.shape(1);
  fits = run_beside_python(
      [&](const Monitor&) {
        return fit::fit_kww_batch<T>(span_of(lag_s), span_of(sigma), values, count, count, options);
      },
      py::none(),
      py::none());
  py::dict out;
  out["tau_s"] = to_numpy(std::move(fits.tau_s));
  out["kww_exponent"] = to_numpy(std::move(fits.kww_exponent));
  out["contrast"] = to_numpy(std::move(fits.contrast));
  out["baseline"] = to_numpy(std::move(fits.baseline));
  out["log_tau_errors"] = to_numpy(std::move(fits.log_tau_error));
  out["kww_exponent_errors"] = to_numpy(std::move(fits.kww_exponent_error));
  out["contrast_errors"] = to_numpy(std::move(fits.contrast_error));
  out["chi2"] = to_numpy(std::move(fits.chi2));
  std::vector<std::uint8_t> status;
  for (const auto s : fits.status)
    status.push_back(static_cast<std::uint8_t>(s));
  out["status"] = to_numpy(std::move(status));
  out["degrees_of_freedom"] = fits.degrees_of_freedom;
  return out;
}

constexpr const char* fit_kww_text =
    R"(Fits contrast exp(-2 (t/tau)^exponent) + baseline to many curves at once.

lag_s: [lag] s. curves: [lag, curve] of float32 or float64, C order, not copied: g2 - 1.
sigma: [lag], standard errors that all curves share. fit_baseline: else it is zero.

Returns a dict of arrays [curve]: tau_s, kww_exponent, contrast, baseline, log_tau_errors,
kww_exponent_errors, contrast_errors, chi2, status (0 converged, 1 at a bound, 2 not converged,
3 no decay, 4 parameters not told apart).)";

} // namespace

void bind_decay(py::module_& module) {
  module.def(
      "mittag_leffler",
      &mittag_leffler,
      py::arg("alpha"),
      py::arg("x"),
      py::arg("beta") = 1.0,
      R"(The Mittag-Leffler function E_{alpha,beta}(-x), x >= 0, 0 < alpha <= 1, 0 < beta <= 4.

Returns float64 in the shape of x, good to 2e-12 relative for beta 1 or alpha. Source: Weideman and
Trefethen, Math. Comp. 76 (2007) 1341.)");
  module.def("decay",
             &decay,
             py::arg("model"),
             py::arg("lag_s"),
             py::arg("parameters"),
             R"(g2 of a law of decay: "exp", "kww", "ml", "ml-squared", "kww2", "power-cutoff".

lag_s: s, any shape. parameters: a dict with contrast, baseline, tau_s and what the law has besides
(kww_exponent, ml_exponent, …). Returns float64 in the shape of lag_s.)");
  module.def("fit_decay",
             &fit_decay,
             py::arg("lag_s"),
             py::arg("g2"),
             py::arg("g2_errors") = py::none(),
             py::arg("model") = "kww",
             py::kw_only(),
             py::arg("fixed") = std::map<std::string, double>{},
             py::arg("bounds") = std::map<std::string, std::pair<double, double>>{},
             py::arg("covariance") = py::none(),
             R"(Fits one law of decay to one g2.

lag_s, g2, g2_errors: [lag]. fixed: parameters to hold. bounds: name to (low, high). covariance:
[lag, lag] of g2, which enters the errors.

Returns a dict: parameters and errors by name, covariance, status ("converged", "near bound", "at
bound", "unidentifiable", "not converged", "too few points"), message, chi2, chi2_reduced,
degrees_of_freedom, mean_time_s, curve. The global minimum is searched for (Golub and Pereyra, SIAM
J. Numer. Anal. 10 (1973) 413).)");
  module.def("fit_kww",
             &fit_kww<float>,
             py::arg("lag_s"),
             py::arg("curves").noconvert(),
             py::arg("sigma"),
             py::arg("fit_baseline") = false,
             fit_kww_text);
  module.def("fit_kww",
             &fit_kww<double>,
             py::arg("lag_s"),
             py::arg("curves").noconvert(),
             py::arg("sigma"),
             py::arg("fit_baseline") = false,
             fit_kww_text);
}

} // namespace vitrum::python
