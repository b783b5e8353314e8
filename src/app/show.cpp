#include <filesystem>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "large_result.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/companion_figures.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/fem_figures.hpp"
#include "vitrum/report/figures.hpp"
#include "vitrum/report/md_figures.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::app {
namespace {

using Maker = std::function<std::optional<plot::Figure>(const Tree&, Index)>;

std::optional<plot::Figure> page_of(const std::vector<plot::Figure>& figures, Index bin) {
  constexpr Index bins_per_figure = 12;
  const auto page = static_cast<std::size_t>((bin - 1) / bins_per_figure);
  return page < figures.size() ? std::optional(figures[page]) : std::nullopt;
}

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> map{
      {"two-time", [](const Tree& t, Index bin) { return report::make_two_time_figure(t, bin); }},
      {"log-map", [](const Tree& t, Index bin) { return report::make_log_map_figure(t, bin); }},
      {"g2", [](const Tree& t, Index bin) { return page_of(report::make_g2_figures(t), bin); }},
      {"g2-pixel",
       [](const Tree& t, Index bin) {
         return page_of(report::make_g2_figures(t, "g2_pixel"), bin);
       }},
      {"overlay", [](const Tree& t, Index) { return report::make_g2_overlay(t); }},
      {"age", [](const Tree& t, Index bin) { return report::make_aging_figure(t, bin); }},
      {"decay", [](const Tree& t, Index bin) { return report::make_window_figure(t, bin); }},
      {"dynamics", [](const Tree& t, Index bin) { return report::make_dynamics_figure(t, bin); }},
      {"law", [](const Tree& t, Index bin) { return report::make_comparison_figure(t, bin); }},
      {"tau-q", [](const Tree& t, Index) { return report::make_tau_q_figure(t); }},
      {"saxs", [](const Tree& t, Index) { return report::make_static_figure(t); }},
      {"intensity", [](const Tree& t, Index) { return report::make_intensity_figure(t); }},
      {"image", [](const Tree& t, Index) { return report::make_image_figure(t); }},
      {"tau-map", [](const Tree& t, Index) { return report::make_tau_map_figure(t); }},
      {"tau-histogram", [](const Tree& t, Index) { return report::make_histogram_figure(t); }},
      {"drift", [](const Tree& t, Index) { return report::make_drift_figure(t); }},
      {"domains", [](const Tree& t, Index) { return report::make_domain_figure(t); }},
      {"duration", [](const Tree& t, Index) { return report::make_duration_figure(t); }},
      {"xsvs", [](const Tree& t, Index bin) { return report::make_xsvs_figure(t, bin); }},
      {"heat-flow", [](const Tree& t, Index) { return report::make_dsc_figure(t); }},
      {"pdf", [](const Tree& t, Index) { return report::make_pdf_figure(t); }},
      {"spectrum", [](const Tree& t, Index) { return report::make_spectrum_figure(t); }},
      {"thickness", [](const Tree& t, Index) { return report::make_thickness_figure(t); }},
      {"kissinger", [](const Tree& t, Index) { return report::make_kissinger_figure(t); }},
      {"k-maps", [](const Tree& t, Index) { return report::make_k_map_figure(t); }},
      {"four-point", [](const Tree& t, Index) { return report::make_four_point_figure(t); }},
      {"series", [](const Tree& t, Index) { return report::make_series_figure(t); }},
      {"series-histograms", [](const Tree& t, Index) { return report::make_series_histograms(t); }},
      {"series-g2", [](const Tree& t, Index) { return report::make_series_g2(t); }},
      {"series-maps", [](const Tree& t, Index) { return report::make_series_maps(t); }},
      {"series-two-time", [](const Tree& t, Index) { return report::make_series_two_time(t); }},
      {"series-duration", [](const Tree& t, Index) { return report::make_series_duration(t); }},
      {"series-protocol", [](const Tree& t, Index) { return report::make_series_protocol(t); }},
      {"structure", [](const Tree& t, Index) { return report::make_structure_figure(t); }},
      {"speckle", [](const Tree& t, Index) { return report::make_speckle_figure(t); }},
      {"motion", [](const Tree& t, Index) { return report::make_motion_figure(t); }},
      {"van-hove", [](const Tree& t, Index) { return report::make_van_hove_figure(t); }},
      {"order", [](const Tree& t, Index) { return report::make_order_figure(t); }},
      {"windows", [](const Tree& t, Index) { return report::make_windows_figure(t); }},
      {"hops", [](const Tree& t, Index) { return report::make_hop_figure(t); }},
      {"waiting", [](const Tree& t, Index) { return report::make_waiting_figure(t); }},
      {"peaks", [](const Tree& t, Index series) { return report::make_peak_figure(t, series); }},
      {"lengths", [](const Tree& t, Index) { return report::make_length_figure(t); }},
      {"peak-ratio", [](const Tree& t, Index) { return report::make_peak_ratio_figure(t); }},
      {"temperature", [](const Tree& t, Index) { return report::make_temperature_figure(t); }},
      {"variance", [](const Tree& t, Index) { return report::make_variance_figure(t); }},
      {"definitions",
       [](const Tree& t, Index series) { return report::make_definitions_figure(t, series); }},
      {"places", [](const Tree& t, Index series) { return report::make_places_figure(t, series); }},
      {"angular",
       [](const Tree& t, Index series) { return report::make_angular_figure(t, series); }},
      {"pattern",
       [](const Tree& t, Index series) { return report::make_pattern_figure(t, series); }}};
  return map;
}

} // namespace

std::string run_show(ShowOptions options, const Invocation&, const Monitor&) {
  const auto& path = options.inputs.at(0);
  if (options.figure.empty()) {
    const auto tree = read_result(path, false);
    return options.json ? report::scalars_json(tree) : report::scalars_text(tree);
  }
  const auto it = makers().find(options.figure);
  if (it == makers().end()) {
    std::string names;
    for (const auto& [name, maker] : makers())
      names += (names.empty() ? "" : ", ") + name;
    throw OptionError(fmt::format("--figure {}: expected one of {}", options.figure, names));
  }
  require_output(options.output, options.inputs);
  (void)plot::format_of(options.output.output);
  const auto tree = read_for_figures(path);
  const Index series = report::fem_series(tree);
  const bool has_bins = tree.find("entry/bins/bin") != nullptr;
  const Index bins = series > 0 ? series : has_bins ? tree.at("entry/bins/bin").size() : 1;
  if (options.bin < 1 || options.bin > bins)
    throw OptionError(fmt::format(
        "--bin {}: the result has {} 1 to {}", options.bin, series > 0 ? "series" : "bins", bins));
  const auto figure = it->second(tree, options.bin);
  if (!figure) {
    std::vector<std::string> others;
    for (const auto& [name, maker] : makers())
      if (maker(tree, options.bin))
        others.push_back(name);
    throw DataError(
        fmt::format("{}: holds nothing to draw as '{}'; it holds {}",
                    path,
                    options.figure,
                    others.empty() ? "no figure" : fmt::format("{}", fmt::join(others, ", "))));
  }
  plot::save(report::in_result_units(*figure, tree), options.output.output);
  return options.output.output + "\n";
}

} // namespace vitrum::app
