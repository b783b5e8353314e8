#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "one_time_cells.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/correlate/pixel_groups.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double common_mode_probability = 0.05;
constexpr Index fewest_time_blocks = 6;

/// Means over a run of blocks: D and, per group, the deviations e_g of the header's formula.
struct Level {
  std::vector<Index> pairs;      // [bin]
  std::vector<double> lag_mean;  // [bin]
  std::vector<double> mean;      // [bin]: D = C − 1
  std::vector<double> deviation; // [group, bin]: e_g
};

/// `group_scale[g]` turns a sum over the pixels of group g into a mean.
Level level_of(const Cells& cells,
               Index first_block,
               Index last_block,
               std::span<const double> group_scale) {
  const Index bins = cells.bins;
  const Index groups = cells.groups;
  Level level;
  level.pairs.assign(static_cast<std::size_t>(bins), 0);
  level.lag_mean.assign(static_cast<std::size_t>(bins), nan);
  level.mean.assign(static_cast<std::size_t>(bins), nan);
  level.deviation.assign(static_cast<std::size_t>(groups * bins), 0.0);
  std::vector<ExactSum> by_group(static_cast<std::size_t>(groups));
  std::vector<double> shift(static_cast<std::size_t>(groups));
  for (Index k = 0; k < bins; ++k) {
    ExactSum total;
    double lag_sum = 0;
    std::fill(by_group.begin(), by_group.end(), ExactSum{});
    std::fill(shift.begin(), shift.end(), 0.0);
    for (Index b = first_block; b < last_block; ++b) {
      const Index cell = cells.at(b, k);
      total.add(cells.total[cell]);
      lag_sum += cells.lag_sum[cell];
      level.pairs[k] += cells.pairs[cell];
      for (Index g = 0; g < groups; ++g) {
        by_group[g].add(cells.by_group[cell * groups + g]);
        shift[g] += cells.shift[cell * groups + g];
      }
    }
    if (level.pairs[k] == 0)
      continue;
    const auto pairs = static_cast<double>(level.pairs[k]);
    const double mean = total.value() / pairs;
    level.mean[k] = mean;
    level.lag_mean[k] = lag_sum / pairs;
    for (Index g = 0; g < groups; ++g)
      level.deviation[g * bins + k] =
          by_group[g].value() * group_scale[g] / pairs - mean * (1 + shift[g] / pairs);
  }
  return level;
}

/// Σ_g w_g e_g(k) e'_g(l) / (groups − 1).
double pixel_covariance(
    const Level& a, Index k, const Level& b, Index l, std::span<const double> weights, Index bins) {
  double sum = 0;
  for (std::size_t g = 0; g < weights.size(); ++g)
    sum += weights[g] * a.deviation[g * bins + k] * b.deviation[g * bins + l];
  return sum / static_cast<double>(weights.size() - 1);
}

/// How the mean over all time blocks came about: shares of each block, [bin, block].
struct TimeScatter {
  Index blocks = 0;
  std::vector<double> share; // u: pairs of the block / pairs
  std::vector<double>
      residual; // u · (D of the block − straight line), scaled for the two parameters
  std::vector<std::uint8_t> enough; // [bin]: enough blocks have pairs
};

TimeScatter scatter_of(const Level& all, const std::vector<Level>& levels, Index bins) {
  TimeScatter scatter;
  scatter.blocks = static_cast<Index>(levels.size());
  scatter.share.assign(static_cast<std::size_t>(bins * scatter.blocks), 0.0);
  scatter.residual.assign(static_cast<std::size_t>(bins * scatter.blocks), 0.0);
  scatter.enough.assign(static_cast<std::size_t>(bins), 0);
  for (Index k = 0; k < bins; ++k) {
    Index used = 0;
    double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0; // weighted straight line over the block number
    for (Index c = 0; c < scatter.blocks; ++c) {
      if (levels[c].pairs[k] == 0)
        continue;
      const double w = static_cast<double>(levels[c].pairs[k]) / static_cast<double>(all.pairs[k]);
      const auto x = static_cast<double>(c);
      scatter.share[k * scatter.blocks + c] = w;
      ++used;
      sw += w;
      sx += w * x;
      sy += w * levels[c].mean[k];
      sxx += w * x * x;
      sxy += w * x * levels[c].mean[k];
    }
    if (used < fewest_time_blocks)
      continue;
    scatter.enough[k] = 1;
    const double slope = (sxy * sw - sx * sy) / (sxx * sw - sx * sx);
    const double offset = (sy - slope * sx) / sw;
    const double inflate = std::sqrt(static_cast<double>(used) / static_cast<double>(used - 2));
    for (Index c = 0; c < scatter.blocks; ++c)
      if (levels[c].pairs[k] != 0)
        scatter.residual[k * scatter.blocks + c] =
            inflate * scatter.share[k * scatter.blocks + c] *
            (levels[c].mean[k] - offset - slope * static_cast<double>(c));
  }
  return scatter;
}

