#include "vitrum/report/csv.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {

std::string named(const std::string& name, const std::string& unit) {
  return unit.empty() ? name : fmt::format("{} [{}]", name, unit);
}

std::string heading(const Result& result, std::string_view what) {
  std::string text = fmt::format("# {}\n", what);
  if (const auto title = result.entry().text("title"); !title.empty())
    text += fmt::format("# title: {}\n", title);
  for (const std::string& input : result.entry().texts("process/inputs"))
    text += fmt::format("# input: {}\n", input);
  if (const auto version = result.entry().text("process/version"); !version.empty())
    text += fmt::format("# vitrum {}\n", version);
  return text;
}

namespace {

std::string q_header(const Result& result) {
  return result.q().empty()
             ? ""
             : named(",q",
                     result.entry().find_group("bins") == nullptr
                         ? ""
                         : attribute_text(result.entry().find_group("bins")->attributes, "q_unit"));
}

std::string q_value(const Result& result, Index bin) {
  return result.q().empty() ? "" : "," + exact_number(result.q()[static_cast<std::size_t>(bin)]);
}

std::string formulas(const std::vector<ModelFit>& fits) {
  std::string text;
  for (const ModelFit& fit : fits)
    if (!fit.formula.empty())
      text += fmt::format("# {}: {}\n", fit.model, fit.formula);
  return text;
}

/// Every quantity of any model, in order of appearance.
std::vector<Quantity> all_columns(const std::vector<ModelFit>& fits) {
  std::vector<Quantity> columns;
  for (const ModelFit& fit : fits)
    for (const Quantity& quantity : fit.quantities)
      if (std::none_of(columns.begin(), columns.end(), [&](const Quantity& c) {
            return c.name == quantity.name;
          }))
        columns.push_back(quantity);
  return columns;
}

std::string column_header(const std::vector<Quantity>& columns) {
  std::string text;
  for (const Quantity& c : columns)
    text += fmt::format(",{},{}", named(c.name, c.unit), named(c.name + "_error", c.unit));
  return text;
}

std::string fit_values(const ModelFit& fit, const std::vector<Quantity>& columns, Index i) {
  std::string text;
  for (const Quantity& column : columns) {
    const Quantity* quantity = fit.find(column.name);
    const auto k = static_cast<std::size_t>(i);
    text += quantity == nullptr ? std::string(",,")
                                : fmt::format(",{},{}",
                                              exact_number(quantity->values[k]),
                                              exact_number(quantity->errors[k]));
  }
  const auto k = static_cast<std::size_t>(i);
  return text + "," + (k < fit.status.size() ? fit.status[k] : "");
}

} // namespace

std::string csv_g2(const Tree& root, const std::string& group) {
  const Result result(root);
  const auto g2 = result.g2(group);
  if (!g2)
    return "";
  const auto fits = result.fits(group);
  const auto lags = static_cast<Index>(g2->lag_s.size());
  const auto pairs = result.quantity(group + "/pairs", {result.bins(), lags});
  std::string text = heading(result, group + " against lag") + formulas(fits);
  text += "bin" + q_header(result) + ",lag [s],g2,g2_error" + (pairs ? ",pairs" : "");
  for (const ModelFit& fit : fits)
    if (!fit.curve.empty())
      text += ",fit_" + fit.model;
  text += '\n';
  for (Index bin = 0; bin < result.bins(); ++bin)
    for (Index lag = 0; lag < lags; ++lag) {
      const auto i = static_cast<std::size_t>(bin * lags + lag);
      text += fmt::format("{}{},{},{},{}",
                          bin + 1,
                          q_value(result, bin),
                          exact_number(g2->lag_s[static_cast<std::size_t>(lag)]),
                          exact_number(g2->values[i]),
                          exact_number(g2->errors[i]));
      if (pairs)
        text += "," + exact_number(pairs->values[i]);
      for (const ModelFit& fit : fits)
        if (!fit.curve.empty())
          text += "," + exact_number(fit.curve[i]);
      text += '\n';
    }
  return text;
}

std::string csv_fits(const Tree& root, const std::string& group) {
  const Result result(root);
  const auto fits = result.fits(group);
  if (fits.empty())
    return "";
  const auto columns = all_columns(fits);
  std::string text = heading(result, "fits of " + group) + formulas(fits);
  text += "bin" + q_header(result) + ",model" + column_header(columns) + ",status\n";
  for (Index bin = 0; bin < result.bins(); ++bin)
    for (const ModelFit& fit : fits)
      text += fmt::format(
          "{}{},{}{}\n", bin + 1, q_value(result, bin), fit.model, fit_values(fit, columns, bin));
  return text;
}

