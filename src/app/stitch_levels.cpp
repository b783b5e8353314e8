#include "stitch_levels.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "map_sink.hpp"

namespace vitrum::app {
namespace {

constexpr Index largest = 2048; // rows of the finest level that is kept
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

} // namespace

StitchedLevels::StitchedLevels(Index frames)
    : frames_(frames), levels_(correlate::make_levels(frames)) {
  std::erase_if(levels_, [](const auto& level) { return level.size > largest; });
  if (!levels_.empty())
    finest_.assign(static_cast<std::size_t>(levels_[0].size * levels_[0].size), nan);
}

void StitchedLevels::add(Index row, Index column, Index edge, std::vector<float> chunk) {
  if (levels_.empty())
    return;
  if (row == column)
    for (Index i = 0; i < edge; ++i)
      chunk[static_cast<std::size_t>(i * edge + i)] = nan;
  const auto [factor, size] = levels_[0];
  Index now = edge;
  std::vector<float> half;
  for (Index f = 1; f < factor; f *= 2) {
    half.resize(static_cast<std::size_t>(now / 2 * (now / 2)));
    correlate::halve(chunk.data(), now, now, now, half.data(), now / 2);
    chunk.swap(half);
    now /= 2;
  }
  for (Index i = 0; i < now; ++i)
    for (Index j = 0; j < now; ++j) {
      const Index t1 = row * now + i, t2 = column * now + j;
      if (t1 >= size || t2 >= size)
        continue;
      const float value = chunk[static_cast<std::size_t>(i * now + j)];
      finest_[static_cast<std::size_t>(t1 * size + t2)] = value;
      finest_[static_cast<std::size_t>(t2 * size + t1)] = value;
    }
}

void StitchedLevels::put(Tree& group, Index bin, double frame_time_s) const {
  auto values = finest_;
  for (std::size_t l = 0; l < levels_.size(); ++l) {
    const auto [factor, size] = levels_[l];
    if (l > 0) {
      const Index above = levels_[l - 1].size;
      std::vector<float> half(static_cast<std::size_t>(size * size));
      correlate::halve(values.data(), above, above, above, half.data(), size);
      values = std::move(half);
    }
    auto& level = group.group(fmt::format("level_{}", factor));
    mark_map(level, size, factor, frame_time_s);
    auto& map = level.set("two_time_corr_func", make_array({size, size}, values, ""));
    map.attributes = map_attributes(bin, factor, true, 0);
  }
}

} // namespace vitrum::app
