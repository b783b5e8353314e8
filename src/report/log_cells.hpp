// The cells of a two-time map with a logarithmic lag axis, as they stand in a result.
#pragma once
#include <optional>
#include <vector>

#include "result.hpp"

namespace vitrum::report {

/// Row k holds lags [first_lag, last_lag) in cells that are as wide in age: cell j of it, at
/// values[begin[k] + j], the pairs whose earlier frame lies in [j, j + 1) · (last_lag − first_lag).
struct LogCells {
  Index frames = 0;
  double frame_time_s = 1;
  std::vector<Index> first_lag, last_lag; // [row]
  std::vector<Index> begin;               // [row + 1]
  std::vector<double> values, errors, pairs;

  [[nodiscard]] Index rows() const { return static_cast<Index>(first_lag.size()); }
  [[nodiscard]] Index width(Index row) const;
  [[nodiscard]] Index cells(Index row) const;
};

/// Throws DataError for arrays that do not fit together.
[[nodiscard]] std::optional<LogCells> log_cells(const Result& result, Index bin);

} // namespace vitrum::report
