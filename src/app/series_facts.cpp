#include "series_facts.hpp"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

using report::Record;

void add_time(std::vector<Record>& out, const std::string& name, double seconds) {
  if (!std::isnan(seconds))
    out.push_back({name, fmt::format("{:.10g}", seconds), "s"});
}

void add_number(std::vector<Record>& out,
                const std::string& name,
                double value,
                const std::string& unit) {
  if (!std::isnan(value) && value != 0)
    out.push_back({name, report::exact_number(value), unit});
}

} // namespace

std::vector<report::Record> series_facts(const frames::SeriesInfo& info) {
  std::vector<Record> out;
  out.push_back({"format", info.format, ""});
  out.push_back({"frames", std::to_string(info.frames), ""});
  if (!info.leading.empty())
    out.push_back({"scan", fmt::format("{}", fmt::join(info.leading, " × ")), ""});
  out.push_back({"height", std::to_string(info.height), "px"});
  out.push_back({"width", std::to_string(info.width), "px"});
  out.push_back({"type", std::string(frames::name_of(info.type)), ""});
  out.push_back(
      {"size",
       fmt::format("{:.6g}", 1e-6 * static_cast<double>(info.frames * info.frame_bytes())),
       "MB uncompressed"});
  add_time(out, "frame_time", info.frame_time_s);
  add_time(out, "exposure", info.exposure_s);
  if (!info.scale.unit.empty()) {
    out.push_back({"scale_x", fmt::format("{:.10g}", info.scale.x), info.scale.unit + "/px"});
    out.push_back({"scale_y", fmt::format("{:.10g}", info.scale.y), info.scale.unit + "/px"});
  }
  const auto& g = info.geometry;
  add_number(out, "wavelength", g.wavelength_angstrom, "angstrom");
  add_number(out, "distance", g.distance_m, "m");
  add_number(out, "pixel_size_x", g.pixel_size_x_m, "m");
  add_number(out, "pixel_size_y", g.pixel_size_y_m, "m");
  add_number(out, "beam_center_x", g.beam_center_x_px, "px");
  add_number(out, "beam_center_y", g.beam_center_y_px, "px");
  add_number(out, "invalid_value", info.invalid_value, "");
  if (!info.bad_pixels.empty())
    out.push_back(
        {"bad_pixels",
         std::to_string(std::count_if(
             info.bad_pixels.begin(), info.bad_pixels.end(), [](auto bad) { return bad != 0; })),
         ""});
  for (const auto& [name, value] : info.metadata)
    out.push_back({name, value, ""});
  return out;
}

} // namespace vitrum::app
