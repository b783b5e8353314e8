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

struct Blocked {
  double mean = nan, error = nan;
};

void append(LagCurve& curve, const Blocked& value) {
  curve.value.push_back(value.mean);
  curve.error.push_back(value.error);
}

/// The variance of the overlap between origins, over the number of atoms, with the error by leaving
/// out blocks of origins (jackknife) that are no shorter than the lag.
Blocked variance_between(const std::vector<double>& overlap, double atoms, Index blocks) {
  Blocked out;
  constexpr std::size_t least = 4; // origins
  if (overlap.size() < least)
    return out;
  const auto count = static_cast<Index>(overlap.size());
  const auto variance_without = [&](Index first, Index last) {
    double sum = 0, squares = 0, n = 0;
    for (Index i = 0; i < count; ++i)
      if (i < first || i >= last) {
        const double q = overlap[static_cast<std::size_t>(i)];
        sum += q / atoms;
        squares += q * q / atoms;
        ++n;
      }
    return squares / n - atoms * sum / n * sum / n;
  };
  out.mean = variance_without(0, 0);
  const Index parts = std::min(blocks, count);
  if (parts < 3)
    return out;
  Moments left;
  for (Index b = 0; b < parts; ++b)
    left.add(variance_without(b * count / parts, (b + 1) * count / parts));
  out.error = std::sqrt(left.variance() * static_cast<double>((parts - 1) * (parts - 1)) /
                        static_cast<double>(parts));
  return out;
}

