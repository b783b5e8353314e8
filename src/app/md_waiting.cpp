// Waiting times and the contrast of windows as parts of a result.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/md/power_law.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr std::uint64_t bootstrap_seed = 20240607;

/// Density of ended intervals on a logarithmic axis from the Kaplan–Meier survival, which knows of
/// those that were cut off.
void add_density(Tree& group,
                 const std::string& name,
                 const std::vector<md::Interval>& intervals,
                 const std::string& unit) {
  const auto km = md::kaplan_meier(intervals);
  std::vector<double> time, density, error;
  if (km.time.size() > 1) {
    constexpr double per_decade = 8;
    const double first = km.time.front();
    double low = first * std::pow(10, -0.5 / per_decade);
    double before = 1;
    std::size_t at = 0;
    while (low < km.time.back()) {
      const double high = low * std::pow(10, 1 / per_decade);
      double after = before;
      Index count = 0;
      for (; at < km.time.size() && km.time[at] < high; ++at)
        after = km.survival[at];
      for (const auto& one : intervals)
        count += one.ended && one.time >= low && one.time < high ? 1 : 0;
      if (count > 0) {
        time.push_back(std::sqrt(low * high));
        density.push_back((before - after) / (high - low));
        error.push_back(density.back() / std::sqrt(static_cast<double>(count)));
      }
      before = after;
      low = high;
    }
  }
  group.set(name + "_time", make_array(std::move(time), unit));
  group.set(name + "_density", make_array(std::move(density), "1/" + unit));
  group.set(name + "_density_errors", make_array(std::move(error), "1/" + unit));
  Index ended = 0;
  for (const auto& one : intervals)
    ended += one.ended ? 1 : 0;
  group.set(name + "_ended", make_scalar(ended));
  group.set(name + "_cut_off", make_scalar(static_cast<Index>(intervals.size()) - ended));
}

struct Verdict {
  std::string kind; // "too short", "ruled out", "less likely", "not tested" or "possible"
  std::string text; // the same in one sentence
};

/// Whether the intervals are those of a power law. `p_value`: NaN where the fit was not tested.
Verdict verdict_on(const md::PowerLaw& fit,
                   double decades,
                   double p_value,
                   const std::vector<md::Rival>& rivals,
                   const std::string& t_min) {
  constexpr double fewest = 1;
  if (decades < fewest)
    return {"too short",
            fmt::format("above {} the run shows {:.2g} decades of time: too few to tell a power "
                        "law",
                        t_min,
                        decades)};
  if (p_value < 0.05)
    return {"ruled out",
            fmt::format("a power law above {} is ruled out (p = {:.2g})", t_min, p_value)};
  const auto p = std::isnan(p_value) ? "not tested" : fmt::format("p = {:.2g}", p_value);
  for (const auto& rival : rivals)
    if (rival.ratio_z < -2)
      return {"less likely",
              fmt::format("above {} the law '{}' is likelier (z = {:.2g}) than a power law ({})",
                          t_min,
                          rival.name,
                          rival.ratio_z,
                          p)};
  const auto law = fmt::format("power law with the exponent {} above {}, over {:.2g} decades",
                               report::format_value(fit.exponent, fit.exponent_error),
                               t_min,
                               decades);
  if (std::isnan(p_value))
    return {"not tested", fmt::format("the {}, was not tested: --replicates 0", law)};
  return {"possible", fmt::format("a {} ({})", law, p)};
}

} // namespace

