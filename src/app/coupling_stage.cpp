#include "coupling_stage.hpp"

#include <cmath>

#include <fmt/format.h>

#include "result_tree.hpp"
#include "vitrum/aging/coupling.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {

AgeRange parse_age_range(const char* flag, const std::string& text) {
  const auto colon = text.find(':');
  try {
    std::size_t used = 0;
    const AgeRange range{std::stod(text.substr(0, colon)),
                         std::stod(text.substr(colon + 1), &used)};
    if (colon != std::string::npos && colon + 1 + used == text.size() &&
        range.first_s < range.last_s)
      return range;
  } catch (const std::exception&) { // said below
  }
  throw OptionError(fmt::format("--{} {}: expected first_s:last_s", flag, text));
}

void CouplingStage::warn(std::size_t bin, const std::string& what, const std::string& reason) {
  add_warning(tree_, fmt::format("bin {}: {}: {}", bin + 1, what, reason));
}

void CouplingStage::run(std::size_t bin, const aging::AgeSeries& series) {
  const auto all = tree_.numbers("entry/window/plateau");
  const std::size_t n = series.age_s.size();
  const std::vector<double> plateau(all.begin() + static_cast<std::ptrdiff_t>(bin * n),
                                    all.begin() + static_cast<std::ptrdiff_t>((bin + 1) * n));
  std::vector<double> time;
  for (const double y : series.log_tau)
    time.push_back(std::exp(y));
  for (const auto& text : flags_.coupling_ranges)
    run_in(bin, series.age_s, plateau, time, parse_age_range("coupling-ranges", text));
  const auto c = aging::find_coupling(
      series.age_s,
      plateau,
      time,
      {.window = flags_.rolling_windows, .slope_per_s = flags_.plateau_slope_per_s});
  if (!c.reason.empty()) {
    if (flags_.rolling_windows > 0) // asked for
      warn(bin, "no coupling of short and long times", c.reason);
    return;
  }
  bins_.push_back(static_cast<Index>(bin) + 1);
  const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(curves_["plateau"], c.plateau);
  append(curves_["mean_time"], c.time);
  append(curves_["correlation"], c.correlation);
  append(curves_["probability"], c.probability);
  scalars_["plateau_slope_per_s"].push_back(c.slope_per_s);
  scalars_["overall"].push_back(c.overall);
  scalars_["overall_probability"].push_back(c.overall_probability);
  for (const auto& range : c.ranges) {
    ranges_.add("bin", static_cast<Index>(bin) + 1);
    ranges_.add("first_s", range.first_s, "s");
    ranges_.add("last_s", range.last_s, "s");
    ranges_.add("correlation", range.correlation);
    ranges_.add("probability", range.probability);
  }
}

void CouplingStage::run_in(std::size_t bin,
                           const std::vector<double>& age_s,
                           const std::vector<double>& plateau,
                           const std::vector<double>& time,
                           const AgeRange& range) {
  std::vector<double> part_age, part_plateau, part_time;
  for (std::size_t w = 0; w < age_s.size(); ++w)
    if (age_s[w] >= range.first_s && age_s[w] < range.last_s) {
      part_age.push_back(age_s[w]);
      part_plateau.push_back(plateau[w]);
      part_time.push_back(time[w]);
    }
  const auto c = aging::find_coupling(
      part_age, part_plateau, part_time, {.window = 5, .slope_per_s = flags_.plateau_slope_per_s});
  if (!c.reason.empty()) {
    warn(bin,
         fmt::format("coupling not tested from {:g} s to {:g} s", range.first_s, range.last_s),
         c.reason);
    return;
  }
  tests_.add("bin", static_cast<Index>(bin) + 1);
  tests_.add("first_s", range.first_s, "s");
  tests_.add("last_s", range.last_s, "s");
  tests_.add("correlation", c.overall);
  tests_.add("probability", c.overall_probability);
}

void CouplingStage::write() {
  if (!ranges_.empty())
    ranges_.write(tree_.group("entry/coupled_range"));
  if (!tests_.empty())
    tests_.write(tree_.group("entry/coupling_test"));
  if (bins_.empty())
    return;
  const auto ages = tree_.at("entry/window/age_s");
  const Index n = ages.size();
  auto& group = tree_.group("entry/coupling");
  const auto rows = static_cast<Index>(bins_.size());
  group.set("bin", make_array(bins_));
  group.set("age_s", ages);
  for (auto& [name, values] : curves_)
    group.set(name, make_array({rows, n}, values, ""));
  for (auto& [name, values] : scalars_)
    group.set(name, make_array(values, name == "plateau_slope_per_s" ? "1/s" : ""));
}

} // namespace vitrum::app
