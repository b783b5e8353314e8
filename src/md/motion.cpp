#include "vitrum/md/motion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Mean of values over origins, and its error from the means of blocks of successive origins.
struct Blocked {
  double mean = nan, error = nan;
};
Blocked blocked(const std::vector<double>& values, Index blocks) {
  Blocked out;
  if (values.empty())
    return out;
  double sum = 0;
  for (const double v : values)
    sum += v;
  out.mean = sum / static_cast<double>(values.size());
  const auto count = static_cast<Index>(values.size());
  const Index parts = std::min(blocks, count);
  if (parts < 3)
    return out;
  Moments means;
  for (Index b = 0; b < parts; ++b) {
    Moments one;
    for (Index i = b * count / parts; i < (b + 1) * count / parts; ++i)
      one.add(values[static_cast<std::size_t>(i)]);
    means.add(one.mean);
  }
  out.error = means.error();
  return out;
}

void append(LagCurve& curve, const Blocked& value) {
  curve.value.push_back(value.mean);
  curve.error.push_back(value.error);
}

/// A function of means over origins, with the error by leaving blocks out (jackknife).
template <class F>
Blocked jackknife(const std::vector<std::array<double, 2>>& values, Index blocks, F&& f) {
  Blocked out;
  const auto count = static_cast<Index>(values.size());
  if (count == 0)
    return out;
  const auto mean_without = [&](Index first, Index last) {
    std::array<double, 2> sum{};
    Index n = 0;
    for (Index i = 0; i < count; ++i)
      if (i < first || i >= last) {
        sum[0] += values[static_cast<std::size_t>(i)][0];
        sum[1] += values[static_cast<std::size_t>(i)][1];
        ++n;
      }
    return f(sum[0] / static_cast<double>(n), sum[1] / static_cast<double>(n));
  };
  out.mean = mean_without(0, 0);
  const Index parts = std::min(blocks, count);
  if (parts < 3)
    return out;
  Moments left;
  for (Index b = 0; b < parts; ++b)
    left.add(mean_without(b * count / parts, (b + 1) * count / parts));
  out.error = std::sqrt(left.variance() * static_cast<double>((parts - 1) * (parts - 1)) /
                        static_cast<double>(parts));
  return out;
}

} // namespace

std::vector<Index> log_lags(Index longest, Index per_decade) {
  std::vector<Index> out;
  for (Index k = 0;; ++k) {
    const auto lag = static_cast<Index>(
        std::llround(std::pow(10, static_cast<double>(k) / static_cast<double>(per_decade))));
    if (lag > longest)
      break;
    if (out.empty() || lag > out.back())
      out.push_back(lag);
  }
  return out;
}

MotionCounter::MotionCounter(const MotionOptions& options,
                             std::span<const std::int32_t> species,
                             const std::vector<std::string>& names,
                             Index frames)
    : options_(options), species_(species.begin(), species.end()), names_(names), frames_(frames) {
  const auto positive = [](const char* name, double value) {
    if (!(value > 0) || !std::isfinite(value))
      throw OptionError(fmt::format("{} {}: must be positive", name, value));
  };
  positive("frame time", options.frame_time);
  positive("q", options.q);
  positive("overlap", options.overlap);
  positive("lags per decade", static_cast<double>(options.per_decade));
  positive("origins", static_cast<double>(options.origins));
  if (frames < 2)
    throw DataError(fmt::format("{} frames, motion needs 2", frames));
  lags_ = log_lags(frames - 1, options.per_decade);
  every_ = std::max<Index>(1, frames / options.origins);
  counts_.assign(names.size() + 1, 0);
  counts_[0] = static_cast<Index>(species.size());
  for (const auto s : species)
    ++counts_[static_cast<std::size_t>(s) + 1];
  // one van Hove curve each half decade
  for (std::size_t l = 0; l < lags_.size();
       l += static_cast<std::size_t>(std::max<Index>(1, options.per_decade / 2)))
    van_hove_lags_.push_back(lags_[l]);
  van_hove_.assign(van_hove_lags_.size(),
                   std::vector<Index>(static_cast<std::size_t>(options.van_hove_bins) + 1, 0));
}

