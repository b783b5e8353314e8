#include "vitrum/md/power_law.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::md {
namespace {

bool earlier(const Interval& a, const Interval& b) {
  // at one time, what ended counts before what was cut off then
  return a.time < b.time || (a.time == b.time && a.ended && !b.ended);
}

/// Intervals in order with the sums that every t_min needs.
struct Sorted {
  std::vector<Interval> all;
  std::vector<double> log_above;       // [i] Σ_{j >= i} ln t_j
  std::vector<double> ended_log_above; // … of those that ended
  std::vector<Index> ended_above;      // their number
  Survival km;                         // of all
  double shift;                        // half the resolution

  Sorted(std::vector<Interval> intervals, double resolution)
      : all(std::move(intervals)), shift(0.5 * resolution) {
    for (const auto& one : all)
      if (!(one.time > 0) || !std::isfinite(one.time))
        throw DataError(fmt::format("an interval of {}: expected positive times", one.time));
    if (!std::is_sorted(all.begin(), all.end(), earlier))
      std::sort(all.begin(), all.end(), earlier);
    const auto n = all.size();
    log_above.assign(n + 1, 0);
    ended_log_above.assign(n + 1, 0);
    ended_above.assign(n + 1, 0);
    for (std::size_t i = n; i-- > 0;) {
      const double log_time = std::log(all[i].time);
      log_above[i] = log_above[i + 1] + log_time;
      ended_log_above[i] = ended_log_above[i + 1] + (all[i].ended ? log_time : 0);
      ended_above[i] = ended_above[i + 1] + (all[i].ended ? 1 : 0);
    }
    for (std::size_t i = 0; i < n;) {
      Index deaths = 0;
      std::size_t j = i;
      for (; j < n && all[j].time == all[i].time; ++j)
        deaths += all[j].ended ? 1 : 0;
      if (deaths > 0) {
        const double before = km.survival.empty() ? 1 : km.survival.back();
        km.time.push_back(all[i].time);
        km.survival.push_back(before *
                              (1 - static_cast<double>(deaths) / static_cast<double>(n - i)));
      }
      i = j;
    }
  }

  [[nodiscard]] std::size_t first_at(double t) const {
    return static_cast<std::size_t>(
        std::lower_bound(all.begin(),
                         all.end(),
                         t,
                         [](const Interval& one, double time) { return one.time < time; }) -
        all.begin());
  }

  [[nodiscard]] PowerLaw fit(double t_min) const {
    PowerLaw out;
    out.t_min = t_min;
    const auto from = first_at(t_min);
    const auto many = static_cast<double>(all.size() - from);
    out.events = ended_above[from];
    out.censored = static_cast<Index>(all.size() - from) - out.events;
    const double log_min = std::log(t_min - shift);
    const auto d = static_cast<double>(out.events);
    const double slope = d / (log_above[from] - many * log_min);
    out.exponent = 1 + slope;
    out.exponent_error = slope / std::sqrt(d);
    out.uncensored_exponent = 1 + d / (ended_log_above[from] - d * log_min);
    out.distance = distance(t_min, slope);
    return out;
  }

  /// Largest difference of survivals above t_min, at up to 2000 of the event times.
  [[nodiscard]] double distance(double t_min, double slope) const {
    const auto from = static_cast<std::size_t>(
        std::lower_bound(km.time.begin(), km.time.end(), t_min) - km.time.begin());
    const double start = from == 0 ? 1 : km.survival[from - 1];
    const std::size_t step = std::max<std::size_t>(1, (km.time.size() - from) / 2000);
    double largest = 0;
    for (std::size_t i = from; i < km.time.size(); i += step) {
      const double before = (i == 0 ? 1 : km.survival[i - 1]) / start;
      const double after = km.survival[i] / start;
      if (shift > 0) { // steps of the resolution: compare between them
        const double model = std::pow((km.time[i] + shift) / (t_min - shift), -slope);
        largest = std::max(largest, std::abs(after - model));
      } else {
        const double model = std::pow(km.time[i] / t_min, -slope);
        largest = std::max({largest, std::abs(before - model), std::abs(after - model)});
      }
    }
    return largest;
  }

