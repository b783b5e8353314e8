#include <algorithm>
#include <array>
#include <cmath>

#include "layout.hpp"

namespace vitrum::plot {
namespace {

using namespace size;

/// More points than columns of pixels: each column keeps its first, lowest, highest and last point.
std::vector<Point> thinned(const std::vector<Point>& points, double width) {
  const double columns = 4 * width;
  if (static_cast<double>(points.size()) < 4 * columns ||
      !std::is_sorted(points.begin(), points.end(), [](Point a, Point b) { return a.x < b.x; }))
    return points;
  std::vector<Point> kept;
  for (std::size_t i = 0; i < points.size();) {
    const double column = std::floor(points[i].x * 4);
    std::size_t end = i, low = i, high = i;
    for (; end < points.size() && std::floor(points[end].x * 4) == column; ++end) {
      low = points[end].y < points[low].y ? end : low;
      high = points[end].y > points[high].y ? end : high;
    }
    std::vector<std::size_t> picked{i, std::min(low, high), std::max(low, high), end - 1};
    picked.erase(std::unique(picked.begin(), picked.end()), picked.end());
    for (const std::size_t k : picked)
      kept.push_back(points[k]);
    i = end;
  }
  return kept;
}

/// The curve in pieces between the points that cannot be drawn.
std::vector<std::vector<Point>>
pieces(const PanelLayout& place, const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<std::vector<Point>> paths(1);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (place.x.holds(x[i]) && place.y.holds(y[i]))
      paths.back().push_back({place.x(x[i]), place.y(y[i])});
    else if (!paths.back().empty())
      paths.emplace_back();
  for (auto& path : paths)
    path = thinned(path, place.area.width);
  std::erase_if(paths, [](const auto& path) { return path.empty(); });
  return paths;
}

void draw_bands(Canvas& canvas, const Panel& panel, const PanelLayout& place) {
  for (const Band& band : panel.bands) {
    std::vector<std::vector<Point>> areas(1);
    std::vector<Point> back;
    const auto close = [&] {
      areas.back().insert(areas.back().end(), back.rbegin(), back.rend());
      back.clear();
      if (!areas.back().empty())
        areas.emplace_back();
    };
    for (std::size_t i = 0; i < band.x.size(); ++i) {
      if (!place.x.holds(band.x[i]) || !place.y.holds(band.upper[i]) ||
          !std::isfinite(band.lower[i])) {
        close();
        continue;
      }
      const double lower = place.y.holds(band.lower[i]) ? place.y(band.lower[i]) : place.y.from;
      areas.back().push_back({place.x(band.x[i]), place.y(band.upper[i])});
      back.push_back({place.x(band.x[i]), lower});
    }
    close();
    canvas.areas(areas, band.colour, {black, 0});
  }
}

void draw_spans(Canvas& canvas, const Panel& panel, const PanelLayout& place) {
  const Box& area = place.area;
  for (const Span& span : panel.spans) {
    const bool vertical = span.direction == Direction::vertical;
    const AxisView& axis = vertical ? place.x : place.y;
    const double floor = std::min(axis.lower, axis.upper);
    const double a = axis(std::max(span.first, floor)), b = axis(std::max(span.last, floor));
    const Box box =
        vertical ? Box{a, area.top, b - a, area.height} : Box{area.left, a, area.width, b - a};
    canvas.areas({{{box.left, box.top},
                   {box.right(), box.top},
                   {box.right(), box.bottom()},
                   {box.left, box.bottom()}}},
                 span.colour,
                 {black, 0});
    const Point at =
        vertical ? Point{(a + b) / 2, area.top + 4} : Point{area.left + 4, (a + b) / 2};
    if (!span.label.empty())
      canvas.text(at,
                  span.label,
                  {7.5,
                   vertical ? Anchor::middle : Anchor::start,
                   vertical ? Baseline::top : Baseline::middle,
                   false,
                   false,
                   faded(black, 0.75)});
  }
}

void draw_guides(Canvas& canvas, const Panel& panel, const PanelLayout& place) {
  const Box& area = place.area;
  for (const Guide& guide : panel.guides) {
    const bool vertical = guide.direction == Direction::vertical;
    const AxisView& axis = vertical ? place.x : place.y;
    if (!axis.holds(guide.at) || guide.at < axis.lower || guide.at > axis.upper)
      continue;
    const double at = axis(guide.at);
    if (vertical)
      canvas.lines({{{at, area.top}, {at, area.bottom()}}}, {guide.colour, 0.9, guide.line});
    else
      canvas.lines({{{area.left, at}, {area.right(), at}}}, {guide.colour, 0.9, guide.line});
  }
}

/// After the curves, on a light ground: dense curves would hide them.
void draw_guide_labels(Canvas& canvas, const Panel& panel, const PanelLayout& place) {
  constexpr double size = 7.5, gap = 2.5;
  const Box& area = place.area;
  std::vector<std::array<Point, 2>> taken;
  for (const Guide& guide : panel.guides) {
    const bool vertical = guide.direction == Direction::vertical;
    const AxisView& axis = vertical ? place.x : place.y;
    if (guide.label.empty() || !axis.holds(guide.at) || guide.at < axis.lower ||
        guide.at > axis.upper)
      continue;
    // beside a vertical line, reading upward, ending at the top; above the end of a horizontal one
    const double at = axis(guide.at);
    const double width = text_width(guide.label, size);
    const Point end = vertical ? Point{at - gap, area.top + 3} : Point{area.right() - 3, at - gap};
    const Point low = vertical ? Point{end.x - size, end.y} : Point{end.x - width, end.y - size};
    const Point high = vertical ? Point{end.x, end.y + width} : end;
    if (std::any_of(taken.begin(), taken.end(), [&](const auto& box) {
          return low.x < box[1].x && box[0].x < high.x && low.y < box[1].y && box[0].y < high.y;
        }))
      continue; // the first of those that would lie on each other stands for all
    taken.push_back({low, high});
    canvas.areas({{low, {high.x, low.y}, high, {low.x, high.y}}}, faded(white, 0.8), {black, 0});
    canvas.text(end,
                guide.label,
                {size, Anchor::end, Baseline::bottom, false, vertical, faded(black, 0.75)});
  }
}

std::vector<Point> outline_of(Marker marker, Point at, double diameter) {
  const double r = diameter / 2;
  switch (marker) {
  case Marker::square: {
    const double h = 0.88 * r;
    return {{at.x - h, at.y - h}, {at.x + h, at.y - h}, {at.x + h, at.y + h}, {at.x - h, at.y + h}};
  }
  case Marker::diamond: {
    const double h = 1.2 * r;
    return {{at.x, at.y - h}, {at.x + h, at.y}, {at.x, at.y + h}, {at.x - h, at.y}};
  }
  case Marker::triangle:
    return {
        {at.x, at.y - 1.2 * r}, {at.x + 1.1 * r, at.y + 0.8 * r}, {at.x - 1.1 * r, at.y + 0.8 * r}};
  default:
    return {};
  }
}

void draw_error_bars(Canvas& canvas, const Series& series, const PanelLayout& place) {
  if (series.y_errors.empty())
    return;
  std::vector<std::vector<Point>> bars;
  const double cap = std::min(series.marker_size / 2 - 0.3, 2.0);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const double error = series.y_errors[i];
    if (!place.x.holds(series.x[i]) || !place.y.holds(series.y[i]) || !(error > 0))
      continue;
    const double x = place.x(series.x[i]);
    const double high = series.y[i] + error, low = series.y[i] - error;
    const double top = std::isfinite(high) ? place.y(high) : place.y.to;
    const double bottom = place.y.holds(low) ? place.y(low) : place.y.from;
    bars.push_back({{x, bottom}, {x, top}});
    if (cap > 0.5) {
      bars.push_back({{x - cap, top}, {x + cap, top}});
      bars.push_back({{x - cap, bottom}, {x + cap, bottom}});
    }
  }
  canvas.lines(bars, {faded(series.colour, 0.65), 0.7});
}

} // namespace

