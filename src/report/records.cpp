#include "vitrum/report/records.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace vitrum::report {
namespace {

nlohmann::ordered_json json_value(const std::string& text) {
  double number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && stop == text.data() + text.size() && std::isfinite(number)) {
    if (number == std::floor(number) && std::abs(number) < 1e15)
      return static_cast<std::int64_t>(number);
    return number;
  }
  return text;
}

} // namespace

std::string records_text(const std::vector<RecordList>& lists) {
  std::string out;
  for (const auto& list : lists) {
    out += (out.empty() ? "" : "\n") + list.title + "\n";
    std::size_t width = 0;
    for (const auto& record : list.records)
      width = std::max(width, record.name.size());
    for (const auto& record : list.records)
      out += fmt::format("  {:<{}}  {}{}\n",
                         record.name,
                         width,
                         record.value,
                         record.unit.empty() ? "" : " " + record.unit);
    for (const auto& warning : list.warnings)
      out += fmt::format("  warning: {}\n", warning);
  }
  return out;
}

std::string records_json(const std::vector<RecordList>& lists) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& list : lists) {
    auto facts = nlohmann::ordered_json::object();
    for (const auto& record : list.records)
      facts[record.name] = {{"value", json_value(record.value)}, {"unit", record.unit}};
    json.push_back({{"name", list.title}, {"facts", facts}, {"warnings", list.warnings}});
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

} // namespace vitrum::report
