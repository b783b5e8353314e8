#include "result_input.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr Index largest_without_maps = Index{1} << 22; // values; a map of 2048 frames

template <class T>
std::vector<T> row_of(const std::vector<T>& values, std::size_t row, std::size_t length) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * length);
  return {begin, begin + static_cast<std::ptrdiff_t>(length)};
}

} // namespace

Tree read_result(const std::string& path, bool maps, std::vector<std::string>* left_out) {
  io::ReadTreeOptions options;
  options.left_out = left_out;
  if (!maps)
    options.largest_array = largest_without_maps;
  auto tree = io::read_tree(path, options);
  require_result(tree, path);
  return tree;
}

bool is_result_kind(const std::string& kind) {
  constexpr std::array kinds{
      "xpcs", "ecm", "ecm_series", "ecm_stem", "fem", "md", "dsc", "thickness", "pdf"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

void require_result(const Tree& tree, const std::string& path) {
  const auto kind = tree.text("entry/kind");
  if (!is_result_kind(kind))
    throw FormatError(path,
                      "/entry/kind",
                      kind.empty() ? "no kind of result" : fmt::format("'{}'", kind),
                      tree.find_group("xpcs/multitau") != nullptr
                          ? "a result that vitrum wrote; of this 8-ID result vitrum fit makes one"
                          : "a result that vitrum wrote ('xpcs')");
}

double frame_time_of(const Tree& tree) {
  const auto lag_s = tree.numbers("entry/g2/lag_s");
  const auto lag_frames = tree.numbers("entry/g2/lag_frames");
  for (std::size_t i = 0; i < lag_s.size(); ++i)
    if (std::isfinite(lag_s[i]) && lag_frames[i] > 0)
      return tree.number_or("entry/series/frame_time_s", lag_s[i] / lag_frames[i]);
  throw DataError("entry/g2 has no lag above zero");
}

std::vector<correlate::OneTime> curves_of(const Tree& tree, const std::string& group) {
  const auto path = [&](const char* name) { return "entry/" + group + "/" + name; };
  const auto lag = tree.numbers(path("lag_frames"));
  const auto value = tree.numbers(path("g2"));
  const auto n = lag.size();
  if (n == 0 || value.size() % n != 0)
    throw DataError(fmt::format("entry/{}: {} values do not fit {} lags", group, value.size(), n));
  const auto error =
      tree.find(path("g2_errors")) != nullptr
          ? tree.numbers(path("g2_errors"))
          : std::vector<double>(value.size(), std::numeric_limits<double>::quiet_NaN());
  const auto pairs = tree.find(path("pairs")) != nullptr ? tree.numbers(path("pairs"))
                                                         : std::vector<double>(value.size(), 1);
  const auto covariance = tree.find(path("g2_covariance")) != nullptr
                              ? tree.numbers(path("g2_covariance"))
                              : std::vector<double>{};
  const auto stored = [&](const char* name) {
    return tree.find(path(name)) != nullptr ? tree.numbers(path(name)) : std::vector<double>{};
  };
  const auto deviation = stored("g2_deviation");
  const auto spread = stored("lag_spread_frames");
  const auto bins = value.size() / n;
  std::vector<correlate::OneTime> curves;
  for (std::size_t bin = 0; bin < bins; ++bin) {
    correlate::OneTime curve;
    curve.lag_frames = lag;
    curve.value = row_of(value, bin, n);
    curve.error = row_of(error, bin, n);
    for (const double count : row_of(pairs, bin, n))
      curve.pairs.push_back(static_cast<Index>(count));
    if (covariance.size() == value.size() * n)
      curve.covariance = row_of(covariance, bin, n * n);
    if (!deviation.empty())
      curve.deviation = row_of(deviation, bin, deviation.size() / bins);
    if (spread.size() == value.size())
      curve.lag_spread_frames = row_of(spread, bin, n);
    curves.push_back(std::move(curve));
  }
  return curves;
}

} // namespace vitrum::app
