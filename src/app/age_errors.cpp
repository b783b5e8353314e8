#include "age_errors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "vitrum/core/statistics.hpp"

namespace vitrum::app {
namespace {

using correlate::AgeConvention;
using correlate::OneTime;

constexpr Index most_blocks = 40;
constexpr Index fewest_blocks = 8;
constexpr Index most_numbers = 4'000'000; // of one bin

/// The blocks of one bin as they stand in a result.
struct Blocks {
  Index count = 0, groups = 0;
  std::vector<double> first, last; // [block] ages in frames
  std::vector<double> lag_frames;  // [lag]
  std::vector<double> pairs;       // [block, lag]
  std::vector<double> deviation;   // [block, group, lag]
  AgeConvention age = AgeConvention::start;

  [[nodiscard]] std::size_t lags() const { return lag_frames.size(); }
};

template <class T>
std::vector<T> part(const std::vector<T>& all, std::size_t i, std::size_t n) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i * n);
  return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}

Blocks read_blocks(const Tree& tree, std::size_t bin) {
  Blocks blocks;
  const auto* stored = tree.find("entry/g2_blocks/deviation");
  if (stored == nullptr)
    return blocks;
  blocks.count = stored->shape.at(1);
  blocks.groups = stored->shape.at(2);
  blocks.lag_frames = tree.numbers("entry/g2/lag_frames");
  const auto cells = static_cast<std::size_t>(blocks.count) * blocks.lags();
  blocks.deviation =
      part(to_numbers(*stored), bin, cells * static_cast<std::size_t>(blocks.groups));
  blocks.pairs = part(tree.numbers("entry/g2_blocks/pairs"), bin, cells);
  blocks.first = tree.numbers("entry/g2_blocks/age_first_frames");
  blocks.last = tree.numbers("entry/g2_blocks/age_last_frames");
  if (attribute_text(tree.group_at("entry/g2_blocks").attributes, "age_convention") == "mid")
    blocks.age = AgeConvention::mid;
  if (std::all_of(
          blocks.deviation.begin(), blocks.deviation.end(), [](double d) { return std::isnan(d); }))
    blocks.count = 0; // a bin too small for groups of pixels
  return blocks;
}

/// Shares with which the stored lags make up one lag bin of the window.
std::vector<std::pair<std::size_t, double>>
lag_shares(const Blocks& blocks, const OneTime& window, std::size_t k) {
  std::vector<std::pair<std::size_t, double>> shares;
  const auto& lags = blocks.lag_frames;
  for (std::size_t l = 0; l < lags.size(); ++l)
    if (lags[l] >= static_cast<double>(window.first_lag[k]) &&
        lags[l] < static_cast<double>(window.last_lag[k]))
      shares.emplace_back(l, 1);
  if (!shares.empty())
    return shares;
  const auto above = static_cast<std::size_t>(
      std::lower_bound(lags.begin(), lags.end(), window.lag_frames[k]) - lags.begin());
  if (above == 0 || above == lags.size())
    return {{above == 0 ? 0 : above - 1, 1}};
  const double x = (window.lag_frames[k] - lags[above - 1]) / (lags[above] - lags[above - 1]);
  return {{above - 1, 1 - x}, {above, x}};
}

/// d_g of one lag bin of the window, [group]; empty when no block has pairs there.
std::vector<double>
pixel_deviations(const Blocks& blocks, const OneTime& window, AgeConvention age, std::size_t k) {
  // the ages of the window in the convention of the blocks
  const double half = window.lag_frames[k] / 2;
  const double shift = age == blocks.age ? 0 : age == AgeConvention::mid ? -half : half;
  const double first = static_cast<double>(window.ages.first) + shift;
  const double last = static_cast<double>(window.ages.last) + shift;
  std::vector<double> sum(static_cast<std::size_t>(blocks.groups), 0.0);
  double weight = 0;
  for (const auto& [l, share] : lag_shares(blocks, window, k))
    for (std::size_t b = 0; b < blocks.first.size(); ++b) {
      const double length = blocks.last[b] - blocks.first[b];
      const double overlap = std::min(last, blocks.last[b]) - std::max(first, blocks.first[b]);
      const double pairs = blocks.pairs[b * blocks.lags() + l] * share * overlap / length;
      if (!(pairs > 0))
        continue;
      const double short_window = std::sqrt(std::max(length / (last - first), 1.0));
      weight += pairs;
      for (std::size_t g = 0; g < sum.size(); ++g)
        sum[g] += short_window * pairs * blocks.deviation[(b * sum.size() + g) * blocks.lags() + l];
    }
  if (!(weight > 0))
    return {};
  for (double& d : sum)
    d /= weight;
  return sum;
}

