#include <limits>

#include <nlohmann/json.hpp>

#include "json.hpp"

namespace vitrum::server {
namespace {

using nlohmann::ordered_json;
constexpr double infinite = std::numeric_limits<double>::infinity();

Response pixels(Site& site, const Query& query) {
  const auto view = site.result(query.text("file"));
  ordered_json maps = ordered_json::array();
  for (const auto& [name, title] : view->pixel_maps())
    maps.push_back({{"name", name}, {"title", title}});
  return json_response({{"maps", std::move(maps)},
                        {"chosen",
                         view->pixels_between(query.text_or("map", "tau_s"),
                                              query.number_or("lower", -infinite),
                                              query.number_or("upper", infinite))}});
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
