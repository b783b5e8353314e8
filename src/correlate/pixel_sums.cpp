#include "pixel_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "one_time_cells.hpp"

namespace vitrum::correlate {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index most_covariance_lags = 512;

/// g2 − 1 of one entry and the share of each group in its deviation.
struct EntryValue {
  double value = nan;
  std::vector<double> influence; // [group]
  std::string reason;
};

EntryValue mean_of_ratios(const std::vector<PixelSums>& groups, Index k) {
  double sum = 0, used = 0;
  for (const PixelSums& g : groups) {
    sum += g.ratio[k];
    used += g.used[k];
  }
  EntryValue entry;
  if (!(used > 0)) {
    entry.reason = "no pixel has counts in both frames of the pairs";
    return entry;
  }
  entry.value = sum / used;
  for (const PixelSums& g : groups)
    entry.influence.push_back((g.ratio[k] - entry.value * g.used[k]) / used);
  return entry;
}

EntryValue
mean_of_static_bins(const std::vector<PixelSums>& groups, const SumRules& rules, Index k) {
  const Index statics = rules.static_bins;
  const auto pairs = static_cast<double>(rules.lags.pairs[k]);
  EntryValue entry;
  entry.influence.assign(groups.size(), 0.0);
  double value = 0, all_pixels = 0;
  for (const PixelSums& g : groups)
    for (const double n : g.pixels)
      all_pixels += n;
  for (Index s = 0; s < statics; ++s) {
    const Index cell = s * rules.entries() + k;
    double product = 0, left = 0, right = 0, pixels = 0;
    for (const PixelSums& g : groups) {
      product += g.product[cell];
      left += g.left[cell];
      right += g.right[cell];
      pixels += g.pixels[s];
    }
    if (!(left > 0) || !(right > 0)) {
      entry.reason = fmt::format("static bin {} of {} has no counts in the pairs", s + 1, statics);
      entry.influence.clear();
      return entry;
    }
    const double weight =
        rules.weight_by_pixels ? pixels / all_pixels : 1.0 / static_cast<double>(statics);
    const double scale = pixels * pairs / (left * right); // means of sums over pairs and pixels
    const double ratio = product * scale;
    value += weight * (ratio - 1);
    for (std::size_t g = 0; g < groups.size(); ++g)
      entry.influence[g] +=
          weight * (groups[g].product[cell] * scale -
                    ratio * (groups[g].left[cell] / left + groups[g].right[cell] / right -
                             groups[g].pixels[s] / pixels));
  }
  entry.value = value;
  return entry;
}

void add_to(std::vector<double>& sum, const std::vector<double>& other) {
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += other[i];
}

} // namespace

PixelSums::PixelSums(const SumRules& rules) {
  const auto entries = static_cast<std::size_t>(rules.entries());
  if (rules.normalization == PixelNormalization::symmetric_bin) {
    const auto cells = static_cast<std::size_t>(rules.static_bins) * entries;
    product.assign(cells, 0.0);
    left.assign(cells, 0.0);
    right.assign(cells, 0.0);
    pixels.assign(static_cast<std::size_t>(rules.static_bins), 0.0);
  } else {
    ratio.assign(entries, 0.0);
    used.assign(entries, 0.0);
  }
}

void PixelSums::add(const PixelSums& other) {
  add_to(product, other.product);
  add_to(left, other.left);
  add_to(right, other.right);
  add_to(pixels, other.pixels);
  add_to(ratio, other.ratio);
  add_to(used, other.used);
  skipped += other.skipped;
}

bool add_ratio(
    PixelSums& sums, const SumRules& rules, Index k, PairSums pairs, double shift, double mean) {
  const auto count = static_cast<double>(rules.lags.pairs[k]);
  const bool plain = rules.normalization == PixelNormalization::plain;
  const double product = pairs.product / count;
  const double left = pairs.left / count;
  const double right = pairs.right / count;
  // Without counts the sums are zero but for rounding.
  if (!(mean > 0) || (!plain && !(std::min(shift + left, shift + right) > 1e-9 * mean)))
    return false;
  const double numerator = plain
                               ? product + shift * (left + right) + (shift - mean) * (shift + mean)
                               : product - left * right;
  const double denominator = plain ? mean * mean : (shift + left) * (shift + right);
  sums.ratio[k] += numerator / denominator;
  sums.used[k] += 1;
  return true;
}

