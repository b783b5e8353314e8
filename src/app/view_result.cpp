#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "large_result.hpp"
#include "named_figures.hpp"
#include "result_input.hpp"
#include "setting_group.hpp"
#include "view_maps.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/plot/reduce.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/figures.hpp"
#include "vitrum/report/md_figures.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr const char* map_name = "two_time_corr_func";

StoredLayer open_layer(const std::string& path, const std::string& group, Index factor) {
  StoredLayer layer;
  layer.group = group;
  layer.map = std::make_shared<io::StoredMap>(fmt::format("{}::/{}/{}", path, group, map_name));
  layer.layer = {factor, layer.map->size()};
  layer.half = attribute_text(layer.map->attributes(), "populated_elements") == "lower_half";
  return layer;
}

/// The number behind the last '_' of "bin_3" or "level_16"; 0 when there is none.
Index number_of(const std::string& name) {
  const auto digits = name.substr(name.rfind('_') + 1);
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return 0;
  return std::stol(digits);
}

StoredBin open_bin(const std::string& path, const Tree& tree, const std::string& name) {
  const auto group = "entry/twotime/" + name;
  StoredBin bin;
  bin.layers.push_back(open_layer(path, group, 1));
  for (const auto& [level, content] : tree.group_at(group).groups())
    if (level.starts_with("level_") && number_of(level) > 1)
      bin.layers.push_back(open_layer(path, group + "/" + level, number_of(level)));
  std::sort(bin.layers.begin(), bin.layers.end(), [](const auto& a, const auto& b) {
    return a.layer.factor < b.layer.factor;
  });
  for (const auto& layer : bin.layers)
    bin.facts.layers.push_back(layer.layer);
  const auto time = tree.numbers(group + "/t1_s");
  auto& facts = bin.facts;
  facts.bin = number_of(name);
  facts.frames = bin.layers[0].layer.size;
  if (static_cast<Index>(time.size()) != facts.frames || time.empty())
    throw DataError(fmt::format("{}/t1_s: expected {} times", group, facts.frames));
  facts.frame_time_s = time.size() > 1
                           ? (time.back() - time.front()) / static_cast<double>(time.size() - 1)
                           : tree.number_or("entry/series/frame_time_s", 1);
  if (!(facts.frame_time_s > 0))
    throw DataError(fmt::format("{}/t1_s: expected times that rise", group));
  facts.first_s = time.front() - facts.frame_time_s / 2;
  facts.last_s = time.back() + facts.frame_time_s / 2;
  facts.title = report::bin_title(tree, facts.bin);
  facts.time_unit = report::time_unit_of(tree);
  return bin;
}

/// Everything but the two-time maps, which may be many times larger and are read in parts, and
/// the g2 of pixels, which is read when one is asked for.
Tree read_without_maps(const std::string& path) {
  constexpr Index large = 1 << 16;
  std::vector<std::string> left_out;
  auto tree = io::read_tree(path, {.largest_array = large, .left_out = &left_out});
  require_result(tree, path);
  for (const auto& name : left_out)
    if (!is_two_time_map(name) && name != "/entry/pixel_g2/g2")
      tree.set(name.substr(1), io::read_array(path + "::" + name));
  return tree;
}

const char* text_of(Each each) {
  switch (each) {
  case Each::bin:
    return "bin";
  case Each::page:
    return "page";
  case Each::series:
    return "series";
  case Each::none:
    break;
  }
  return "";
}

} // namespace

Settings describe(ViewOptions& o) {
  Settings s;
  const Group add(s, "server");
  add("port", "N", "to listen at; 0: one that is free", &o.port);
  add("host",
      "ADDRESS",
      "to listen at; any other than this machine's own asks for a token",
      &o.host);
  add("token", "TEXT", "whoever opens the page must have this in its address", &o.token);
  add("no-browser", "", "print the address and open no browser", &o.no_browser);
  add("no-jobs", "", "show only: nothing can be started, and a folder needs no token", &o.no_jobs);
  return s;
}

ResultView::ResultView(const std::string& path)
    : path_(path), tree_(read_without_maps(path)), maps_(std::make_unique<Maps>()) {
  if (const auto* maps = tree_.find_group("entry/twotime"))
    for (const auto& [name, group] : maps->groups())
      if (name.starts_with("bin_") && number_of(name) > 0)
        maps_->bins.push_back(open_bin(path, tree_, name));
  std::sort(maps_->bins.begin(), maps_->bins.end(), [](const auto& a, const auto& b) {
    return a.facts.bin < b.facts.bin; // names count 1, 10, 2
  });
}

