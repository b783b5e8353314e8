#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "view_maps.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr Index cells_exported = 2048;

/// Middles of the elements.
std::vector<double> middles(double first, double step, Index count) {
  std::vector<double> out;
  for (Index i = 0; i < count; ++i)
    out.push_back(first + (static_cast<double>(i) + 0.5) * step);
  return out;
}

/// A file of its own that is gone at the end of the scope.
class TemporaryFile {
public:
  TemporaryFile() {
    auto name = (std::filesystem::temp_directory_path() / "vitrum_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw FileError(name, "cannot be made", errno);
    folder_ = name;
  }
  ~TemporaryFile() {
    std::error_code none;
    std::filesystem::remove_all(folder_, none);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return (folder_ / "data.npz").string(); }

private:
  std::filesystem::path folder_;
};

} // namespace

std::string figure_csv(const plot::Figure& figure) {
  const auto quoted = [](std::string text) {
    for (auto at = text.find('"'); at != text.npos; at = text.find('"', at + 2))
      text.insert(at, 1, '"');
    return '"' + text + '"';
  };
  std::string out = "# " + (figure.title.empty() ? figure.description : figure.title) +
                    "\npanel,x_label,y_label,series,x,y,y_error\n";
  for (std::size_t p = 0; p < figure.panels.size(); ++p)
    for (const auto& series : figure.panels[p].series) {
      const auto& panel = figure.panels[p];
      const auto start = fmt::format("{},{},{},{}",
                                     p + 1,
                                     quoted(panel.x.label),
                                     quoted(panel.y.label),
                                     quoted(series.label.empty() ? panel.title : series.label));
      for (std::size_t i = 0; i < series.x.size(); ++i)
        out += fmt::format("{},{},{},{}\n",
                           start,
                           report::exact_number(series.x[i]),
                           report::exact_number(series.y[i]),
                           series.y_errors.empty() ? "" : report::exact_number(series.y_errors[i]));
    }
  return out;
}

plot::Figure ResultView::map_figure(Index bin, const MapWindow& window, Index cells) const {
  auto seen = part(bin, window, cells);
  const auto& facts = maps_->at(bin).facts;
  const bool all = window.x_first == window.x_last;
  plot::HeatMap map;
  map.rows = seen.tile.rows;
  map.columns = seen.tile.columns;
  map.values = std::move(seen.tile.values);
  map.x_first = seen.x_first;
  map.x_last = seen.x_last;
  map.y_first = seen.y_first;
  map.y_last = seen.y_last;
  map.map = window.colours;
  map.lower = window.lower;
  map.upper = window.upper;
  map.label = "C(t₁, t₂)";
  plot::Panel panel;
  panel.title = facts.title;
  panel.x = {fmt::format("t₁ ({})", facts.time_unit),
             plot::Scale::linear,
             all ? facts.first_s : window.x_first,
             all ? facts.last_s : window.x_last};
  panel.y = {fmt::format("t₂ ({})", facts.time_unit),
             plot::Scale::linear,
             all ? facts.first_s : window.y_first,
             all ? facts.last_s : window.y_last};
  panel.aspect = (panel.y.upper - panel.y.lower) / (panel.x.upper - panel.x.lower);
  if (panel.aspect < 0.2 || panel.aspect > 3) { // a stripe is drawn out
    panel.aspect = 0;
    panel.height = 300;
  }
  panel.map = std::move(map);
  plot::Figure figure;
  figure.width = 420;
  figure.description = fmt::format("Two-time correlation of {}", facts.title);
  const auto counts = intensity(bin);
  if (!counts.value.empty()) {
    panel.x.show_labels = false;
    plot::Panel below;
    below.row = 1;
    below.height = 62;
    below.x = {fmt::format("time ({})", facts.time_unit),
               plot::Scale::linear,
               panel.x.lower,
               panel.x.upper};
    below.y = {counts.label};
    plot::Series curve;
    curve.line_width = 0.8;
    curve.colour = plot::palette(0);
    for (std::size_t i = 0; i < counts.value.size(); ++i)
      if (counts.time_s[i] >= panel.x.lower && counts.time_s[i] <= panel.x.upper) {
        curve.x.push_back(counts.time_s[i]);
        curve.y.push_back(counts.value[i]);
      }
    below.series.push_back(std::move(curve));
    for (const auto& mark : marks(bin))
      if (mark.kind == "event")
        below.guides.push_back({plot::Direction::vertical, mark.first_s, ""});
    figure.panels.push_back(std::move(below));
  }
  figure.panels.insert(figure.panels.begin(), std::move(panel));
  return plot::with_limits(std::move(figure));
}

std::string ResultView::map_csv(Index bin, const MapWindow& window) const {
  const auto seen = part(bin, window, cells_exported);
  std::string out = fmt::format("# {0}, C(t1, t2) of {1}; a line of t1 ({3}), then lines of t2 "
                                "({3}) and values, means over {2:g} {3}\n",
                                path_,
                                maps_->at(bin).facts.title,
                                seen.step_s,
                                maps_->at(bin).facts.time_unit);
  out += "t2 [s] \\ t1 [s]";
  for (const double t : middles(seen.x_first, seen.step_s, seen.tile.columns))
    out += "," + report::exact_number(t);
  out += '\n';
  const auto rows = middles(seen.y_first, seen.step_s, seen.tile.rows);
  for (Index i = 0; i < seen.tile.rows; ++i) {
    out += report::exact_number(rows[static_cast<std::size_t>(i)]);
    for (Index j = 0; j < seen.tile.columns; ++j)
      out +=
          fmt::format(",{}", seen.tile.values[static_cast<std::size_t>(i * seen.tile.columns + j)]);
    out += '\n';
  }
  return out;
}

std::string ResultView::map_npz(Index bin, const MapWindow& window) const {
  auto seen = part(bin, window, cells_exported);
  const TemporaryFile file;
  io::write_npz(
      file.path(),
      {{"t1_s", make_array(middles(seen.x_first, seen.step_s, seen.tile.columns), "s")},
       {"t2_s", make_array(middles(seen.y_first, seen.step_s, seen.tile.rows), "s")},
       {"C", make_array({seen.tile.rows, seen.tile.columns}, std::move(seen.tile.values), "")}});
  std::ifstream in(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace vitrum::app
