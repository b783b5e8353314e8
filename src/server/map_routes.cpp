#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "json.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"

namespace vitrum::server {
namespace {

using nlohmann::ordered_json;

ordered_json marks_json(const std::vector<app::MapMark>& marks) {
  auto out = ordered_json::array();
  for (const auto& mark : marks)
    out.push_back({{"kind", mark.kind},
                   {"first_s", mark.first_s},
                   {"last_s", mark.last_s},
                   {"text", mark.text}});
  return out;
}

Response map(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  const Index bin = query.whole("bin");
  ordered_json out;
  for (const auto& facts : view->maps())
    if (facts.bin == bin)
      out = to_json(facts);
  if (out.is_null())
    throw DataError(fmt::format("bin {}: the result has no two-time map of it", bin));
  const auto [lower, upper] = view->limits(bin, 0.5, 99.5);
  out["lower"] = lower;
  out["upper"] = upper;
  out["marks"] = marks_json(view->marks(bin));
  const auto counts = view->intensity(bin);
  out["intensity"] = counts.value.empty() ? ordered_json() : to_json(app::make_figure(counts));
  return json_response(out);
}

Response tile(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  return float_response(view->tile(query.whole("bin"),
                                   query.whole("factor"),
                                   query.whole("row"),
                                   query.whole("column"),
                                   query.whole("edge"),
                                   query.text_or("diagonal", "hide") == "show")
                            .values);
}

Response limits(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  const auto [lower, upper] =
      view->limits(query.whole("bin"), query.number_or("low", 0.5), query.number_or("high", 99.5));
  return json_response({{"lower", lower}, {"upper", upper}});
}

Response cut(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  const auto values =
      view->cut(query.whole("bin"), app::parse_cut(query.text("direction")), query.number("at_s"));
  auto out = to_json(values);
  out["picture"] = page_svg(app::make_figure(values));
  return json_response(out);
}

std::vector<std::string> models_of(const Query& query) {
  std::vector<std::string> models;
  std::string text = query.text_or("models", "kww") + ",";
  for (std::size_t from = 0, to = 0; (to = text.find(',', from)) != text.npos; from = to + 1)
    if (to > from)
      models.push_back(text.substr(from, to - from));
  return models;
}

Response range(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  const auto g2 = view->range_g2(
      query.whole("bin"), query.number("first_s"), query.number("last_s"), models_of(query));
  auto out = to_json(g2);
  out["picture"] = page_svg(app::make_figure(g2));
  return json_response(out);
}

app::MapWindow window_of(const Query& query) {
  app::MapWindow window;
  window.x_first = query.number_or("x0", 0);
  window.x_last = query.number_or("x1", 0);
  window.y_first = query.number_or("y0", 0);
  window.y_last = query.number_or("y1", 0);
  window.lower = query.number_or("lower", window.lower);
  window.upper = query.number_or("upper", window.upper);
  window.colours = plot::parse_colour_map(query.text_or("colours", "viridis"));
  window.diagonal = query.text_or("diagonal", "hide") == "show";
  return window;
}

/// What is seen of the map, as a file.
Response map_export(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  const Index bin = query.whole("bin");
  const auto window = window_of(query);
  const auto as =
      saved_as(query, fmt::format("two_time_bin_{}", bin), {"png", "svg", "pdf", "csv", "npz"});
  if (as.format == "csv")
    return {200, std::string(type_of(as.name)), view->map_csv(bin, window), as.name};
  if (as.format == "npz")
    return {200, std::string(type_of(as.name)), view->map_npz(bin, window), as.name};
  return saved_figure(view->map_figure(bin, window), as);
}

/// g2 of a range of ages, or a cut, as a file.
Response curve_export(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  const Index bin = query.whole("bin");
  const bool range = query.has("first_s");
  const auto figure =
      range ? app::make_figure(view->range_g2(
                  bin, query.number("first_s"), query.number("last_s"), models_of(query)))
            : app::make_figure(
                  view->cut(bin, app::parse_cut(query.text("direction")), query.number("at_s")));
  return saved_figure(figure,
                      saved_as(query,
                               fmt::format("{}_bin_{}", range ? "g2" : "cut", bin),
                               {"png", "svg", "pdf", "csv"}));
}

} // namespace

void add_map_routes(std::map<std::string, Route>& table) {
  table["GET /api/map"] = map;
  table["GET /api/tile"] = tile;
  table["GET /api/limits"] = limits;
  table["GET /api/cut"] = cut;
  table["GET /api/range"] = range;
  table["GET /api/map-export"] = map_export;
  table["GET /api/curve-export"] = curve_export;
}

} // namespace vitrum::server
