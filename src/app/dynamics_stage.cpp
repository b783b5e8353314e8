#include "dynamics_stage.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "coupling_stage.hpp"
#include "result_tree.hpp"
#include "table.hpp"
#include "vitrum/aging/events.hpp"
#include "vitrum/aging/heterogeneity.hpp"
#include "vitrum/aging/renewal.hpp"
#include "vitrum/aging/segments.hpp"
#include "vitrum/aging/superposition.hpp"
#include "vitrum/aging/windows.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr const char* by_subsets = "what subsets of the pixels share";
constexpr const char* by_trace = "without shot noise; finite speckles stay in";

/// True when the tree has the heterogeneity from subsets of pixels, for all bins.
bool has_subsets(const Tree& tree) {
  const auto* group = tree.find_group("entry/heterogeneity");
  if (group == nullptr || group->find("method") == nullptr)
    return false;
  const auto method = group->texts("method");
  return std::all_of(
      method.begin(), method.end(), [](const std::string& m) { return m == by_subsets; });
}

/// Mean counts of the cells of a map that stand for several frames each; NaN where all are gaps.
std::vector<double> means_of_cells(std::vector<double> frames, Index cell_frames) {
  if (cell_frames == 1)
    return frames;
  const auto cell = static_cast<std::size_t>(cell_frames);
  std::vector<double> means;
  for (std::size_t first = 0; first < frames.size(); first += cell) {
    double sum = 0, count = 0;
    for (std::size_t t = first; t < std::min(first + cell, frames.size()); ++t)
      if (!std::isnan(frames[t])) {
        sum += frames[t];
        ++count;
      }
    means.push_back(count > 0 ? sum / count : nan);
  }
  return means;
}

class Stage {
public:
  Stage(Tree& tree, const DynamicsFlags& flags, double frame_time_s, const FrameSources& frames)
      : tree_(tree), flags_(flags), frame_time_s_(frame_time_s), frames_(frames),
        coupling_(tree, flags) {}

  void run(std::size_t bin, const aging::MapRows* map) {
    if (map != nullptr) {
      events(bin, *map);
      if (flags_.renewal)
        renewal(bin, *map);
    }
    if (!keep_heterogeneity_)
      heterogeneity(bin, map);
    const auto series = age_series(tree_, bin, true);
    if (series.age_s.empty())
      return;
    segments(bin, series, map);
    coupling_.run(bin, series);
  }

  void write() {
    for (auto& [name, table] :
         std::initializer_list<std::pair<const char*, Table&>>{{"event", events_},
                                                               {"disturbance", disturbances_},
                                                               {"event_search", searches_},
                                                               {"segment", segments_},
                                                               {"aging_law", laws_},
                                                               {"stationarity", stationarity_},
                                                               {"heterogeneity", heterogeneity_},
                                                               {"material_time", material_},
                                                               {"renewal", renewals_}})
      if (!table.empty())
        table.write(tree_.group(std::string("entry/") + name));
    if (!events_.empty())
      tree_.group("entry/event").attributes["false_alarms_per_series"] = flags_.event_false_alarms;
    write_series();
    coupling_.write();
  }

  void keep_heterogeneity(bool keep) { keep_heterogeneity_ = keep; }

  /// What an analysis with the frames at hand has found to be shifts: kept when they are not.
  void keep_shifts(const Tree& tree) {
    const auto* events = tree.find_group("entry/disturbance");
    if (events == nullptr)
      return;
    const auto bin = events->numbers("bin"), time = events->numbers("time_s"),
               y = events->numbers("shift_y_px"), x = events->numbers("shift_x_px");
    const auto kind = events->texts("kind");
    for (std::size_t i = 0; i < kind.size(); ++i)
      if (kind[i] == aging::name(aging::EventKind::shift))
        known_shifts_.push_back({static_cast<Index>(bin[i]), time[i], y[i], x[i]});
  }

private:
  struct KnownShift {
    Index bin;
    double time_s, y_px, x_px;
  };

  static Index number(std::size_t bin) { return static_cast<Index>(bin) + 1; }

  void warn(std::size_t bin, const std::string& what, const std::string& reason) {
    add_warning(tree_, fmt::format("bin {}: {}: {}", number(bin), what, reason));
  }

  /// g2(∞) as the user gave it, else that of patterns that have nothing in common.
  double baseline() const {
    const auto* windows = tree_.find_group("entry/window");
    if (windows == nullptr)
      return 1;
    const auto text = attribute_text(windows->attributes, "baseline_convention");
    const auto rule = text.empty() ? aging::PlateauRule{} : aging::parse_plateau("baseline", text);
    return rule.source == aging::PlateauRule::Source::fixed ? rule.value : 1.0;
  }

