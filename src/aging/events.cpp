#include "vitrum/aging/events.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "event_details.hpp"
#include "excursions.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index smallest_block = 2, largest_block = 32;
constexpr double outlier = 4; // beyond this a value does not count for the noise

/// Sums of finite values up to an index.
struct Prefix {
  std::vector<double> sum;
  std::vector<Index> count;

  void assign(std::span<const float> values) {
    sum.assign(values.size() + 1, 0);
    count.assign(values.size() + 1, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool good = !std::isnan(values[i]);
      sum[i + 1] = sum[i] + (good ? static_cast<double>(values[i]) - 1 : 0.0);
      count[i + 1] = count[i] + (good ? 1 : 0);
    }
  }
  [[nodiscard]] double mean(Index first, Index last, Index& n) const {
    const auto a = static_cast<std::size_t>(first);
    const auto b = static_cast<std::size_t>(last);
    n = count[b] - count[a];
    return n > 0 ? (sum[b] - sum[a]) / static_cast<double>(n) : 0.0;
  }
};

/// D(t) as a share of C around it, the mean around it and the mean across it, C − 1; NaN where not
/// judged. Relative to C because the noise of C grows with the contrast that the speckles of the
/// moment happen to have: in absolute terms its width wanders and its tails are heavier.
struct Statistic {
  Index block = 0;
  std::vector<double> drop, around, across;
};

Statistic make_statistic(const Band& band, Index block) {
  const Index n = band.frames;
  const auto size = static_cast<std::size_t>(n);
  Statistic s{block,
              std::vector<double>(size, nan),
              std::vector<double>(size, nan),
              std::vector<double>(size, nan)};
  std::vector<double> drop(size, 0), around(size, 0), across(size, 0), weight(size, 0);
  Prefix prefix;
  for (Index lag = 1; lag <= block; ++lag) {
    prefix.assign(band.diagonal(lag));
    for (Index t = 2 * block; t + 2 * block <= n; ++t) {
      Index nx = 0, nb = 0, na = 0;
      const double x = prefix.mean(t - lag, t, nx);
      const double b = prefix.mean(t - 2 * lag, t - lag, nb);
      const double a = prefix.mean(t, t + lag, na);
      const auto w = static_cast<double>(std::min({nx, nb, na}));
      const auto i = static_cast<std::size_t>(t);
      drop[i] += w * ((a + b) / 2 - x);
      around[i] += w * (a + b) / 2;
      across[i] += w * x;
      weight[i] += w;
    }
  }
  const double full = 0.5 * static_cast<double>(block * (block + 1));
  for (Index t = 2 * block; t + 2 * block <= n; ++t) {
    const auto i = static_cast<std::size_t>(t);
    if (weight[i] < full / 2 || std::isnan(band.at(1, t - 1)))
      continue;
    s.around[i] = around[i] / weight[i];
    s.drop[i] = drop[i] / weight[i] / (1 + s.around[i]);
    s.across[i] = across[i] / weight[i];
  }
  return s;
}

/// The statistic centred and scaled by its neighbourhood; what is within two blocks of a value does
/// not count for its own scale, and outliers do not count for anyone's.
struct Scaled {
  std::vector<double> z, centre, width;
  double degrees = 0;
  std::vector<double> correlation;
};

