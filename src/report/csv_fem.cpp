#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "fem_parts.hpp"
#include "vitrum/report/fem_figures.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

/// Columns of equal length, appended as lines that begin with `start`. Columns that are not there
/// are NaN.
std::string lines(const Tree& group,
                  const std::string& start,
                  const std::string& first,
                  const std::vector<std::string>& names) {
  const auto lead = group.numbers(first);
  std::vector<std::vector<double>> columns{lead};
  for (const auto& name : names) {
    const Array* array = group.find(name);
    columns.push_back(array == nullptr ? std::vector<double>(
                                             lead.size(), std::numeric_limits<double>::quiet_NaN())
                                       : to_numbers(*array));
  }
  std::string text;
  for (std::size_t i = 0; i < lead.size(); ++i) {
    text += start;
    for (const auto& column : columns)
      text += "," + exact_number(column[i]);
    text += '\n';
  }
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += "," + name;
  return text + "\n";
}

std::string series_of(std::size_t i, const FemPart& part) {
  return fmt::format(
      "{},{},{}", i + 1, exact_number(part.probe_nm), exact_number(part.temperature_c));
}

constexpr const char* series_header = "series,probe_size_nm,temperature_c";

} // namespace

std::string csv_fem_variance(const Tree& root) {
  const auto parts = fem_parts(root);
  if (parts.empty())
    return "";
  std::vector<std::string> names{"variance", "variance_errors", "intensity", "intensity_errors"};
  for (const char* definition :
       {"image", "annular-mean", "ring-mean", "ring-ensemble", "mean-ratio"})
    for (const char* column : {"value", "value_errors", "raw", "shot_noise", "bias"})
      names.push_back(fmt::format("definition/{}/{}", definition, column));
  auto header = names;
  for (auto& name : header) {
    if (name.starts_with("definition/"))
      name = name.substr(11);
    std::replace(name.begin(), name.end(), '/', '_');
    std::replace(name.begin(), name.end(), '-', '_');
  }
  std::string text = heading(Result(root), "normalised variance against k = 1/d") + series_header +
                     "," + named("k", parts[0].unit) + joined(header);
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += lines(*parts[i].group, series_of(i, parts[i]), "k", names);
  return text;
}

std::string csv_fem_peaks(const Tree& root) {
  const auto parts = fem_parts(root);
  bool any = false;
  const std::vector<std::string> names{"k_inv_nm",
                                       "height",
                                       "width_inv_nm",
                                       "integral",
                                       "maximum_k_inv_nm",
                                       "maximum_height",
                                       "split/found",
                                       "split/p",
                                       "split/information_gain",
                                       "split/first_k",
                                       "split/second_k",
                                       "split/separation"};
  const auto has_error = [](const std::string& name) {
    return name != "split/found" && name != "split/p" && name != "split/information_gain";
  };
  std::string text =
      heading(Result(root), "peaks of the normalised variance") + series_header + ",peak";
  for (auto name : names) {
    const bool error = has_error(name);
    std::replace(name.begin(), name.end(), '/', '_');
    text += "," + name + (error ? "," + name + "_error" : "");
  }
  text += '\n';
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tree* peaks = parts[i].group->find_group("peak");
    for (Index n = 1; peaks != nullptr && peaks->find_group(fmt::format("{}", n)) != nullptr; ++n) {
      const Tree& peak = peaks->group_at(fmt::format("{}", n));
      any = true;
      text += fmt::format("{},{}", series_of(i, parts[i]), n);
      const auto number = [&](std::string name) {
        constexpr double none = std::numeric_limits<double>::quiet_NaN();
        if (peak.find(name) == nullptr) // without a scale k is in pixels
          if (const auto at = name.find("inv_nm"); at != std::string::npos)
            name.replace(at, 6, "px");
        return exact_number(peak.number_or(name, none));
      };
      for (const auto& name : names) {
        text += "," + number(name);
        if (has_error(name))
          text += "," + number(name + "_errors");
      }
      text += '\n';
    }
  }
  return any ? text : "";
}

std::string csv_fem_lengths(const Tree& root) {
  const Tree* sv = root.find_group("entry/stratton_voyles");
  const Tree* pp = root.find_group("entry/pair_persistence");
  if (sv == nullptr || pp == nullptr)
    return "";
  std::string text =
      heading(Result(root), "height of the first peak against the probe size R, Q = 0.61/R") +
      "probe_size_nm,inverse_square_size [1/nm^2],height,height_error,q_squared "
      "[1/nm^2],q_squared_over_height [1/nm^2],q_squared_over_height_error\n";
  std::vector<std::vector<double>> columns;
  for (const char* name : {"probe_size_nm", "inverse_square_size", "height", "height_errors"})
    columns.push_back(sv->numbers(name));
  for (const char* name : {"q_squared", "ratio", "ratio_errors"})
    columns.push_back(pp->numbers(name));
  for (std::size_t i = 0; i < columns[0].size(); ++i)
    for (std::size_t c = 0; c < columns.size(); ++c)
      text += exact_number(columns[c][i]) + (c + 1 < columns.size() ? "," : "\n");
  return text;
}

std::string csv_fem_places(const Tree& root) {
  const auto parts = fem_parts(root);
  std::string text =
      heading(Result(root), "each place of the probe, in the order of the patterns") +
      series_header + ",pattern,intensity,local_variance,crystal_score,center_x_px,center_y_px\n";
  bool any = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Tree* places = parts[i].group->find_group("places");
    if (places == nullptr || places->find("intensity") == nullptr)
      continue;
    any = true;
    std::vector<std::vector<double>> columns;
    for (const char* name :
         {"intensity", "local_variance", "crystal_score", "center_x_px", "center_y_px"})
      columns.push_back(places->find(name) == nullptr ? std::vector<double>{}
                                                      : places->numbers(name));
    for (std::size_t p = 0; p < columns[0].size(); ++p) {
      text += fmt::format("{},{}", series_of(i, parts[i]), p);
      for (const auto& column : columns)
        text += "," + (p < column.size() ? exact_number(column[p]) : std::string("nan"));
      text += '\n';
    }
  }
  return any ? text : "";
}

std::string csv_fem_symmetries(const Tree& root) {
  const auto parts = fem_parts(root);
  std::string text =
      heading(Result(root), "coefficients of symmetry of the rings at the first peak") +
      series_header + ",order,symmetry,symmetry_error\n";
  bool any = false;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (const Tree* angular = parts[i].group->find_group("angular")) {
      any = true;
      text += lines(*angular, series_of(i, parts[i]), "order", {"symmetry", "symmetry_errors"});
    }
  return any ? text : "";
}

} // namespace vitrum::report
