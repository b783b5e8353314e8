#include "vitrum/aging/events.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "drop_statistic.hpp"
#include "event_details.hpp"
#include "excursions.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::aging {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Index smallest_block = 2, largest_block = 32;

double finite_count(const std::vector<double>& values) {
  return static_cast<double>(
      std::count_if(values.begin(), values.end(), [](double x) { return !std::isnan(x); }));
}

/// Width of the statistic as a share of the correlation that an event could take away.
double relative_noise(const DropStatistic& s, const ScaledStatistic& scaled, double baseline) {
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
  DropStatistic statistic;
  ScaledStatistic scaled;
  double noise = std::numeric_limits<double>::infinity();
};

/// The block of the least noise. Blocks differ by a factor of four, and with them the noise: among
/// nearly equal ones the choice would fall on that whose noise is underestimated, and events would
/// be found where there are none. So what is compared lies two errors above the noise that is
/// found: a longer block, of whose noise less is known, must be better beyond doubt.
Choice choose(const Band& band, const EventOptions& options) {
  std::vector<Index> blocks{options.block_frames};
  if (options.block_frames == 0)
    blocks = {2, 8, 32};
  Choice best;
  double least = std::numeric_limits<double>::infinity();
  for (const Index block : blocks) {
    if (block > band.lags)
      continue;
    Choice c{make_statistic(band, block), {}};
    c.scaled = scale(c.statistic);
    c.noise = relative_noise(c.statistic, c.scaled, options.baseline);
    const double bound = c.noise * (1 + 2 / std::sqrt(2 * c.scaled.degrees));
    if (best.statistic.block == 0 || (c.noise > 0 && bound < least)) {
      best = std::move(c);
      least = bound;
    }
  }
  return best;
}

/// Events stand where the correlation across is least, near the peak of the statistic.
Index place(const DropStatistic& s, Index peak) {
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
  const ExcursionRate rate(std::move(near), static_cast<double>(out.judged));
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
