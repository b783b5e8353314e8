#include "vitrum/companion/dsc.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "curve_fit.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double seconds_per_minute = 60;

/// Everything that a construction needs besides the curve.
struct Ranges {
  bool has_glass = false;
  GlassRanges glass;
  std::vector<PeakRanges> exotherms, endotherms;
};

/// What the names of the numbers are made of.
struct Scales {
  double rate_k_s = nan; // NaN: no heats
  std::string heat_unit, capacity_unit;
  double liquidus_c = nan;
};

using Numbers = std::vector<DscNumber>;

void add(Numbers& out, std::string name, double value, std::string unit) {
  out.push_back({std::move(name), std::move(unit), value});
}

/// All numbers of one curve for one choice of ranges, always the same names in the same order.
Numbers
numbers_of(const HeatFlow& curve, std::span<const double> flow, const Ranges& r, const Scales& s) {
  const std::span<const double> t(curve.temperature_c);
  Numbers out;
  const char* celsius = "\xC2\xB0"
                        "C";
  double tg = nan, tx = nan, tl = s.liquidus_c;
  if (r.has_glass) {
    const auto g = measure_glass_transition(t, flow, r.glass);
    add(out, "tg_onset_c", tg = g.onset_c, celsius);
    add(out, "tg_midpoint_c", g.midpoint_c, celsius);
    add(out, "tg_end_c", g.end_c, celsius);
    add(out, "tg_inflection_c", g.inflection_c, celsius);
    if (!std::isnan(s.rate_k_s))
      add(out,
          s.capacity_unit == "J/(g K)" ? "cp_step_j_per_g_k" : "cp_step_mj_per_k",
          g.step / s.rate_k_s,
          s.capacity_unit);
  }
  const bool per_gram = s.heat_unit == "J/g";
  const auto heat = [&](const std::string& name, double area) {
    if (!std::isnan(s.rate_k_s))
      add(out,
          name + (per_gram ? "enthalpy_j_per_g" : "enthalpy_mj"),
          area / s.rate_k_s,
          s.heat_unit);
  };
  for (std::size_t k = 0; k < r.exotherms.size(); ++k) {
    const auto peak = measure_peak(t, flow, r.exotherms[k], true);
    const std::string name = k == 0 ? "tx" : fmt::format("tx{}", k + 1);
    add(out, name + "_onset_c", peak.onset_c, celsius);
    add(out, name + "_peak_c", peak.highest_c, celsius);
    add(out, name + "_end_c", peak.end_c, celsius);
    heat(name + "_", peak.area_k);
    if (k == 0)
      tx = peak.onset_c;
  }
  for (std::size_t k = 0; k < r.endotherms.size(); ++k) {
    const auto peak = measure_peak(t, flow, r.endotherms[k], false);
    const std::string name = k == 0 ? "tm" : fmt::format("tm{}", k + 1);
    add(out, name + "_onset_c", peak.onset_c, celsius);
    add(out, name + "_peak_c", peak.highest_c, celsius);
    heat(k == 0 ? "melting_" : fmt::format("melting{}_", k + 1), peak.area_k);
    if (std::isnan(s.liquidus_c) && k + 1 == r.endotherms.size())
      add(out, "tl_c", tl = peak.end_c, celsius);
  }
  const double g = tg + zero_celsius_k, x = tx + zero_celsius_k, l = tl + zero_celsius_k;
  if (r.has_glass && !r.exotherms.empty())
    add(out, "supercooled_range_k", x - g, "K");
  const bool has_liquidus = !std::isnan(s.liquidus_c) || !r.endotherms.empty();
  if (r.has_glass && has_liquidus) {
    add(out, "trg", g / l, "");
    if (!r.exotherms.empty())
      add(out, "gamma", x / (g + l), "");
  }
  return out;
}