  void events(std::size_t bin, const aging::MapRows& map) {
    auto found = aging::find_events(
        map,
        {.false_alarms = flags_.event_false_alarms, .block_frames = 0, .baseline = baseline()});
    searches_.add("bin", number(bin));
    searches_.add("block_frames", found.block_frames);
    searches_.add("threshold", found.threshold);
    searches_.add("element_noise", found.element_noise);
    searches_.add("statistic_noise", found.statistic_noise);
    searches_.add("judged", found.judged);
    if (!found.reason.empty())
      warn(bin, "events not searched for", found.reason);
    if (const auto* counts = tree_.find("entry/intensity/mean_counts")) {
      const double cell_frames =
          tree_.number_or(fmt::format("entry/twotime/bin_{}/cell_frames", number(bin)), 1);
      aging::compare_intensity(found.events,
                               means_of_cells(to_numbers(*counts), static_cast<Index>(cell_frames)),
                               found.block_frames);
    }
    for (aging::Event& event : found.events) {
      shift(bin, event, found.block_frames);
      // what the beam or the stage did is not an event of the sample
      const bool own =
          event.kind != aging::EventKind::shift && event.kind != aging::EventKind::intensity;
      Table& table = own ? events_ : disturbances_;
      table.add("bin", number(bin));
      // the start of its first frame, also where a row of the map stands for several
      table.add("time_s", static_cast<double>(event.frame) * frame_time_s_, "s");
      table.add("drop", event.drop, event.drop_error);
      table.add("kind", std::string(aging::name(event.kind)));
      table.add("significance", event.significance);
      table.add("probability", event.probability);
      table.add("tau_ratio", event.tau_ratio, event.tau_ratio_error);
      table.add("tau_ratio_range_s", event.tau_ratio_frames * frame_time_s_, "s");
      table.add("recovered", event.recovered, event.recovered_error);
      table.add("recovery_s", event.recovery_frames * frame_time_s_, "s");
      table.add("intensity_ratio", event.intensity_ratio);
      table.add("shift_y_px", event.shift_y_px, "px");
      table.add("shift_x_px", event.shift_x_px, "px");
    }
  }

  void shift(std::size_t bin, aging::Event& event, Index block) {
    if (!frames_.pattern_of) {
      for (const KnownShift& known : known_shifts_)
        if (known.bin == number(bin) &&
            std::abs(known.time_s / frame_time_s_ - static_cast<double>(event.frame)) <=
                static_cast<double>(block)) {
          event.kind = aging::EventKind::shift;
          event.shift_y_px = known.y_px;
          event.shift_x_px = known.x_px;
        }
      return;
    }
    const auto before = frames_.pattern_of(number(bin), event.frame - block, event.frame);
    const auto after = frames_.pattern_of(number(bin), event.frame, event.frame + block);
    if (before.values.empty() || after.values.empty())
      return;
    const Index reach = std::min<Index>(6, (std::min(before.height, before.width) - 1) / 2);
    if (reach >= 2)
      aging::apply_shift(
          event,
          aging::test_shift({before.height, before.width, before.values, after.values, before.used},
                            reach));
  }

  void heterogeneity(std::size_t bin, const aging::MapRows* map) {
    std::vector<aging::Heterogeneity> found;
    const bool of_subsets =
        bin < frames_.heterogeneity.size() && !frames_.heterogeneity[bin].empty();
    if (of_subsets) {
      found = frames_.heterogeneity[bin];
    } else if (map != nullptr) {
      const auto lags = heterogeneity_lags(map->frames());
      if (!lags.empty())
        found = aging::map_heterogeneity(aging::read_band(*map, lags.back()), lags);
    }
    for (const auto& h : found) {
      heterogeneity_.add("bin", number(bin));
      heterogeneity_.add("lag_s", static_cast<double>(h.lag) * frame_time_s_, "s");
      heterogeneity_.add("pairs", h.pairs);
      heterogeneity_.add("mean", h.mean);
      heterogeneity_.add("variance", h.variance);
      heterogeneity_.add("noise_variance", h.noise_variance);
      heterogeneity_.add("heterogeneity", h.heterogeneity, h.heterogeneity_error);
      heterogeneity_.add("skewness", h.skewness, h.skewness_error);
      heterogeneity_.add("kurtosis", h.kurtosis, h.kurtosis_error);
      heterogeneity_.add("method", std::string(of_subsets ? by_subsets : by_trace));
    }
  }