  /// Times of events, about evenly on a logarithmic axis, that leave enough above.
  [[nodiscard]] std::vector<double> candidates(const PowerLawOptions& options) const {
    std::vector<double> out;
    if (km.time.empty())
      return out;
    const double low = std::log(km.time.front()), high = std::log(km.time.back());
    for (Index c = 0; c < options.candidates; ++c) {
      const double t = std::exp(low + (high - low) * static_cast<double>(c) /
                                          static_cast<double>(options.candidates));
      const auto at = std::lower_bound(km.time.begin(), km.time.end(), t * (1 - 1e-12));
      if (at == km.time.end() || ended_above[first_at(*at)] < options.least_events)
        break;
      if ((out.empty() || *at > out.back()) && *at > shift)
        out.push_back(*at);
    }
    return out;
  }

  [[nodiscard]] PowerLaw best(const PowerLawOptions& options) const {
    if (options.t_min > 0) {
      const auto events = ended_above[first_at(options.t_min)];
      if (events < std::max<Index>(options.least_events, 2))
        throw DataError(fmt::format("{} intervals of at least {:g} ended, a power law needs {}",
                                    events,
                                    options.t_min,
                                    options.least_events));
      return fit(options.t_min);
    }
    PowerLaw out;
    out.distance = std::numeric_limits<double>::infinity();
    for (const double t : candidates(options))
      if (const auto one = fit(t); one.distance < out.distance)
        out = one;
    if (std::isinf(out.distance))
      throw DataError(fmt::format(
          "{} intervals ended, a power law needs {}", ended_above.front(), options.least_events));
    return out;
  }
};

} // namespace

PowerLaw fit_power_law(std::vector<Interval> intervals, const PowerLawOptions& options) {
  return Sorted(std::move(intervals), options.resolution).best(options);
}

std::vector<PowerLaw> scan_power_law(std::vector<Interval> intervals,
                                     const PowerLawOptions& options) {
  const Sorted sorted(std::move(intervals), options.resolution);
  std::vector<PowerLaw> out;
  for (const double t : sorted.candidates(options))
    out.push_back(sorted.fit(t));
  return out;
}

Survival kaplan_meier(std::vector<Interval> intervals) {
  return Sorted(std::move(intervals), 0).km;
}

double power_law_p_value(const std::vector<Interval>& intervals,
                         const PowerLaw& fit,
                         const PowerLawOptions& options,
                         Index replicates,
                         std::uint64_t seed) {
  std::vector<Interval> below, above, reverse;
  for (const auto& one : intervals) {
    (one.time < fit.t_min ? below : above).push_back(one);
    if (one.time >= fit.t_min)
      reverse.push_back({one.time, !one.ended}); // when was the window closed?
  }
  const Survival closing = kaplan_meier(reverse);
  const double shift = 0.5 * options.resolution;
  std::vector<std::uint8_t> worse(static_cast<std::size_t>(replicates), 0);
  parallel_for(0, replicates, 1, [&](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) {
      Random random(seed, static_cast<std::uint64_t>(r));
      std::vector<Interval> sample;
      sample.reserve(intervals.size());
      for (std::size_t i = 0; i < intervals.size(); ++i) {
        const auto pick = random.below(static_cast<Index>(intervals.size()));
        if (pick < static_cast<Index>(below.size())) {
          sample.push_back(below[static_cast<std::size_t>(pick)]);
          continue;
        }
        double time = (fit.t_min - shift) * std::pow(random.uniform(), -1 / (fit.exponent - 1));
        if (shift > 0)
          time = std::max(fit.t_min, options.resolution * std::round(time / options.resolution));
        // the reverse survival falls to u where the window closes; it need not fall to 0
        const double u = random.uniform();
        const auto at = std::lower_bound(
            closing.survival.begin(), closing.survival.end(), u, [](double survival, double level) {
              return survival > level;
            });
        const double closes =
            at == closing.survival.end()
                ? std::numeric_limits<double>::infinity()
                : closing.time[static_cast<std::size_t>(at - closing.survival.begin())];
        sample.push_back({std::min(time, closes), time <= closes});
      }
      try {
        worse[static_cast<std::size_t>(r)] =
            fit_power_law(std::move(sample), options).distance >= fit.distance ? 1 : 0;
      } catch (const DataError&) {
        // too few events left in this draw: it says nothing, and counts as no worse
      }
    }
  });
  Index count = 0;
  for (const auto one : worse)
    count += one;
  return static_cast<double>(count + 1) / static_cast<double>(replicates + 1);
}

} // namespace vitrum::md