/// Σ_c s_c(k) s_c(l) + half the products of neighbours: the variance of Σ s when blocks are
/// correlated with the next one (Bartlett's window of two, so that the matrix stays positive).
double time_covariance(const TimeScatter& scatter, Index k, Index l) {
  const double* a = scatter.residual.data() + k * scatter.blocks;
  const double* b = scatter.residual.data() + l * scatter.blocks;
  double sum = 0;
  for (Index c = 0; c < scatter.blocks; ++c) {
    sum += a[c] * b[c];
    if (c + 1 < scatter.blocks)
      sum += 0.5 * (a[c] * b[c + 1] + a[c + 1] * b[c]);
  }
  return sum;
}

/// By which factor the residuals of each lag enter the covariance: 1 without pixels, else the
/// square root of the share of the scatter that the pixels do not explain, 0 where that is not
/// significant.
std::vector<double> time_factors(const TimeScatter& scatter,
                                 const std::vector<Level>& levels,
                                 std::span<const double> weights,
                                 Index bins) {
  std::vector<double> factor(static_cast<std::size_t>(bins), 0.0);
  for (Index k = 0; k < bins; ++k) {
    if (scatter.enough[k] == 0)
      continue;
    if (weights.empty()) {
      factor[k] = 1;
      continue;
    }
    double explained = 0; // pixel noise in the sum over blocks, neighbours as in time_covariance
    double explained_same = 0;
    double observed_same = 0;
    Index used = 0;
    for (Index c = 0; c < scatter.blocks; ++c) {
      const double u = scatter.share[k * scatter.blocks + c];
      const double s = scatter.residual[k * scatter.blocks + c];
      if (!(u > 0))
        continue;
      ++used;
      explained_same += u * u * pixel_covariance(levels[c], k, levels[c], k, weights, bins);
      observed_same += s * s;
      if (c + 1 < scatter.blocks)
        explained += u * scatter.share[k * scatter.blocks + c + 1] *
                     pixel_covariance(levels[c], k, levels[c + 1], k, weights, bins);
    }
    explained += explained_same;
    if (!(explained_same > 0))
      continue;
    // `observed` was scaled by used/(used − 2); so scaled, its ratio times (used − 2) is χ²(used −
    // 2).
    const auto degrees = static_cast<double>(used - 2);
    const double chi2 = observed_same / explained_same * degrees;
    if (chi2_survival(chi2, degrees) >= common_mode_probability)
      continue;
    const double observed = time_covariance(scatter, k, k);
    if (observed > explained)
      factor[k] = std::sqrt(1 - std::max(explained, 0.0) / observed);
  }
  return factor;
}

/// The factor of the covariance, see OneTime.
std::vector<double> deviations(const Level& all,
                               const TimeScatter& scatter,
                               std::span<const double> factor,
                               std::span<const double> weights,
                               Index bins) {
  const auto groups = static_cast<Index>(weights.size());
  const Index rank = groups + scatter.blocks + 1;
  std::vector<double> rows(static_cast<std::size_t>(rank * bins), 0.0);
  for (Index g = 0; g < groups; ++g) {
    const double scale =
        std::sqrt(weights[g] * student_variance(groups) / static_cast<double>(groups - 1));
    for (Index k = 0; k < bins; ++k)
      rows[g * bins + k] = scale * all.deviation[g * bins + k];
  }
  for (Index k = 0; k < bins; ++k) {
    const double* s = scatter.residual.data() + k * scatter.blocks;
    for (Index c = 0; c <= scatter.blocks; ++c)
      rows[(groups + c) * bins + k] =
          factor[k] / std::sqrt(2.0) *
          ((c > 0 ? s[c - 1] : 0.0) + (c < scatter.blocks ? s[c] : 0.0));
    if (all.pairs[k] == 0 || (groups == 0 && scatter.enough[k] == 0))
      for (Index r = 0; r < rank; ++r)
        rows[r * bins + k] = nan;
  }
  return rows;
}

} // namespace

std::vector<double> errors_of(std::span<const double> deviation, Index lags) {
  if (deviation.empty())
    return std::vector<double>(static_cast<std::size_t>(lags), nan);
  std::vector<double> errors(static_cast<std::size_t>(lags), 0.0);
  for (Index r = 0; r < static_cast<Index>(deviation.size()) / lags; ++r)
    for (Index k = 0; k < lags; ++k)
      errors[k] += deviation[r * lags + k] * deviation[r * lags + k];
  for (double& e : errors)
    e = std::sqrt(e);
  return errors;
}

std::vector<double> covariance_of(std::span<const double> deviation, Index lags) {
  const auto size = static_cast<std::size_t>(lags * lags);
  if (deviation.empty())
    return std::vector<double>(size, nan);
  std::vector<double> covariance(size, 0.0);
  for (Index r = 0; r < static_cast<Index>(deviation.size()) / lags; ++r) {
    const double* d = deviation.data() + r * lags;
    for (Index k = 0; k < lags; ++k)
      for (Index l = 0; l < lags; ++l)
        covariance[k * lags + l] += d[k] * d[l];
  }
  return covariance;
}