void MotionCounter::add(const atoms::Configuration& frame) {
  if (!frame.unwrapped)
    throw DataError("motion needs unwrapped positions");
  const Index now = added_++;
  const double limit = options_.overlap * options_.overlap;
  for (auto& origin : origins_) {
    const auto it = std::lower_bound(lags_.begin(), lags_.end(), now - origin.frame);
    if (it == lags_.end() || *it != now - origin.frame)
      continue;
    const auto van_hove =
        std::find(van_hove_lags_.begin(), van_hove_lags_.end(), now - origin.frame);
    auto* histogram = van_hove == van_hove_lags_.end()
                          ? nullptr
                          : &van_hove_[static_cast<std::size_t>(van_hove - van_hove_lags_.begin())];
    auto& sums = origin.seen[static_cast<std::size_t>(it - lags_.begin())];
    sums.assign(counts_.size(), {});
    for (std::size_t i = 0; i < species_.size(); ++i) {
      const auto &a = origin.at[i], &b = frame.positions[i];
      const atoms::Vector d{b[0] - a[0], b[1] - a[1], b[2] - a[2]};
      const double r2 = atoms::dot(d, d), r = std::sqrt(r2), x = options_.q * r;
      const double self = x < 1e-4 ? 1 - x * x / 6 : std::sin(x) / x;
      for (const auto set : {std::size_t{0}, static_cast<std::size_t>(species_[i]) + 1}) {
        sums[set].r2 += r2;
        sums[set].r4 += r2 * r2;
        sums[set].self += self;
        sums[set].overlap += r2 < limit ? 1 : 0;
      }
      if (histogram != nullptr)
        ++(*histogram)[static_cast<std::size_t>(
            std::min(static_cast<double>(options_.van_hove_bins),
                     r / options_.van_hove_max * static_cast<double>(options_.van_hove_bins)))];
    }
  }
  if (now % every_ == 0 && static_cast<Index>(origins_.size()) < options_.origins)
    origins_.push_back({now, frame.positions, std::vector<std::vector<Sums>>(lags_.size())});
}

MotionResult MotionCounter::result() const {
  MotionResult out;
  out.lags = lags_;
  out.van_hove.lags = van_hove_lags_;
  for (const Index lag : lags_)
    out.times.push_back(static_cast<double>(lag) * options_.frame_time);
  for (std::size_t set = 0; set < counts_.size(); ++set) {
    Motion m;
    m.name = set == 0 ? "all" : names_[set - 1];
    m.atoms = counts_[set];
    const auto n = static_cast<double>(counts_[set]);
    for (std::size_t l = 0; l < lags_.size(); ++l) {
      std::vector<double> msd, self, overlap;
      std::vector<std::array<double, 2>> moments, squares;
      for (const auto& origin : origins_) {
        if (origin.seen[l].empty())
          continue;
        const auto& s = origin.seen[l][set];
        msd.push_back(s.r2 / n);
        self.push_back(s.self / n);
        overlap.push_back(s.overlap / n);
        moments.push_back({s.r2 / n, s.r4 / n});
        squares.push_back({s.overlap / n, s.overlap * s.overlap / n});
      }
      if (set == 0)
        out.origins.push_back(static_cast<Index>(msd.size()));
      append(m.msd, blocked(msd, options_.blocks));
      append(m.self, blocked(self, options_.blocks));
      append(m.overlap, blocked(overlap, options_.blocks));
      append(m.alpha2, jackknife(moments, options_.blocks, [](double r2, double r4) {
               return 3 * r4 / (5 * r2 * r2) - 1;
             }));
      append(m.chi4,
             squares.size() < 4 ? Blocked{}
                                : jackknife(squares, options_.blocks, [&](double q, double q2) {
                                    return q2 - n * q * q;
                                  }));
    }
    out.sets.push_back(std::move(m));
  }
  const double width = options_.van_hove_max / static_cast<double>(options_.van_hove_bins);
  for (Index b = 0; b < options_.van_hove_bins; ++b)
    out.van_hove.r.push_back((static_cast<double>(b) + 0.5) * width);
  for (const auto& histogram : van_hove_) {
    double all = 0;
    for (const Index count : histogram)
      all += static_cast<double>(count);
    std::vector<double> density;
    for (Index b = 0; b < options_.van_hove_bins; ++b)
      density.push_back(all > 0 ? static_cast<double>(histogram[static_cast<std::size_t>(b)]) /
                                      (all * width)
                                : nan);
    out.van_hove.density.push_back(std::move(density));
  }
  return out;
}

PowerSlope fit_slope(std::span<const double> x, const LagCurve& y, double from, double to) {
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  Index points = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < from || x[i] > to || !(y.value[i] > 0) || !(y.error[i] > 0))
      continue;
    const double weight = std::pow(y.value[i] / y.error[i], 2);
    const double u = std::log(x[i]), v = std::log(y.value[i]);
    w += weight;
    wx += weight * u;
    wy += weight * v;
    wxx += weight * u * u;
    wxy += weight * u * v;
    ++points;
  }
  if (points < 3)
    return {nan, nan, nan};
  const double determinant = w * wxx - wx * wx;
  PowerSlope out;
  out.exponent = (w * wxy - wx * wy) / determinant;
  out.prefactor = std::exp((wy - out.exponent * wx) / w);
  out.error = std::sqrt(w / determinant);
  return out;
}

} // namespace vitrum::md
