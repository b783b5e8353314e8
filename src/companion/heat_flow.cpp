#include "vitrum/companion/heat_flow.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "header_facts.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

constexpr double zero_celsius_k = 273.15;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Places {
  std::optional<std::size_t> temperature, flow, time;
};

std::string described(const NamedColumns& table) {
  std::vector<std::string> list;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    list.push_back(table.names[c].empty()
                       ? fmt::format("{}", c + 1)
                       : fmt::format("{} '{}{}'",
                                     c + 1,
                                     table.names[c],
                                     table.units[c].empty() ? "" : " [" + table.units[c] + "]"));
  return fmt::format("{}", fmt::join(list, ", "));
}

std::size_t stated_column(const NamedColumns& table, const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (number >= 1 && number <= table.columns.size())
      return number - 1;
  } else if (const auto at = std::find(table.names.begin(), table.names.end(), text);
             at != table.names.end()) {
    return static_cast<std::size_t>(at - table.names.begin());
  }
  throw OptionError(fmt::format("no column '{}'; the table has {}", text, described(table)));
}

Places stated_places(const NamedColumns& table, const std::vector<std::string>& statements) {
  Places places;
  for (const auto& one : statements) {
    const auto equals = one.find('=');
    const std::string what = one.substr(0, equals);
    auto* place = what == "temperature" ? &places.temperature
                  : what == "heat-flow" ? &places.flow
                  : what == "time"      ? &places.time
                                        : nullptr;
    if (place == nullptr || equals == std::string::npos)
      throw OptionError(fmt::format(
          "column '{}': expected temperature=, heat-flow= or time= and a number or name", one));
    *place = stated_column(table, one.substr(equals + 1));
  }
  return places;
}

bool contains(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) {
    return text.find(word) != std::string::npos;
  });
}

/// How well a column fits, 0: not at all.
int temperature_rank(const std::string& name, const std::string& unit) {
  const bool of_unit = !temperature_unit_of(unit).empty();
  if (name == "ts" || contains(name, {"sample temp"}))
    return 4;
  if (contains(name, {"temp"}))
    return 3;
  return name == "t" && of_unit ? 2 : of_unit ? 1 : 0;
}

int flow_rank(const std::string& name, const std::string& unit) {
  if (contains(name, {"deriv", "temp", "time", "cp", "capacity", "sensit"}))
    return 0;
  const double factor = flow_unit_of(unit).factor;
  const int specific = factor > 0 && flow_unit_of(unit).per_gram ? 1 : 0;
  if (contains(name, {"heat flow", "heatflow", "heat_flow", "dsc", "w\xC3\xA4rmestrom"}))
    return 4 + specific;
  return factor > 0 ? 2 + specific : 0;
}

int time_rank(const std::string& name, const std::string& unit) {
  if (contains(name, {"time", "zeit"}))
    return 2;
  return name == "t" && seconds_of(unit) > 0 ? 1 : 0;
}

template <class Rank>
std::optional<std::size_t> best(const NamedColumns& table, Rank&& rank) {
  std::optional<std::size_t> found;
  int highest = 0;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (const int r = rank(lower(table.names[c]), table.units[c]); r > highest) {
      highest = r;
      found = c;
    }
  return found;
}

Places find_places(const NamedColumns& table, const HeatFlowStatement& stated) {
  Places places = stated_places(table, stated.columns);
  if (!places.temperature)
    places.temperature = best(table, temperature_rank);
  if (!places.flow)
    places.flow = best(table, flow_rank);
  if (!places.time)
    places.time = best(table, time_rank);
  const bool named = std::any_of(
      table.names.begin(), table.names.end(), [](const auto& name) { return !name.empty(); });
  if (!named && table.columns.size() == 2 && !places.temperature && !places.flow)
    places = {0, 1, std::nullopt};
  if (!places.temperature || !places.flow || places.temperature == places.flow)
    throw DataError(fmt::format("which column is {} is not clear from {}; say so with --columns "
                                "temperature=N,heat-flow=N",
                                places.temperature ? "the heat flow" : "the temperature",
                                described(table)));
  return places;
}

/// The rate of a heating by least squares against time.
double rate_of(std::span<const double> temperature, std::span<const double> seconds) {
  const Moments t = moments(seconds), y = moments(temperature);
  double covariance = 0;
  for (std::size_t i = 0; i < seconds.size(); ++i)
    covariance += (seconds[i] - t.mean) * (temperature[i] - y.mean);
  constexpr double seconds_per_minute = 60;
  return seconds_per_minute * covariance / t.sum_squares;
}

/// Rows whose temperature exceeds all before, so that the curve is a function of it.
std::vector<std::size_t> rising_rows(std::span<const double> temperature, Index first, Index last) {
  std::vector<std::size_t> rows;
  double highest = -std::numeric_limits<double>::infinity();
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
    if (temperature[i] > highest) {
      highest = temperature[i];
      rows.push_back(i);
    }
  return rows;
}

} // namespace

std::vector<std::pair<Index, Index>> find_heatings(std::span<const double> temperature) {
  constexpr double back_k = 2, least_k = 10;
  std::vector<std::pair<Index, Index>> heatings;
  const auto n = static_cast<Index>(temperature.size());
  Index low = 0, high = 0;
  const auto close = [&] {
    if (temperature[static_cast<std::size_t>(high)] - temperature[static_cast<std::size_t>(low)] >=
        least_k)
      heatings.emplace_back(low, high + 1);
  };
  for (Index i = 0; i < n; ++i) {
    const double now = temperature[static_cast<std::size_t>(i)];
    if (now > temperature[static_cast<std::size_t>(high)]) {
      high = i;
    } else if (now < temperature[static_cast<std::size_t>(high)] - back_k) {
      close();
      low = high = i;
    }
    if (high == low && now <= temperature[static_cast<std::size_t>(low)])
      low = high = i;
  }
  if (n > 0)
    close();
  return heatings;
}

