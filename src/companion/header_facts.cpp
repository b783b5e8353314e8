#include "header_facts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

#include "curve_fit.hpp"
#include "vitrum/companion/thermal_peaks.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::companion {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// What is looked at of a line: regular expressions recurse with the length of the text.
std::string clipped(const std::string& line) {
  constexpr std::size_t longest = 300;
  return line.substr(0, longest);
}

/// Numbers as headers write them, with a point or a comma.
double to_double(std::string text) {
  std::replace(text.begin(), text.end(), ',', '.');
  return std::strtod(text.c_str(), nullptr);
}

} // namespace

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string temperature_unit_of(const std::string& unit) {
  if (unit == "K" || unit == "Kelvin" || unit == "kelvin")
    return "K";
  const std::string text = lower(unit);
  for (const char* celsius : {"c",
                              "\xC2\xB0"
                              "c",
                              "degc",
                              "deg c",
                              "\xE2\x84\x83",
                              "celsius"})
    if (text == celsius)
      return "C";
  return "";
}

FlowUnit flow_unit_of(const std::string& unit) {
  std::string text;
  for (const char c : unit)
    if (c != ' ')
      text += c;
  for (const char* power : {"^-1", "\xE2\x81\xBB\xC2\xB9"})
    if (text.ends_with(power))
      text.erase(text.size() - std::string(power).size());
  if (text == "W/g" || text == "mW/mg" || text == "Wg" || text == "W*g" || text == "mWmg")
    return {1, true};
  if (text == "mW/g" || text == "mWg")
    return {1e-3, true};
  if (text == "W/kg")
    return {1e-3, true};
  if (text == "W")
    return {1e3, false};
  if (text == "mW")
    return {1, false};
  if (text == "uW" || text == "\xC2\xB5W" || text == "\xCE\xBCW")
    return {1e-3, false};
  return {};
}

double seconds_of(const std::string& unit) {
  const std::string text = lower(unit);
  if (text == "s" || text == "sec" || text == "seconds")
    return 1;
  if (text == "min" || text == "minutes")
    return 60;
  if (text == "h" || text == "hours")
    return 3600;
  return 0;
}

double mass_in(std::span<const std::string> header) {
  // "reference mass" and "crucible mass" are others
  static const std::regex of_sample("^[^a-z]*(sample\\s*(mass|weight|size)|size|mass|weight|"
                                    "einwaage|probenmasse)[^0-9]*([0-9]+[.,]?[0-9]*)",
                                    std::regex::icase);
  for (const auto& whole : header) {
    const std::string line = clipped(whole);
    if (std::smatch found; std::regex_search(line, found, of_sample)) {
      const double value = to_double(found[3]);
      const std::string rest = lower(line);
      if (rest.find("mg") != std::string::npos && value > 0)
        return value;
      if (std::regex_search(rest, std::regex("[0-9 /\\[(]g\\b")) && value > 0)
        return 1e3 * value;
    }
  }
  return nan;
}

double heating_rate_in(std::span<const std::string> header) {
  static const std::regex rate("([0-9]+[.,]?[0-9]*)\\s*\\(?(K|C|\xC2\xB0"
                               "C|\xE2\x84\x83)\\s*(/\\s*min|\\s*min\\^?-1)");
  double found = nan;
  for (const auto& whole : header) {
    const std::string line = clipped(whole);
    for (std::sregex_iterator it(line.begin(), line.end(), rate), end; it != end; ++it) {
      const double value = to_double((*it)[1]);
      if (!(value > 0))
        continue;
      if (!std::isnan(found) && found != value)
        return nan;
      found = value;
    }
  }
  return found;
}

std::string exo_in(std::span<const std::string> header, std::span<const std::string> names) {
  static const std::regex up("(\\^\\s*exo|exo\\s*\\^|exo(therm(ic|al)?)?\\s*[:=_]?\\s*up|"
                             "endo(therm(ic|al)?)?\\s*[:=_]?\\s*down)",
                             std::regex::icase),
      down("(exo(therm(ic|al)?)?\\s*[:=_]?\\s*down|endo(therm(ic|al)?)?\\s*[:=_]?\\s*up|"
           "\\^\\s*endo|endo\\s*\\^)",
           std::regex::icase);
  for (const auto lines : {header, names})
    for (const auto& whole : lines) {
      const std::string line = clipped(whole);
      if (std::regex_search(line, up))
        return "up";
      if (std::regex_search(line, down))
        return "down";
    }
  return "";
}

bool exotherms_point_up(std::span<const double> temperature_c, std::span<const double> flow) {
  const auto smooth = smoothed(temperature_c, flow);
  std::vector<double> turned(smooth);
  for (double& h : turned)
    h = -h;
  const auto high = find_maxima(smooth), low = find_maxima(turned);
  double largest = 0;
  for (const auto* list : {&high, &low})
    for (const auto& peak : *list)
      largest = std::max(largest, peak.prominence);
  constexpr double share = 0.2, noises = 10;
  if (!(largest > noises * noise_of(flow)))
    throw DataError("no peak stands out of the noise, so that the direction of exotherms cannot be "
                    "found; give --exo up or down");
  const auto first_large = [&](const std::vector<Extremum>& list) {
    for (const auto& peak : list)
      if (peak.prominence >= share * largest)
        return temperature_c[static_cast<std::size_t>(peak.at)];
    return std::numeric_limits<double>::infinity();
  };
  return first_large(high) < first_large(low);
}

} // namespace vitrum::companion
