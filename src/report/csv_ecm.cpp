#include <cmath>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "result.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

/// Columns of equal length from one group, "" when the first is absent. Names that are not there
/// are left out.
std::string table(const Tree& root,
                  const std::string& comment,
                  const std::string& group,
                  const std::vector<std::string>& names) {
  const Result result(root);
  std::string header;
  std::vector<std::vector<double>> columns;
  for (const auto& name : names) {
    const Array* array = result.entry().find(group + "/" + name);
    if (array == nullptr) {
      if (columns.empty())
        return "";
      continue;
    }
    header += (header.empty() ? "" : ",") + name;
    columns.push_back(to_numbers(*array));
  }
  std::string text = "# " + comment + "\n" + header + "\n";
  for (std::size_t i = 0; i < columns.front().size(); ++i) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      text += (c == 0 ? "" : ",") + exact_number(columns[c][i]);
    text += "\n";
  }
  return text;
}

} // namespace

std::string csv_drift(const Tree& result) {
  return table(result,
               "position of the sample relative to the first frame; errors of each coordinate",
               "drift",
               {"time_s", "y_px", "x_px", "y_px_errors"});
}

std::string csv_tau_histogram(const Tree& result) {
  return table(result,
               "fraction of the fitted pixels per unit of ln tau, and the log-normal laws",
               "pixels",
               {"tau_s", "density", "density_fit", "density_without_noise"});
}

std::string csv_duration(const Tree& result) {
  return table(result,
               "fits of the image's g2 of the first part of the series",
               "duration",
               {"duration_s",
                "tau_s",
                "tau_s_errors",
                "kww_exponent",
                "kww_exponent_errors",
                "time_mean_tau_s",
                "time_mean_kww_exponent",
                "predicted_tau_s",
                "predicted_kww_exponent"});
}

std::string csv_four_point(const Tree& root) {
  const Result result(root);
  const auto lag = result.numbers("four_point/lag_s", 1);
  const auto distance = result.numbers("four_point/distance_nm", 1);
  if (!lag || !distance)
    return "";
  std::string text =
      "# four-point correlation of places a distance apart, at one time and half a "
      "series apart\nlag_s,distance_nm,together,together_errors,apart,apart_errors\n";
  std::vector<std::vector<double>> columns;
  for (const char* name : {"together", "together_errors", "apart", "apart_errors"})
    columns.push_back(result.entry().numbers(std::string("four_point/") + name));
  for (std::size_t k = 0; k < lag->size(); ++k)
    for (std::size_t r = 0; r < distance->size(); ++r) {
      text += exact_number((*lag)[k]) + "," + exact_number((*distance)[r]);
      for (const auto& column : columns)
        text += "," + exact_number(column[k * distance->size() + r]);
      text += "\n";
    }
  return text;
}

std::string csv_ecm_series(const Tree& result) {
  return table(result,
               "one line per result",
               "ecm_series",
               {"value",
                "duration_s",
                "tau_s",
                "tau_s_errors",
                "kww_exponent",
                "kww_exponent_errors",
                "contrast",
                "contrast_errors",
                "fitted_fraction",
                "tau_median_s",
                "tau_median_s_errors",
                "tau_log_sigma",
                "tau_log_sigma_errors",
                "tau_correlation_length_nm",
                "tau_correlation_length_nm_errors",
                "slow_area_fraction",
                "time_mean_tau_expected_s",
                "drift_total_px",
                "drift_residual_rms_px"});
}

std::string csv_tau_map(const Tree& root) {
  const Result result(root);
  const Array* tau = result.entry().find("map/tau_s");
  if (tau == nullptr || tau->shape.size() != 2)
    return "";
  const char* names[] = {"tau_s",
                         "log_tau_errors",
                         "kww_exponent",
                         "kww_exponent_errors",
                         "contrast",
                         "contrast_errors"};
  std::vector<std::vector<double>> columns;
  for (const char* name : names)
    columns.push_back(result.entry().numbers(std::string("map/") + name));
  const auto accepted = result.entry().numbers("map/accepted");
  std::string text =
      "# one line per accepted pixel of the field\ny,x,tau_s,log_tau_error,kww_exponent,"
      "kww_exponent_error,contrast,contrast_error\n";
  const auto width = static_cast<std::size_t>(tau->shape[1]);
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    if (accepted[i] == 0)
      continue;
    text += fmt::format("{},{}", i / width, i % width);
    for (const auto& column : columns)
      text += fmt::format(",{:.6g}", column[i]);
    text += "\n";
  }
  return text;
}

} // namespace vitrum::report