/// Ends moved at random by up to a quarter of a length; where two ends meet they move alike.
Ranges varied(const Ranges& r, Random& random) {
  constexpr double share = 0.25;
  const auto move = [&](double& end, double length) {
    end += share * std::abs(length) * (2 * random.uniform() - 1);
  };
  const auto move_both = [&](double& first, double& last) {
    const double length = last - first;
    move(first, length);
    move(last, length);
  };
  Ranges out = r;
  if (r.has_glass) {
    auto& g = out.glass;
    const double gap = g.flank_first_c - g.glass_last_c, over = g.liquid_first_c - g.flank_last_c;
    move(g.glass_first_c, g.glass_last_c - g.glass_first_c);
    move(g.glass_last_c, gap);
    move(g.liquid_last_c, g.liquid_last_c - g.liquid_first_c);
    move(g.liquid_first_c, over);
    const double flank = g.flank_last_c - g.flank_first_c;
    move(g.flank_first_c, 0.5 * flank);
    move(g.flank_last_c, 0.5 * flank);
  }
  const auto peak = [&](PeakRanges& p) {
    const double before = p.lead_first_c - p.before_last_c,
                 after = p.after_first_c - p.trail_last_c;
    move(p.before_first_c, p.before_last_c - p.before_first_c);
    move(p.before_last_c, before);
    if (p.after_last_c > p.after_first_c) {
      move(p.after_last_c, p.after_last_c - p.after_first_c);
      move(p.after_first_c, after);
    }
    move_both(p.lead_first_c, p.lead_last_c);
    move_both(p.trail_first_c, p.trail_last_c);
    for (std::size_t k = 0; k < p.top_first_c.size(); ++k)
      move_both(p.top_first_c[k], p.top_last_c[k]);
  };
  // the line of the liquid ends before crystallisation begins
  if (r.has_glass && !r.exotherms.empty())
    out.glass.liquid_last_c = std::min(out.glass.liquid_last_c, r.exotherms[0].before_last_c);
  for (auto& p : out.exotherms)
    peak(p);
  for (auto& p : out.endotherms)
    peak(p);
  return out;
}

/// The part asked for; points averaged in groups when there are very many.
HeatFlow prepared(const HeatFlow& from, const DscOptions& options) {
  constexpr std::size_t most = 4000;
  HeatFlow out = from;
  out.temperature_c.clear();
  out.flow.clear();
  std::vector<double> t, h;
  for (std::size_t i = 0; i < from.temperature_c.size(); ++i)
    if (from.temperature_c[i] >= options.first_c && from.temperature_c[i] <= options.last_c) {
      t.push_back(from.temperature_c[i]);
      h.push_back(from.flow[i]);
    }
  const std::size_t group = (t.size() + most - 1) / most;
  for (std::size_t i = 0; group > 0 && i + group <= t.size(); i += group) {
    double sum_t = 0, sum_h = 0;
    for (std::size_t j = i; j < i + group; ++j) {
      sum_t += t[j];
      sum_h += h[j];
    }
    out.temperature_c.push_back(sum_t / static_cast<double>(group));
    out.flow.push_back(sum_h / static_cast<double>(group));
  }
  constexpr std::size_t fewest = 30;
  if (out.temperature_c.size() < fewest)
    throw DataError(fmt::format("{} points between {:g} and {:g} \xC2\xB0"
                                "C, expected {} or more",
                                out.temperature_c.size(),
                                options.first_c,
                                options.last_c,
                                fewest));
  return out;
}

/// The glass transition before the first exotherm that has one before it, for relaxation below the
/// transition gives heat off too.
StepSearch search_glass(const HeatFlow& curve, const std::vector<PeakRanges>& exotherms) {
  const std::span<const double> t(curve.temperature_c), h(curve.flow);
  // calorimeters take a while to follow a programme that begins
  constexpr double start_minutes = 0.5;
  const double span = t.back() - t.front();
  const double settle = std::isnan(curve.rate_k_per_min)
                            ? 0
                            : std::min(start_minutes * curve.rate_k_per_min, 0.1 * span);
  StepSearch first;
  for (std::size_t k = 0; k <= exotherms.size(); ++k) {
    const double last = k < exotherms.size() ? exotherms[k].before_last_c : t.back();
    const auto search = find_glass_transition(t, h, t.front() + settle, last);
    if (search.found)
      return search;
    if (k == 0)
      first = search;
  }
  return first;
}

