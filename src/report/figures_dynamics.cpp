#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "dynamics.hpp"
#include "figure_parts.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {
namespace {

using namespace plot;

constexpr int share_age = 0;

Colour dynamics_colour(const std::string& dynamics) {
  if (dynamics == "aging")
    return faded(palette(0), 0.22);
  if (dynamics == "stationary")
    return faded(palette(2), 0.22);
  if (dynamics == "accelerating")
    return faded(palette(1), 0.22);
  return faded(palette(3), 0.22);
}

/// Shaded stretches with the names of their colours; a line where two of a kind meet.
void add_stretches(Panel& panel, const std::vector<DynamicsRow>& segments) {
  std::string before;
  for (const auto& s : segments) {
    const auto kind = s.text("dynamics");
    panel.spans.push_back(
        {Direction::vertical, s.number("first_s"), s.number("last_s"), "", dynamics_colour(kind)});
    if (kind == before)
      panel.guides.push_back({Direction::vertical, s.number("first_s"), "", grey, Line::dotted});
    before = kind;
  }
  for (const char* kind : {"aging", "stationary", "accelerating", "intermittent"})
    if (std::any_of(segments.begin(), segments.end(), [&](const DynamicsRow& s) {
          return s.text("dynamics") == kind;
        })) {
      Series name;
      name.label = kind;
      name.colour = dynamics_colour(kind);
      name.line_width = 7;
      panel.series.push_back(std::move(name));
    }
}

Series points(const std::vector<double>& x,
              std::vector<double> y,
              std::vector<double> errors,
              Colour colour) {
  Series s;
  s.x = x;
  s.y = std::move(y);
  s.y_errors = std::move(errors);
  s.colour = colour;
  s.marker = Marker::circle;
  s.marker_size = 3;
  s.line_width = 0.8;
  return s;
}

/// Row of entry/coupling that belongs to the bin; −1 without.
Index coupling_row(const Result& result, Index bin) {
  const auto bins = result.numbers("coupling/bin", 1);
  if (!bins)
    return -1;
  const auto at = std::find(bins->begin(), bins->end(), static_cast<double>(bin));
  return at == bins->end() ? -1 : static_cast<Index>(at - bins->begin());
}

void add_coupling(std::vector<Panel>& panels,
                  const Result& result,
                  Index bin,
                  const Windows& windows) {
  const Index row = coupling_row(result, bin);
  if (row < 0)
    return;
  const auto rows = static_cast<Index>(result.numbers("coupling/bin", 1)->size());
  const Index n = windows.count();
  const auto get = [&](const char* name) {
    return row_copy(result.quantity(std::string("coupling/") + name, {rows, n})->values, row, n);
  };
  Panel& scaled = panels.emplace_back();
  scaled.y = {"scaled", Scale::linear, -0.05, 1.85}; // room for the legend
  scaled.legend = Legend::top_right;
  auto time = points(windows.age_s, get("mean_time"), {}, palette(0));
  time.label = "⟨t⟩";
  auto flipped = get("plateau");
  for (double& v : flipped)
    v = 1 - v;
  auto plateau = points(windows.age_s, std::move(flipped), {}, palette(1));
  plateau.label = "1 − g₂′(0)";
  scaled.series = {std::move(time), std::move(plateau)};
  Panel& rolling = panels.emplace_back();
  rolling.y = {"correlation", Scale::linear, -1.05, 1.45}; // and for the names of ranges
  auto r = points(windows.age_s, get("correlation"), {}, data_colour);
  r.marker = Marker::none;
  rolling.series = {std::move(r)};
  rolling.guides.push_back({Direction::horizontal, 0, "", grey, Line::dotted});
  for (const auto& range : dynamics_rows(result, "coupled_range", bin))
    rolling.spans.push_back({Direction::vertical,
                             range.number("first_s"),
                             range.number("last_s"),
                             range.number("correlation") < 0 ? "against" : "with",
                             faded(palette(range.number("correlation") < 0 ? 3 : 2), 0.2)});
}

} // namespace