/// Standard error from the values without one part each (jackknife).
double left_out_error(const std::vector<double>& without) {
  constexpr Index least = 4;
  Moments left;
  for (const double one : without)
    left.add(one);
  const auto n = static_cast<double>(left.count);
  return left.count < least ? nan : std::sqrt(left.variance() / n) * (n - 1);
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

void MotionCounter::find_regions(const atoms::Configuration& frame) {
  // cells of the box, as many as hold a few atoms each
  constexpr std::size_t enough = 108;
  const Index along = species_.size() < enough ? 2 : 3;
  const auto sets = counts_.size();
  members_.assign(static_cast<std::size_t>(along * along * along) * sets, 0);
  for (std::size_t i = 0; i < species_.size(); ++i) {
    std::size_t region = 0;
    for (const double f : frame.box.fraction(frame.positions[i])) {
      const auto cell = static_cast<Index>((f - std::floor(f)) * static_cast<double>(along));
      region = region * static_cast<std::size_t>(along) +
               static_cast<std::size_t>(std::clamp<Index>(cell, 0, along - 1));
    }
    region_.push_back(region);
    ++members_[region * sets];
    ++members_[region * sets + static_cast<std::size_t>(species_[i]) + 1];
  }
  by_region_.assign(lags_.size(), std::vector<Sums>(members_.size()));
  reached_.assign(lags_.size(), 0);
}

void MotionCounter::add(const atoms::Configuration& frame) {
  if (!frame.unwrapped)
    throw DataError("motion needs unwrapped positions");
  if (added_ == 0)
    find_regions(frame);
  const Index now = added_++;
  const double limit = options_.overlap * options_.overlap;
  const auto sets = counts_.size();
  for (auto& origin : origins_) {
    const auto it = std::lower_bound(lags_.begin(), lags_.end(), now - origin.frame);
    if (it == lags_.end() || *it != now - origin.frame)
      continue;
    const auto van_hove =
        std::find(van_hove_lags_.begin(), van_hove_lags_.end(), now - origin.frame);
    auto* histogram = van_hove == van_hove_lags_.end()
                          ? nullptr
                          : &van_hove_[static_cast<std::size_t>(van_hove - van_hove_lags_.begin())];
    const auto lag = static_cast<std::size_t>(it - lags_.begin());
    auto& sums = by_region_[lag];
    auto& overlap = origin.overlap[lag];
    overlap.assign(sets, 0);
    ++reached_[lag];
    for (std::size_t i = 0; i < species_.size(); ++i) {
      const auto &a = origin.at[i], &b = frame.positions[i];
      const atoms::Vector d{b[0] - a[0], b[1] - a[1], b[2] - a[2]};
      const double r2 = atoms::dot(d, d), r = std::sqrt(r2), x = options_.q * r;
      const double self = x < 1e-4 ? 1 - x * x / 6 : std::sin(x) / x;
      for (const auto set : {std::size_t{0}, static_cast<std::size_t>(species_[i]) + 1}) {
        auto& to = sums[region_[i] * sets + set];
        to.r2 += r2;
        to.r4 += r2 * r2;
        to.self += self;
        if (r2 < limit) {
          to.overlap += 1;
          overlap[set] += 1;
        }
      }
      if (histogram != nullptr)
        ++(*histogram)[static_cast<std::size_t>(
            std::min(static_cast<double>(options_.van_hove_bins),
                     r / options_.van_hove_max * static_cast<double>(options_.van_hove_bins)))];
    }
  }
  if (now % every_ == 0 && static_cast<Index>(origins_.size()) < options_.origins)
    origins_.push_back({now, frame.positions, std::vector<std::vector<double>>(lags_.size())});
}

MotionResult MotionCounter::result() const {
  MotionResult out;
  out.lags = lags_;
  out.origins = reached_;
  out.van_hove.lags = van_hove_lags_;
  for (const Index lag : lags_)
    out.times.push_back(static_cast<double>(lag) * options_.frame_time);
  const auto sets = counts_.size(), regions = members_.size() / sets;
  for (std::size_t set = 0; set < sets; ++set) {
    Motion m;
    m.name = set == 0 ? "all" : names_[set - 1];
    m.atoms = counts_[set];
    /// `f` of the means of r², r⁴, F_s and overlap, all of it and without each region.
    const auto curve = [&](auto&& f) {
      LagCurve c;
      for (std::size_t r = 0; r < regions; ++r)
        if (const Index own = members_[r * sets + set]; own > 0 && own < m.atoms)
          c.without.emplace_back();
      for (std::size_t l = 0; l < lags_.size(); ++l) {
        Sums all;
        for (std::size_t r = 0; r < regions; ++r)
          all += by_region_[l][r * sets + set];
        const auto origins = static_cast<double>(reached_[l]);
        const auto of = [&](const Sums& s, Index atoms) {
          const double n = static_cast<double>(atoms) * origins;
          return n > 0 ? f(Sums{s.r2 / n, s.r4 / n, s.self / n, s.overlap / n}) : nan;
        };
        c.value.push_back(of(all, m.atoms));
        std::vector<double> without;
        for (std::size_t r = 0; r < regions; ++r)
          if (const Index own = members_[r * sets + set]; own > 0 && own < m.atoms) {
            Sums rest = all;
            rest -= by_region_[l][r * sets + set];
            c.without[without.size()].push_back(of(rest, m.atoms - own));
            without.push_back(c.without[without.size()].back());
          }
        c.error.push_back(left_out_error(without));
      }
      return c;
    };
    m.msd = curve([](const Sums& s) { return s.r2; });
    m.self = curve([](const Sums& s) { return s.self; });
    m.overlap = curve([](const Sums& s) { return s.overlap; });
    m.alpha2 = curve([](const Sums& s) { return 3 * s.r4 / (5 * s.r2 * s.r2) - 1; });
    for (std::size_t l = 0; l < lags_.size(); ++l) {
      std::vector<double> overlap;
      for (const auto& origin : origins_)
        if (!origin.overlap[l].empty())
          overlap.push_back(origin.overlap[l][set]);
      const Index independent = static_cast<Index>(overlap.size()) * every_ / lags_[l];
      append(m.chi4,
             variance_between(
                 overlap, static_cast<double>(m.atoms), std::min(options_.blocks, independent)));
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

namespace {

PowerSlope line_through(std::span<const double> x,
                        std::span<const double> y,
                        const LagCurve& weights,
                        double from,
                        double to) {
  double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
  Index points = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < from || x[i] > to || !(weights.value[i] > 0) || !(weights.error[i] > 0) ||
        !(y[i] > 0))
      continue;
    const double weight = std::pow(weights.value[i] / weights.error[i], 2);
    const double u = std::log(x[i]), v = std::log(y[i]);
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

} // namespace

PowerSlope fit_slope(std::span<const double> x, const LagCurve& y, double from, double to) {
  auto out = line_through(x, y.value, y, from, to);
  if (y.without.empty())
    return out;
  std::vector<double> without;
  for (const auto& curve : y.without)
    without.push_back(line_through(x, curve, y, from, to).exponent);
  out.error = left_out_error(without);
  return out;
}

} // namespace vitrum::md
