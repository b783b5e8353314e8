#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/correlate/stitch.hpp"

namespace vitrum::correlate {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index strip_rows = 256;
constexpr double resolution = 1.2e-7; // of single precision, in which maps are stored
constexpr Index blocks = 10;          // of the jackknife

/// Sums of C at short lags over the frames before each: means of windows by two look-ups.
class ShortLags {
public:
  ShortLags(const StitchPart& part, Index lags) : lags_(lags), sum_(1, 0.0), pairs_(1, 0) {
    std::vector<double> sum(static_cast<std::size_t>(part.frames), 0.0);
    std::vector<Index> pairs(sum.size(), 0);
    std::vector<float> strip;
    for (Index row0 = 0; row0 < part.frames; row0 += strip_rows) {
      const Index rows = std::min(strip_rows, part.frames - row0);
      const Index col0 = std::max<Index>(row0 - lags, 0), cols = row0 + rows - col0;
      strip.resize(static_cast<std::size_t>(rows * cols));
      part.read(row0, rows, col0, cols, strip.data());
      for (Index t1 = row0; t1 < row0 + rows; ++t1)
        for (Index t2 = std::max<Index>(t1 - lags, 0); t2 < t1; ++t2)
          if (const float c = strip[static_cast<std::size_t>((t1 - row0) * cols + t2 - col0)];
              !std::isnan(c)) {
            sum[static_cast<std::size_t>(t2)] += static_cast<double>(c) - 1;
            ++pairs[static_cast<std::size_t>(t2)];
          }
    }
    for (std::size_t t = 0; t < sum.size(); ++t) {
      sum_.push_back(sum_.back() + sum[t]);
      pairs_.push_back(pairs_.back() + pairs[t]);
    }
  }

  [[nodiscard]] Index frames() const { return static_cast<Index>(sum_.size()) - 1; }

  /// Over pairs inside frames [first, first + window) of the part; NaN when less than half of them
  /// are left by gaps.
  [[nodiscard]] double mean(Index first, Index window) const {
    if (first < 0 || first + window > frames())
      return nan;
    const auto a = static_cast<std::size_t>(first);
    const auto b = static_cast<std::size_t>(first + window - lags_);
    const Index pairs = pairs_[b] - pairs_[a];
    return 2 * pairs < lags_ * (window - lags_)
               ? nan
               : 1 + (sum_[b] - sum_[a]) / static_cast<double>(pairs);
  }

private:
  Index lags_;
  std::vector<double> sum_; // [frame + 1], by the earlier frame of a pair
  std::vector<Index> pairs_;
};

void measure_step(Seam& seam, const StitchPart& earlier, const StitchPart& later, Index lags) {
  const ShortLags a(earlier, lags), b(later, lags);
  const Index apart = std::abs(seam.overlap);
  const Index shared = std::max<Index>(seam.overlap, 0);
  seam.before = a.mean(earlier.frames - shared - seam.window, seam.window);
  seam.after = b.mean(shared, seam.window);
  seam.step = seam.after - seam.before;
  if (std::isnan(seam.step)) {
    seam.reason =
        fmt::format("no {} frames with half of their pairs on both sides of the seam", seam.window);
    return;
  }
  double squares = 0;
  Index count = 0;
  for (const auto* part : {&a, &b})
    for (Index t = seam.window; t + apart + seam.window <= part->frames(); ++t)
      if (const double step =
              part->mean(t + apart, seam.window) - part->mean(t - seam.window, seam.window);
          !std::isnan(step)) {
        squares += step * step;
        ++count;
      }
  // windows further apart than their length are independent
  const double freedom = static_cast<double>(count) / static_cast<double>(seam.window);
  if (freedom < 3) {
    seam.reason = fmt::format("the parts are too short to say how much C varies between windows of "
                              "{} frames that lie {} apart",
                              seam.window,
                              apart);
    return;
  }
  seam.step_error =
      std::hypot(std::sqrt(squares / static_cast<double>(count)), resolution * seam.before);
  seam.step_significance = normal_deviate(seam.step / seam.step_error, freedom);
}

/// Sums of later − earlier by the blocks of both frames of a pair.
struct BlockSums {
  std::array<std::array<double, blocks>, blocks> sum{};
  std::array<std::array<Index, blocks>, blocks> pairs{};