std::optional<Figure> make_dynamics_figure(const Tree& root, Index bin) {
  const Result result(root);
  const auto windows = result.windows();
  const auto segments = dynamics_rows(result, "segment", bin);
  const auto fits = result.window_fits();
  if (!windows || fits.empty() || segments.empty())
    return std::nullopt;
  const Index n = windows->count();
  const ModelFit& fit = fits.front();
  const Quantity* time = fit.find("mean_time_s");
  const bool mean = time != nullptr && std::any_of(time->values.begin(),
                                                   time->values.end(),
                                                   [](double v) { return std::isfinite(v); });
  if (!mean)
    time = fit.find("tau_s");
  if (time == nullptr)
    return std::nullopt;
  std::vector<Panel> panels(1);
  panels[0].y = {mean ? "⟨t⟩ (s)" : "τ (s)", Scale::log};
  add_fit_points(panels[0],
                 points(windows->age_s,
                        row_copy(time->values, bin - 1, n),
                        row_copy(time->errors, bin - 1, n),
                        data_colour),
                 fit,
                 (bin - 1) * n);
  if (const auto plateau = result.quantity("window/plateau", {result.bins(), n})) {
    Panel& panel = panels.emplace_back();
    panel.y = {"g₂(0)"};
    panel.series.push_back(points(windows->age_s,
                                  row_copy(plateau->values, bin - 1, n),
                                  row_copy(plateau->errors, bin - 1, n),
                                  palette(4)));
  }
  add_coupling(panels, result, bin, *windows);
  add_stretches(panels[0], segments);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    Panel& panel = panels[i];
    panel.row = static_cast<Index>(i);
    panel.height = i == 0 ? 150 : 85;
    panel.x = {"age (s)", Scale::linear, automatic, automatic, share_age};
    panel.x.show_labels = i + 1 == panels.size();
    panel.notes.push_back({0.01, 0.95, std::string(1, static_cast<char>('a' + i)), black});
    for (const Event& event : result.events())
      if (event.bin == bin)
        panel.guides.push_back({Direction::vertical, event.time_s, "", black, Line::dashed});
  }
  Figure figure;
  figure.width = 520;
  figure.description =
      fmt::format("Mean relaxation time, short-time plateau and their coupling against age, {}",
                  result.bin_title(bin));
  figure.panels = std::move(panels);
  figure.panels[0].title = result.bin_title(bin);
  return figure;
}

std::optional<Figure> make_zoom_figure(const Tree& root, Index bin, const MapOptions& options) {
  validate(options);
  const Result result(root);
  const std::string group = fmt::format("twotime/bin_{}", bin);
  const Array* map = result.entry().find(group + "/two_time_corr_func");
  auto time = result.numbers(group + "/t1_s", 1);
  if (map == nullptr) { // too large to be read: the finest level that is there
    const auto level = best_level(result.entry(), group, std::numeric_limits<Index>::max());
    map = result.entry().find(level + "/two_time_corr_func");
    time = result.numbers(level + "/t1_s", 1);
  }
  if (map == nullptr || !time || time->size() < 16)
    return std::nullopt;
  const auto* values = std::get_if<std::vector<float>>(&map->values);
  const auto n = static_cast<Index>(time->size());
  if (values == nullptr || map->shape != std::vector<Index>{n, n})
    return std::nullopt;
  // the likeliest stretch of every kind, and the first event with as much around it
  struct Zoom {
    double first_s, last_s;
    std::string title;
  };
  std::vector<Zoom> zooms;
  const auto segments = dynamics_rows(result, "segment", bin);
  for (const char* kind : {"aging", "stationary", "accelerating", "intermittent"}) {
    const DynamicsRow* best = nullptr;
    for (const auto& s : segments)
      if (s.text("dynamics") == kind &&
          (best == nullptr || s.number("probability") > best->number("probability")))
        best = &s;
    if (best != nullptr)
      zooms.push_back({best->number("first_s"), best->number("last_s"), kind});
  }
  for (const auto& event : result.events())
    if (event.bin == bin) {
      const double around = (time->back() - time->front()) / 30;
      zooms.push_back({event.time_s - around, event.time_s + around, "event"});
      break;
    }
  const double step = (time->back() - time->front()) / static_cast<double>(n - 1);
  Figure figure;
  figure.width = 480;
  for (const Zoom& zoom : zooms) {
    const auto first =
        std::clamp<Index>(static_cast<Index>((zoom.first_s - time->front()) / step), 0, n - 1);
    const auto last =
        std::clamp<Index>(static_cast<Index>((zoom.last_s - time->front()) / step) + 1, 0, n);
    const Index size = last - first;
    if (size < 4)
      continue;
    std::vector<float> part;
    for (Index i = first; i < last; ++i)
      for (Index j = first; j < last; ++j)
        part.push_back(i == j ? NAN : (*values)[static_cast<std::size_t>(i * n + j)]);
    const Index factor = std::max<Index>(1, (size + 299) / 300);
    Blocks blocks = block_mean(part, size, size, factor, factor);
    Panel panel;
    HeatMap heat;
    heat.rows = blocks.rows;
    heat.columns = blocks.columns;
    heat.values = std::move(blocks.values);
    heat.x_first = heat.y_first = (*time)[static_cast<std::size_t>(first)] - step / 2;
    heat.x_last = heat.y_last = heat.x_first + step * static_cast<double>(heat.rows * factor);
    heat.map = options.map;
    heat.colour_bar = false;
    panel.map = std::move(heat);
    panel.aspect = 1;
    panel.title = fmt::format("{}  {}", static_cast<char>('a' + figure.panels.size()), zoom.title);
    panel.x = {"t₁ (s)"};
    panel.y = {"t₂ (s)"};
    panel.row = static_cast<Index>(figure.panels.size()) / 2;
    panel.column = static_cast<Index>(figure.panels.size()) % 2;
    figure.panels.push_back(std::move(panel));
  }
  if (figure.panels.empty())
    return std::nullopt;
  figure.description =
      fmt::format("Stretches of the two-time correlation of {}", result.bin_title(bin));
  return figure;
}

} // namespace vitrum::report