/// The share of the scatter of time blocks that the pixels do not explain, as a factor of its
/// deviations; 0 where it is not significant. Sums over neighbouring blocks leave about nine
/// degrees of freedom of the sixteen blocks.
double excess_factor(double time_variance, double pixel_variance) {
  constexpr double degrees = 9;
  constexpr double significant = 0.05;
  const double ratio = time_variance / pixel_variance;
  if (!(ratio > 1) || chi2_survival(ratio * degrees, degrees) >= significant)
    return 0;
  return std::sqrt(1 - 1 / ratio);
}

} // namespace

std::vector<correlate::AgeWindow>
make_error_blocks(Index frames, Index groups, const correlate::LagOptions& lags) {
  const auto bins = static_cast<Index>(correlate::make_lag_edges(frames, lags).size()) - 1;
  const Index count = std::min({most_blocks, frames / 2, most_numbers / (groups * bins)});
  std::vector<correlate::AgeWindow> blocks;
  if (count < fewest_blocks)
    return blocks;
  for (Index b = 0; b < count; ++b)
    blocks.push_back({frames * b / count, frames * (b + 1) / count});
  return blocks;
}

void add_error_blocks(Tree& tree,
                      const std::vector<std::vector<OneTime>>& blocks,
                      AgeConvention age) {
  Index groups = 0;
  for (const auto& bin : blocks)
    for (const auto& block : bin)
      groups = std::max(groups, block.error_groups);
  if (blocks.empty() || blocks[0].empty() || groups == 0)
    return;
  const auto lags = blocks[0][0].value.size();
  std::vector<float> deviation;
  std::vector<Index> pairs, first, last;
  for (const auto& bin : blocks)
    for (const auto& block : bin) {
      const auto rows = static_cast<std::size_t>(block.error_groups) * lags;
      const auto size = static_cast<std::ptrdiff_t>(rows);
      deviation.insert(deviation.end(), block.deviation.begin(), block.deviation.begin() + size);
      deviation.resize(deviation.size() + static_cast<std::size_t>(groups) * lags - rows,
                       rows == 0 ? std::numeric_limits<float>::quiet_NaN() : 0.0F);
      pairs.insert(pairs.end(), block.pairs.begin(), block.pairs.end());
    }
  for (const auto& block : blocks[0]) {
    first.push_back(block.ages.first);
    last.push_back(block.ages.last);
  }
  const auto nbins = static_cast<Index>(blocks.size());
  const auto nblocks = static_cast<Index>(first.size());
  const auto nlags = static_cast<Index>(lags);
  auto& group = tree.group("entry/g2_blocks");
  group.attributes["NX_class"] = std::string("NXcollection");
  group.attributes["age_convention"] = std::string(age == AgeConvention::mid ? "mid" : "start");
  group.set("deviation", make_array({nbins, nblocks, groups, nlags}, std::move(deviation), ""));
  group.set("pairs", make_array({nbins, nblocks, nlags}, std::move(pairs), ""));
  group.set("age_first_frames", make_array(first, "frames"));
  group.set("age_last_frames", make_array(last, "frames"));
}

bool set_pixel_errors(OneTime& window, AgeConvention age, const Tree& tree, std::size_t bin) {
  const auto blocks = read_blocks(tree, bin);
  if (blocks.count == 0)
    return false;
  const auto n = window.value.size();
  const auto groups = static_cast<std::size_t>(blocks.groups);
  const auto time_rows = static_cast<std::size_t>(window.deviation_rank());
  std::vector<double> rows((groups + time_rows) * n, std::numeric_limits<double>::quiet_NaN());
  window.common_mode.assign(n, 0);
  for (std::size_t k = 0; k < n; ++k) {
    window.error[k] = std::numeric_limits<double>::quiet_NaN();
    if (window.pairs[k] == 0)
      continue;
    const auto pixels = pixel_deviations(blocks, window, age, k);
    if (pixels.empty())
      continue;
    double pixel_variance = 0, time_variance = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      rows[g * n + k] = pixels[g];
      pixel_variance += pixels[g] * pixels[g];
    }
    for (std::size_t r = 0; r < time_rows; ++r)
      time_variance += window.deviation[r * n + k] * window.deviation[r * n + k];
    const double factor = excess_factor(time_variance, pixel_variance); // 0 for NaN
    for (std::size_t r = 0; r < time_rows; ++r)
      rows[(groups + r) * n + k] = factor == 0 ? 0 : factor * window.deviation[r * n + k];
    window.common_mode[k] = factor > 0 ? 1 : 0;
    window.error[k] =
        std::sqrt(pixel_variance + factor * factor * (factor > 0 ? time_variance : 0));
  }
  window.deviation = std::move(rows);
  window.covariance.clear(); // the deviations are its factor
  window.error_groups = blocks.groups;
  return true;
}

} // namespace vitrum::app