HeatFlow make_heat_flow(const NamedColumns& table, const HeatFlowStatement& stated) {
  const Places places = find_places(table, stated);
  HeatFlow out;
  std::string t_unit = stated.temperature_unit;
  if (t_unit.empty())
    t_unit = temperature_unit_of(table.units[*places.temperature]);
  if (t_unit != "C" && t_unit != "K") {
    if (!stated.temperature_unit.empty())
      throw OptionError(fmt::format("--temperature-unit {}: expected C or K", t_unit));
    throw DataError("the unit of the temperature is not stated; give --temperature-unit C or K");
  }
  auto temperature = table.columns[*places.temperature];
  const auto& raw = table.columns[*places.flow];
  for (std::size_t i = 0; i < temperature.size(); ++i)
    if (!std::isfinite(temperature[i]) || !std::isfinite(raw[i]))
      throw DataError(fmt::format("row {}: temperature {} and heat flow {}, expected numbers",
                                  i + 1,
                                  temperature[i],
                                  raw[i]));
  if (t_unit == "K")
    for (double& t : temperature)
      t -= zero_celsius_k;

  const auto heatings = find_heatings(temperature);
  if (heatings.empty())
    throw DataError("the temperature never rises by 10 K: no heating to analyse");
  const Index wanted = stated.segment == 0 ? 1 : stated.segment;
  if (wanted < 1 || wanted > static_cast<Index>(heatings.size()))
    throw OptionError(fmt::format("--segment {}: the programme has {} heatings, expected 1 to {}",
                                  stated.segment,
                                  heatings.size(),
                                  heatings.size()));
  if (stated.segment == 0 && heatings.size() > 1)
    out.notes.push_back(fmt::format("the programme has {} heatings; the first is analysed "
                                    "(another: --segment)",
                                    heatings.size()));
  const auto [first, last] = heatings[static_cast<std::size_t>(wanted - 1)];

  const std::string flow_text =
      stated.flow_unit.empty() ? table.units[*places.flow] : stated.flow_unit;
  const FlowUnit unit = flow_unit_of(flow_text);
  if (!stated.flow_unit.empty() && unit.factor == 0)
    throw OptionError(fmt::format("--heat-flow-unit {}: expected W/g, mW/mg, mW/g, W, mW or uW",
                                  stated.flow_unit));
  out.mass_mg = std::isnan(stated.mass_mg) ? mass_in(table.header) : stated.mass_mg;
  if (!std::isnan(out.mass_mg) && !(out.mass_mg > 0))
    throw OptionError(fmt::format("--mass {}: must be positive", out.mass_mg));
  double scale = 1;
  if (unit.factor > 0 && unit.per_gram) {
    out.unit = "W/g";
    scale = unit.factor;
  } else if (unit.factor > 0 && !std::isnan(out.mass_mg)) {
    out.unit = "W/g"; // mW/mg
    scale = unit.factor / out.mass_mg;
  } else if (unit.factor > 0) {
    out.unit = "mW";
    scale = unit.factor;
    out.notes.emplace_back("no mass of the sample is known: enthalpies are not per gram (--mass)");
  } else {
    out.notes.emplace_back("the unit of the heat flow is not known: no enthalpies, no heat "
                           "capacities (--heat-flow-unit)");
  }

  const auto rows = rising_rows(temperature, first, last);
  out.rate_k_per_min = stated.rate_k_per_min;
  if (!std::isnan(out.rate_k_per_min) && !(out.rate_k_per_min > 0))
    throw OptionError(fmt::format("--heating-rate {}: must be positive", out.rate_k_per_min));
  if (places.time && std::isnan(out.rate_k_per_min)) {
    const double to_s = seconds_of(table.units[*places.time]);
    if (to_s > 0) {
      std::vector<double> t, s;
      for (const auto i : rows) {
        t.push_back(temperature[i]);
        s.push_back(table.columns[*places.time][i] * to_s);
      }
      const double rate = rate_of(t, s);
      if (std::isfinite(rate) && rate > 0)
        out.rate_k_per_min = rate;
    }
  }
  if (std::isnan(out.rate_k_per_min))
    out.rate_k_per_min = heating_rate_in(table.header);
  if (std::isnan(out.rate_k_per_min))
    out.notes.emplace_back("no heating rate is known: no enthalpies, no heat capacities "
                           "(--heating-rate)");

  const std::string exo = stated.exo.empty() ? exo_in(table.header, table.names) : stated.exo;
  if (exo != "up" && exo != "down" && !exo.empty())
    throw OptionError(fmt::format("--exo {}: expected up or down", exo));
  for (const auto i : rows) {
    out.temperature_c.push_back(temperature[i]);
    out.flow.push_back(raw[i] * scale);
  }
  out.exo_up = exo == "up";
  if (exo.empty()) {
    out.exo_up = exotherms_point_up(out.temperature_c, out.flow);
    out.notes.push_back(fmt::format("exotherms point {}, as the first large peak after a step of "
                                    "the other direction tells (--exo states it)",
                                    out.exo_up ? "up" : "down"));
  }
  if (out.exo_up)
    for (double& h : out.flow)
      h = -h;
  return out;
}

} // namespace vitrum::companion
