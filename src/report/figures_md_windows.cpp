#include <fmt/format.h>

#include "figure_parts.hpp"
#include "vitrum/report/figures.hpp"
#include "vitrum/report/md_figures.hpp"

namespace vitrum::report {

using namespace plot;

std::optional<Figure> make_windows_figure(const Tree& root) {
  const Result result(root);
  const auto time = result.numbers("speckle/time", 1);
  if (!time)
    return std::nullopt;
  Figure figure;
  figure.width = 860;
  figure.description = "Two-time correlation, contrast against time and g2 of three windows in "
                       "reciprocal space";
  MapOptions options;
  options.cells = 400; // three of them side by side
  Index column = 0;
  for (const auto& [name, label] : {std::pair("shell", "3-D shell"),
                                    std::pair("slice", "2-D slice"),
                                    std::pair("spot", "1-D spot")}) {
    const Index bin = column + 1;
    auto map = make_two_time_figure(root, bin, options);
    const auto contrast = result.numbers(fmt::format("speckle/{}_contrast", name), 1);
    const auto lag = result.numbers("g2/lag_s", 1);
    if (!map || map->panels.empty() || !contrast || !lag)
      return std::nullopt;
    Panel two_time = std::move(map->panels.front());
    two_time.column = column;
    two_time.row = 0;
    two_time.title =
        fmt::format("{}, {:.0f} q",
                    label,
                    result.entry().number_or(fmt::format("speckle/{}_vectors", name), 0));
    figure.panels.push_back(std::move(two_time));

    Panel speckle;
    speckle.column = column;
    speckle.row = 1;
    speckle.height = 90;
    speckle.x = {"time (s)"};
    speckle.y = {"⟨I²⟩/⟨I⟩² − 1"};
    Series curve;
    curve.x = *time;
    curve.y = *contrast;
    curve.line_width = 0.7;
    curve.colour = palette(column);
    speckle.series.push_back(std::move(curve));
    speckle.guides.push_back({Direction::horizontal, 1, ""});
    figure.panels.push_back(std::move(speckle));

    const auto lags = static_cast<Index>(lag->size());
    const auto g2 = result.quantity("g2/g2", {result.bins(), lags});
    if (!g2)
      return std::nullopt;
    Panel decay;
    decay.column = column;
    decay.row = 2;
    decay.height = 110;
    decay.x = {"lag (s)", Scale::log};
    decay.y = {"g₂"};
    Series points;
    points.x = *lag;
    points.y = row_copy(g2->values, bin - 1, lags);
    points.y_errors = row_copy(g2->errors, bin - 1, lags);
    points.marker = Marker::circle;
    points.colour = palette(column);
    decay.series.push_back(std::move(points));
    figure.panels.push_back(std::move(decay));
    ++column;
  }
  return figure;
}

} // namespace vitrum::report
