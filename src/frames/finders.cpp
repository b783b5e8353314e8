#include "vitrum/frames/finders.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::frames {
namespace {

constexpr int most_rounds = 20;

// Mean and variance of what sound pixels show, with the pixels that are not.
struct Population {
  double mean = 0, variance = 0;
};

// P(X >= x) of a gamma variable of that mean and variance.
double gamma_tail(double x, const Population& of) {
  if (!(of.variance > 0) || !(of.mean > 0))
    return x > of.mean ? 0 : 1;
  if (!(x > 0))
    return 1;
  return upper_gamma(of.mean * of.mean / of.variance, x * of.mean / of.variance);
}

// P(X >= x) of a log-normal variable of that mean and variance: for ratios of squares, whose tails
// are longer than those of a gamma.
double lognormal_tail(double x, const Population& of) {
  const double square = std::log1p(of.variance / (of.mean * of.mean));
  return 0.5 * std::erfc((std::log(x / of.mean) + 0.5 * square) / std::sqrt(2 * square));
}

// Values that sound pixels reach less often than `limit` are left out, again and again. `floor`
// gives the least variance for a mean: that of counting.
template <class Floor>
Population sound_population(std::span<const double> values, double limit, const Floor& floor) {
  const double spread = robust_deviation(values);
  Population now{median(values), spread * spread};
  if (!(now.mean > 0)) { // most pixels empty: the median says nothing
    const Moments all = moments(values);
    now = {all.mean, all.variance()};
  }
  now.variance = std::max(now.variance, floor(now.mean));
  Index kept_before = -1;
  for (int round = 0; round < most_rounds; ++round) {
    Moments kept;
    for (const double value : values)
      if (gamma_tail(value, now) >= limit)
        kept.add(value);
    if (kept.count == kept_before || kept.count < 2)
      break;
    kept_before = kept.count;
    now = {kept.mean, std::max(kept.variance(), floor(kept.mean))};
  }
  return now;
}

struct PixelsOfBin {
  std::vector<std::size_t> pixel;
  std::vector<double> sum;
};

class Judge {
public:
  Judge(const SeriesStatistics& s, const Partition& partition, double limit, FoundPixels& found)
      : s_(s), partition_(partition), limit_(limit), found_(found) {}

  void bin(const std::vector<std::size_t>& pixels) {
    std::vector<double> sums;
    for (const std::size_t p : pixels)
      sums.push_back(s_.mean[p] * static_cast<double>(s_.good_frames));
    const auto counting = [&](double mean) { return s_.counts ? mean : 0.0; };
    const Population sound = sound_population(sums, limit_, counting);
    judge_dead(pixels, sums, sound);
    judge_hot(pixels, sums, sound);
    if (!s_.counts) {
      judge_variance(pixels);
      return;
    }
    // a hot pixel outweighs all others in the sums of pairs, and is reported already
    std::vector<std::size_t> others;
    std::vector<double> other_sums;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      if (!(sums[i] > sound.mean && gamma_tail(sums[i], sound) < limit_)) {
        others.push_back(pixels[i]);
        other_sums.push_back(sums[i]);
      }
    judge_pairs(others, other_sums);
  }

private:
  FoundPixel entry(std::size_t p, double value, double expected, double probability) const {
    const auto i = static_cast<Index>(p);
    return {i / partition_.width, i % partition_.width, value, expected, probability};
  }

  void judge_dead(const std::vector<std::size_t>& pixels,
                  const std::vector<double>& sums,
                  const Population& sound) {
    const double excess = std::max(0.0, sound.variance - sound.mean) / (sound.mean * sound.mean);
    const double log_zero = excess > 1e-9 ? -std::log1p(sound.mean * excess) / excess : -sound.mean;
    const double probability = std::exp(log_zero);
    if (!(probability < limit_))
      return;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      if (sums[i] == 0)
        found_.dead.push_back(
            entry(pixels[i], 0, sound.mean / static_cast<double>(s_.good_frames), probability));
  }

  void judge_hot(const std::vector<std::size_t>& pixels,
                 const std::vector<double>& sums,
                 const Population& sound) {
    const auto frames = static_cast<double>(s_.good_frames);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const double probability = gamma_tail(sums[i], sound);
      if (sums[i] > sound.mean && probability < limit_)
        found_.hot.push_back(entry(pixels[i], sums[i] / frames, sound.mean / frames, probability));
    }
  }

