#include "dynamics.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "html.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

std::string percent(double probability) {
  if (probability > 0.995)
    return "more than 99 %";
  if (probability < 1e-3)
    return "less than 0.1 %";
  return fmt::format("{:.2g} %", 100 * probability);
}

/// Measured series count in seconds, simulated ones in units of their own.
std::string time_of(const Result& result, double value) {
  return fmt::format("{:.6g} {}", value, result.time_unit());
}

void tell_events(std::vector<std::string>& out, const Result& result, Index bin) {
  const auto events = dynamics_rows(result, "event", bin);
  auto all = events;
  for (const auto& d : dynamics_rows(result, "disturbance", bin))
    all.push_back(d);
  for (const auto& e : all) {
    const auto kind = e.text("kind");
    std::string text =
        fmt::format("At {} the correlation across one frame drops by {} of its "
                    "value ({:.3g} standard deviations of normal noise; chance makes "
                    "one as large in {} of series)",
                    time_of(result, e.number("time_s")),
                    format_value(100 * e.number("drop"), 100 * e.error("drop"), "%"),
                    e.number("significance"),
                    percent(e.number("probability")));
    if (kind == "transient")
      text +=
          fmt::format(", but it comes back within {}: these frames differ, the structure does not",
                      time_of(result, e.number("recovery_s")));
    else if (kind == "shift")
      text += fmt::format(
          ": the pattern has moved by ({:.2f}, {:.2f}) px, so this is no event of the sample",
          e.number("shift_y_px"),
          e.number("shift_x_px"));
    else if (kind == "intensity")
      text += fmt::format(", together with a jump of the intensity to {:.3g} times its "
                          "value: it is not counted as an event of the sample",
                          e.number("intensity_ratio"));
    else if (const double ratio = e.number("tau_ratio"); std::isfinite(ratio))
      text += fmt::format(
          "; the relaxation time after it is {} times that before{}",
          format_value(ratio, e.error("tau_ratio")),
          std::isfinite(e.number("tau_ratio_range_s"))
              ? fmt::format(" (both over {})", time_of(result, e.number("tau_ratio_range_s")))
              : "");
    out.push_back(text + ".");
  }
  if (events.empty())
    for (const auto& s : dynamics_rows(result, "event_search", bin))
      if (s.number("judged") > 0)
        out.push_back(fmt::format("No sudden event: no drop of the correlation exceeds {:.3g} "
                                  "standard deviations of its noise, of "
                                  "{:.2g} % of the correlation, at {} frames judged.",
                                  s.number("threshold"),
                                  100 * s.number("statistic_noise"),
                                  s.number("judged")));
}

void tell_segments(std::vector<std::string>& out, const Result& result, Index bin) {
  for (const auto& s : dynamics_rows(result, "segment", bin)) {
    std::string text = fmt::format("From {} to {} the dynamics are {} (probability {})",
                                   time_of(result, s.number("first_s")),
                                   time_of(result, s.number("last_s")),
                                   s.text("dynamics"),
                                   percent(s.number("probability")));
    text += fmt::format(
        ", with ⟨t⟩ = {} in its middle",
        format_value(s.number("mean_time_s"), s.error("mean_time_s"), result.time_unit()));
    const double slope = s.number("log_slope_per_s");
    if (s.text("dynamics") == "aging" || s.text("dynamics") == "accelerating")
      text += fmt::format(", which {} e-fold in {}",
                          slope > 0 ? "grows" : "falls",
                          format_value(std::abs(1 / slope),
                                       s.error("log_slope_per_s") / (slope * slope),
                                       result.time_unit()));
    out.push_back(text + ".");
  }
}

void tell_laws(std::vector<std::string>& out, const Result& result, Index bin) {
  for (const auto& l : dynamics_rows(result, "aging_law", bin)) {
    if (l.text("law") != "exponential")
      continue;
    std::string text = fmt::format(
        "Between {} and {}: τ = τ0·exp(t_a/t′) with τ0 = {} and "
        "t′ = {} (χ² per degree {:.2f}); ",
        time_of(result, l.number("first_s")),
        time_of(result, l.number("last_s")),
        format_value(l.number("tau0_s"), l.error("tau0_s"), result.time_unit()),
        format_value(l.number("aging_time_s"), l.error("aging_time_s"), result.time_unit()),
        l.number("chi2_reduced"));
    const double explained = l.number("collapse_explained");
    text += std::isnan(explained)
                ? "too few decays overlap to see whether they fall on one curve against lag/τ."
                : fmt::format("decays against lag/τ fall on one curve that explains {:.0f} % of "
                              "what they scatter against the lag.",
                              100 * explained);
    out.push_back(std::move(text));
  }
}

