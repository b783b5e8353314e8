#include "vitrum/correlate/pixel_g2.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "one_time_cells.hpp"
#include "strip_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/lag_axis.hpp"

namespace vitrum::correlate {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index most_covariance_lags = 512;
constexpr Index strips_at_once = 4; // cache lines of each frame that are read together

/// One level of averaging: its gaps and its lags, sorted into entries of the result.
struct Level {
  Index frames = 0;
  Index frames_per_step = 1; // lag unit in frames of the series
  std::vector<std::uint8_t> valid;
  std::vector<Index> gaps;
  Index first_lag = 1;
  std::vector<Index> entry; // of lag first_lag + i
  std::vector<Index> pairs; // of lag first_lag + i
};

void set_validity(Level& level, std::vector<std::uint8_t> valid) {
  level.valid = std::move(valid);
  level.frames = static_cast<Index>(level.valid.size());
  for (Index t = 0; t < level.frames; ++t)
    if (level.valid[t] == 0)
      level.gaps.push_back(t);
}

void count_pairs(Level& level) {
  for (Index i = 0; i < static_cast<Index>(level.entry.size()); ++i) {
    const Index lag = level.first_lag + i;
    Index pairs = 0;
    for (Index t = 0; t + lag < level.frames; ++t)
      pairs += level.valid[t] & level.valid[t + lag];
    level.pairs.push_back(pairs);
  }
}

struct Plan {
  std::vector<Level> levels;
  std::vector<double> lag_frames, lag_spread_frames;
  std::vector<Index> pairs;
  [[nodiscard]] Index entries() const { return static_cast<Index>(pairs.size()); }
};

Plan make_plan(const PixelMatrix& counts, const PixelG2Options& options) {
  Plan plan;
  if (options.lags != PixelLags::multi_tau) {
    LagOptions axis;
    axis.spacing = options.lags == PixelLags::linear ? LagSpacing::linear : LagSpacing::logarithmic;
    axis.per_decade = options.per_decade;
    axis.max_lag = options.max_lag;
    const std::vector<Index> edges = make_lag_edges(counts.frames, axis);
    Level level;
    set_validity(level, counts.valid);
    for (std::size_t k = 0; k + 1 < edges.size(); ++k)
      level.entry.insert(level.entry.end(),
                         static_cast<std::size_t>(edges[k + 1] - edges[k]),
                         static_cast<Index>(k));
    count_pairs(level);
    plan.levels.push_back(std::move(level));
  } else {
    const Index channels = options.channels_per_level;
    std::vector<std::uint8_t> valid = counts.valid;
    Index entry = 0;
    for (Index m = 0; options.levels == 0 || m < options.levels; ++m) {
      const auto frames = static_cast<Index>(valid.size());
      if (m > 0 && frames <= channels)
        break;
      Level level;
      level.frames_per_step = Index{1} << m;
      level.first_lag = m == 0 ? 1 : channels / 2 + 1;
      set_validity(level, valid);
      for (Index lag = level.first_lag; lag <= std::min(channels, frames - 1); ++lag)
        if (options.max_lag == 0 || lag * level.frames_per_step <= options.max_lag)
          level.entry.push_back(entry++);
      count_pairs(level);
      plan.levels.push_back(std::move(level));
      std::vector<std::uint8_t> coarse(valid.size() / 2);
      for (std::size_t t = 0; t < coarse.size(); ++t)
        coarse[t] = valid[2 * t] & valid[2 * t + 1];
      valid = std::move(coarse);
    }
  }
  for (const Level& level : plan.levels)
    for (std::size_t i = 0; i < level.entry.size(); ++i) {
      const auto entry = static_cast<std::size_t>(level.entry[i]);
      if (entry >= plan.pairs.size()) {
        plan.pairs.resize(entry + 1, 0);
        plan.lag_frames.resize(entry + 1, 0.0);
      }
      plan.pairs[entry] += level.pairs[i];
      plan.lag_frames[entry] += static_cast<double>(level.pairs[i] * level.frames_per_step *
                                                    (level.first_lag + static_cast<Index>(i)));
    }
  std::vector<double> nominal(plan.pairs.size(), 0.0), lags(plan.pairs.size(), 0.0);
  for (const Level& level : plan.levels)
    for (std::size_t i = 0; i < level.entry.size(); ++i) {
      nominal[level.entry[i]] +=
          static_cast<double>(level.frames_per_step * (level.first_lag + static_cast<Index>(i)));
      lags[level.entry[i]] += 1;
    }
  for (std::size_t k = 0; k < plan.pairs.size(); ++k)
    plan.lag_frames[k] = plan.pairs[k] > 0 ? plan.lag_frames[k] / static_cast<double>(plan.pairs[k])
                                           : nominal[k] / lags[k];
  // Of evenly spaced lags in a bin, and of the two frames of a pair within averages of `step`.
  plan.lag_spread_frames.resize(plan.pairs.size());
  for (const Level& level : plan.levels)
    for (const Index k : level.entry) {
      const double count = lags[k];
      const auto step = static_cast<double>(level.frames_per_step);
      plan.lag_spread_frames[k] =
          std::sqrt(step * step * (count * count - 1) / 12 + (step * step - 1) / 6);
    }
  if (plan.pairs.empty())
    throw DataError(fmt::format("{} frames have no lags", counts.frames));
  return plan;
}

/// Sums over the pairs of one entry for 16 pixels: of yy', y and y', y = I − shift of the pixel.
struct EntrySums {
  double product[strip_width]{}, left[strip_width]{}, right[strip_width]{};
};

/// All entries of one strip. `y` is [frame, strip_width] of I − Ī, zero in gaps; it is averaged in
/// place.
void correlate_strip(const Plan& plan, float* y, std::vector<EntrySums>& sums) {
  std::fill(sums.begin(), sums.end(), EntrySums{});
  double products[strip_lags * strip_width];
  for (std::size_t m = 0; m < plan.levels.size(); ++m) {
    const Level& level = plan.levels[m];
    const Index frames = level.frames;
    if (m > 0)
      for (Index t = 0; t < frames; ++t)
        for (Index p = 0; p < strip_width; ++p)
          y[t * strip_width + p] =
              level.valid[t] == 0
                  ? 0.0F
                  : 0.5F * (y[2 * t * strip_width + p] + y[(2 * t + 1) * strip_width + p]);
    double left[strip_width]{},
        right[strip_width]{}; // without the last, without the first lag frames
    for (Index t = 0; t < frames; ++t)
      for (Index p = 0; p < strip_width; ++p)
        left[p] += static_cast<double>(y[t * strip_width + p]);
    std::copy_n(left, strip_width, right);
    const auto drop = [&](Index lag) {
      for (Index p = 0; p < strip_width; ++p) {
        left[p] -= static_cast<double>(y[(frames - lag) * strip_width + p]);
        right[p] -= static_cast<double>(y[(lag - 1) * strip_width + p]);
      }
    };
    for (Index lag = 1; lag < level.first_lag && lag <= frames; ++lag)
      drop(lag);
    const auto lags = static_cast<Index>(level.entry.size());
    for (Index i0 = 0; i0 < lags; i0 += strip_lags) {
      const Index count = std::min(strip_lags, lags - i0);
      lag_products(y, frames, level.first_lag + i0, count, products);
      for (Index i = i0; i < i0 + count; ++i) {
        const Index lag = level.first_lag + i;
        drop(lag);
        EntrySums& sum = sums[static_cast<std::size_t>(level.entry[i])];
        for (Index p = 0; p < strip_width; ++p) {
          sum.product[p] += products[(i - i0) * strip_width + p];
          sum.left[p] += left[p];
          sum.right[p] += right[p];
        }
        for (const Index gap : level.gaps) { // pairs whose other frame is a gap
          if (gap >= lag)
            for (Index p = 0; p < strip_width; ++p)
              sum.left[p] -= static_cast<double>(y[(gap - lag) * strip_width + p]);
          if (gap + lag < frames)
            for (Index p = 0; p < strip_width; ++p)
              sum.right[p] -= static_cast<double>(y[(gap + lag) * strip_width + p]);
        }
      }
    }
  }
}

/// What one group of pixels adds. For ratios per pixel: sums of g2 − 1 and pixels, [entry]. For
/// symmetric-bin: sums over pixels of G, IP, IF (means over pairs), [static bin, entry].
struct GroupSums {
  std::vector<double> ratio, used;
  std::vector<double> product, left, right;
  std::vector<double> pixels;        // [static bin]
  std::vector<std::uint8_t> skipped; // pixels of the group with a zero denominator somewhere
};

void add_pixel(GroupSums& sums,
               const Plan& plan,
               PixelNormalization normalization,
               double mean,
               double shift,
               Index lane,
               Index pixel_in_group,
               Index static_bin,
               const std::vector<EntrySums>& strip) {
  const Index entries = plan.entries();
  for (Index k = 0; k < entries; ++k) {
    const auto pairs = static_cast<double>(plan.pairs[k]);
    if (plan.pairs[k] == 0)
      continue;
    const double product = strip[k].product[lane] / pairs;
    const double left = strip[k].left[lane] / pairs;
    const double right = strip[k].right[lane] / pairs;
    if (normalization == PixelNormalization::symmetric_bin) {
      const Index cell = static_bin * entries + k;
      sums.product[cell] += product + shift * (left + right) + shift * shift;
      sums.left[cell] += shift + left;
      sums.right[cell] += shift + right;
      continue;
    }
    const bool plain = normalization == PixelNormalization::plain;
    // Without counts the sums are zero but for rounding.
    if (!(mean > 0) || (!plain && !(std::min(shift + left, shift + right) > 1e-9 * mean))) {
      sums.skipped[pixel_in_group] = 1;
      continue;
    }
    const double numerator =
        plain ? product + shift * (left + right) + (shift - mean) * (shift + mean)
              : product - left * right;
    const double denominator = plain ? mean * mean : (shift + left) * (shift + right);
    sums.ratio[k] += numerator / denominator;
    sums.used[k] += 1;
  }
}

/// The mean in 12 bits: counts minus it are exact in floats, so that sums of no counts are exactly
/// zero.
double coarse(double mean) {
  int exponent = 0;
  const double fraction = std::frexp(mean, &exponent);
  return std::ldexp(std::round(std::ldexp(fraction, 12)), exponent - 12);
}

GroupSums correlate_group(const PixelMatrix& counts,
                          const Plan& plan,
                          const PixelG2Options& options,
                          Index group,
                          Progress& progress) {
  const PixelGroups& groups = counts.groups;
  const Index first = groups.group_begin[group];
  const Index last = groups.group_begin[group + 1];
  const auto entries = static_cast<std::size_t>(plan.entries());
  const auto statics = static_cast<std::size_t>(groups.static_bins);
  GroupSums sums;
  sums.skipped.assign(static_cast<std::size_t>(last - first), 0);
  if (options.normalization == PixelNormalization::symmetric_bin) {
    sums.product.assign(entries * statics, 0.0);
    sums.left.assign(entries * statics, 0.0);
    sums.right.assign(entries * statics, 0.0);
    sums.pixels.assign(statics, 0.0);
  } else {
    sums.ratio.assign(entries, 0.0);
    sums.used.assign(entries, 0.0);
  }

  const Index frames = counts.frames;
  const auto used_frames = static_cast<double>(counts.valid_frames());
  const Index span = strips_at_once * strip_width;
  Buffer<float> strips(frames * span);
  std::vector<EntrySums> strip_sums(entries);
  for (Index begin = first; begin < last; begin += span) {
    const Index pixels = std::min(span, last - begin);
    double mean[strips_at_once * strip_width]{};
    double shift[strips_at_once * strip_width]{};
    for (Index t = 0; t < frames; ++t)
      for (Index p = 0; p < pixels; ++p)
        mean[p] += static_cast<double>(counts.row(t)[begin + p]); // gaps are zero
    for (Index p = 0; p < pixels; ++p) {
      mean[p] /= used_frames;
      shift[p] = coarse(mean[p]);
    }
    for (Index t = 0; t < frames; ++t)
      for (Index p = 0; p < span; ++p)
        strips[(p / strip_width * frames + t) * strip_width + p % strip_width] =
            p < pixels && counts.valid[t] != 0
                ? static_cast<float>(static_cast<double>(counts.row(t)[begin + p]) - shift[p])
                : 0.0F;
    for (Index s = 0; s * strip_width < pixels; ++s) {
      correlate_strip(plan, strips.data() + s * frames * strip_width, strip_sums);
      for (Index lane = 0; lane < std::min(strip_width, pixels - s * strip_width); ++lane) {
        const Index p = begin + s * strip_width + lane;
        add_pixel(sums,
                  plan,
                  options.normalization,
                  mean[s * strip_width + lane],
                  shift[s * strip_width + lane],
                  lane,
                  p - first,
                  groups.static_bin[p],
                  strip_sums);
        if (!sums.pixels.empty())
          sums.pixels[groups.static_bin[p]] += 1;
      }
    }
    progress.advance(pixels);
  }
  return sums;
}

/// g2 − 1 of one entry and the share of each group in its deviation.
struct EntryValue {
  double value = nan;
  std::vector<double> influence; // [group]
  std::string reason;
};

EntryValue mean_of_ratios(const std::vector<GroupSums>& groups, Index k) {
  double sum = 0, used = 0;
  for (const GroupSums& g : groups) {
    sum += g.ratio[k];
    used += g.used[k];
  }
  EntryValue entry;
  if (!(used > 0)) {
    entry.reason = "no pixel has counts in both frames of the pairs";
    return entry;
  }
  entry.value = sum / used;
  for (const GroupSums& g : groups)
    entry.influence.push_back((g.ratio[k] - entry.value * g.used[k]) / used);
  return entry;
}

EntryValue
mean_of_static_bins(const std::vector<GroupSums>& groups, Index k, Index entries, bool weighted) {
  const std::size_t statics = groups.front().pixels.size();
  EntryValue entry;
  entry.influence.assign(groups.size(), 0.0);
  double value = 0, all_pixels = 0;
  for (const GroupSums& g : groups)
    for (const double n : g.pixels)
      all_pixels += n;
  for (std::size_t s = 0; s < statics; ++s) {
    const std::size_t cell = s * static_cast<std::size_t>(entries) + static_cast<std::size_t>(k);
    double product = 0, left = 0, right = 0, pixels = 0;
    for (const GroupSums& g : groups) {
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
    const double weight = weighted ? pixels / all_pixels : 1.0 / static_cast<double>(statics);
    const double ratio = product * pixels / (left * right);
    value += weight * (ratio - 1);
    for (std::size_t g = 0; g < groups.size(); ++g)
      entry.influence[g] +=
          weight * (groups[g].product[cell] * pixels / (left * right) -
                    ratio * (groups[g].left[cell] / left + groups[g].right[cell] / right -
                             groups[g].pixels[s] / pixels));
  }
  entry.value = value;
  return entry;
}

} // namespace

std::string_view name_of(PixelNormalization normalization) {
  switch (normalization) {
  case PixelNormalization::plain:
    return "plain";
  case PixelNormalization::symmetric:
    return "symmetric";
  case PixelNormalization::symmetric_bin:
    break;
  }
  return "symmetric-bin";
}

std::string_view formula_of(PixelNormalization normalization) {
  switch (normalization) {
  case PixelNormalization::plain:
    return "g2(lag) = < <I(t) I(t+lag)>_t / <I>_t^2 >_p, <I>_t over the whole series of each pixel "
           "p; "
           "too low for series that are not many times longer than the relaxation";
  case PixelNormalization::symmetric:
    return "g2(lag) = < <I(t) I(t+lag)>_t / (<I(t)>_t <I(t+lag)>_t) >_p, means over the pairs of "
           "the "
           "lag; too low for series that are not many times longer than the relaxation";
  case PixelNormalization::symmetric_bin:
    break;
  }
  return "g2(lag) = < <G>_s / (<IP>_s <IF>_s) >_s, G = <I(t) I(t+lag)>_t, IP = <I(t)>_t, IF = "
         "<I(t+lag)>_t of each pixel, <>_s over the pixels of a static bin, then the mean over "
         "static "
         "bins";
}

PixelNormalization parse_pixel_normalization(std::string_view name) {
  for (const auto n : {PixelNormalization::plain,
                       PixelNormalization::symmetric,
                       PixelNormalization::symmetric_bin})
    if (name == name_of(n))
      return n;
  throw OptionError(
      fmt::format("normalization = {}: must be plain, symmetric or symmetric-bin", name));
}

void validate(const PixelG2Options& options) {
  if (options.per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be positive", options.per_decade));
  if (options.max_lag < 0)
    throw OptionError(fmt::format("max_lag = {}: must not be negative", options.max_lag));
  if (options.channels_per_level < 2 || options.channels_per_level % 2 != 0)
    throw OptionError(fmt::format("channels_per_level = {}: must be even and positive",
                                  options.channels_per_level));
  if (options.levels < 0)
    throw OptionError(fmt::format("levels = {}: must not be negative", options.levels));
}

PixelG2
make_pixel_g2(const PixelMatrix& counts, const PixelG2Options& options, const Monitor& monitor) {
  validate(options);
  if (counts.valid_frames() < 2)
    throw DataError(fmt::format("{} frames are valid, need at least 2", counts.valid_frames()));
  const Plan plan = make_plan(counts, options);
  const Index group_count = counts.groups.groups();
  std::vector<GroupSums> groups(static_cast<std::size_t>(group_count));
  Progress progress(monitor, "correlating pixels", "pixels", counts.pixels());
  parallel_for(0, group_count, 1, [&](Index begin, Index end) {
    for (Index g = begin; g < end; ++g)
      groups[g] = correlate_group(counts, plan, options, g, progress);
  });

  PixelG2 result;
  result.lag_frames = plan.lag_frames;
  result.lag_spread_frames = plan.lag_spread_frames;
  result.pairs = plan.pairs;
  result.reason = counts.groups.reason;
  result.error_groups = group_count > 1 ? group_count : 0;
  for (const GroupSums& g : groups)
    result.skipped_pixels += std::count(g.skipped.begin(), g.skipped.end(), std::uint8_t{1});
  std::vector<EntryValue> entries;
  for (Index k = 0; k < plan.entries(); ++k) {
    EntryValue entry;
    if (plan.pairs[k] == 0)
      entry.reason = "no pair of valid frames";
    else if (options.normalization == PixelNormalization::symmetric_bin)
      entry = mean_of_static_bins(groups, k, plan.entries(), options.weight_by_pixels);
    else
      entry = mean_of_ratios(groups, k);
    if (!entry.reason.empty() && result.reason.find(entry.reason) == std::string::npos)
      result.reason += fmt::format(
          "{}lag {}: {}", result.reason.empty() ? "" : "; ", plan.lag_frames[k], entry.reason);
    result.value.push_back(1 + entry.value);
    entries.push_back(std::move(entry));
  }
  const Index lags = plan.entries();
  if (group_count > 1) {
    result.deviation.assign(static_cast<std::size_t>(group_count * lags), nan);
    for (Index g = 0; g < group_count; ++g) {
      const auto size =
          static_cast<double>(counts.groups.group_begin[g + 1] - counts.groups.group_begin[g]);
      const double scale =
          std::sqrt(static_cast<double>(counts.pixels()) / size * student_variance(group_count) /
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
