// What the page reads: values of app as JSON. NaN is null.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "site.hpp"

namespace vitrum::server {

[[nodiscard]] nlohmann::ordered_json to_json(const app::ShownNumber& number);
[[nodiscard]] nlohmann::ordered_json to_json(const app::FolderEntry& entry);
[[nodiscard]] nlohmann::ordered_json to_json(const app::MapFacts& facts);
[[nodiscard]] nlohmann::ordered_json to_json(const app::MapCut& cut);
[[nodiscard]] nlohmann::ordered_json to_json(const app::RangeG2& g2);
/// Without the values of maps and overlays, which are asked for one by one.
[[nodiscard]] nlohmann::ordered_json to_json(const plot::Figure& figure);

[[nodiscard]] Response json_response(const nlohmann::ordered_json& json);
/// A figure as a picture or as the table of its curves.
[[nodiscard]] Response saved_figure(const plot::Figure& figure, const Saved& as);
/// Drawn for the page, so that it follows light and dark.
[[nodiscard]] std::string page_svg(const plot::Figure& figure);
/// Floats as they stand in memory, little-endian.
[[nodiscard]] Response float_response(const std::vector<float>& values);

} // namespace vitrum::server
