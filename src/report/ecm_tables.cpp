#include <cmath>

#include <fmt/format.h>

#include "html.hpp"
#include "map_panel.hpp"
#include "result.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

struct Row {
  const char* path; // below entry
  const char* what;
};
constexpr Row population[] = {
    {"pixels/fitted_fraction", "accepted share of the pixels"},
    {"pixels/tau_median_s", "median τ without the noise of the fits"},
    {"pixels/tau_log_sigma", "standard deviation of ln τ without the noise"},
    {"pixels/tau_log_sigma_histogram", "the same from the histogram alone"},
    {"pixels/tau_log_sigma_seen", "as seen"},
    {"pixels/tau_log_sigma_noise", "of the noise of the fits"},
    {"pixels/tau_correlation_length_nm", "correlation length of ln τ without that of speckle"},
    {"domains/number", "domains of τ > 2 τ(image)"},
    {"domains/area_fraction", "share of the area in them"},
    {"domains/median_nm2", "median area of a domain"},
    {"domains/largest_nm2", "largest domain"},
    {"four_point/length_at_tau_nm", "length of the four-point correlation at τ"},
    {"pixels/time_mean_tau_expected_s", "τ that time means would show"},
    {"pixels/time_mean_kww_exponent_expected", "exponent that time means would show"}};

} // namespace

std::string ecm_pixel_table(const Tree& root) {
  const Result result(root);
  Table maps({"accepted pixels", "1 %", "16 %", "median", "84 %", "99 %"});
  for (const auto& [name, what, unit] : {std::tuple("tau_s", "τ", "s"),
                                         std::tuple("kww_exponent", "β", ""),
                                         std::tuple("contrast", "contrast", ""),
                                         std::tuple("log_tau_errors", "error of ln τ", "")}) {
    const auto map = map_values(result.entry(), name);
    if (!map || !map->any_number())
      continue;
    std::vector<double> values;
    for (const float v : map->values)
      if (std::isfinite(v))
        values.push_back(static_cast<double>(v));
    std::vector<std::string> cells{what};
    for (const double share : {0.01, 0.16, 0.5, 0.84, 0.99})
      cells.push_back(format_value(quantile(values, share), NAN, unit));
    maps.add(std::move(cells));
  }
  Table numbers({});
  for (const Row& row : population)
    if (const auto quantity = result.quantity(row.path, {});
        quantity && std::isfinite(quantity->values[0]))
      numbers.add(
          {row.what, format_value(quantity->values[0], quantity->errors[0], quantity->unit)});
  return (maps.empty() ? "" : maps.html()) + (numbers.empty() ? "" : numbers.html());
}

} // namespace vitrum::report
