#include <nlohmann/json.hpp>

#include "json.hpp"

namespace vitrum::server {
namespace {

using nlohmann::ordered_json;

Response series(Site& site, const Query& query) {
  const auto view = site.series(query.text("file"), query.text_or("dataset", ""));
  ordered_json out{
      {"frames", view->frames()}, {"facts", ordered_json::array()}, {"problems", view->problems()}};
  for (const auto& fact : view->facts())
    out["facts"].push_back({{"name", fact.label}, {"text", fact.text}});
  return json_response(out);
}

} // namespace

void add_series_routes(std::map<std::string, Route>& table) {
  table["GET /api/series"] = series;
}

} // namespace vitrum::server