  // K / κ of each pixel, κ = S²/2N: 1 + the contrast, for sound pixels.
  void judge_pairs(const std::vector<std::size_t>& pixels, const std::vector<double>& sums) {
    const auto frames = static_cast<double>(s_.good_frames);
    std::vector<double> pairs, base;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const double squares = s_.variance[pixels[i]] * (frames - 1) + sums[i] * sums[i] / frames;
      pairs.push_back(std::max(0.0, squares - sums[i]) / 2);
      base.push_back(sums[i] * sums[i] / (2 * frames));
    }
    std::vector<std::uint8_t> sound(pixels.size(), 1);
    double ratio = robust_ratio(pairs, base);
    double intrinsic = robust_excess(pairs, base, ratio);
    for (int round = 0; round < most_rounds; ++round) {
      bool changed = false;
      for (std::size_t i = 0; i < pixels.size(); ++i) {
        const std::uint8_t now =
            probability_of(pairs[i], ratio, base[i], intrinsic) >= limit_ ? 1 : 0;
        changed |= now != sound[i];
        sound[i] = now;
      }
      if (round > 0 && !changed)
        break;
      double all_pairs = 0, all_base = 0;
      for (std::size_t i = 0; i < pixels.size(); ++i)
        if (sound[i] != 0) {
          all_pairs += pairs[i];
          all_base += base[i];
        }
      if (!(all_pairs > 0))
        return;
      ratio = all_pairs / all_base;
      double excess = 0, weight = 0;
      for (std::size_t i = 0; i < pixels.size(); ++i)
        if (sound[i] != 0) {
          const double mean = ratio * base[i];
          excess += (pairs[i] - mean) * (pairs[i] - mean) - mean;
          weight += mean * mean;
        }
      intrinsic = std::max(0.0, excess / weight);
    }
    for (std::size_t i = 0; i < pixels.size(); ++i)
      if (sound[i] == 0 && base[i] > 0)
        found_.flickering.push_back(entry(pixels[i],
                                          pairs[i] / base[i],
                                          ratio,
                                          probability_of(pairs[i], ratio, base[i], intrinsic)));
  }

  // Of at least `pairs` pairs where `ratio`·`base` are expected. What speckle adds lies above
  // `base` and is skewed by itself, so the excess, lifted by three deviations of counting to be
  // positive, is judged too, and the larger probability taken.
  static double probability_of(double pairs, double ratio, double base, double intrinsic) {
    const double mean = ratio * base;
    if (pairs <= mean)
      return 1;
    const double variance = mean + intrinsic * mean * mean;
    const double lift = 3 * std::sqrt(base) - base;
    const double whole = lognormal_tail(pairs, {mean, variance});
    return mean + lift > 0 ? std::max(whole, lognormal_tail(pairs + lift, {mean + lift, variance}))
                           : whole;
  }

  static double robust_ratio(const std::vector<double>& pairs, const std::vector<double>& base) {
    std::vector<double> ratios;
    double all_pairs = 0, all_base = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      all_pairs += pairs[i];
      all_base += base[i];
      if (base[i] > 5)
        ratios.push_back(pairs[i] / base[i]);
    }
    if (2 * ratios.size() > pairs.size())
      return median(ratios);
    return all_base > 0 ? all_pairs / all_base : 0;
  }

  // Relative variance of the pairs beyond counting, from the median absolute deviation: the start,
  // when outliers are still among them.
  static double
  robust_excess(const std::vector<double>& pairs, const std::vector<double>& base, double ratio) {
    std::vector<double> deviations, means;
    for (std::size_t i = 0; i < pairs.size(); ++i)
      if (base[i] > 5) {
        deviations.push_back(pairs[i] / base[i] / ratio);
        means.push_back(ratio * base[i]);
      }
    if (2 * deviations.size() <= pairs.size())
      return 0;
    const double deviation = robust_deviation(deviations);
    return std::max(0.0, deviation * deviation - 1 / median(means));
  }

  void judge_variance(const std::vector<std::size_t>& pixels) {
    std::vector<double> ratios;
    for (const std::size_t p : pixels)
      ratios.push_back(s_.variance[p] / (s_.mean[p] * s_.mean[p]));
    for (const double ratio : ratios)
      if (!std::isfinite(ratio))
        return; // a pixel without signal: the ratio has no meaning in this bin
    const double samples = 2 / static_cast<double>(s_.good_frames);
    const Population sound =
        sound_population(ratios, limit_, [&](double mean) { return samples * mean * mean; });
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      if (ratios[i] <= sound.mean)
        continue;
      const double probability = lognormal_tail(ratios[i], sound);
      if (probability < limit_)
        found_.flickering.push_back(entry(pixels[i], ratios[i], sound.mean, probability));
    }
  }

  const SeriesStatistics& s_;
  const Partition& partition_;
  double limit_;
  FoundPixels& found_;
};

double running_median(std::span<const double> values, std::size_t at, Index window) {
  const auto size = static_cast<Index>(values.size());
  const Index width = std::min(window, size);
  const Index first = std::clamp(static_cast<Index>(at) - width / 2, Index{0}, size - width);
  return median(values.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(width)));
}

} // namespace

