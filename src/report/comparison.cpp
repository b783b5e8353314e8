#include "comparison.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "html.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

std::vector<std::vector<double>>
rows_of(const std::vector<double>& values, Index first, Index rows) {
  std::vector<std::vector<double>> list;
  const auto bins_rows = static_cast<Index>(values.size());
  const Index size = rows == 0 ? 0 : bins_rows / rows;
  for (Index i = 0; i < rows; ++i)
    list.push_back(row_copy(values, first + i, size));
  return list;
}

std::string probability_text(double p) {
  if (std::isnan(p))
    return "–";
  return p < 1e-4 ? fmt::format("{:.0e}", std::max(p, 1e-99)) : fmt::format("{:.2g}", p);
}

} // namespace

std::optional<ComparisonOfBin> comparison_of(const Result& result, Index bin) {
  const Tree* group = result.entry().find_group("comparison");
  if (group == nullptr || bin < 1 || bin > result.bins())
    return std::nullopt;
  ComparisonOfBin c;
  c.models = group->texts("model");
  const Index bins = result.bins(), count = static_cast<Index>(c.models.size()), b = bin - 1;
  const auto read = [&](const char* name, std::size_t dimensions) {
    auto values = result.numbers(std::string("comparison/") + name, dimensions);
    return values ? *values : std::vector<double>{};
  };
  const auto per_bin = [&](const char* name) {
    const auto all = read(name, 2);
    return row_copy(all, b, static_cast<Index>(all.size()) / bins);
  };
  const auto per_model = [&](const char* name) {
    const auto all = read(name, 3);
    const Index size = static_cast<Index>(all.size()) / (bins * count);
    return rows_of(row_copy(all, b, size * count), 0, count);
  };
  c.lag_s = per_bin("lag_s");
  c.decay = per_bin("decay");
  c.decay_errors = per_bin("decay_errors");
  c.fits = per_model("decay_fit");
  c.curve_lag_s = per_bin("curve_lag_s");
  c.ml_short_time = per_bin("ml_short_time");
  c.ml_long_time = per_bin("ml_long_time");
  c.has_limits = std::any_of(
      c.ml_long_time.begin(), c.ml_long_time.end(), [](double v) { return std::isfinite(v); });
  c.curves = per_model("curve");
  c.goodness = per_bin("goodness");
  c.held_out = per_bin("held_out");
  c.tau_with_factor_s = per_bin("tau_with_factor_s");
  c.tau_without_factor_s = per_bin("tau_without_factor_s");
  c.probability = per_model("probability");
  c.statistic = per_model("statistic");
  if (const auto d = result.quantity("comparison/lag_difference_s", {bins})) {
    c.lag_difference_s = d->values[static_cast<std::size_t>(b)];
    c.lag_difference_error_s = d->errors[static_cast<std::size_t>(b)];
  }
  c.lag_difference_level = read("lag_difference_level", 1)[static_cast<std::size_t>(b)];
  c.verdict = group->texts("verdict")[static_cast<std::size_t>(b)];
  c.reason = group->texts("reason")[static_cast<std::size_t>(b)];
  c.normalised_by = group->texts("normalised_by")[static_cast<std::size_t>(b)];
  if (const auto found = group->attributes.find("level"); found != group->attributes.end())
    if (const auto* value = std::get_if<double>(&found->second))
      c.level = *value;
  auto fits = result.compared_fits();
  for (const auto& model : c.models) // in the order of the arrays
    for (auto& fit : fits)
      if (fit.model == model)
        c.fit.push_back(fit);
  return c;
}

std::string csv_comparison(const Tree& root) {
  const Result result(root);
  std::string text;
  for (Index bin = 1; bin <= result.bins(); ++bin) {
    const auto c = comparison_of(result, bin);
    if (!c)
      return "";
    if (bin == 1) {
      text = heading(result, "laws of decay compared: decay normalised by the plateaus of a fit");
      text += "bin,normalised_by,lag [s],decay,decay_error";
      for (const auto& model : c->models)
        text += "," + model;
      text += "\n";
    }
    for (std::size_t i = 0; i < c->lag_s.size(); ++i) {
      if (std::isnan(c->lag_s[i]))
        continue;
      text += fmt::format("{},{},{},{},{}",
                          bin,
                          c->normalised_by,
                          exact_number(c->lag_s[i]),
                          exact_number(c->decay[i]),
                          exact_number(c->decay_errors[i]));
      for (const auto& fit : c->fits)
        text += "," + exact_number(fit[i]);
      text += "\n";
    }
  }
  return text;
}

std::string comparison_text(const Result& result) {
  std::string html;
  for (Index bin = 1; bin <= result.bins(); ++bin) {
    const auto comparison = comparison_of(result, bin);
    if (!comparison)
      return "";
    const auto& c = *comparison;
    const auto place = static_cast<std::size_t>(bin - 1);
    html += element(
        "p",
        escaped(fmt::format("{}: {}. {}.",
                            result.bin_title(bin),
                            c.verdict == "undecided"
                                ? "undecided"
                                : fmt::format("the data prefer {}", display_model(c.verdict)),
                            c.reason)));
    Table table({"law",
                 "τ, with factor 2 (s)",
                 "τ, without (s)",
                 "exponent",
                 "χ²",
                 "dof",
                 "P(χ²)",
                 "AIC",
                 "BIC",
                 "held-out lags",
                 "least p against a rival"});
    for (std::size_t m = 0; m < c.models.size() && m < c.fit.size(); ++m) {
      const auto value = [&](const char* name) {
        const Quantity* q = c.fit[m].find(name);
        return q == nullptr ? NAN : q->values[place];
      };
      const Quantity* exponent = c.fit[m].exponent();
      double least = NAN;
      for (const double p : c.probability[m])
        least = std::isnan(p) ? least : std::fmin(least, p);
      const double dof = value("degrees_of_freedom");
      const auto number = [](double v) {
        return std::isnan(v) ? std::string("–") : fmt::format("{:.4g}", v);
      };
      table.add({display_model(c.models[m]),
                 number(c.tau_with_factor_s[m]),
                 number(c.tau_without_factor_s[m]),
                 exponent == nullptr
                     ? "–"
                     : format_value(exponent->values[place], exponent->errors[place]),
                 number(value("chi2_reduced") * dof),
                 number(dof),
                 probability_text(c.goodness[m]),
                 number(value("aic")),
                 number(value("bic")),
                 number(c.held_out[m]),
                 probability_text(least)});
    }
    html += table.html();
    if (c.models.size() >= 2 && std::isfinite(c.lag_difference_s))
      html += element(
          "p",
          escaped(fmt::format("Where both fits have fallen to {:.3g}, {} is later than {} by {}.",
                              c.lag_difference_level,
                              display_model(c.models[1]),
                              display_model(c.models[0]),
                              format_value(c.lag_difference_s, c.lag_difference_error_s, "s"))));
  }
  return html;
}

} // namespace vitrum::report
