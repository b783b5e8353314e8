#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "json.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"

namespace vitrum::server {
namespace {

using nlohmann::ordered_json;

Response folder(Site& site, const Query&) {
  ordered_json out{{"folder", site.options().root.string()},
                   {"only", site.options().only},
                   {"jobs", site.options().jobs},
                   {"entries", ordered_json::array()}};
  if (site.options().only.empty())
    for (const auto& entry : site.folder().entries())
      out["entries"].push_back(to_json(entry));
  return json_response(out);
}

Response result(Site& site, const Query& query) {
  const auto name = query.text("file");
  const auto view = site.result(name);
  const auto& tree = view->tree();
  ordered_json out{{"file", name},
                   {"kind", tree.text("entry/kind")},
                   {"title", tree.text("entry/title")},
                   {"date", tree.text("entry/process/date")},
                   {"version", tree.text("entry/process/version")},
                   {"command_line", tree.text("entry/process/command_line")},
                   {"inputs", tree.texts("entry/process/inputs")},
                   {"warnings", tree.texts("entry/process/warnings")},
                   {"corrections", tree.texts("entry/process/corrections")},
                   {"figures", ordered_json::array()},
                   {"maps", ordered_json::array()},
                   {"pixels", !view->pixel_maps().empty()},
                   {"variances", ordered_json::array()},
                   {"knows_shot_noise", view->knows_shot_noise()},
                   {"numbers", ordered_json::array()}};
  for (const auto& figure : view->figures())
    out["figures"].push_back({{"name", figure.name},
                              {"title", figure.title},
                              {"each", figure.each},
                              {"count", figure.count}});
  for (const auto& [definition, title] : view->variance_definitions())
    out["variances"].push_back({{"name", definition}, {"title", title}});
  for (const auto& facts : view->maps())
    out["maps"].push_back(to_json(facts));
  for (const auto& number : app::all_numbers(tree))
    out["numbers"].push_back(to_json(number));
  return json_response(out);
}

/// Cheap enough to be asked again and again.
Response state(Site& site, const Query& query) {
  return json_response({{"state", state_of(site.inside(query.text("file")))}});
}

app::FrameWindow window_in(Site& site, const Query& query) {
  app::FrameWindow window;
  window.first = query.whole("frame");
  window.count = query.whole_or("average", 1);
  for (auto [name, path] : {std::pair{"mask", &window.mask}, {"partition", &window.partition}})
    if (const auto file = query.text_or(name, ""); !file.empty())
      *path = site.inside(file).string();
  window.logarithmic = query.text_or("scale", "linear") == "log";
  window.lower_percentile = query.number_or("low", 0.5);
  window.upper_percentile = query.number_or("high", 99.5);
  return window;
}

/// Of the pixels of a map: the map, how its values are distributed, or g2 of one.
plot::Figure pixel_figure(const app::ResultView& view, const Query& query) {
  const auto kind = query.text("pixels");
  const auto [name, lower, upper] = pixel_choice(query);
  if (kind == "map")
    return view.pixel_map(name, lower, upper);
  if (kind == "histogram")
    return view.pixel_histogram(name, lower, upper);
  if (kind == "g2")
    return view.pixel_figure(query.number("x_nm"), query.number("y_nm"));
  throw OptionError(fmt::format("pixels '{}': expected map, histogram or g2", kind));
}

/// One of a result, or, with `frame`, of a series of frames, or, with `pixels`, of pixels.
plot::Figure figure_of(Site& site, const Query& query) {
  if (query.has("frame"))
    return site.series(query.text("file"), query.text_or("dataset", ""))
        ->figure(window_in(site, query));
  if (query.has("variance"))
    return site.result(query.text("file"))
        ->variance_figure(query.text("variance"),
                          query.text_or("shot_noise", "corrected") == "corrected",
                          query.text_or("few_patterns", "kept") == "corrected");
  if (query.has("pixels"))
    return pixel_figure(*site.result(query.text("file")), query);
  return site.result(query.text("file"))->figure(query.text("figure"), query.whole_or("number", 1));
}

Response figure(Site& site, const Query& query) {
  return json_response(to_json(figure_of(site, query)));
}

/// Values of the map in one panel of a figure.
Response figure_map(Site& site, const Query& query) {
  const auto drawn = figure_of(site, query);
  const Index panel = query.whole("panel");
  if (panel < 0 || panel >= static_cast<Index>(drawn.panels.size()) ||
      !drawn.panels[static_cast<std::size_t>(panel)].map)
    throw OptionError(fmt::format("panel {}: the figure has no map there", panel));
  return float_response(drawn.panels[static_cast<std::size_t>(panel)].map->values);
}

Response picture(Site& site, const Query& query) {
  return {200, "image/svg+xml", page_svg(figure_of(site, query)), {}};
}

std::string file_name(const Query& query) {
  if (query.has("frame"))
    return fmt::format("frame_{}", query.whole("frame"));
  for (const char* kind : {"variance", "pixels"})
    if (query.has(kind))
      return fmt::format("{}_{}", kind, query.text(kind));
  return fmt::format("{}_{}", query.text("figure"), query.whole_or("number", 1));
}

Response figure_export(Site& site, const Query& query) {
  const auto as = saved_as(query, file_name(query), {"png", "svg", "pdf", "csv"});
  return saved_figure(figure_of(site, query), as);
}

Response thumbnail(Site& site, const Query& query) {
  return {200, "image/png", site.thumbnail(query.text("file")), {}};
}

} // namespace

void add_figure_routes(std::map<std::string, Route>& table) {
  table["GET /api/folder"] = folder;
  table["GET /api/state"] = state;
  table["GET /api/result"] = result;
  table["GET /api/figure"] = figure;
  table["GET /api/figure-map"] = figure_map;
  table["GET /api/picture"] = picture;
  table["GET /api/figure-export"] = figure_export;
  table["GET /api/thumbnail"] = thumbnail;
}

const std::map<std::string, Route>& routes() {
  static const auto table = [] {
    std::map<std::string, Route> all;
    add_figure_routes(all);
    add_map_routes(all);
    add_series_routes(all);
    add_pixel_routes(all);
    add_job_routes(all);
    return all;
  }();
  return table;
}

} // namespace vitrum::server