void apply_stated_ranges(GlassRanges& ranges, const DscOptions& options) {
  if (options.glass_c.first < options.glass_c.second)
    std::tie(ranges.glass_first_c, ranges.glass_last_c) = options.glass_c;
  if (options.liquid_c.first < options.liquid_c.second)
    std::tie(ranges.liquid_first_c, ranges.liquid_last_c) = options.liquid_c;
  if (!(ranges.glass_last_c <= ranges.flank_first_c &&
        ranges.flank_last_c <= ranges.liquid_first_c))
    throw OptionError(fmt::format("lines through {:.4g} to {:.4g} and {:.4g} to {:.4g} \xC2\xB0"
                                  "C: the rise of the glass "
                                  "transition, {:.4g} to {:.4g} \xC2\xB0"
                                  "C, must lie between them",
                                  ranges.glass_first_c,
                                  ranges.glass_last_c,
                                  ranges.liquid_first_c,
                                  ranges.liquid_last_c,
                                  ranges.flank_first_c,
                                  ranges.flank_last_c));
}

Noise measure_noise(const HeatFlow& curve, const Ranges& r) {
  const CurveView view{curve.temperature_c, curve.flow};
  std::vector<Range> ranges;
  if (r.has_glass) {
    ranges.push_back({r.glass.glass_first_c, r.glass.glass_last_c});
    ranges.push_back({r.glass.liquid_first_c, r.glass.liquid_last_c});
  } else {
    for (const auto& p : r.exotherms)
      ranges.push_back({p.before_first_c, p.before_last_c});
    for (const auto& p : r.endotherms)
      ranges.push_back({p.before_first_c, p.before_last_c});
  }
  std::vector<Polynomial> fits;
  std::vector<Range> held;
  for (const auto& range : ranges)
    if (view.count(range) > 4) {
      held.push_back(range);
      fits.push_back(fit_polynomial(view, range, 1));
    }
  const Noise noise = noise_about(view, held, fits);
  return noise.deviation > 0 ? noise : Noise{noise_of(curve.flow), 0};
}

/// Standard deviations over simulated curves and over choices of ranges, in place.
void add_errors(Numbers& numbers,
                const HeatFlow& curve,
                const Ranges& ranges,
                const StepSearch& search,
                const Scales& scales,
                const Noise& noise,
                const DscOptions& options,
                const Monitor& monitor) {
  const std::size_t n = numbers.size();
  std::vector<Moments> by_noise(n), by_range(n), by_range_of_noise(n);
  Random random(options.seed);
  // Noise is added to a smooth transition: the noise that is there holds the steepest place where
  // it is, so that more of it moves the tangent less than noise alone does.
  std::vector<double> base = curve.flow;
  if (ranges.has_glass)
    smooth_transition(search, curve.temperature_c, base);
  const auto of_base = numbers_of(curve, base, ranges, scales);
  std::vector<double> noisy(curve.flow.size());
  for (Index k = 0; k < options.replicates; ++k) {
    monitor.check();
    double now = noise.deviation * random.normal();
    const double fresh = noise.deviation * std::sqrt(1 - noise.correlation * noise.correlation);
    for (std::size_t i = 0; i < noisy.size(); ++i) {
      noisy[i] = base[i] + now;
      now = noise.correlation * now + fresh * random.normal();
    }
    const Ranges other = varied(ranges, random);
    Ranges found = ranges; // the ends are found in the noisy curve
    if (ranges.has_glass)
      found.glass = found_again(search, curve.temperature_c, noisy);
    const auto a = numbers_of(curve, noisy, found, scales),
               b = numbers_of(curve, base, other, scales),
               both = numbers_of(curve, noisy, other, scales);
    for (std::size_t j = 0; j < n; ++j) {
      const double by_n = a[j].value - of_base[j].value, by_r = b[j].value - of_base[j].value,
                   of_n = both[j].value - a[j].value - by_r;
      if (std::isfinite(by_n))
        by_noise[j].add(by_n);
      if (std::isfinite(by_r) && std::isfinite(of_n)) {
        by_range[j].add(by_r);
        by_range_of_noise[j].add(of_n);
      }
    }
  }
  for (std::size_t j = 0; j < n; ++j) {
    auto& number = numbers[j];
    number.noise_error = by_noise[j].deviation();
    // what ranges change because the curve is noisy is in the noise already
    const double beyond = by_range[j].variance() - by_range_of_noise[j].variance();
    number.range_error = beyond > 0 ? std::sqrt(beyond) : 0;
    number.error = std::hypot(number.noise_error, number.range_error);
    if (number.name.ends_with("_c"))
      number.error = std::hypot(number.error, options.temperature_error_k);
  }
}

} // namespace

