#include "foreign_map.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/recognise.hpp"

namespace vitrum::app {
namespace {

using Map = io::MatrixOf<float>;

void require_numbers(const Map& map, const std::string& path) {
  bool any = false; // pair of two frames
  for (Index i = 0; i < map.rows; ++i)
    for (Index j = 0; j < map.columns; ++j) {
      const float c = map.values[static_cast<std::size_t>(i * map.columns + j)];
      if (std::isinf(c))
        throw FormatError(path,
                          fmt::format("element {}, {}", i, j),
                          fmt::format("C = {}", c),
                          "a number, or NaN for a gap");
      any = any || (i != j && !std::isnan(c));
    }
  if (!any)
    throw FormatError(path, "", "C is NaN for every pair of frames", "a two-time map");
}

/// A triangle is completed; a map that is neither a triangle nor symmetric is refused.
void complete(Map& map, const std::string& path) {
  const Index n = map.rows;
  auto at = [&](Index i, Index j) -> float& {
    return map.values[static_cast<std::size_t>(i * n + j)];
  };
  bool upper = false;
  bool lower = false;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j) {
      lower |= at(i, j) != 0 && !std::isnan(at(i, j));
      upper |= at(j, i) != 0 && !std::isnan(at(j, i));
    }
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j) {
      if (!lower)
        at(i, j) = at(j, i);
      else if (!upper)
        at(j, i) = at(i, j);
      else if (std::isnan(at(i, j)) != std::isnan(at(j, i)) ||
               std::abs(at(i, j) - at(j, i)) > 1e-4F * std::abs(at(i, j)))
        throw FormatError(path,
                          fmt::format("element {}, {}", i, j),
                          fmt::format("C = {} but {} across the diagonal", at(i, j), at(j, i)),
                          "a symmetric two-time map or one triangle of it");
    }
}

} // namespace

bool is_result(const std::string& path) {
  if (path.find("::") != std::string::npos || !io::is_hdf5(path))
    return false;
  return io::hdf5_has(path, "/entry/kind");
}

Map read_foreign_map(const std::string& path) {
  auto map = io::read_float_matrix(path);
  if (map.rows != map.columns || map.rows < 2)
    throw FormatError(path,
                      "",
                      fmt::format("{} x {} values", map.rows, map.columns),
                      "a square two-time map of at least 2 x 2");
  require_numbers(map, path);
  complete(map, path);
  return map;
}

double asked_frame_time(double given, const std::string& path) {
  if (std::isnan(given))
    throw OptionError(fmt::format(
        "{}: the map does not know the time from frame to frame; give --frame-time SECONDS", path));
  if (!(given > 0) || std::isinf(given))
    throw OptionError(fmt::format("--frame-time {}: expected a positive number of seconds", given));
  return given;
}

} // namespace vitrum::app
