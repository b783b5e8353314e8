#include "units.hpp"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace vitrum::io {
namespace {

std::string plain(std::string unit) {
  std::string out;
  for (const char c : unit)
    if (c != ' ' && c != '[' && c != ']' && c != '(' && c != ')')
      out += c;
  return out;
}

std::optional<double> look_up(const std::string& unit,
                              std::initializer_list<std::pair<std::string_view, double>> table) {
  const std::string name = plain(unit);
  for (const auto& [text, factor] : table)
    if (name == text)
      return factor;
  return std::nullopt;
}

} // namespace

std::optional<double> to_seconds(std::string unit) {
  return look_up(unit,
                 {{"s", 1},
                  {"sec", 1},
                  {"second", 1},
                  {"seconds", 1},
                  {"ms", 1e-3},
                  {"millisecond", 1e-3},
                  {"milliseconds", 1e-3},
                  {"us", 1e-6},
                  {"µs", 1e-6},
                  {"μs", 1e-6},
                  {"microsecond", 1e-6},
                  {"microseconds", 1e-6},
                  {"ns", 1e-9},
                  {"nanosecond", 1e-9},
                  {"nanoseconds", 1e-9},
                  {"min", 60},
                  {"h", 3600}});
}

std::optional<double> to_metres(std::string unit) {
  return look_up(unit,
                 {{"m", 1},
                  {"meter", 1},
                  {"metre", 1},
                  {"meters", 1},
                  {"cm", 1e-2},
                  {"mm", 1e-3},
                  {"millimeter", 1e-3},
                  {"um", 1e-6},
                  {"µm", 1e-6},
                  {"μm", 1e-6},
                  {"micron", 1e-6},
                  {"microns", 1e-6},
                  {"micrometer", 1e-6},
                  {"nm", 1e-9},
                  {"angstrom", 1e-10}});
}

std::optional<double> to_kev(std::string unit) {
  return look_up(unit,
                 {{"keV", 1}, {"kev", 1}, {"KeV", 1}, {"eV", 1e-3}, {"ev", 1e-3}, {"MeV", 1e3}});
}

std::optional<double> to_angstrom(std::string unit) {
  return look_up(unit,
                 {{"angstrom", 1},
                  {"Angstrom", 1},
                  {"angstroms", 1},
                  {"Å", 1},
                  {"Å", 1},
                  {"A", 1},
                  {"nm", 10},
                  {"m", 1e10},
                  {"pm", 1e-2}});
}

bool is_pixel_unit(std::string unit) {
  const std::string name = plain(std::move(unit));
  return name == "pixel" || name == "pixels" || name == "px" || name == "Pixel";
}

} // namespace vitrum::io
