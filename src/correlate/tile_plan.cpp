#include "vitrum/correlate/tile_plan.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index largest_tile =
    480; // frames; its square of floats still fits the second-level cache
constexpr Index smallest_tile = 96;
constexpr Index tiles_wanted = 4; // along one edge, so that the threads share the work evenly

Index choose_tile(Index frames, Index asked) {
  if (asked > 0)
    return asked;
  const Index edge = std::clamp(frames / tiles_wanted, smallest_tile, largest_tile);
  return (edge + 47) / 48 * 48; // whole panels of frames
}

} // namespace

void validate(const TwoTimeOptions& options) {
  if (options.tile < 0)
    throw OptionError(fmt::format("tile = {}: must not be negative", options.tile));
  if (options.max_lag < 0)
    throw OptionError(fmt::format("max_lag = {}: must not be negative", options.max_lag));
}

std::vector<Index> TilePlan::all() const {
  std::vector<Index> list(places.size());
  std::iota(list.begin(), list.end(), Index{0});
  return list;
}

Index TilePlan::number_of(Index row0, Index col0) const {
  // two runs: below the diagonal by row and column, then the diagonal
  const auto before = [](const TilePlace& a, const TilePlace& b) {
    return std::tuple(a.diagonal(), a.row0, a.col0) < std::tuple(b.diagonal(), b.row0, b.col0);
  };
  const TilePlace wanted{row0, 0, col0, 0};
  const auto found = std::lower_bound(places.begin(), places.end(), wanted, before);
  if (found == places.end() || found->row0 != row0 || found->col0 != col0)
    return -1;
  return static_cast<Index>(found - places.begin());
}

TilePlan make_tile_plan(Index frames, const TwoTimeOptions& options) {
  validate(options);
  TilePlan plan;
  plan.frames = frames;
  plan.edge = std::min(choose_tile(frames, options.tile), std::max<Index>(frames, 1));
  const Index edge = plan.edge;
  for (Index row = 0; row < frames; row += edge)
    for (Index col = 0; col < row; col += edge) {
      const TilePlace place{row, std::min(edge, frames - row), col, std::min(edge, frames - col)};
      if (options.max_lag == 0 || place.least_lag() <= options.max_lag)
        plan.places.push_back(place);
    }
  for (Index row = 0; row < frames; row += edge) {
    const Index rows = std::min(edge, frames - row);
    plan.places.push_back({row, rows, row, rows});
  }
  return plan;
}

} // namespace vitrum::correlate