  void renewal(std::size_t bin, const aging::MapRows& map) {
    const auto found = aging::find_renewal(
        map, frame_time_s_, {.start_s = flags_.renewal_start_s, .kept = flags_.renewal_kept});
    if (!found.reason.empty()) {
      warn(bin, "no law of a random walk", found.reason);
      return;
    }
    const auto& f = found.fit;
    if (!f.converged)
      warn(bin, "the law of a random walk", "the fit has not converged");
    renewals_.add("bin", number(bin));
    renewals_.add("tau_s", f.tau_s, f.tau_error_s, "s");
    renewals_.add("ml_exponent", f.exponent, f.exponent_error);
    renewals_.add("contrast", f.contrast, f.contrast_error);
    renewals_.add("baseline", f.baseline, f.baseline_error);
    renewals_.add("points", f.points);
  }

  void segments(std::size_t bin, const aging::AgeSeries& series, const aging::MapRows* map) {
    const auto found = aging::find_segments(series);
    if (!found.reason.empty()) {
      warn(bin, "no stretches of dynamics", found.reason);
      return;
    }
    std::vector<AgeRange> aging_ranges;
    for (const auto& s : found.segments) {
      segments_.add("bin", number(bin));
      segments_.add("dynamics", std::string(aging::name(s.dynamics)));
      segments_.add("probability", s.probability);
      segments_.add("first_s", s.first_s, "s");
      segments_.add("last_s", s.last_s, "s");
      segments_.add("first_low_s", s.first_low_s, "s");
      segments_.add("first_high_s", s.first_high_s, "s");
      segments_.add("last_low_s", s.last_low_s, "s");
      segments_.add("last_high_s", s.last_high_s, "s");
      segments_.add("change_probability", s.change_probability);
      segments_.add("mean_time_s", std::exp(s.log_tau), std::exp(s.log_tau) * s.log_tau_error, "s");
      segments_.add("log_slope_per_s", s.slope_per_s, s.slope_error_per_s, "1/s");
      if (s.dynamics == aging::Dynamics::aging || s.dynamics == aging::Dynamics::accelerating)
        aging_ranges.push_back({s.first_s, s.last_s});
    }
    for (const auto& p : found.probability)
      window_probability_.insert(window_probability_.end(), p.begin(), p.end());
    change_.insert(change_.end(), found.change.begin(), found.change.end());
    if (!flags_.aging_ranges.empty()) {
      aging_ranges.clear();
      for (const auto& text : flags_.aging_ranges)
        aging_ranges.push_back(parse_age_range("aging-ranges", text));
    }
    const auto tau = age_series(tree_, bin, false);
    const auto noise = aging::find_segments(tau);
    for (const AgeRange& range : aging_ranges)
      law(bin, tau, noise, range);
    for (const auto& text : flags_.stationary_ranges) {
      const AgeRange range = parse_age_range("stationary-ranges", text);
      const auto test = aging::test_stationarity(
          series, range.first_s, range.last_s, found.noise_factor, found.correlation);
      if (!test.reason.empty()) {
        warn(bin, "stationarity not tested", test.reason);
        continue;
      }
      stationarity_.add("bin", number(bin));
      stationarity_.add("first_s", range.first_s, "s");
      stationarity_.add("last_s", range.last_s, "s");
      stationarity_.add("verdict", std::string(test.stationary ? "stationary" : "not stationary"));
      stationarity_.add("log_slope_per_s", test.slope_per_s, test.slope_error_per_s, "1/s");
      stationarity_.add("slope_probability", test.slope_probability);
      stationarity_.add("scatter_probability", test.scatter_probability);
    }
    if (map != nullptr)
      material_time(bin, tau, *map);
  }

