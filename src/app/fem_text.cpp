#include "fem_text.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {

double number_of(const std::string& flag, const std::string& text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value))
    throw OptionError(fmt::format("--{} {}: expected a number", flag, text));
  return value;
}

std::pair<double, double> range_of(const std::string& flag, const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    throw OptionError(fmt::format("--{} {}: expected LOW:HIGH", flag, text));
  const auto end = [&](const std::string& word) {
    return word.empty() ? std::nan("") : number_of(flag, word);
  };
  return {end(text.substr(0, colon)), end(text.substr(colon + 1))};
}

std::pair<Index, Index> shape_of(const std::string& flag, const std::string& text) {
  const auto comma = text.find(',');
  const auto whole = [&](const std::string& word) {
    Index value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || stop != word.data() + word.size() || value < 1)
      throw OptionError(fmt::format("--{} {}: expected ROWS,COLUMNS", flag, text));
    return value;
  };
  if (comma == std::string::npos)
    throw OptionError(fmt::format("--{} {}: expected ROWS,COLUMNS", flag, text));
  return {whole(text.substr(0, comma)), whole(text.substr(comma + 1))};
}

} // namespace vitrum::app