void draw_markers(Canvas& canvas, const Series& series, const std::vector<Point>& points) {
  const Colour fill = series.hollow ? white : series.colour;
  const Stroke edge{series.colour, series.hollow ? 0.9 : 0.0};
  if (series.marker == Marker::none) {
    return;
  } else if (series.marker == Marker::circle) {
    canvas.circles(points, series.marker_size, fill, edge);
  } else if (series.marker == Marker::cross) {
    std::vector<std::vector<Point>> strokes;
    const double h = 0.4 * series.marker_size;
    for (const Point& p : points) {
      strokes.push_back({{p.x - h, p.y - h}, {p.x + h, p.y + h}});
      strokes.push_back({{p.x - h, p.y + h}, {p.x + h, p.y - h}});
    }
    canvas.lines(strokes, {series.colour, 1.1});
  } else {
    std::vector<std::vector<Point>> shapes;
    for (const Point& p : points)
      shapes.push_back(outline_of(series.marker, p, series.marker_size));
    canvas.areas(shapes, fill, edge);
  }
}

namespace {

void draw_series(Canvas& canvas, const Series& series, const PanelLayout& place) {
  draw_error_bars(canvas, series, place);
  if (series.line != Line::none)
    canvas.lines(pieces(place, series.x, series.y),
                 {series.colour, series.line_width, series.line});
  std::vector<Point> points;
  for (std::size_t i = 0; i < series.x.size(); ++i)
    if (place.x.holds(series.x[i]) && place.y.holds(series.y[i]))
      points.push_back({place.x(series.x[i]), place.y(series.y[i])});
    else if (series.at_edge && place.x.holds(series.x[i]) && !std::isnan(series.y[i]))
      points.push_back(
          {place.x(series.x[i]), series.y[i] > 0 ? place.area.top : place.area.bottom()});
  if (series.at_edge) // whole marks, not halves
    for (Point& p : points)
      p.y = std::clamp(p.y,
                       place.area.top + series.marker_size / 2 + 1,
                       place.area.bottom() - series.marker_size / 2 - 1);
  std::erase_if(points, [&](const Point& p) { // far outside: keep files small
    return p.x < place.area.left - 10 || p.x > place.area.right() + 10 ||
           p.y < place.area.top - 10 || p.y > place.area.bottom() + 10;
  });
  draw_markers(canvas, series, points);
}

void draw_grid(Canvas& canvas, const PanelLayout& place) {
  std::vector<std::vector<Point>> paths;
  for (const Tick& tick : place.x_ticks.major)
    paths.push_back(
        {{place.x(tick.value), place.area.top}, {place.x(tick.value), place.area.bottom()}});
  for (const Tick& tick : place.y_ticks.major)
    paths.push_back(
        {{place.area.left, place.y(tick.value)}, {place.area.right(), place.y(tick.value)}});
  canvas.lines(paths, {faded(grey, 0.22), 0.6});
}

void draw_x_axis(Canvas& canvas, const Axis& axis, const PanelLayout& place) {
  std::vector<std::vector<Point>> marks;
  const double edge = place.area.bottom();
  const auto mark = [&](double value, double size) {
    marks.push_back({{place.x(value), edge}, {place.x(value), edge + size}});
  };
  for (const double value : place.x_ticks.minor)
    mark(value, minor_tick);
  for (const Tick& t : place.x_ticks.major)
    mark(t.value, tick);
  canvas.lines(marks, {black, 0.7});
  if (!axis.show_labels)
    return;
  for (const Tick& t : place.x_ticks.major)
    canvas.text(
        {place.x(t.value), edge + tick + gap}, t.label, {tick_text, Anchor::middle, Baseline::top});
  if (!axis.label.empty())
    canvas.text({place.area.middle(), edge + tick + gap + tick_text + 4},
                scaled_label(axis.label, place.x_ticks.exponent),
                {label_text, Anchor::middle, Baseline::top});
}

void draw_y_axis(Canvas& canvas, const Axis& axis, const PanelLayout& place) {
  std::vector<std::vector<Point>> marks;
  const double edge = place.area.left;
  const auto mark = [&](double value, double size) {
    marks.push_back({{edge - size, place.y(value)}, {edge, place.y(value)}});
  };
  for (const double value : place.y_ticks.minor)
    mark(value, minor_tick);
  for (const Tick& t : place.y_ticks.major)
    mark(t.value, tick);
  canvas.lines(marks, {black, 0.7});
  if (!axis.show_labels)
    return;
  double widest = 0;
  for (const Tick& t : place.y_ticks.major) {
    canvas.text(
        {edge - tick - gap, place.y(t.value)}, t.label, {tick_text, Anchor::end, Baseline::middle});
    widest = std::max(widest, text_width(t.label, tick_text));
  }
  if (!axis.label.empty())
    canvas.text({edge - tick - gap - widest - 6, place.area.centre()},
                scaled_label(axis.label, place.y_ticks.exponent),
                {label_text, Anchor::middle, Baseline::bottom, false, true});
}

void draw_colour_bar(Canvas& canvas, const PanelLayout& place) {
  const Box box{place.area.right() + bar_gap, place.area.top, bar_width, place.area.height};
  Picture picture{255, 1, {}};
  for (int i = 254; i >= 0; --i) {
    const Colour c = place.bar.of_curves ? curve_colour(place.bar.map, i / 254.0)
                                         : colour_at(place.bar.map, i / 254.0);
    picture.rgba.insert(picture.rgba.end(), {c.red, c.green, c.blue, 255});
  }
  canvas.picture(picture, box);
  canvas.areas({{{box.left, box.top},
                 {box.right(), box.top},
                 {box.right(), box.bottom()},
                 {box.left, box.bottom()}}},
               faded(black, 0),
               {black, 0.7});
  const AxisView axis{place.bar.scale, place.bar.lower, place.bar.upper, box.bottom(), box.top};
  std::vector<std::vector<Point>> marks;
  for (const double value : place.bar_ticks.minor)
    marks.push_back({{box.right(), axis(value)}, {box.right() + minor_tick, axis(value)}});
  double widest = 0;
  for (const Tick& t : place.bar_ticks.major) {
    marks.push_back({{box.right(), axis(t.value)}, {box.right() + tick, axis(t.value)}});
    canvas.text({box.right() + tick + gap, axis(t.value)},
                t.label,
                {tick_text, Anchor::start, Baseline::middle});
    widest = std::max(widest, text_width(t.label, tick_text));
  }
  canvas.lines(marks, {black, 0.7});
  if (!place.bar.label.empty())
    canvas.text({box.right() + tick + gap + widest + 4, box.centre()},
                scaled_label(place.bar.label, place.bar_ticks.exponent),
                {label_text, Anchor::middle, Baseline::top, false, true});
}

} // namespace