  void law(std::size_t bin,
           const aging::AgeSeries& tau,
           const aging::Segmentation& noise,
           const AgeRange& range) {
    std::vector<aging::DecayCurve> curves;
    const Tree& windows = tree_.group_at("entry/window");
    const auto lag = windows.numbers("lag_s"), decay = windows.numbers("decay"),
               error = windows.numbers("decay_errors");
    for (std::size_t w = 0; w < tau.age_s.size(); ++w) {
      if (tau.age_s[w] < range.first_s || tau.age_s[w] >= range.last_s ||
          std::isnan(tau.log_tau[w]))
        continue;
      const auto at = static_cast<std::ptrdiff_t>((bin * tau.age_s.size() + w) * lag.size());
      const auto size = static_cast<std::ptrdiff_t>(lag.size());
      aging::DecayCurve curve;
      curve.tau_s = std::exp(tau.log_tau[w]);
      curve.lag_s = lag;
      curve.decay.assign(decay.begin() + at, decay.begin() + at + size);
      curve.error.assign(error.begin() + at, error.begin() + at + size);
      curves.push_back(std::move(curve));
    }
    const auto collapsed = aging::collapse(curves);
    for (const auto kind : {aging::AgingLaw::exponential, aging::AgingLaw::power}) {
      const auto fit = aging::fit_aging_law(
          tau, kind, range.first_s, range.last_s, noise.noise_factor, noise.correlation);
      if (!fit.reason.empty()) {
        warn(bin, "no law of aging", fit.reason);
        return;
      }
      laws_.add("bin", number(bin));
      laws_.add("law", std::string(aging::name(kind)));
      laws_.add("first_s", range.first_s, "s");
      laws_.add("last_s", range.last_s, "s");
      laws_.add("windows", fit.windows);
      laws_.add("tau0_s", fit.tau0_s, fit.tau0_error_s, "s");
      laws_.add("aging_time_s", fit.time_s, fit.time_error_s, "s");
      laws_.add("aging_power", fit.power, fit.power_error);
      laws_.add("chi2_reduced", fit.chi2_reduced);
      laws_.add("probability", fit.probability);
      laws_.add("collapse_explained", collapsed.explained);
      laws_.add("collapse_chi2_reduced", collapsed.chi2_reduced);
    }
  }

  void material_time(std::size_t bin, const aging::AgeSeries& tau, const aging::MapRows& map) {
    const auto m = aging::make_material_time(map, tau, frame_time_s_);
    if (!m.reason.empty()) {
      warn(bin, "no material time", m.reason);
      return;
    }
    material_.add("bin", number(bin));
    material_.add("residual_rms", m.residual_rms);
    material_.add("uniform_rms", m.uniform_rms);
    material_.add("explained", m.explained);
    auto& group = tree_.group(fmt::format("entry/material_time/bin_{}", bin + 1));
    group.set("time_s", make_array(m.time_s, "s"));
    group.set("material_time", make_array(m.material));
    group.set("difference", make_array(m.x));
    group.set("master", make_array(m.master));
    group.set("residual", make_array({m.cells, m.cells}, m.residual, ""));
  }

  void write_series() {
    const auto* windows = tree_.find_group("entry/window");
    if (windows == nullptr)
      return;
    const auto ages = windows->at("age_s");
    const Index n = ages.size();
    const auto bins = static_cast<Index>(change_.size()) / std::max<Index>(n, 1);
    if (bins > 0 && bins == windows->at("plateau").shape.at(0)) {
      auto& group = tree_.group("entry/window");
      auto& p = group.set("dynamics_probability",
                          make_array({bins, n, aging::dynamics_kinds}, window_probability_, ""));
      std::vector<std::string> names;
      for (Index k = 0; k < aging::dynamics_kinds; ++k)
        names.emplace_back(aging::name(static_cast<aging::Dynamics>(k)));
      p.attributes["dynamics"] = names;
      group.set("change_probability", make_array({bins, n}, change_, ""));
    }
  }

  Tree& tree_;
  const DynamicsFlags& flags_;
  double frame_time_s_;
  const FrameSources& frames_;
  bool keep_heterogeneity_ = false;
  std::vector<KnownShift> known_shifts_;
  Table events_, disturbances_, searches_, segments_, laws_, stationarity_, renewals_,
      heterogeneity_, material_;
  std::vector<double> window_probability_, change_;
  CouplingStage coupling_;
};

/// One bin's array of a tree as rows.
class TreeRows final : public aging::MapRows {
public:
  explicit TreeRows(const Array& c)
      : rows_(std::get<std::vector<float>>(c.values), c.shape.at(0)) {}
  [[nodiscard]] Index frames() const override { return rows_.frames(); }
  void read(Index t1, Index first, std::span<float> out) const override {
    rows_.read(t1, first, out);
  }

private:
  aging::MemoryRows rows_;
};

} // namespace