ResultView::~ResultView() = default;

std::vector<FigureChoice> ResultView::figures() const {
  std::vector<FigureChoice> out;
  for (const auto& figure : named_figures())
    if (has_figure(tree_, figure))
      out.push_back(
          {figure.name, figure.title, text_of(figure.each), count_of(tree_, figure.each)});
  return out;
}

plot::Figure ResultView::figure(const std::string& name, Index number) const {
  const auto* named = find_figure(name);
  if (named == nullptr)
    throw OptionError(fmt::format("figure '{}': no such figure", name));
  Index count = count_of(tree_, named->each);
  if (number < 1 || number > count)
    throw OptionError(fmt::format("figure {} of '{}': there are {}", number, name, count));
  if (named->each == Each::page)
    number = (number - 1) * report::bins_per_figure + 1;
  if (name == "two-time" && !maps_->bins.empty())
    return map_figure(number, {}); // bins count from 1
  const auto figure =
      named->draws_maps ? named->make(read_for_figures(path_), number) : named->make(tree_, number);
  if (!figure)
    throw DataError(fmt::format("the result holds nothing to draw as '{}'", name));
  return plot::with_limits(report::in_result_units(*figure, tree_));
}

std::string ResultView::thumbnail_png() const {
  for (const char* name : {"two-time",
                           "tau-map",
                           "variance",
                           "series",
                           "k-maps",
                           "structure",
                           "heat-flow",
                           "thickness",
                           "spectrum",
                           "pdf",
                           "overlay",
                           "g2"}) {
    const auto* named = find_figure(name);
    if (!has_figure(tree_, *named))
      continue;
    auto figure = maps_->bins.empty() || named->name != "two-time"
                      ? named->make(tree_, 1)
                      : std::optional(map_figure(maps_->bins[0].facts.bin, {}, 240));
    if (!figure)
      continue;
    figure->panels.resize(1);
    auto& panel = figure->panels[0];
    panel.title.clear();
    panel.row = panel.column = 0;
    panel.legend = plot::Legend::none;
    panel.colour_bar.reset();
    panel.notes.clear();
    if (panel.map) {
      panel.map->colour_bar = false;
      panel.map = plot::reduced(*panel.map, 240);
    }
    if (panel.aspect == 0)
      panel.height = 130;
    panel.x.label.clear();
    panel.y.label.clear();
    panel.x.show_labels = panel.y.show_labels = false;
    figure->title.clear();
    figure->column_weights.clear();
    figure->width = 170;
    return plot::render(*figure, plot::Format::png, {.png_scale = 1.5});
  }
  throw DataError("the result holds no figure");
}

std::vector<MapMark> ResultView::marks(Index bin) const {
  std::vector<MapMark> out;
  const auto bins = [&](const std::string& group) {
    return numbers_or_none("entry/" + group + "/bin");
  };
  const auto event_bins = bins("event");
  const auto times = numbers_or_none("entry/event/time_s");
  const auto drops = numbers_or_none("entry/event/drop");
  const auto drop_errors = numbers_or_none("entry/event/drop_errors");
  const auto kinds = tree_.texts("entry/event/kind");
  for (std::size_t i = 0; i < times.size() && i < event_bins.size(); ++i)
    if (static_cast<Index>(event_bins[i]) == bin) {
      MapMark mark{"event", times[i], times[i], "event"};
      if (i < kinds.size())
        mark.text = kinds[i] + " event";
      mark.text +=
          " at " + report::format_value(times[i], std::nan(""), report::time_unit_of(tree_));
      if (i < drops.size() && i < drop_errors.size())
        mark.text += ", drop " + report::format_value(drops[i], drop_errors[i]);
      out.push_back(std::move(mark));
    }
  const auto segment_bins = bins("segment");
  const auto first = numbers_or_none("entry/segment/first_s");
  const auto last = numbers_or_none("entry/segment/last_s");
  const auto dynamics = tree_.texts("entry/segment/dynamics");
  for (std::size_t i = 0; i < first.size() && i < last.size() && i < segment_bins.size(); ++i)
    if (static_cast<Index>(segment_bins[i]) == bin)
      out.push_back({"segment", first[i], last[i], i < dynamics.size() ? dynamics[i] : "segment"});
  return out;
}

std::vector<double> ResultView::numbers_or_none(const std::string& name) const {
  return tree_.find(name) == nullptr ? std::vector<double>{} : tree_.numbers(name);
}

} // namespace vitrum::app