Scaled scale(const Statistic& s) {
  const auto n = static_cast<Index>(s.drop.size());
  const Index own = 2 * s.block;
  const Index half =
      40 * s.block; // more would follow aging less, fewer would make the tails heavier
  Scaled out;
  out.z.assign(s.drop.size(), nan);
  out.centre = out.width = out.z;
  std::vector<std::uint8_t> left_out(s.drop.size(), 0);
  std::vector<double> sum(s.drop.size() + 1), square(s.drop.size() + 1), count(s.drop.size() + 1);
  const double middle = median(s.drop);
  for (int pass = 0; pass < 4; ++pass) {
    for (std::size_t i = 0; i < s.drop.size(); ++i) {
      const bool good = !std::isnan(s.drop[i]) && left_out[i] == 0;
      const double x = good ? s.drop[i] - middle : 0;
      sum[i + 1] = sum[i] + x;
      square[i + 1] = square[i] + x * x;
      count[i + 1] = count[i] + (good ? 1 : 0);
    }
    double used = 0, places = 0;
    for (Index t = 0; t < n; ++t) {
      const auto i = static_cast<std::size_t>(t);
      if (std::isnan(s.drop[i]))
        continue;
      const auto over = [&](const std::vector<double>& p) {
        // a window of constant length, moved inwards at the ends
        const Index first = std::clamp<Index>(t - half, 0, std::max<Index>(0, n - 2 * half));
        const auto a = static_cast<std::size_t>(first);
        const auto b = static_cast<std::size_t>(std::min(n, first + 2 * half));
        const auto c = static_cast<std::size_t>(std::max(first, t - own));
        const auto d = static_cast<std::size_t>(std::min({n, first + 2 * half, t + own + 1}));
        return p[b] - p[a] - (p[d] - p[c]);
      };
      const double m = over(count);
      if (m < 8)
        continue;
      const double mean = over(sum) / m;
      const double variance = (over(square) / m - mean * mean) * m / (m - 1);
      if (!(variance > 0))
        continue;
      out.centre[i] = middle + mean;
      out.width[i] = std::sqrt(variance);
      out.z[i] = (s.drop[i] - out.centre[i]) / out.width[i];
      used += m;
      places += 1;
    }
    std::vector<double> quiet = out.z;
    for (std::size_t i = 0; i < quiet.size(); ++i)
      if (left_out[i] != 0)
        quiet[i] = nan;
    out.correlation = tapered_autocorrelation(quiet, 4 * s.block);
    double squares = 1;
    for (std::size_t k = 1; k < out.correlation.size(); ++k)
      squares += 2 * out.correlation[k] * out.correlation[k];
    out.degrees = places > 0 ? used / places / squares : 0;
    bool changed = false;
    for (Index t = 0; t < n; ++t)
      if (std::abs(out.z[static_cast<std::size_t>(t)]) > outlier)
        for (Index k = std::max<Index>(0, t - own); k < std::min(n, t + own + 1); ++k) {
          changed |= left_out[static_cast<std::size_t>(k)] == 0;
          left_out[static_cast<std::size_t>(k)] = 1;
        }
    if (!changed)
      break;
  }
  return out;
}

double finite_count(const std::vector<double>& values) {
  return static_cast<double>(
      std::count_if(values.begin(), values.end(), [](double x) { return !std::isnan(x); }));
}

/// Width of the statistic as a share of the correlation that an event could take away.
double relative_noise(const Statistic& s, const Scaled& scaled, double baseline) {
  std::vector<double> share;
  for (std::size_t i = 0; i < s.drop.size(); ++i)
    if (!std::isnan(scaled.z[i]))
      share.push_back(scaled.width[i] * (1 + s.around[i]) / (s.around[i] - (baseline - 1)));
  return share.empty() ? std::numeric_limits<double>::infinity() : median(share);
}

/// Standard deviation of single elements: from the second difference along the first diagonal.
double noise_of_elements(const Band& band) {
  std::vector<double> second;
  const auto d = band.diagonal(1);
  for (std::size_t i = 0; i + 2 < d.size(); ++i) {
    const double x = static_cast<double>(d[i]) - 2 * static_cast<double>(d[i + 1]) +
                     static_cast<double>(d[i + 2]);
    if (!std::isnan(x))
      second.push_back(x);
  }
  return second.empty() ? nan : robust_deviation(second) / std::sqrt(6.0);
}

struct Choice {
  Statistic statistic;
  Scaled scaled;
  double noise = std::numeric_limits<double>::infinity();
};

/// The block of the least noise. Blocks differ by a factor of four, and with them the noise: among
/// nearly equal ones the choice would fall on that whose noise is underestimated, and events would
/// be found where there are none.
Choice choose(const Band& band, const EventOptions& options) {
  std::vector<Index> blocks{options.block_frames};
  if (options.block_frames == 0)
    blocks = {2, 8, 32};
  Choice best;
  for (const Index block : blocks) {
    if (block > band.lags)
      continue;
    Choice c{make_statistic(band, block), {}};
    c.scaled = scale(c.statistic);
    c.noise = relative_noise(c.statistic, c.scaled, options.baseline);
    if (best.statistic.block == 0 || (c.noise > 0 && c.noise < best.noise))
      best = std::move(c);
  }
  return best;
}

