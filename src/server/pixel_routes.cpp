#include <nlohmann/json.hpp>

#include "json.hpp"

namespace vitrum::server {
namespace {

using nlohmann::ordered_json;

Response pixels(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  ordered_json maps = ordered_json::array();
  for (const auto& [name, title] : view->pixel_maps())
    maps.push_back({{"name", name}, {"title", title}});
  const auto [map, lower, upper] = pixel_choice(query);
  return json_response(
      {{"maps", std::move(maps)}, {"chosen", view->pixels_between(map, lower, upper)}});
}

Response pixel(Site& site, const Query& query) {
  const auto facts =
      site.result(query.text("file"))->pixel(query.number("x_nm"), query.number("y_nm"));
  ordered_json out{{"row", facts.row},
                   {"column", facts.column},
                   {"status", facts.status},
                   {"has_g2", facts.has_g2},
                   {"numbers", ordered_json::array()}};
  for (const auto& number : facts.numbers)
    out["numbers"].push_back(to_json(number));
  return json_response(out);
}

} // namespace

void add_pixel_routes(std::map<std::string, Route>& table) {
  table["GET /api/pixels"] = pixels;
  table["GET /api/pixel"] = pixel;
}

} // namespace vitrum::server