std::string csv_windows(const Tree& root) {
  const Result result(root);
  const auto windows = result.windows();
  if (!windows)
    return "";
  const auto fits = result.window_fits();
  const auto columns = all_columns(fits);
  const Index n = windows->count();
  const auto plateau = result.quantity("window/plateau", {result.bins(), n});
  std::string text = heading(result, "windows of age") + formulas(fits);
  text += "bin" + q_header(result) + ",window,age [s]";
  text += plateau ? ",plateau,plateau_error" : "";
  text += fits.empty() ? "" : ",model" + column_header(columns) + ",status";
  text += '\n';
  for (Index bin = 0; bin < result.bins(); ++bin)
    for (Index k = 0; k < n; ++k) {
      const auto i = static_cast<std::size_t>(bin * n + k);
      std::string start = fmt::format("{}{},{},{}",
                                      bin + 1,
                                      q_value(result, bin),
                                      k + 1,
                                      exact_number(windows->age_s[static_cast<std::size_t>(k)]));
      if (plateau)
        start += fmt::format(
            ",{},{}", exact_number(plateau->values[i]), exact_number(plateau->errors[i]));
      if (fits.empty())
        text += start + "\n";
      for (const ModelFit& fit : fits)
        text += fmt::format("{},{}{}\n", start, fit.model, fit_values(fit, columns, bin * n + k));
    }
  return text;
}

std::string csv_window_curves(const Tree& root) {
  const Result result(root);
  const auto windows = result.windows();
  const auto lag_s = result.numbers("window/lag_s", 1);
  if (!windows || !lag_s)
    return "";
  const Index n = windows->count();
  const auto lags = static_cast<Index>(lag_s->size());
  const auto g2 = result.quantity("window/g2", {result.bins(), n, lags});
  if (!g2)
    return "";
  const auto decay = result.quantity("window/decay", {result.bins(), n, lags});
  std::string text = heading(result, "g2 and normalised decay R of the windows of age");
  text += "bin" + q_header(result) + ",window,age [s],lag [s],g2,g2_error";
  text += decay ? ",decay,decay_error\n" : "\n";
  for (Index bin = 0; bin < result.bins(); ++bin)
    for (Index k = 0; k < n; ++k)
      for (Index lag = 0; lag < lags; ++lag) {
        const auto i = static_cast<std::size_t>((bin * n + k) * lags + lag);
        text += fmt::format("{}{},{},{},{},{},{}",
                            bin + 1,
                            q_value(result, bin),
                            k + 1,
                            exact_number(windows->age_s[static_cast<std::size_t>(k)]),
                            exact_number((*lag_s)[static_cast<std::size_t>(lag)]),
                            exact_number(g2->values[i]),
                            exact_number(g2->errors[i]));
        if (decay)
          text +=
              fmt::format(",{},{}", exact_number(decay->values[i]), exact_number(decay->errors[i]));
        text += '\n';
      }
  return text;
}

std::string csv_intensity(const Tree& root) {
  const Result result(root);
  const auto time = result.numbers("intensity/time_s", 1);
  if (!time)
    return "";
  const auto n = static_cast<Index>(time->size());
  const auto mean = result.quantity("intensity/mean_counts", {n});
  const auto bins = result.quantity("intensity/bin_mean_counts", {result.bins(), n});
  std::string text = heading(result, "counts per pixel and frame against time") + "time [s]";
  text += mean ? ",mean_counts" : "";
  for (Index bin = 0; bins && bin < result.bins(); ++bin)
    text += fmt::format(",bin_{}", bin + 1);
  text += '\n';
  for (Index t = 0; t < n; ++t) {
    const auto k = static_cast<std::size_t>(t);
    text += exact_number((*time)[k]);
    if (mean)
      text += "," + exact_number(mean->values[k]);
    for (Index bin = 0; bins && bin < result.bins(); ++bin)
      text += "," + exact_number(bins->values[static_cast<std::size_t>(bin * n + t)]);
    text += '\n';
  }
  return text;
}

std::string csv_static(const Tree& root) {
  const Result result(root);
  const auto q = result.numbers("saxs/q_inv_angstrom", 1);
  if (!q)
    return "";
  const auto n = static_cast<Index>(q->size());
  const auto intensity = result.quantity("saxs/intensity", {n});
  if (!intensity)
    return "";
  const auto segments = result.numbers("saxs/segments", 2);
  const Index parts = segments && n > 0 ? static_cast<Index>(segments->size()) / n : 0;
  const auto unit = attribute_text(result.entry().at("saxs/q_inv_angstrom").attributes, "units");
  const auto phi = result.quantity("saxs/phi_deg", {n});
  const bool sectors = phi && n > 0 && !std::isnan(phi->values[0]);
  std::string text = heading(result, "mean intensity of static bins, counts as detected") +
                     named("q", unit) + (sectors ? ",phi [deg]" : "") +
                     ",intensity,intensity_error";
  for (Index part = 0; part < parts; ++part)
    text += fmt::format(",segment_{}", part + 1);
  text += '\n';
  for (Index i = 0; i < n; ++i) {
    const auto k = static_cast<std::size_t>(i);
    text += fmt::format("{}{},{},{}",
                        exact_number((*q)[k]),
                        sectors ? "," + exact_number(phi->values[k]) : "",
                        exact_number(intensity->values[k]),
                        exact_number(intensity->errors[k]));
    for (Index part = 0; part < parts; ++part)
      text += "," + exact_number((*segments)[static_cast<std::size_t>(part * n + i)]);
    text += '\n';
  }
  return text;
}

} // namespace vitrum::report
