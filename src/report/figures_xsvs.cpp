#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "exposures.hpp"
#include "figure_parts.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

constexpr std::size_t lengths_shown = 4, points_shown = 30;

/// Neighbouring counts joined until about as many points are left as can be told apart.
struct Bars {
  std::vector<double> x, seen, error, expected; // against count/mean, times the mean
};

Bars bars_of(const CountsSeen& c) {
  double samples = 0, total = 0;
  for (std::size_t i = 0; i < c.count.size(); ++i) {
    samples += c.number[i];
    total += c.number[i] * c.count[i];
  }
  const double mean = total / samples;
  const double range = c.count.back() - c.count.front() + 1;
  const double width = std::max(1.0, std::ceil(range / static_cast<double>(points_shown)));
  Bars bars;
  for (std::size_t i = 0; i < c.count.size();) {
    const double first =
        c.count.front() + width * std::floor((c.count[i] - c.count.front()) / width);
    double number = 0, expected = 0, entries = 0;
    for (; i < c.count.size() && c.count[i] < first + width; ++i) {
      number += c.number[i];
      expected += c.expected[i];
      ++entries; // of large counts only those that occurred are listed
    }
    const double scale = mean / samples / width;
    bars.x.push_back((first + (width - 1) / 2) / mean);
    bars.seen.push_back(number > 0 ? scale * number : NAN);
    bars.error.push_back(scale * std::sqrt(number));
    bars.expected.push_back(scale * expected * width / entries);
  }
  return bars;
}

Panel contrast_panel(const Result& result, const ExposuresOfBin& e, Index bin) {
  Panel panel;
  panel.title = result.bin_title(bin);
  panel.height = 190;
  panel.x = {"exposure (s)", Scale::log};
  panel.y = {"speckle contrast"};
  panel.legend = Legend::bottom_left;
  Series points;
  points.x = e.exposure_s.values;
  points.y = e.contrast.values;
  points.y_errors = e.contrast.errors;
  points.label = "data";
  points.line = Line::none;
  points.marker = Marker::circle;
  points.colour = data_colour;
  panel.series.push_back(std::move(points));
  if (e.likelihood.values != e.contrast.values) {
    Series law;
    law.x = e.exposure_s.values;
    law.y = e.likelihood.values;
    law.y_errors = e.likelihood.errors;
    law.label = "1/M of the negative-binomial law";
    law.line = Line::none;
    law.marker = Marker::diamond;
    law.hollow = true;
    law.colour = grey;
    panel.series.push_back(std::move(law));
  }
  const auto fits = result.exposure_fits();
  for (std::size_t m = 0; m < fits.size(); ++m) {
    Series curve;
    curve.x = e.exposure_s.values;
    curve.y = row_copy(fits[m].curve, bin - 1, e.count());
    const auto i = static_cast<std::size_t>(bin - 1);
    curve.label = display_model(fits[m].model);
    if (const Quantity* tau = fits[m].find("tau_s"); tau != nullptr && fits[m].good(bin - 1))
      curve.label += ", τ = " + format_value(tau->values[i], tau->errors[i], "s");
    else if (i < fits[m].status.size())
      curve.label += fmt::format(" ({})", fits[m].status[i]);
    curve.colour = model_colour(static_cast<Index>(m));
    curve.line = model_line(static_cast<Index>(m));
    panel.series.push_back(std::move(curve));
  }
  return panel;
}

/// Lengths of exposure that differ most, from those with enough counts for a law to be seen.
std::vector<CountsSeen> chosen(std::vector<CountsSeen> all) {
  std::erase_if(all, [](const CountsSeen& c) { return c.count.size() < 3; });
  if (all.size() <= lengths_shown)
    return all;
  std::vector<CountsSeen> few;
  for (std::size_t k = 0; k < lengths_shown; ++k)
    few.push_back(all[k * (all.size() - 1) / (lengths_shown - 1)]);
  return few;
}

} // namespace

std::optional<Figure> make_xsvs_figure(const Tree& root, Index bin) {
  const Result result(root);
  const auto exposures = exposures_of(result, bin);
  if (!exposures)
    return std::nullopt;
  Figure figure;
  figure.width = 460;
  figure.description =
      fmt::format("Speckle contrast of {} against exposure, and histograms of counts with the "
                  "negative-binomial law",
                  result.bin_title(bin));
  figure.panels.push_back(contrast_panel(result, *exposures, bin));

  Panel panel;
  panel.row = 1;
  panel.height = 190;
  panel.x = {"k / ⟨k⟩"};
  panel.y = {"⟨k⟩ P(k)", Scale::log};
  panel.legend = Legend::right;
  const auto list = chosen(counts_seen(result, bin));
  const double frame_time = exposures->exposure_s.values[0] / exposures->frames.values[0];
  double lowest = 1;
  for (std::size_t k = 0; k < list.size(); ++k) {
    Bars bars = bars_of(list[k]);
    double least = 1; // single samples; the law may go on for decades below
    for (const double seen : bars.seen)
      least = std::fmin(least, seen / 3);
    for (double& expected : bars.expected)
      expected = expected > least ? expected : NAN;
    lowest = std::min(lowest, least);
    Series points;
    points.x = bars.x;
    points.y = bars.seen;
    points.y_errors = bars.error;
    points.label = format_value(static_cast<double>(list[k].frames) * frame_time, NAN, "s");
    points.line = Line::none;
    points.marker = model_marker(static_cast<Index>(k));
    points.marker_size = 3.6;
    points.colour = palette(static_cast<Index>(k));
    Series curve;
    curve.x = bars.x;
    curve.y = bars.expected;
    curve.colour = points.colour;
    panel.series.push_back(std::move(points));
    panel.series.push_back(std::move(curve));
  }
  panel.y.lower = lowest;
  if (!panel.series.empty())
    figure.panels.push_back(std::move(panel));
  return figure;
}

} // namespace vitrum::report