void tell_rest(std::vector<std::string>& out, const Result& result, Index bin) {
  for (const auto& t : dynamics_rows(result, "stationarity", bin))
    out.push_back(fmt::format("Between {} and {} the dynamics are {}: a slope this steep has "
                              "probability {}, scatter this large {}.",
                              time_of(result, t.number("first_s")),
                              time_of(result, t.number("last_s")),
                              t.text("verdict"),
                              percent(t.number("slope_probability")),
                              percent(t.number("scatter_probability"))));
  for (const auto& r : dynamics_rows(result, "coupled_range", bin))
    out.push_back(fmt::format("From {} to {} the short-time plateau moves {} the mean relaxation "
                              "time (rolling correlation "
                              "{:+.2f}; by chance anywhere in the series: {}).",
                              time_of(result, r.number("first_s")),
                              time_of(result, r.number("last_s")),
                              r.number("correlation") < 0 ? "against" : "with",
                              r.number("correlation"),
                              percent(r.number("probability"))));
  for (const auto& t : dynamics_rows(result, "coupling_test", bin))
    out.push_back(fmt::format("From {} to {} the correlation of the short-time plateau with the "
                              "mean relaxation time is {:+.2f}; chance makes one as large in {} of "
                              "such series.",
                              time_of(result, t.number("first_s")),
                              time_of(result, t.number("last_s")),
                              t.number("correlation"),
                              percent(t.number("probability"))));
  for (const auto& r : dynamics_rows(result, "renewal", bin))
    out.push_back(
        fmt::format("As a continuous-time random walk, whose correlation ages by itself: "
                    "waiting times with exponent {} and τ = {}.",
                    format_value(r.number("ml_exponent"), r.error("ml_exponent")),
                    format_value(r.number("tau_s"), r.error("tau_s"), result.time_unit())));
  for (const auto& m : dynamics_rows(result, "material_time", bin))
    out.push_back(fmt::format(
        "On the material time ∫dt/τ the map is one function of time differences up to an rms of "
        "{:.2g}; on plain time {:.2g} is left.",
        m.number("residual_rms"),
        m.number("uniform_rms")));
}

/// The lag at which C varies over age the most, in errors.
void tell_heterogeneity(std::vector<std::string>& out, const Result& result, Index bin) {
  const DynamicsRow* most = nullptr;
  const auto significance = [](const DynamicsRow& row) {
    return row.number("heterogeneity") / row.error("heterogeneity");
  };
  const auto rows = dynamics_rows(result, "heterogeneity", bin);
  for (const auto& row : rows)
    if (std::isfinite(significance(row)) &&
        (most == nullptr || significance(row) > significance(*most)))
      most = &row;
  if (most == nullptr || !most->text("method").starts_with("what subsets"))
    return; // without subsets of pixels nobody knows what few speckles do by chance
  out.push_back(fmt::format(
      "Beyond the chance of few speckles, which subsets of the pixels do not share, C at a fixed "
      "lag {} over age: its variance at {} is {}.",
      significance(*most) > 3 ? "varies" : "does not vary significantly",
      time_of(result, most->number("lag_s")),
      format_value(most->number("heterogeneity"), most->error("heterogeneity"), "")));
}

} // namespace

double DynamicsRow::number(std::string_view name) const {
  for (const auto& [known, q] : numbers)
    if (known == name)
      return q.values[0];
  return NAN;
}

double DynamicsRow::error(std::string_view name) const {
  for (const auto& [known, q] : numbers)
    if (known == name)
      return q.errors[0];
  return NAN;
}

std::string DynamicsRow::text(std::string_view name) const {
  for (const auto& [known, value] : texts)
    if (known == name)
      return value;
  return "";
}

std::vector<DynamicsRow> dynamics_rows(const Result& result, const std::string& group, Index bin) {
  std::vector<DynamicsRow> rows;
  const Tree* table = result.entry().find_group(group);
  const auto bins = result.numbers(group + "/bin", 1);
  if (table == nullptr || !bins)
    return rows;
  const auto n = static_cast<Index>(bins->size());
  for (Index i = 0; i < n; ++i)
    if (static_cast<Index>((*bins)[static_cast<std::size_t>(i)]) == bin)
      rows.push_back({bin, {}, {}});
  for (const auto& [name, array] : table->arrays()) {
    if (name == "bin" || name.ends_with("_errors") || array.shape != std::vector<Index>{n})
      continue;
    const auto* texts = std::get_if<std::vector<std::string>>(&array.values);
    const auto all = texts == nullptr ? result.quantity(group + "/" + name, {n}) : std::nullopt;
    std::size_t row = 0;
    for (std::size_t i = 0; i < bins->size(); ++i) {
      if (static_cast<Index>((*bins)[i]) != bin)
        continue;
      if (texts != nullptr)
        rows[row].texts.emplace_back(name, (*texts)[i]);
      else
        rows[row].numbers.emplace_back(
            name, Quantity{name, all->unit, {all->values[i]}, {all->errors[i]}, all->whole});
      ++row;
    }
  }
  return rows;
}

std::vector<std::string> findings(const Result& result, Index bin) {
  std::vector<std::string> out;
  tell_events(out, result, bin);
  tell_segments(out, result, bin);
  tell_laws(out, result, bin);
  tell_rest(out, result, bin);
  tell_heterogeneity(out, result, bin);
  return out;
}

std::string segment_table(const Result& result) {
  Table table(
      {"bin", "from", "to", "dynamics", "probability", "⟨t⟩ in the middle", "slope of ln⟨t⟩"});
  for (Index bin = 1; bin <= result.bins(); ++bin)
    for (const auto& s : dynamics_rows(result, "segment", bin)) {
      const auto end = [&](const char* at) {
        const std::string name(at);
        return fmt::format("{:.6g} ({:.6g} to {:.6g}) {}",
                           s.number(name + "_s"),
                           s.number(name + "_low_s"),
                           s.number(name + "_high_s"),
                           result.time_unit());
      };
      table.add({std::to_string(bin),
                 end("first"),
                 end("last"),
                 s.text("dynamics"),
                 percent(s.number("probability")),
                 format_value(s.number("mean_time_s"), s.error("mean_time_s"), result.time_unit()),
                 format_value(s.number("log_slope_per_s"),
                              s.error("log_slope_per_s"),
                              "1/" + result.time_unit())});
    }
  return table.empty() ? "" : table.html();
}

} // namespace vitrum::report