void add_strip(PixelSums& sums,
               const SumRules& rules,
               const StripSums& strip,
               Index pixels,
               const float* shift,
               const std::int32_t* static_bin) {
  const Index entries = rules.entries();
  if (rules.normalization != PixelNormalization::symmetric_bin) {
    for (Index p = 0; p < pixels; ++p) {
      const auto offset = static_cast<double>(shift[p]);
      const double mean = offset + strip.total[p] / static_cast<double>(rules.valid_frames);
      bool whole = true;
      for (Index k = 0; k < entries; ++k) {
        const Index cell = k * strip_width + p;
        const PairSums pairs{strip.product[cell], strip.left[cell], strip.right[cell]};
        if (rules.lags.pairs[k] > 0)
          whole = add_ratio(sums, rules, k, pairs, offset, mean) && whole;
      }
      sums.skipped += whole ? 0 : 1;
    }
    return;
  }
  // Neighbouring pixels of one static bin are added up first.
  for (Index first = 0, last = 0; first < pixels; first = last) {
    while (last < pixels && static_bin[last] == static_bin[first])
      ++last;
    sums.pixels[static_bin[first]] += static_cast<double>(last - first);
    double shift_sum = 0, square_sum = 0;
    for (Index p = first; p < last; ++p) {
      const auto s = static_cast<double>(shift[p]);
      shift_sum += s;
      square_sum += s * s;
    }
    for (Index k = 0; k < entries; ++k) {
      const auto pairs = static_cast<double>(rules.lags.pairs[k]);
      double product = 0, left = 0, right = 0;
      for (Index p = first; p < last; ++p) {
        const Index cell = k * strip_width + p;
        product += strip.product[cell] +
                   static_cast<double>(shift[p]) * (strip.left[cell] + strip.right[cell]);
        left += strip.left[cell];
        right += strip.right[cell];
      }
      const Index cell = static_bin[first] * entries + k;
      sums.product[cell] += product + square_sum * pairs;
      sums.left[cell] += left + shift_sum * pairs;
      sums.right[cell] += right + shift_sum * pairs;
    }
  }
}

PixelG2
evaluate(const std::vector<PixelSums>& sums, const SumRules& rules, const PixelGroups& groups) {
  const Index group_count = groups.groups();
  PixelG2 result;
  result.lag_frames = rules.lags.lag_frames;
  result.lag_spread_frames = rules.lags.lag_spread_frames;
  result.pairs = rules.lags.pairs;
  result.reason = groups.reason;
  result.error_groups = group_count > 1 ? group_count : 0;
  for (const PixelSums& s : sums)
    result.skipped_pixels += s.skipped;
  std::vector<EntryValue> entries;
  for (Index k = 0; k < rules.entries(); ++k) {
    EntryValue entry;
    if (rules.lags.pairs[k] == 0)
      entry.reason = "no pair of valid frames";
    else if (rules.normalization == PixelNormalization::symmetric_bin)
      entry = mean_of_static_bins(sums, rules, k);
    else
      entry = mean_of_ratios(sums, k);
    if (!entry.reason.empty() && result.reason.find(entry.reason) == std::string::npos)
      result.reason += fmt::format("{}lag {}: {}",
                                   result.reason.empty() ? "" : "; ",
                                   rules.lags.lag_frames[k],
                                   entry.reason);
    result.value.push_back(1 + entry.value);
    entries.push_back(std::move(entry));
  }
  const Index lags = rules.entries();
  if (group_count > 1) {
    result.deviation.assign(static_cast<std::size_t>(group_count * lags), nan);
    for (Index g = 0; g < group_count; ++g) {
      const auto size = static_cast<double>(groups.group_begin[g + 1] - groups.group_begin[g]);
      const double scale =
          std::sqrt(static_cast<double>(groups.pixels()) / size * student_variance(group_count) /
                    static_cast<double>(group_count - 1));
      for (Index k = 0; k < lags; ++k)
        if (!entries[k].influence.empty())
          result.deviation[g * lags + k] = scale * entries[k].influence[g];
    }
  }
  result.error = detail::errors_of(result.deviation, lags);
  if (lags <= most_covariance_lags && group_count > 1)
    result.covariance = detail::covariance_of(result.deviation, lags);
  return result;
}

} // namespace vitrum::correlate