/// Events stand where the correlation across is least, near the peak of the statistic.
Index place(const Statistic& s, Index peak) {
  Index best = peak;
  for (Index t = peak - s.block / 2; t <= peak + s.block / 2; ++t)
    if (t > 0 && t < static_cast<Index>(s.across.size()) &&
        s.across[static_cast<std::size_t>(t)] < s.across[static_cast<std::size_t>(best)])
      best = t;
  return best;
}

} // namespace

std::string_view name(EventKind kind) {
  switch (kind) {
  case EventKind::structural:
    return "structural";
  case EventKind::transient:
    return "transient";
  case EventKind::shift:
    return "shift";
  case EventKind::intensity:
    break;
  }
  return "intensity";
}

void validate(const EventOptions& o) {
  if (!(o.false_alarms > 0 && o.false_alarms <= 0.5))
    throw OptionError(fmt::format("false_alarms = {}: must lie in (0, 0.5]", o.false_alarms));
  if (o.block_frames < 0)
    throw OptionError(fmt::format("block_frames = {}: must not be negative", o.block_frames));
  if (!std::isfinite(o.baseline))
    throw OptionError(fmt::format("baseline = {}: must be a finite g2", o.baseline));
}

EventSearch find_events(const MapRows& map, const EventOptions& options) {
  validate(options);
  EventSearch out;
  const Index n = map.frames();
  out.significance.assign(static_cast<std::size_t>(n), nan);
  // 20 blocks are the least from which the noise of the statistic can be told
  const Index least = 20 * (options.block_frames > 0 ? options.block_frames : smallest_block);
  if (n < least) {
    out.reason =
        fmt::format("{} frames: too few to tell events from noise, need at least {}", n, least);
    return out;
  }
  const Index widest = std::min(largest_block, n / 20);
  const Band band = read_band(map, options.block_frames > 0 ? options.block_frames : widest);
  const Choice c = choose(band, options);
  out.block_frames = c.statistic.block;
  out.element_noise = noise_of_elements(band);
  out.judged = static_cast<Index>(finite_count(c.scaled.z));
  if (out.judged == 0 || !std::isfinite(c.noise)) {
    out.reason = "no frame has enough pairs of frames around it";
    out.judged = 0;
    return out;
  }
  out.statistic_noise = c.noise;
  out.significance = c.scaled.z;
  // excursions are shorter than two blocks: there the correlation is back at zero
  auto near = c.scaled.correlation;
  near.resize(static_cast<std::size_t>(2 * out.block_frames + 1));
  const ExcursionRate rate(std::move(near), static_cast<double>(out.judged), c.scaled.degrees);
  out.threshold = rate.level(options.false_alarms);
  const auto& z = out.significance;
  for (Index t = 0; t < n; ++t) {
    if (!(z[static_cast<std::size_t>(t)] > out.threshold))
      continue;
    Index peak = t, last = t;
    for (; t < n && t <= last + 2 * out.block_frames; ++t)
      if (z[static_cast<std::size_t>(t)] > out.threshold) {
        last = t;
        if (z[static_cast<std::size_t>(t)] > z[static_cast<std::size_t>(peak)])
          peak = t;
      }
    const auto i = static_cast<std::size_t>(peak);
    const double around = c.statistic.around[i];
    const double whole = (around - (options.baseline - 1)) / (1 + around); // in units of C, too
    Event event;
    event.frame = place(c.statistic, peak);
    event.drop = (c.statistic.drop[i] - c.scaled.centre[i]) / whole;
    event.drop_error = c.scaled.width[i] / std::abs(whole);
    event.significance = z[i];
    event.probability = -std::expm1(-rate.expected(z[i]));
    event.intensity_ratio = nan;
    out.events.push_back(std::move(event));
  }
  add_details(map, options.baseline, out);
  return out;
}

} // namespace vitrum::aging