void validate(const FindPixelsOptions& o) {
  if (!(o.false_alarms > 0) || !std::isfinite(o.false_alarms))
    throw OptionError(fmt::format("false_alarms = {}: must be positive", o.false_alarms));
  if (o.least_pixels < 4)
    throw OptionError(fmt::format("least_pixels = {}: must be at least 4", o.least_pixels));
}

FoundPixels find_pixels(const SeriesStatistics& statistics,
                        const Partition& partition,
                        const FindPixelsOptions& options) {
  validate(options);
  if (partition.height != statistics.height || partition.width != statistics.width)
    throw DataError(fmt::format("partition of {} x {} pixels does not fit the series of {} x {}",
                                partition.height,
                                partition.width,
                                statistics.height,
                                statistics.width));
  std::vector<std::vector<std::size_t>> bins(partition.static_bins.size());
  FoundPixels found;
  for (std::size_t p = 0; p < partition.static_labels.size(); ++p)
    if (partition.static_labels[p] > 0) {
      if (std::isnan(statistics.mean[p]) || std::isnan(statistics.variance[p]))
        ++found.unjudged; // never a valid value: the detector itself has marked it
      else
        bins[static_cast<std::size_t>(partition.static_labels[p] - 1)].push_back(p);
    }
  for (const auto& bin : bins)
    (static_cast<Index>(bin.size()) >= options.least_pixels ? found.judged : found.unjudged) +=
        static_cast<Index>(bin.size());
  if (found.judged == 0)
    return found;
  Judge judge(
      statistics, partition, options.false_alarms / static_cast<double>(found.judged), found);
  for (const auto& bin : bins)
    if (static_cast<Index>(bin.size()) >= options.least_pixels)
      judge.bin(bin);
  return found;
}

void exclude(Mask& mask, const std::vector<FoundPixel>& pixels) {
  for (const FoundPixel& pixel : pixels)
    mask.use[static_cast<std::size_t>(pixel.y * mask.width + pixel.x)] = 0;
}

void validate(const FindFramesOptions& o) {
  if (!(o.threshold > 0))
    throw OptionError(fmt::format("threshold = {}: must be positive", o.threshold));
  if (o.window < 3 || o.window % 2 == 0)
    throw OptionError(fmt::format("window = {}: must be odd and at least 3", o.window));
}

std::vector<FoundFrame> find_bad_frames(const SeriesStatistics& statistics,
                                        Index pixels,
                                        const FindFramesOptions& options) {
  validate(options);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  std::vector<double> means;
  std::vector<Index> frame_of;
  std::vector<FoundFrame> found;
  std::vector<std::uint8_t> zero(statistics.frame_mean.size(), 0);
  for (const Index frame : statistics.zero_frames)
    zero[static_cast<std::size_t>(frame)] = 1;
  const bool any_signal = statistics.zero_frames.size() < statistics.frame_mean.size();
  for (std::size_t f = 0; f < statistics.frame_mean.size(); ++f) {
    const double mean = statistics.frame_mean[f];
    if (std::isfinite(mean) && zero[f] == 0) {
      means.push_back(mean);
      frame_of.push_back(static_cast<Index>(f));
    }
  }
  const double overall = means.empty() ? 0 : median(means);
  // with few counts in a frame an empty one is no surprise
  const bool zero_is_bad =
      !statistics.counts || overall * static_cast<double>(pixels) > 2 * std::log(1e6);
  for (std::size_t f = 0; f < zero.size(); ++f)
    if (std::isnan(statistics.frame_mean[f]) || (zero[f] != 0 && any_signal && zero_is_bad))
      found.push_back({static_cast<Index>(f), statistics.frame_mean[f], overall, infinite});

  std::vector<double> expected(means.size()), residuals(means.size());
  for (std::size_t i = 0; i < means.size(); ++i) {
    expected[i] = running_median(means, i, options.window);
    residuals[i] = means[i] - expected[i];
  }
  if (!means.empty()) {
    double deviation = robust_deviation(residuals);
    if (statistics.counts)
      deviation =
          std::max(deviation, std::sqrt(overall / static_cast<double>(std::max<Index>(1, pixels))));
    for (std::size_t i = 0; i < means.size(); ++i) {
      const double score = residuals[i] == 0 ? 0 : std::abs(residuals[i]) / deviation;
      if (score > options.threshold)
        found.push_back({frame_of[i], means[i], expected[i], score});
    }
  }
  std::sort(found.begin(), found.end(), [](const FoundFrame& a, const FoundFrame& b) {
    return a.frame < b.frame;
  });
  return found;
}

} // namespace vitrum::frames