aging::AgeSeries age_series(const Tree& tree, std::size_t bin, bool mean_time) {
  aging::AgeSeries out;
  const auto* windows = tree.find_group("entry/window");
  const auto* fits = tree.find_group("entry/window/fit");
  if (windows == nullptr || fits == nullptr || fits->groups().empty())
    return out;
  const Tree& fit = fits->groups().front().second; // the first model leads
  out.age_s = windows->numbers("age_s");
  const std::size_t n = out.age_s.size();
  const auto tau = fit.numbers("tau_s"), tau_error = fit.numbers("tau_s_errors");
  const auto mean = fit.numbers("mean_time_s"), mean_error = fit.numbers("mean_time_s_errors");
  const auto status = fit.texts("status");
  for (std::size_t w = 0; w < n; ++w) {
    const std::size_t i = bin * n + w;
    const bool good = status[i] == "converged" || status[i] == "near bound";
    const bool use_mean = mean_time && std::isfinite(mean[i]);
    const double value = use_mean ? mean[i] : tau[i];
    const double error = (use_mean ? mean_error[i] : tau_error[i]) / value;
    const bool known = good && value > 0 && error > 0 && std::isfinite(error);
    out.log_tau.push_back(known ? std::log(value) : nan);
    out.error.push_back(known ? error : nan);
  }
  return out;
}

std::vector<Index> heterogeneity_lags(Index frames) {
  std::vector<Index> lags;
  for (double lag = 1; lag < std::min(1000.0, static_cast<double>(frames) / 4); lag *= 1.78)
    if (lags.empty() || static_cast<Index>(lag) > lags.back())
      lags.push_back(static_cast<Index>(lag));
  return lags;
}

void check_dynamics(const DynamicsFlags& flags) {
  if (!(flags.event_false_alarms > 0 && flags.event_false_alarms <= 0.5))
    throw OptionError(
        fmt::format("--event-false-alarms {}: must lie in (0, 0.5]", flags.event_false_alarms));
  if (flags.rolling_windows != 0 && flags.rolling_windows < 5)
    throw OptionError(
        fmt::format("--rolling-windows {}: expected 5 or more, or 0", flags.rolling_windows));
  for (const auto& text : flags.aging_ranges)
    (void)parse_age_range("aging-ranges", text);
  for (const auto& text : flags.stationary_ranges)
    (void)parse_age_range("stationary-ranges", text);
  if (!(flags.renewal_start_s >= 0) || std::isinf(flags.renewal_start_s))
    throw OptionError(
        fmt::format("--renewal-start {}: must be an age, 0 or more", flags.renewal_start_s));
  if (!(flags.renewal_kept >= 0 && flags.renewal_kept < 1))
    throw OptionError(fmt::format("--renewal-kept {}: must lie in [0, 1)", flags.renewal_kept));
  for (const auto& text : flags.coupling_ranges)
    (void)parse_age_range("coupling-ranges", text);
}

std::vector<std::unique_ptr<aging::MapRows>> map_rows_of(const Tree& tree) {
  std::vector<std::unique_ptr<aging::MapRows>> maps;
  if (const auto* group = tree.find_group("entry/twotime"))
    for (const auto& [name, map] : group->groups()) {
      const Array& c = map.at("two_time_corr_func");
      if (std::holds_alternative<std::vector<float>>(c.values))
        maps.push_back(std::make_unique<TreeRows>(c));
    }
  return maps;
}

void add_dynamics(Tree& tree,
                  const DynamicsFlags& flags,
                  double frame_time_s,
                  const std::vector<std::unique_ptr<aging::MapRows>>& maps,
                  const FrameSources& frames,
                  const Monitor& monitor) {
  const auto bins = static_cast<std::size_t>(tree.at("entry/bins/bin").size());
  Stage stage(tree, flags, frame_time_s, frames);
  stage.keep_shifts(tree);
  const bool keep = frames.heterogeneity.empty() && has_subsets(tree);
  stage.keep_heterogeneity(keep);
  for (const char* group : {"event",
                            "disturbance",
                            "event_search",
                            "segment",
                            "aging_law",
                            "stationarity",
                            "coupled_range",
                            "coupling_test",
                            "heterogeneity",
                            "material_time",
                            "renewal",
                            "coupling"})
    if (!keep || std::string(group) != "heterogeneity")
      tree.erase(std::string("entry/") + group);
  Progress progress(monitor, "finding dynamics", "bins", static_cast<Index>(bins));
  for (std::size_t bin = 0; bin < bins; ++bin) {
    stage.run(bin, bin < maps.size() ? maps[bin].get() : nullptr);
    progress.advance();
  }
  stage.write();
}

} // namespace vitrum::app
