#include "vitrum/plot/ticks.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::plot {
namespace {

constexpr double tiny = 1e-9; // of a step: rounding of the limits must not lose a tick

std::string with_minus(std::string text) {
  if (text.starts_with('-'))
    text.replace(0, 1, "−");
  return text;
}

std::string fixed(double value, int decimals) {
  const double unit = std::pow(10.0, -decimals);
  if (std::abs(value) < 0.5 * unit)
    value = 0; // never "−0.00"
  return with_minus(fmt::format("{:.{}f}", value, decimals));
}

struct Step {
  double size;
  int exponent; // of its power of ten
  int parts;    // into which minor ticks divide it
};

Step nice_step(double span, Index wanted) {
  const double raw = span / static_cast<double>(std::max<Index>(wanted, 1));
  const int exponent = static_cast<int>(std::floor(std::log10(raw) + tiny));
  const double unit = std::pow(10.0, exponent);
  for (const auto& [factor, parts] : {std::pair{1, 5}, {2, 4}, {5, 5}})
    if (raw <= factor * unit * (1 + tiny))
      return {factor * unit, exponent, parts};
  return {10 * unit, exponent + 1, 5};
}

/// 1, 2 and 5 times powers of ten inside the limits.
std::vector<double> one_two_five(double lower, double upper) {
  std::vector<double> values;
  const int first = static_cast<int>(std::floor(std::log10(lower)));
  const int last = static_cast<int>(std::floor(std::log10(upper)));
  for (int e = first; e <= last; ++e)
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, e);
      if (value >= lower * (1 - tiny) && value <= upper * (1 + tiny))
        values.push_back(value);
    }
  return values;
}

void add_log_minor(Ticks& ticks, double lower, double upper, int first, int last) {
  for (int e = first - 1; e <= last; ++e)
    for (int factor = 2; factor <= 9; ++factor) {
      const double value = factor * std::pow(10.0, e);
      if (value >= lower && value <= upper)
        ticks.minor.push_back(value);
    }
}

} // namespace

std::string superscript(int number) {
  constexpr std::array<const char*, 10> digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char c : std::to_string(number))
    text += c == '-' ? "⁻" : digits[static_cast<std::size_t>(c - '0')];
  return text;
}

std::string power_of_ten(int exponent) {
  return "10" + superscript(exponent);
}

std::string scaled_label(const std::string& label, int exponent) {
  if (exponent == 0)
    return label;
  const auto open = label.rfind('(');
  if (open == std::string::npos || !label.ends_with(')'))
    return fmt::format("{} ({})", label, power_of_ten(exponent));
  return fmt::format(
      "{}({} {}", label.substr(0, open), power_of_ten(exponent), label.substr(open + 1));
}

std::string short_number(double value, int digits) {
  if (std::isnan(value))
    return "–";
  if (std::isinf(value))
    return value > 0 ? "∞" : "−∞";
  if (value == 0)
    return "0";
  const auto scientific = fmt::format("{:.{}e}", value, std::max(digits - 1, 0));
  const auto place = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(place + 1));
  const auto strip = [](std::string text) {
    if (text.find('.') != std::string::npos) {
      text.erase(text.find_last_not_of('0') + 1);
      if (text.ends_with('.'))
        text.pop_back();
    }
    return text;
  };
  if (exponent < -3 || exponent > 5)
    return with_minus(strip(scientific.substr(0, place))) + "×" + power_of_ten(exponent);
  return with_minus(strip(fmt::format("{:.{}f}", value, std::max(digits - 1 - exponent, 0))));
}

Ticks linear_ticks(double lower, double upper, Index wanted, bool may_scale) {
  if (!std::isfinite(lower) || !std::isfinite(upper) || !(lower < upper))
    throw DataError(fmt::format("ticks of an axis from {} to {}", lower, upper));
  const Step step = nice_step(upper - lower, wanted);
  const auto first = static_cast<Index>(std::ceil(lower / step.size - tiny));
  const auto last = static_cast<Index>(std::floor(upper / step.size + tiny));

  Ticks ticks;
  const double largest = std::max(std::abs(lower), std::abs(upper));
  const int top = static_cast<int>(std::floor(std::log10(largest) + tiny));
  if (may_scale && (top >= 5 || top <= -4))
    ticks.exponent = top >= 5 ? top / 3 * 3 : -((-top + 2) / 3 * 3); // thousands, as SI prefixes
  const double unit = std::pow(10.0, ticks.exponent);
  const int decimals = std::max(0, ticks.exponent - step.exponent);
  for (Index i = first; i <= last; ++i) {
    const double value = static_cast<double>(i) * step.size;
    ticks.major.push_back({value, fixed(value / unit, decimals)});
  }
  for (Index i = (first - 1) * step.parts; i <= (last + 1) * step.parts; ++i) {
    const double value = static_cast<double>(i) * step.size / step.parts;
    if (i % step.parts != 0 && value >= lower && value <= upper)
      ticks.minor.push_back(value);
  }
  return ticks;
}

Ticks log_ticks(double lower, double upper, Index wanted) {
  if (!(lower > 0) || !std::isfinite(upper) || !(lower < upper))
    throw DataError(fmt::format("ticks of a logarithmic axis from {} to {}", lower, upper));
  const int first = static_cast<int>(std::ceil(std::log10(lower) - tiny));
  const int last = static_cast<int>(std::floor(std::log10(upper) + tiny));
  const int decades = last - first + 1;
  const double covered = std::log10(upper / lower);

  Ticks ticks;
  if (decades >= 2 && covered >= 1.5) {
    const int room = static_cast<int>(std::max<Index>(wanted, 2));
    const int stride = (decades + room - 1) / room;
    for (int e = first; e <= last; ++e) {
      const double value = std::pow(10.0, e);
      if (e % stride == 0)
        ticks.major.push_back({value, power_of_ten(e)});
      else
        ticks.minor.push_back(value);
    }
    if (decades <= 2 * room && decades <= 14)
      add_log_minor(ticks, lower, upper, first, last);
    return ticks;
  }
  const auto values = one_two_five(lower, upper);
  if (values.size() < 3) {
    ticks = linear_ticks(lower, upper, wanted, false);
    std::erase_if(ticks.major, [](const Tick& tick) { return tick.value <= 0; });
    return ticks;
  }
  for (const double value : values)
    ticks.major.push_back({value, short_number(value, 1)});
  add_log_minor(ticks, lower, upper, first, last + 1);
  std::erase_if(ticks.minor, [&](double minor) {
    return std::any_of(values.begin(), values.end(), [&](double value) {
      return std::abs(value - minor) < tiny * value;
    });
  });
  return ticks;
}

} // namespace vitrum::plot