  [[nodiscard]] std::pair<double, Index> without(Index block) const {
    double total = 0;
    Index count = 0;
    for (Index i = 0; i < blocks; ++i)
      for (Index j = 0; j < blocks; ++j)
        if (i != block && j != block) {
          total += sum[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
          count += pairs[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
        }
    return {total, count};
  }
};

BlockSums sum_differences(const StitchPart& earlier, const StitchPart& later) {
  const Index overlap = earlier.last() - later.first;
  const auto block_of = [&](Index t) { return static_cast<std::size_t>(t * blocks / overlap); };
  BlockSums sums;
  std::vector<float> a, b;
  for (Index row0 = 0; row0 < overlap; row0 += strip_rows) {
    const Index rows = std::min(strip_rows, overlap - row0), cols = row0 + rows;
    a.resize(static_cast<std::size_t>(rows * cols));
    b.resize(a.size());
    const Index offset = later.first - earlier.first;
    earlier.read(offset + row0, rows, offset, cols, a.data());
    later.read(row0, rows, 0, cols, b.data());
    for (Index t1 = row0; t1 < row0 + rows; ++t1)
      for (Index t2 = 0; t2 < t1; ++t2) {
        const auto at = static_cast<std::size_t>((t1 - row0) * cols + t2);
        if (std::isnan(a[at]) || std::isnan(b[at]))
          continue;
        sums.sum[block_of(t1)][block_of(t2)] +=
            static_cast<double>(b[at]) - static_cast<double>(a[at]);
        ++sums.pairs[block_of(t1)][block_of(t2)];
      }
  }
  return sums;
}

void measure_difference(Seam& seam, const StitchPart& earlier, const StitchPart& later) {
  const auto sums = sum_differences(earlier, later);
  const auto [total, pairs] = sums.without(-1);
  seam.pairs = pairs;
  if (pairs == 0)
    return;
  seam.difference = total / static_cast<double>(pairs);
  std::vector<double> left;
  for (Index b = 0; b < blocks; ++b)
    if (const auto [sum, count] = sums.without(b); count > 0 && count < pairs)
      left.push_back(sum / static_cast<double>(count));
  if (seam.overlap < 2 * blocks || static_cast<Index>(left.size()) < blocks) {
    if (seam.reason.empty())
      seam.reason = fmt::format("an overlap of {} frames is too short for the error of its "
                                "difference, or has too many gaps",
                                seam.overlap);
    return;
  }
  double mean = 0, squares = 0;
  for (const double one : left)
    mean += one / static_cast<double>(blocks);
  for (const double one : left)
    squares += (one - mean) * (one - mean);
  constexpr double n = static_cast<double>(blocks);
  seam.difference_error = std::hypot(std::sqrt(squares * (n - 1) / n), resolution);
  seam.difference_significance = normal_deviate(seam.difference / seam.difference_error, n - 1);
}

} // namespace

void validate(const SeamOptions& options) {
  if (options.lags < 1)
    throw OptionError(fmt::format("lags = {}: must be positive", options.lags));
  if (options.window != 0 && options.window <= options.lags)
    throw OptionError(fmt::format(
        "window = {}: must be longer than the {} lags, or 0", options.window, options.lags));
}

double normal_deviate(double t, double degrees_of_freedom) {
  const double n = degrees_of_freedom;
  return std::copysign((8 * n + 1) / (8 * n + 3) * std::sqrt(n * std::log1p(t * t / n)), t);
}

Seam measure_seam(const StitchPart& earlier, const StitchPart& later, const SeamOptions& options) {
  validate(options);
  Seam seam;
  seam.frame = later.first;
  seam.overlap = earlier.last() - later.first;
  seam.before = seam.after = seam.step = seam.step_error = seam.step_significance = nan;
  seam.difference = seam.difference_error = seam.difference_significance = nan;
  seam.window =
      options.window > 0
          ? options.window
          : std::max({std::min(earlier.frames, later.frames) / 20, Index{16}, 4 * options.lags});
  measure_step(seam, earlier, later, options.lags);
  if (seam.overlap > 1)
    measure_difference(seam, earlier, later);
  return seam;
}

} // namespace vitrum::correlate
