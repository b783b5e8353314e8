#include "vitrum/report/truth.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "result.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

/// The true value of a parameter for a bin, NaN when unknown; one number stands for all bins.
double truth_of(const Tree& truth, const std::string& parameter, Index bins, Index bin) {
  const Array* array = truth.find(parameter);
  if (array == nullptr && (parameter == "kww_exponent" || parameter == "ml_exponent"))
    array = truth.find("exponent");
  if (array == nullptr && parameter == "kww_exponent2")
    array = truth.find("exponent2");
  if (array == nullptr && parameter == "baseline")
    return 1; // g2 of independent speckle
  if (array == nullptr || std::holds_alternative<std::vector<std::string>>(array->values) ||
      (array->size() != 1 && array->size() != bins))
    return NAN;
  return to_numbers(*array)[array->size() == 1 ? 0 : static_cast<std::size_t>(bin)];
}

} // namespace

bool truth_is_stationary(const Tree& tree) {
  return Result(tree).stationary_truth();
}

std::vector<TruthRow> compare_with_truth(const Tree& tree) {
  const Result result(tree);
  std::vector<TruthRow> rows;
  const Tree* truth = result.entry().find_group("truth");
  if (!result.stationary_truth())
    return rows;
  const std::string true_model = result.entry().text("truth/model");
  for (Index bin = 0; bin < result.bins(); ++bin)
    for (const ModelFit& fit : result.fits()) {
      if (!true_model.empty() && fit.model != true_model)
        continue;
      for (const Quantity& quantity : fit.quantities) {
        const auto k = static_cast<std::size_t>(bin);
        TruthRow row;
        row.bin = bin + 1;
        row.model = fit.model;
        row.parameter = quantity.name;
        row.unit = quantity.unit;
        row.truth = truth_of(*truth, quantity.name, result.bins(), bin);
        row.ideal = truth_of(*truth, "ideal_fit/" + quantity.name, result.bins(), bin);
        row.measured = quantity.values[k];
        row.error = quantity.errors[k];
        const double expected = std::isnan(row.ideal) ? row.truth : row.ideal;
        row.pull = row.error > 0 ? (row.measured - expected) / row.error : NAN;
        if (!std::isnan(expected))
          rows.push_back(row);
      }
    }
  return rows;
}

std::string truth_text(const std::vector<TruthRow>& rows) {
  std::string text = fmt::format("{:>4} {:<13} {:>12} {:>12}   {:<26} {}\n",
                                 "bin",
                                 "number",
                                 "truth",
                                 "exact fit",
                                 "measured",
                                 "pull");
  Index judged = 0, within_one = 0, within_two = 0;
  for (const auto& row : rows) {
    text += fmt::format("{:>4} {:<13} {:>12.5g} {:>12.5g}   {:<26} {}\n",
                        row.bin,
                        row.parameter,
                        row.truth,
                        row.ideal,
                        format_value(row.measured, row.error, row.unit),
                        std::isnan(row.pull) ? "-" : fmt::format("{:+.2f}", row.pull));
    if (std::isnan(row.pull))
      continue;
    ++judged;
    within_one += std::abs(row.pull) <= 1;
    within_two += std::abs(row.pull) <= 2;
  }
  return text +
         fmt::format("{} of {} within one error, {} within two\n", within_one, judged, within_two);
}

} // namespace vitrum::report
