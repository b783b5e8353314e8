#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "large_result.hpp"
#include "named_figures.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/fem_figures.hpp"
#include "vitrum/report/md_figures.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::app {
namespace {

/// Their names, alphabetically.
std::vector<std::string> names_of(const std::function<bool(const NamedFigure&)>& wanted) {
  std::vector<std::string> names;
  for (const auto& figure : named_figures())
    if (wanted(figure))
      names.push_back(figure.name);
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

std::string run_show(ShowOptions options, const Invocation&, const Monitor&) {
  const auto& path = options.inputs.at(0);
  if (options.figure.empty()) {
    const auto tree = read_result(path, false);
    return options.json ? report::scalars_json(tree) : report::scalars_text(tree);
  }
  const auto* named = find_figure(options.figure);
  if (named == nullptr)
    throw OptionError(
        fmt::format("--figure {}: expected one of {}",
                    options.figure,
                    fmt::join(names_of([](const NamedFigure&) { return true; }), ", ")));
  require_output(options.output, options.inputs);
  (void)plot::format_of(options.output.output);
  const auto tree = read_for_figures(path);
  const Index series = report::fem_series(tree);
  const bool has_bins = tree.find("entry/bins/bin") != nullptr;
  const Index bins = series > 0 ? series : has_bins ? tree.at("entry/bins/bin").size() : 1;
  if (options.bin < 1 || options.bin > bins)
    throw OptionError(fmt::format(
        "--bin {}: the result has {} 1 to {}", options.bin, series > 0 ? "series" : "bins", bins));
  const auto figure = named->make(tree, options.bin);
  if (!figure) {
    const auto others = names_of(
        [&](const NamedFigure& other) { return other.make(tree, options.bin).has_value(); });
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
