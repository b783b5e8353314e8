#include "vitrum/aging/renewal.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr std::size_t parts = 8; // of ln age, left out one after another
constexpr std::size_t fewest = 40;

struct Cell {
  double log_age = 0, log_lag = 0, sum = 0, pairs = 0;
};

fit::AgingMap without(const fit::AgingMap& map, double low, double high) {
  fit::AgingMap out;
  for (std::size_t i = 0; i < map.value.size(); ++i)
    if (map.age_s[i] < low || map.age_s[i] >= high) {
      out.age_s.push_back(map.age_s[i]);
      out.lag_s.push_back(map.lag_s[i]);
      out.value.push_back(map.value[i]);
      out.sigma.push_back(map.sigma[i]);
    }
  return out;
}

} // namespace

void validate(const RenewalOptions& o) {
  if (!(o.start_s >= 0) || std::isinf(o.start_s))
    throw OptionError(fmt::format("start_s = {}: must be an age, 0 or more", o.start_s));
  if (!(o.kept >= 0 && o.kept < 1))
    throw OptionError(fmt::format("kept = {}: must lie in [0, 1)", o.kept));
  if (o.per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be positive", o.per_decade));
}

fit::AgingMap aging_cells(const MapRows& map, double frame_time_s, const RenewalOptions& options) {
  validate(options);
  const Index n = map.frames();
  const auto place = [&](double ratio) {
    return static_cast<Index>(
        std::floor(static_cast<double>(options.per_decade) * std::log10(ratio) + 1e-9));
  };
  const auto size = static_cast<std::size_t>(n);
  std::vector<Index> of_age(size), of_lag(size);
  std::vector<double> log_age(size), log_lag(size);
  for (std::size_t i = 1; i < size; ++i) {
    of_lag[i] = place(static_cast<double>(i));
    log_lag[i] = std::log(static_cast<double>(i) * frame_time_s);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const double age = options.start_s + static_cast<double>(i) * frame_time_s;
    of_age[i] = age > 0 ? place(age / frame_time_s) : 0;
    log_age[i] = std::log(age); // of age 0: not used
  }
  std::map<std::pair<Index, Index>, Cell> cells;
  std::vector<float> row(size);
  std::vector<double> steps;
  for (Index t = 1; t < n; ++t) {
    const auto later = static_cast<std::size_t>(t);
    const auto c = std::span(row).first(later);
    map.read(t, 0, c);
    Cell* cell = nullptr;
    std::pair<Index, Index> key{-1, -1};
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (std::isinf(log_age[earlier]) || std::isnan(c[earlier]))
        continue;
      const std::pair<Index, Index> here{of_age[earlier], of_lag[later - earlier]};
      if (here != key) {
        key = here;
        cell = &cells[key];
      }
      cell->log_age += log_age[earlier];
      cell->log_lag += log_lag[later - earlier];
      cell->sum += static_cast<double>(c[earlier]);
      cell->pairs += 1;
    }
    // second differences along the row: where it is smooth only noise is left
    if (t % std::max<Index>(1, n / 400) == 0)
      for (std::size_t i = 0; i + 2 < later; i += 3)
        if (const double d = double(c[i]) - 2 * double(c[i + 1]) + double(c[i + 2]);
            std::isfinite(d))
          steps.push_back(d);
  }
  fit::AgingMap out;
  double low = INFINITY, high = -INFINITY;
  for (const auto& [key, cell] : cells) {
    const double mean = cell.sum / cell.pairs;
    low = std::min(low, mean);
    high = std::max(high, mean);
    out.age_s.push_back(std::exp(cell.log_age / cell.pairs));
    out.lag_s.push_back(std::exp(cell.log_lag / cell.pairs));
    out.value.push_back(mean);
  }
  const double element = steps.empty() ? 0 : robust_deviation(steps) / std::sqrt(6.0);
  for (const auto& [key, cell] : cells)
    out.sigma.push_back(std::hypot(element / std::sqrt(cell.pairs), 0.01 * (high - low)));
  return out;
}

RenewalAnalysis
find_renewal(const MapRows& map, double frame_time_s, const RenewalOptions& options) {
  RenewalAnalysis out;
  const auto cells = aging_cells(map, frame_time_s, options);
  if (cells.value.size() < fewest) {
    out.reason =
        fmt::format("{} cells of age and lag: need at least {}", cells.value.size(), fewest);
    return out;
  }
  if (*std::max_element(cells.sigma.begin(), cells.sigma.end()) <= 0) {
    out.reason = "the map is constant";
    return out;
  }
  const auto ends = std::minmax_element(cells.age_s.begin(), cells.age_s.end());
  const double first = *ends.first;
  const double ratio = std::log(*ends.second / first * (1 + 1e-9)) / static_cast<double>(parts);
  std::vector<fit::RenewalFit> fits(parts + 1);
  parallel_for(0, static_cast<Index>(parts) + 1, 1, [&](Index begin, Index) {
    const auto k = static_cast<std::size_t>(begin);
    fits[k] = k == parts
                  ? fit::fit_renewal(cells, options.kept)
                  : fit::fit_renewal(without(cells,
                                             first * std::exp(ratio * static_cast<double>(k)),
                                             first * std::exp(ratio * static_cast<double>(k + 1))),
                                     options.kept);
  });
  out.fit = fits[parts];
  const auto error = [&](auto value) {
    Moments m;
    for (std::size_t k = 0; k < parts; ++k)
      m.add(value(fits[k]));
    // Σ (x_k − mean)² (parts − 1)/parts
    return m.deviation() * static_cast<double>(parts - 1) / std::sqrt(static_cast<double>(parts));
  };
  out.fit.tau_error_s = out.fit.tau_s * error([](const auto& f) { return std::log(f.tau_s); });
  out.fit.exponent_error = error([](const auto& f) { return f.exponent; });
  out.fit.contrast_error = error([](const auto& f) { return f.contrast; });
  out.fit.baseline_error = error([](const auto& f) { return f.baseline; });
  return out;
}

} // namespace vitrum::aging
