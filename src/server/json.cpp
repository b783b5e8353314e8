#include "json.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "vitrum/core/error.hpp"
#include "vitrum/models/decay.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::server {

using nlohmann::ordered_json;

namespace {

std::string css(const plot::Colour& colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

const char* name_of(plot::Line line) {
  switch (line) {
  case plot::Line::none:
    return "none";
  case plot::Line::solid:
    return "solid";
  case plot::Line::dashed:
    return "dashed";
  case plot::Line::dotted:
    break;
  }
  return "dotted";
}

const char* name_of(plot::ColourMap map) {
  switch (map) {
  case plot::ColourMap::magma:
    return "magma";
  case plot::ColourMap::gray:
    return "gray";
  case plot::ColourMap::jet:
    return "jet";
  case plot::ColourMap::turbo:
    return "turbo";
  case plot::ColourMap::viridis:
    break;
  }
  return "viridis";
}

const char* name_of(plot::Scale scale) {
  return scale == plot::Scale::log ? "log" : "linear";
}

ordered_json to_json(const plot::Axis& axis) {
  return {{"label", axis.label},
          {"scale", name_of(axis.scale)},
          {"lower", axis.lower},
          {"upper", axis.upper}};
}

ordered_json to_json(const plot::Series& series) {
  return {{"x", series.x},
          {"y", series.y},
          {"errors", series.y_errors},
          {"label", series.label},
          {"colour", css(series.colour)},
          {"line", name_of(series.line)},
          {"marker", series.marker != plot::Marker::none},
          {"width", series.line_width}};
}

ordered_json to_json(const plot::HeatMap& map) {
  return {{"rows", map.rows},
          {"columns", map.columns},
          {"x_first", map.x_first},
          {"x_last", map.x_last},
          {"y_first", map.y_first},
          {"y_last", map.y_last},
          {"top_left", map.origin == plot::Origin::top_left},
          {"colours", name_of(map.map)},
          {"scale", name_of(map.scale)},
          {"lower", map.lower},
          {"upper", map.upper},
          {"label", map.label}};
}

ordered_json to_json(const plot::Panel& panel) {
  ordered_json out{{"row", panel.row},
                   {"column", panel.column},
                   {"title", panel.title},
                   {"x", to_json(panel.x)},
                   {"y", to_json(panel.y)},
                   {"series", ordered_json::array()},
                   {"bands", ordered_json::array()},
                   {"guides", ordered_json::array()},
                   {"spans", ordered_json::array()},
                   {"map", panel.map ? to_json(*panel.map) : ordered_json()},
                   {"overlays", panel.overlays.size()}};
  for (const auto& series : panel.series)
    out["series"].push_back(to_json(series));
  for (const auto& band : panel.bands)
    out["bands"].push_back({{"x", band.x},
                            {"lower", band.lower},
                            {"upper", band.upper},
                            {"label", band.label},
                            {"colour", css(band.colour)}});
  for (const auto& guide : panel.guides)
    out["guides"].push_back({{"vertical", guide.direction == plot::Direction::vertical},
                             {"at", guide.at},
                             {"label", guide.label},
                             {"colour", css(guide.colour)}});
  for (const auto& span : panel.spans)
    out["spans"].push_back({{"vertical", span.direction == plot::Direction::vertical},
                            {"first", span.first},
                            {"last", span.last},
                            {"label", span.label},
                            {"colour", css(span.colour)}});
  return out;
}

ordered_json to_json(const fit::FitResult& fit, const std::string& time_unit) {
  ordered_json out{{"model", models::name(fit.model)},
                   {"title", report::display_model(models::name(fit.model))},
                   {"status", fit::name(fit.status)},
                   {"message", fit.message},
                   {"chi2_reduced", fit.chi2_reduced},
                   {"curve", fit.curve},
                   {"parameters", ordered_json::array()}};
  const auto add =
      [&](const std::string& name, double value, double error, const std::string& own) {
        const auto& u = own == "s" ? time_unit : own;
        out["parameters"].push_back({{"name", name},
                                     {"label", report::display_name(name)},
                                     {"value", value},
                                     {"error", error},
                                     {"unit", u},
                                     {"text", report::format_value(value, error, u)}});
      };
  for (const auto& parameter : fit.parameters)
    add(parameter.name, parameter.value, parameter.error, parameter.unit);
  if (!fit.parameters.empty())
    add("mean_time_s", fit.mean_time_s, fit.mean_time_error_s, "s");
  return out;
}

} // namespace

ordered_json to_json(const app::ShownNumber& number) {
  return {{"path", number.path},
          {"label", number.label},
          {"text", number.text},
          {"value", number.value}};
}

ordered_json to_json(const app::FolderEntry& entry) {
  ordered_json out{{"path", entry.path},
                   {"kind", entry.kind},
                   {"title", entry.title},
                   {"input", entry.input},
                   {"date", entry.date},
                   {"version", entry.version},
                   {"bytes", entry.bytes},
                   {"modified", std::to_string(entry.modified)}, // too long for the page's numbers
                   {"problem", entry.problem},
                   {"numbers", ordered_json::array()}};
  for (const auto& number : entry.numbers)
    out["numbers"].push_back(to_json(number));
  return out;
}

ordered_json to_json(const app::MapFacts& facts) {
  ordered_json out{{"bin", facts.bin},
                   {"title", facts.title},
                   {"frames", facts.frames},
                   {"frame_time_s", facts.frame_time_s},
                   {"first_s", facts.first_s},
                   {"last_s", facts.last_s},
                   {"time_unit", facts.time_unit},
                   {"layers", ordered_json::array()}};
  for (const auto& layer : facts.layers)
    out["layers"].push_back({{"factor", layer.factor}, {"size", layer.size}});
  return out;
}

ordered_json to_json(const app::MapCut& cut) {
  return {{"label", cut.label}, {"time_s", cut.time_s}, {"value", cut.value}};
}

ordered_json to_json(const app::RangeG2& g2) {
  ordered_json out{{"first_s", g2.first_s},
                   {"last_s", g2.last_s},
                   {"time_unit", g2.time_unit},
                   {"pixel_errors", g2.pixel_errors},
                   {"lag_s", g2.lag_s},
                   {"g2", g2.value},
                   {"errors", g2.error},
                   {"fits", ordered_json::array()}};
  for (const auto& fit : g2.fits)
    out["fits"].push_back(to_json(fit, g2.time_unit));
  return out;
}

ordered_json to_json(const plot::Figure& figure) {
  ordered_json out{{"title", figure.title},
                   {"description", figure.description},
                   {"panels", ordered_json::array()}};
  for (const auto& panel : figure.panels)
    out["panels"].push_back(to_json(panel));
  return out;
}

Response json_response(const ordered_json& json) {
  return {200,
          "application/json",
          json.dump(-1, ' ', false, ordered_json::error_handler_t::replace),
          {}};
}

Saved saved_as(const Query& query,
               const std::string& stem,
               std::initializer_list<const char*> formats) {
  const auto format = query.text("format");
  if (std::find(formats.begin(), formats.end(), format) == formats.end())
    throw OptionError(
        fmt::format("format '{}': expected one of {}", format, fmt::join(formats, ", ")));
  return {stem + "." + format, format};
}

Response saved_figure(const plot::Figure& figure, const Saved& as) {
  return {200,
          std::string(type_of(as.name)),
          as.format == "csv" ? app::figure_csv(figure)
                             : plot::render(figure, plot::format_of(as.name)),
          as.name};
}

std::string page_svg(const plot::Figure& figure) {
  return plot::render(figure, plot::Format::svg, {.for_page = true});
}

Response float_response(const std::vector<float>& values) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return {200, "application/octet-stream", std::move(bytes), {}};
}

} // namespace vitrum::server