void validate(const DscOptions& o) {
  if (!(o.first_c < o.last_c))
    throw OptionError(fmt::format("range {:g} to {:g} \xC2\xB0"
                                  "C: must begin before it ends",
                                  o.first_c,
                                  o.last_c));
  if (!(o.temperature_error_k >= 0))
    throw OptionError(
        fmt::format("temperature_error_k = {:g}: must not be negative", o.temperature_error_k));
  constexpr Index fewest = 20, most = 100000;
  if (o.replicates < fewest || o.replicates > most)
    throw OptionError(
        fmt::format("replicates = {}: expected {} to {}", o.replicates, fewest, most));
}

const DscNumber* DscResult::find(const std::string& name) const {
  for (const auto& number : numbers)
    if (number.name == name)
      return &number;
  return nullptr;
}

DscResult
analyse_heat_flow(const HeatFlow& from, const DscOptions& options, const Monitor& monitor) {
  validate(options);
  DscResult out;
  out.curve = prepared(from, options);
  const std::span<const double> t(out.curve.temperature_c), h(out.curve.flow);
  Ranges ranges;
  auto peaks = find_all_peaks(t, h);
  ranges.exotherms = std::move(peaks.exotherms);
  out.search = search_glass(out.curve, ranges.exotherms);
  if (out.search.found) {
    ranges.has_glass = true;
    ranges.glass = out.search.ranges;
    apply_stated_ranges(ranges.glass, options);
    out.search.ranges = ranges.glass;
    out.glass = measure_glass_transition(t, h, ranges.glass);
    // heat given off below the transition is relaxation; the line before crystallisation is that
    // of the liquid
    std::erase_if(ranges.exotherms, [&](const PeakRanges& p) {
      return p.top_first_c.front() < out.glass.inflection_c;
    });
    if (!ranges.exotherms.empty()) {
      auto& p = ranges.exotherms.front();
      p.before_first_c = std::max(p.before_first_c, ranges.glass.liquid_first_c);
      if (p.before_first_c > p.before_last_c)
        p.before_first_c = p.before_last_c - 1;
    }
  }
  const double melting_from = !ranges.exotherms.empty()
                                  ? ranges.exotherms.front().top_last_c.front()
                              : out.search.found ? ranges.glass.liquid_first_c
                                                 : t.front();
  for (auto& p : peaks.endotherms)
    if (p.top_first_c.front() > melting_from)
      ranges.endotherms.push_back(std::move(p));
  Scales scales;
  scales.liquidus_c = options.liquidus_c;
  if (!std::isnan(out.curve.rate_k_per_min) && !out.curve.unit.empty()) {
    scales.rate_k_s = out.curve.rate_k_per_min / seconds_per_minute;
    scales.heat_unit = out.curve.unit == "W/g" ? "J/g" : "mJ";
    scales.capacity_unit = out.curve.unit == "W/g" ? "J/(g K)" : "mJ/K";
  }
  out.numbers = numbers_of(out.curve, h, ranges, scales);
  const Noise noise = measure_noise(out.curve, ranges);
  out.noise = noise.deviation;
  out.noise_correlation = noise.correlation;
  add_errors(out.numbers, out.curve, ranges, out.search, scales, noise, options, monitor);
  for (const auto& p : ranges.exotherms)
    out.exotherms.push_back(measure_peak(t, h, p, true));
  for (const auto& p : ranges.endotherms)
    out.endotherms.push_back(measure_peak(t, h, p, false));
  for (const auto& peak : out.exotherms)
    if (peak.extrapolated)
      out.notes.push_back(fmt::format("the curve ends soon after the exotherm at {:.0f} \xC2\xB0"
                                      "C: the line before it is extrapolated below it",
                                      peak.highest_c));
  out.exotherm_ranges = std::move(ranges.exotherms);
  out.endotherm_ranges = std::move(ranges.endotherms);
  return out;
}

} // namespace vitrum::companion
