#include "pixel_pieces.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index piece_pixels = 4096;            // work of one turn of a thread
constexpr Index piece_bytes = Index{256} << 20; // for the sums of all pieces

} // namespace

std::vector<Piece> make_pieces(const PixelGroups& groups, Index entries) {
  const Index sums = 3 * std::max<Index>(groups.static_bins, 1) * entries;
  const Index most = std::max<Index>(piece_bytes / (8 * sums), 1);
  const Index pixels =
      std::max(piece_pixels, (groups.pixels() / most + strip_block) / strip_block * strip_block);
  std::vector<Piece> pieces;
  for (Index g = 0; g < groups.groups(); ++g)
    for (Index p = groups.group_begin[g]; p < groups.group_begin[g + 1]; p += pixels)
      pieces.push_back({g, p, std::min(p + pixels, groups.group_begin[g + 1])});
  return pieces;
}

std::vector<PixelSums> fold_pieces(const std::vector<Piece>& pieces,
                                   const std::vector<PixelSums>& sums,
                                   const SumRules& rules,
                                   Index groups) {
  std::vector<PixelSums> folded(static_cast<std::size_t>(groups), PixelSums(rules));
  for (std::size_t i = 0; i < pieces.size(); ++i)
    folded[pieces[i].group].add(sums[i]);
  return folded;
}

SumRules make_rules(const LagPlan& plan,
                    std::span<const std::uint8_t> valid,
                    const PixelGroups& groups,
                    const PixelG2Options& options) {
  SumRules rules;
  rules.normalization = options.normalization;
  rules.weight_by_pixels = options.weight_by_pixels;
  rules.static_bins = groups.static_bins;
  rules.valid_frames = valid.size() - std::count(valid.begin(), valid.end(), std::uint8_t{0});
  if (rules.valid_frames < 2)
    throw DataError(fmt::format("{} frames are valid, need at least 2", rules.valid_frames));
  rules.lags = count_lag_pairs(plan, valid);
  return rules;
}

void add_block(PixelSums& sums,
               const SumRules& rules,
               const StripStates& states,
               const StripBlock& block,
               const PixelGroups& groups,
               StripSums& strip) {
  for (Index s = 0; s < block.strips(); ++s) {
    const Index first = s * strip_width;
    states.finish(block.first_strip + s, strip);
    add_strip(sums,
              rules,
              strip,
              std::min(strip_width, block.pixels - first),
              states.shift(block.first_strip + s),
              groups.static_bin.data() + block.first_pixel + first);
  }
}

bool sums_fit(const LagPlan& plan, float most) {
  const double coarsest = static_cast<double>(plan.levels.back().frames_per_step);
  return static_cast<double>(most) * static_cast<double>(most) * coarsest *
             static_cast<double>(plan.frames) <
         9007199254740992.0; // 2^53
}

} // namespace vitrum::correlate