std::string runs_of(std::span<const Index> numbers) {
  std::string text;
  for (std::size_t i = 0, end = 0; i < numbers.size(); i = end) {
    for (end = i + 1; end < numbers.size() && numbers[end] == numbers[end - 1] + 1;)
      ++end;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", numbers[i]);
    if (end - i > 1)
      text += fmt::format("-{}", numbers[end - 1]);
  }
  return text;
}

std::string refuse_zero_errors(std::span<double> deviation, std::span<const double> value) {
  const auto lags = static_cast<Index>(value.size());
  constexpr double rounding = 1e-12;      // of exact sums of g2, which is of order one
  constexpr double float_rounding = 1e-4; // of products of floats; a g2 as small is zero
  std::vector<Index> found;
  const auto rank = lags > 0 ? static_cast<Index>(deviation.size()) / lags : 0;
  for (Index k = 0; rank > 0 && k < lags; ++k) {
    double squares = 0;
    for (Index r = 0; r < rank; ++r)
      squares += deviation[r * lags + k] * deviation[r * lags + k];
    const double limit = std::abs(value[k]) <= float_rounding ? float_rounding : rounding;
    if (!(squares <= limit * limit))
      continue;
    for (Index r = 0; r < rank; ++r)
      deviation[r * lags + k] = nan;
    found.push_back(k + 1);
  }
  return found.empty()
             ? ""
             : fmt::format(
                   "lag bin{} {}: no scatter between groups of pixels or times, so no error "
                   "is known and fits leave {} out",
                   found.size() == 1 ? "" : "s",
                   runs_of(found),
                   found.size() == 1 ? "it" : "them");
}

OneTime evaluate(const Cells& cells,
                 const AgeBlocks& blocks,
                 std::span<const Index> lag_edges,
                 std::span<const Index> group_pixels,
                 bool time_alone,
                 AgeWindow ages,
                 const OneTimeOptions& options) {
  const Index bins = cells.bins;
  const Index first = blocks.block_at(ages.first);
  const Index last = blocks.block_at(ages.last);
  double pixels = 0;
  for (const Index n : group_pixels)
    pixels += static_cast<double>(n);
  std::vector<double> scale, group_weights;
  for (const Index n : group_pixels) {
    scale.push_back(1 / static_cast<double>(n));
    group_weights.push_back(static_cast<double>(n) / pixels);
  }
  const Level all = level_of(cells, first, last, scale);

  // Time blocks: cuts that fall on edges of blocks, as even as they come.
  std::vector<Level> levels;
  Index begin = first;
  for (Index c = 1; c <= options.time_blocks && begin < last; ++c) {
    const Index edge = ages.first + (ages.last - ages.first) * c / options.time_blocks;
    const Index end = c == options.time_blocks ? last : std::min(blocks.block_at(edge), last);
    if (end <= begin)
      continue;
    levels.push_back(level_of(cells, begin, end, scale));
    begin = end;
  }
  const TimeScatter scatter = scatter_of(all, levels, bins);
  const std::vector<double> factor = time_factors(scatter, levels, group_weights, bins);

  OneTime result;
  result.ages = ages;
  result.first_lag.assign(lag_edges.begin(), lag_edges.end() - 1);
  result.last_lag.assign(lag_edges.begin() + 1, lag_edges.end());
  result.lag_frames = all.lag_mean;
  for (Index k = 0; k < bins; ++k)
    if (all.pairs[k] == 0)
      result.lag_frames[k] = 0.5 * static_cast<double>(lag_edges[k] + lag_edges[k + 1] - 1);
  for (Index k = 0; k < bins; ++k) {
    const auto count = static_cast<double>(lag_edges[k + 1] - lag_edges[k]);
    // Pairs crowd at one end of a bin that the series or its gaps cut: then their variance is at
    // most (last − mean)(mean − first) (Bhatia and Davis, Am. Math. Mon. 107 (2000) 353).
    const double below = result.lag_frames[k] - static_cast<double>(lag_edges[k]);
    const double above = static_cast<double>(lag_edges[k + 1] - 1) - result.lag_frames[k];
    const double most = std::max(below, 0.0) * std::max(above, 0.0);
    result.lag_spread_frames.push_back(std::sqrt(std::min((count * count - 1) / 12, most)));
  }
  result.pairs = all.pairs;
  result.error_groups = static_cast<Index>(group_weights.size());
  result.bias.assign(static_cast<std::size_t>(bins), 0.0);
  for (Index k = 0; k < bins; ++k) {
    result.value.push_back(1 + all.mean[k]);
    result.common_mode.push_back(!group_weights.empty() && factor[k] > 0 ? 1 : 0);
  }
  if (!group_weights.empty() || time_alone)
    result.deviation = deviations(all, scatter, factor, group_weights, bins);
  result.reason = refuse_zero_errors(result.deviation, result.value);
  result.error = errors_of(result.deviation, bins);
  if (bins <= options.max_covariance_lags)
    result.covariance = covariance_of(result.deviation, bins);
  return result;
}

} // namespace vitrum::correlate::detail
