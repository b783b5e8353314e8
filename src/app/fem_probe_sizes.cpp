// Which probe size and temperature each series has, and whether files say otherwise.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "fem_text.hpp"
#include "result_input.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

bool same_size(double a, double b) {
  constexpr double rounded = 0.01;
  return std::abs(a - b) <= rounded * b;
}

bool among(double size, const std::vector<double>& sizes) {
  return std::any_of(sizes.begin(), sizes.end(), [&](double one) { return same_size(size, one); });
}

/// Lengths that the name of a file states: 1.3 of "x_1.3nm.h5", "x_1p3 nm.h5"; of "x_1_3nm.h5",
/// which may number the file, both 3 and 1.3.
std::vector<double> sizes_in_name(const std::string& path) {
  const auto name = std::filesystem::path(path.substr(0, path.find("::"))).filename().string();
  const auto is = [&](std::size_t i, auto kind) {
    return i < name.size() && kind(static_cast<unsigned char>(name[i])) != 0;
  };
  const auto digit = [](int c) { return std::isdigit(c); };
  const auto first_digit = [&](std::size_t end) {
    while (end > 0 && is(end - 1, digit))
      --end;
    return end;
  };
  std::vector<double> out;
  for (std::size_t unit = 1; unit + 1 < name.size(); ++unit) {
    if (std::tolower(name[unit]) != 'n' || std::tolower(name[unit + 1]) != 'm' ||
        is(unit + 2, [](int c) { return std::isalpha(c); }))
      continue;
    const std::size_t end = unit - (std::string(" _-").find(name[unit - 1]) != std::string::npos);
    const std::size_t begin = first_digit(end);
    if (begin == end)
      continue;
    const auto last = name.substr(begin, end - begin);
    const char point = begin > 1 ? name[begin - 1] : ' ';
    const std::size_t whole = begin > 1 ? first_digit(begin - 1) : begin;
    const bool has_whole = begin > 1 && whole < begin - 1;
    if (const bool decimal = point == '.' || point == ',' || point == 'p';
        has_whole && (decimal || point == '_')) {
      out.push_back(std::stod(name.substr(whole, begin - 1 - whole) + "." + last));
      if (decimal)
        continue;
    }
    out.push_back(std::stod(last));
  }
  return out;
}

/// The probe size that a file of patterns knows, NaN for none, and the name of the series.
std::pair<double, std::string> known_size(const std::string& path, const InputFlags& input) {
  if (is_table(path))
    return {not_given, path};
  const auto series = open_input(path, input);
  for (const auto& [name, value] : series.info().metadata)
    if (name == "probe size (nm)")
      return {number_of(name, value), series.info().path};
  return {not_given, series.info().path};
}

} // namespace

std::vector<double> per_series(const std::string& flag,
                               const std::vector<std::string>& list,
                               std::size_t series,
                               bool one_for_all) {
  if (list.empty())
    return std::vector<double>(series, not_given);
  if (list.size() != series && !(one_for_all && list.size() == 1))
    throw OptionError(fmt::format(
        "--{}: {} values for {} series, expected one for each", flag, list.size(), series));
  std::vector<double> values;
  for (std::size_t i = 0; i < series; ++i)
    values.push_back(number_of(flag, list[list.size() == 1 ? 0 : i]));
  return values;
}

void check_sizes(const std::vector<std::string>& patterns,
                 const std::vector<double>& probe,
                 bool temperatures) {
  for (std::size_t i = 0; i < probe.size(); ++i) {
    if (!std::isnan(probe[i]) && !(probe[i] > 0))
      throw OptionError(fmt::format("--probe-size {}: must be positive", probe[i]));
    for (std::size_t j = 0; j < i && !temperatures; ++j)
      if (probe[i] == probe[j])
        throw OptionError(fmt::format("--probe-size {}: both of {} and of {}, expected different "
                                      "ones, or --temperature",
                                      probe[i],
                                      patterns[j],
                                      patterns[i]));
  }
}

std::vector<std::string> check_known_sizes(const std::vector<std::string>& patterns,
                                           const std::vector<double>& probe,
                                           const InputFlags& input) {
  std::vector<std::string> warnings;
  std::vector<std::vector<double>> named;
  for (const auto& path : patterns)
    named.push_back(sizes_in_name(path));
  // what stands in all names alike is no probe size
  const bool differ =
      std::adjacent_find(named.begin(), named.end(), std::not_equal_to<>()) != named.end();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (std::isnan(probe[i]))
      continue;
    const auto [known, path] = known_size(patterns[i], input);
    if (!std::isnan(known)) {
      if (!same_size(probe[i], known))
        throw DataError(fmt::format("{}: --probe-size {} nm, expected {} nm, which the file has: "
                                    "sizes are given in the order of the files",
                                    path,
                                    probe[i],
                                    known));
      continue;
    }
    if (!differ || named[i].empty() || among(probe[i], named[i]))
      continue;
    for (std::size_t j = 0; j < patterns.size(); ++j)
      if (j != i && among(probe[j], named[i]))
        throw OptionError(fmt::format("{}: --probe-size {} nm, but its name says {} nm, which is "
                                      "given for {}: sizes are given in the order of the files",
                                      patterns[i],
                                      probe[i],
                                      probe[j],
                                      patterns[j]));
    warnings.push_back(fmt::format("{}: --probe-size {} nm, but its name says {} nm: sizes are "
                                   "given in the order of the files",
                                   patterns[i],
                                   probe[i],
                                   named[i].front()));
  }
  return warnings;
}

} // namespace vitrum::app