void add_waiting(Tree& tree, const MdRun& run, const MdAnalyzeOptions& o) {
  const auto& w = *run.waiting;
  auto& group = tree.group("entry/waiting");
  group.set("bond_length", make_scalar(run.bond_length, run.length_unit()));
  group.set("average_frames", make_scalar(o.average));
  group.set("definition",
            make_scalar(std::string("exchange times: from one move by a bond length to the next")));
  add_density(group, "exchange", w.exchange, run.time_unit());
  add_density(group, "persistence", w.persistence, run.time_unit());
  Index still = 0;
  for (const Index moves : w.moves)
    still += moves == 0 ? 1 : 0;
  group.set("never_moved_fraction",
            make_scalar(static_cast<double>(still) / static_cast<double>(w.moves.size())));
  md::PowerLawOptions options;
  options.t_min = o.t_min;
  options.resolution = run.frame_time / static_cast<double>(o.windows.exposure);
  try {
    const auto fit = md::fit_power_law(w.exchange, options);
    group.set("exponent", make_scalar(fit.exponent));
    group.set("exponent_errors", make_scalar(fit.exponent_error));
    group.set("tmin", make_scalar(fit.t_min, run.time_unit()));
    group.set("uncensored_exponent", make_scalar(fit.uncensored_exponent));
    group.set("kolmogorov_distance", make_scalar(fit.distance));
    group.set("events_above_tmin", make_scalar(fit.events));
    group.set("cut_off_above_tmin", make_scalar(fit.censored));
    double longest = 0;
    for (const auto& one : w.exchange)
      longest = std::max(longest, one.time);
    const double decades = std::log10(longest / fit.t_min);
    group.set("decades_above_tmin", make_scalar(decades));
    const double p_value =
        o.replicates > 0
            ? md::power_law_p_value(w.exchange, fit, options, o.replicates, bootstrap_seed)
            : std::nan("");
    group.set("p_value", make_scalar(p_value));
    const auto rivals = md::compare_power_law(w.exchange, fit);
    const auto verdict = verdict_on(fit,
                                    decades,
                                    p_value,
                                    rivals,
                                    report::format_value(fit.t_min, std::nan(""), run.time_unit()));
    group.set("power_law", make_scalar(verdict.kind));
    group.set("verdict", make_scalar(verdict.text));
    for (const auto& rival : rivals) {
      auto name = rival.name;
      std::replace(name.begin(), name.end(), '-', '_');
      group.set(name + "_ratio_z", make_scalar(rival.ratio_z));
      group.set(name + "_p_value", make_scalar(rival.p_value));
    }
    std::vector<double> t_min, exponent, error;
    for (const auto& one : md::scan_power_law(w.exchange, options)) {
      t_min.push_back(one.t_min);
      exponent.push_back(one.exponent);
      error.push_back(one.exponent_error);
    }
    group.set("scan_tmin", make_array(std::move(t_min), run.time_unit()));
    group.set("scan_exponent", make_array(std::move(exponent)));
    group.set("scan_exponent_errors", make_array(std::move(error)));
  } catch (const DataError& few) {
    group.set("problem", make_scalar(std::string(few.what())));
  }
}

void add_hops(Tree& tree, const MdRun& run, const MdAnalyzeOptions& o) {
  if (!run.hops)
    return;
  const auto& h = *run.hops;
  auto& group = tree.group("entry/hops");
  group.set("definition",
            make_scalar(std::string("separation of positions before and after an instant above a "
                                    "threshold (Candelier et al. 2010)")));
  group.set("half_window_frames", make_scalar(o.hop_frames));
  group.set("threshold", make_scalar(h.threshold, run.length_unit() + "^2"));
  group.set("number_of_hops", make_scalar(static_cast<Index>(h.hops.size())));
  const auto atoms = static_cast<double>(h.number.size());
  const auto hopped =
      std::count_if(h.number.begin(), h.number.end(), [](Index n) { return n > 0; });
  group.set("hopping_fraction", make_scalar(static_cast<double>(hopped) / atoms));

  const auto rate = md::hop_rate(h, run.step_time);
  group.set("time", make_array(rate.time, run.time_unit()));
  group.set("rate", make_array(rate.rate, "1/" + run.time_unit()));
  group.set("rate_errors", make_array(rate.error, "1/" + run.time_unit()));
  group.set("mean_rate", make_scalar(rate.mean, "1/" + run.time_unit()));
  group.set("rate_dispersion", make_scalar(rate.dispersion));

  const auto length = md::hop_lengths(h);
  group.set("length", make_array(length.middle, run.length_unit()));
  group.set("length_density", make_array(length.density, run.inverse_length()));
  group.set("median_length", make_scalar(length.median, run.length_unit()));
  add_density(group, "wait", h.waits, run.time_unit());
}

void add_speckle(Tree& tree, const MdRun& run) {
  auto& group = tree.group("entry/speckle");
  std::vector<double> time;
  for (Index t = 0; t < run.frames; ++t)
    time.push_back(static_cast<double>(t) * run.frame_time);
  group.set("time", make_array(time, run.time_unit()));
  group.set("q_low", make_scalar(run.q_low, run.inverse_length()));
  group.set("q_high", make_scalar(run.q_high, run.inverse_length()));
  for (std::size_t w = 0; w < run.windows.size(); ++w) {
    const auto& window = run.windows[w];
    const auto n = window.at.size();
    std::vector<double> contrast;
    for (Index t = 0; t < run.frames; ++t) {
      double sum = 0, squares = 0;
      const float* values = run.movie.at(w).data() + static_cast<std::size_t>(t) * n;
      for (std::size_t i = 0; i < n; ++i) {
        sum += values[i];
        squares += static_cast<double>(values[i]) * values[i];
      }
      contrast.push_back(static_cast<double>(n) * squares / (sum * sum) - 1);
    }
    const auto mean = moments(contrast);
    group.set(window.name + "_contrast", make_array(contrast));
    group.set(window.name + "_mean_contrast", make_scalar(mean.mean));
    group.set(window.name + "_contrast_spread", make_scalar(mean.deviation()));
    group.set(window.name + "_vectors", make_scalar(static_cast<Index>(n)));
  }
}

} // namespace vitrum::app