void draw_panel(Canvas& canvas,
                const Panel& panel,
                const PanelLayout& place,
                double map_resolution) {
  const Box& area = place.area;
  canvas.begin_clip(area);
  if (panel.map)
    draw_map(canvas, panel, place, map_resolution);
  else if (panel.grid)
    draw_grid(canvas, place);
  draw_spans(canvas, panel, place);
  draw_bands(canvas, panel, place);
  draw_guides(canvas, panel, place);
  for (const Series& series : panel.series)
    draw_series(canvas, series, place);
  draw_guide_labels(canvas, panel, place);
  canvas.end_clip();
  for (const Note& note : panel.notes)
    canvas.text({area.left + note.x * area.width, area.bottom() - note.y * area.height},
                note.text,
                {8,
                 note.x > 0.5 ? Anchor::end : Anchor::start,
                 note.y > 0.5 ? Baseline::top : Baseline::bottom,
                 false,
                 false,
                 note.colour});
  canvas.areas({{{area.left, area.top},
                 {area.right(), area.top},
                 {area.right(), area.bottom()},
                 {area.left, area.bottom()}}},
               faded(black, 0),
               {black, 0.8});
  draw_x_axis(canvas, panel.x, place);
  draw_y_axis(canvas, panel.y, place);
  if (!panel.title.empty())
    canvas.text({area.left, area.top - 5},
                panel.title,
                {size::label_text, Anchor::start, Baseline::bottom, true});
  if (place.has_bar)
    draw_colour_bar(canvas, place);
  if (panel.legend != Legend::none)
    draw_legend(canvas, panel, place);
}

} // namespace vitrum::plot
