#include "figure_parts.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace vitrum::report {

using namespace plot;

Colour model_colour(Index model) {
  return palette(model == 0 ? 1 : model == 1 ? 0 : model);
}

Line model_line(Index model) {
  constexpr std::array lines{Line::solid, Line::dashed, Line::dotted};
  return lines[static_cast<std::size_t>(model) % lines.size()];
}

Marker model_marker(Index model) {
  constexpr std::array markers{Marker::circle, Marker::square, Marker::triangle, Marker::diamond};
  return markers[static_cast<std::size_t>(model) % markers.size()];
}

void add_fit_points(Panel& panel, Series points, const ModelFit& fit, Index first) {
  Series doubtful = points;
  bool any_good = false, any_doubtful = false;
  for (std::size_t i = 0; i < points.y.size(); ++i) {
    const bool good = fit.good(first + static_cast<Index>(i));
    (good ? doubtful : points).y[i] = NAN;
    any_good = any_good || std::isfinite(points.y[i]);
    any_doubtful = any_doubtful || !std::isnan(doubtful.y[i]);
  }
  if (!any_good && any_doubtful) {
    points.hollow = true;
    points.line = Line::none;
    points.label += points.label.empty() ? "" : " (no good fit)";
  }
  panel.series.push_back(std::move(points));
  if (!any_good || !any_doubtful)
    return;
  doubtful.label.clear();
  doubtful.y_errors.clear();
  doubtful.line = Line::none;
  doubtful.hollow = doubtful.at_edge = true;
  panel.series.push_back(std::move(doubtful));
}

bool shows_doubtful(const Figure& figure) {
  for (const Panel& panel : figure.panels)
    for (const Series& series : panel.series)
      if (series.at_edge)
        return true;
  return false;
}

BinColours::BinColours(const Result& result) : unit_(result.q_unit()) {
  if (result.q().size() < 3)
    return;
  const auto [low, high] = std::minmax_element(result.q().begin(), result.q().end());
  if (!(*low < *high))
    return;
  q_ = result.q();
  lowest_ = *low;
  highest_ = *high;
}

Colour BinColours::of(Index bin) const {
  if (q_.empty())
    return palette(bin);
  const double q = q_[static_cast<std::size_t>(bin)];
  return curve_colour(ColourMap::viridis, (q - lowest_) / (highest_ - lowest_));
}

std::optional<ColourBar> BinColours::bar() const {
  if (q_.empty())
    return std::nullopt;
  return ColourBar{ColourMap::viridis,
                   Scale::linear,
                   lowest_,
                   highest_,
                   unit_.empty() ? "q" : fmt::format("q ({})", unit_),
                   true};
}

std::vector<plot::Guide> event_guides(std::span<const Event> events) {
  constexpr std::size_t few = 5;
  std::vector<plot::Guide> guides;
  for (const Event& event : events) {
    std::string label = "event";
    if (events.size() > few)
      label = guides.empty() ? fmt::format("{} events", events.size()) : "";
    guides.push_back({plot::Direction::vertical, event.time_s, std::move(label), plot::palette(1)});
  }
  return guides;
}

std::string printed_unit(std::string_view unit) {
  if (unit == "sigma")
    return "σ";
  if (unit == "1/sigma")
    return "σ⁻¹";
  if (unit == "tau")
    return "τ";
  return display_unit(unit);
}

std::string printed_unit(const Result& result, const std::string& path) {
  const Array* array = result.entry().find(path);
  return array == nullptr ? "" : printed_unit(attribute_text(array->attributes, "units"));
}

} // namespace vitrum::report
