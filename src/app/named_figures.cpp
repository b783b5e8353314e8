#include "named_figures.hpp"

#include <algorithm>

#include "vitrum/report/companion_figures.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/fem_figures.hpp"
#include "vitrum/report/figures.hpp"
#include "vitrum/report/md_figures.hpp"

namespace vitrum::app {
namespace {

using namespace report;

std::optional<plot::Figure> page_of(const std::vector<plot::Figure>& figures, Index bin) {
  const auto page = static_cast<std::size_t>((bin - 1) / bins_per_figure);
  return page < figures.size() ? std::optional(figures[page]) : std::nullopt;
}

/// A maker of one figure per result, per bin or series.
template <auto maker>
std::optional<plot::Figure> one(const Tree& tree, Index) {
  return maker(tree);
}
template <auto maker>
std::optional<plot::Figure> numbered(const Tree& tree, Index number) {
  return maker(tree, number);
}

std::vector<NamedFigure> make_table() {
  const auto two_time = [](const Tree& t, Index bin) { return make_two_time_figure(t, bin); };
  const auto log_map = [](const Tree& t, Index bin) { return make_log_map_figure(t, bin); };
  const auto g2 = [](const Tree& t, Index bin) { return page_of(make_g2_figures(t), bin); };
  const auto g2_pixel = [](const Tree& t, Index bin) {
    return page_of(make_g2_figures(t, "g2_pixel"), bin);
  };
  return {
      {"two-time", "Two-time correlation", "twotime", Each::bin, two_time, true},
      {"log-map", "Two-time, logarithmic lag", "log_map", Each::bin, log_map},
      {"g2", "g₂ of every bin", "g2/g2", Each::page, g2},
      {"overlay", "g₂ of all bins together", "g2/g2", Each::none, one<make_g2_overlay>},
      {"g2-pixel", "g₂ pixel by pixel", "g2_pixel", Each::page, g2_pixel},
      {"law", "Laws of decay compared", "comparison", Each::bin, numbered<make_comparison_figure>},
      {"tau-q", "τ against q", "fit", Each::none, one<make_tau_q_figure>},
      {"age", "Aging", "window", Each::bin, numbered<make_aging_figure>},
      {"decay", "Decay at each age", "window", Each::bin, numbered<make_window_figure>},
      {"dynamics", "Dynamics and events", "window", Each::bin, numbered<make_dynamics_figure>},
      {"xsvs", "Photon statistics", "xsvs", Each::bin, numbered<make_xsvs_figure>},
      {"tau-map", "Maps of τ, exponent, contrast", "map", Each::none, one<make_tau_map_figure>},
      {"tau-histogram",
       "Distribution of relaxation times",
       "pixels",
       Each::none,
       one<make_histogram_figure>},
      {"domains", "Slow domains", "domains", Each::none, one<make_domain_figure>},
      {"four-point",
       "Four-point correlation",
       "four_point",
       Each::none,
       one<make_four_point_figure>},
      {"duration",
       "Against the length of the series",
       "duration",
       Each::none,
       one<make_duration_figure>},
      {"drift", "Drift", "drift", Each::none, one<make_drift_figure>},
      {"k-maps", "Maps of τ for each ring", "k_map", Each::none, one<make_k_map_figure>},
      {"series", "Series of measurements", "ecm_series", Each::none, one<make_series_figure>},
      {"series-histograms",
       "Distributions of the series",
       "ecm_series",
       Each::none,
       one<make_series_histograms>},
      {"series-g2", "g₂ of the series", "ecm_series", Each::none, one<make_series_g2>},
      {"series-maps", "Maps of the series", "ecm_series", Each::none, one<make_series_maps>},
      {"series-two-time",
       "Two-time maps of the series",
       "ecm_series",
       Each::none,
       one<make_series_two_time>},
      {"series-duration",
       "Lengths of the series",
       "ecm_series",
       Each::none,
       one<make_series_duration>},
      {"series-protocol",
       "Protocol of the series",
       "ecm_series",
       Each::none,
       one<make_series_protocol>},
      {"variance", "Normalised variance V(k)", "series/1", Each::none, one<make_variance_figure>},
      {"definitions",
       "Definitions of the variance",
       "series/1",
       Each::series,
       numbered<make_definitions_figure>},
      {"peaks", "Peaks of V(k)", "series/1", Each::series, numbered<make_peak_figure>},
      {"lengths",
       "Stratton–Voyles and pair persistence",
       "series/1",
       Each::none,
       one<make_length_figure>},
      {"peak-ratio", "Ratio of the peaks", "series/1", Each::none, one<make_peak_ratio_figure>},
      {"temperature",
       "Peaks against temperature",
       "series/1",
       Each::none,
       one<make_temperature_figure>},
      {"pattern", "Mean pattern", "series/1", Each::series, numbered<make_pattern_figure>},
      {"places", "Places of the probe", "series/1", Each::series, numbered<make_places_figure>},
      {"angular", "Angular correlation", "series/1", Each::series, numbered<make_angular_figure>},
      {"structure", "S(q) and g(r)", "structure", Each::none, one<make_structure_figure>},
      {"windows", "Shell, slice and spot", "speckle", Each::none, one<make_windows_figure>, true},
      {"speckle", "Speckle contrast", "speckle", Each::none, one<make_speckle_figure>},
      {"waiting", "Waiting times", "waiting", Each::none, one<make_waiting_figure>},
      {"hops", "Hops", "hops", Each::none, one<make_hop_figure>},
      {"motion", "Motion of atoms", "motion", Each::none, one<make_motion_figure>},
      {"van-hove", "van Hove function", "van_hove", Each::none, one<make_van_hove_figure>},
      {"order", "Strings and local order", "order", Each::none, one<make_order_figure>},
      {"cooling", "Cooling", "cooling", Each::none, one<make_cooling_figure>},
      {"mobility", "Mobile atoms and order", "mobility", Each::none, one<make_mobility_figure>},
      {"model-variance", "V(k) of the atoms", "fem_model", Each::none, one<make_md_fem_figure>},
      {"saxs", "I(q) and its stability", "saxs", Each::none, one<make_static_figure>},
      {"intensity", "Intensity against time", "intensity", Each::none, one<make_intensity_figure>},
      {"image", "Mean image and bins", "image", Each::none, one<make_image_figure>},
      {"heat-flow", "Heat flow", "curve_1", Each::none, one<make_dsc_figure>},
      {"kissinger", "Kissinger plot", "kissinger", Each::none, one<make_kissinger_figure>},
      {"spectrum", "Low-loss spectrum", "spectrum", Each::none, one<make_spectrum_figure>},
      {"thickness", "Thickness", "thickness_map", Each::none, one<make_thickness_figure>},
      {"pdf", "Pair distribution", "pairs", Each::none, one<make_pdf_figure>},
  };
}

} // namespace

const std::vector<NamedFigure>& named_figures() {
  static const std::vector<NamedFigure> table = make_table();
  return table;
}

const NamedFigure* find_figure(std::string_view name) {
  const auto& table = named_figures();
  const auto it = std::find_if(table.begin(), table.end(), [&](auto& f) { return f.name == name; });
  return it == table.end() ? nullptr : &*it;
}

bool has_figure(const Tree& result, const NamedFigure& figure) {
  const auto path = "entry/" + figure.needs;
  if (result.find_group(path) == nullptr && result.find(path) == nullptr)
    return false;
  if (figure.draws_maps)
    return true;
  for (Index k = 1; k <= count_of(result, figure.each); ++k)
    if (figure.make(result, figure.each == Each::page ? (k - 1) * report::bins_per_figure + 1 : k))
      return true;
  return false;
}

Index count_of(const Tree& result, Each each) {
  if (each == Each::series)
    return std::max<Index>(1, fem_series(result));
  const auto* bins = result.find("entry/bins/bin");
  const Index n = bins == nullptr ? 1 : std::max<Index>(1, bins->size());
  if (each == Each::bin)
    return n;
  return each == Each::page ? (n + bins_per_figure - 1) / bins_per_figure : 1;
}

} // namespace vitrum::app
