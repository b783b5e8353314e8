// What a page lets one choose of a result: pixels of a map of relaxation times, one by one and by
// their values; the definition of a variance and its corrections.
#include <cmath>

#include <fmt/format.h>

#include "smooth_curve.hpp"
#include "view_maps.hpp"
#include "vitrum/app/view.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fit/batch_kww.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/models/decay.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/fem_figures.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

constexpr const char* const pixel_g2 = "/entry/pixel_g2/g2";

/// A map of the shape of that of the relaxation times. Throws DataError for one of another.
const Array* map_of(const Tree& tree, const std::string& name) {
  const auto* array = tree.find("entry/map/" + name);
  const auto* tau = tree.find("entry/map/tau_s");
  if (array == nullptr || tau == nullptr || tau->shape.size() != 2)
    return nullptr;
  if (array->shape != tau->shape)
    throw DataError(fmt::format("map/{}: expected the shape of map/tau_s", name));
  return array;
}

double value_at(const Tree& tree, const std::string& name, std::size_t place) {
  const auto* array = map_of(tree, name);
  return array == nullptr ? std::nan("") : number_at(*array, place);
}

plot::Figure drawn(const std::optional<plot::Figure>& figure, const std::string& name) {
  if (!figure)
    throw DataError(fmt::format("the result has no map of '{}'", name));
  return plot::with_limits(*figure);
}

} // namespace

std::vector<std::pair<std::string, std::string>> ResultView::pixel_maps() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, title] : {std::pair("tau_s", "relaxation time"),
                                    std::pair("kww_exponent", "stretching exponent"),
                                    std::pair("contrast", "contrast"),
                                    std::pair("log_tau_errors", "error of ln τ")})
    if (map_of(tree_, name) != nullptr)
      out.emplace_back(name, title);
  return out;
}

plot::Figure ResultView::pixel_map(const std::string& name, double lower, double upper) const {
  return drawn(report::make_map_figure(tree_, name, {lower, upper}), name);
}

plot::Figure
ResultView::pixel_histogram(const std::string& name, double lower, double upper) const {
  return drawn(report::make_value_histogram(tree_, name, {lower, upper}), name);
}

std::string ResultView::pixels_between(const std::string& name, double lower, double upper) const {
  const auto* map = map_of(tree_, name);
  if (map == nullptr)
    throw DataError(fmt::format("the result has no map of '{}'", name));
  const auto values = to_numbers(*map);
  const auto* accepted = map_of(tree_, "accepted");
  Index inside = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (accepted != nullptr && number_at(*accepted, i) == 0)
      continue;
    ++all;
    inside += values[i] >= lower && values[i] <= upper;
  }
  return fmt::format("{} of {} accepted pixels", inside, all);
}

PixelFacts ResultView::pixel(double x_nm, double y_nm) const {
  const auto* tau = map_of(tree_, "tau_s");
  if (tau == nullptr)
    throw DataError("the result has no map of relaxation times");
  const double edge = tree_.number_or("entry/map/pixel_nm", 1);
  PixelFacts out;
  if (!(x_nm >= 0) || !(y_nm >= 0) || x_nm >= edge * static_cast<double>(tau->shape[1]) ||
      y_nm >= edge * static_cast<double>(tau->shape[0]))
    throw DataError(fmt::format("({}, {}) nm lies outside the map", x_nm, y_nm));
  out.column = static_cast<Index>(x_nm / edge);
  out.row = static_cast<Index>(y_nm / edge);
  const auto place = static_cast<std::size_t>(out.row * tau->shape[1] + out.column);
  const double t = value_at(tree_, "tau_s", place);
  const auto add = [&](const char* label, double value, double error, const char* unit) {
    if (std::isfinite(value))
      out.numbers.push_back({label, label, report::format_value(value, error, unit), value});
  };
  add("x", x_nm, std::nan(""), "nm");
  add("y", y_nm, std::nan(""), "nm");
  add("τ", t, t * value_at(tree_, "log_tau_errors", place), "s");
  add("β",
      value_at(tree_, "kww_exponent", place),
      value_at(tree_, "kww_exponent_errors", place),
      "");
  add("contrast",
      value_at(tree_, "contrast", place),
      value_at(tree_, "contrast_errors", place),
      "");
  const double status = value_at(tree_, "status", place);
  if (value_at(tree_, "accepted", place) == 1)
    out.status = "accepted";
  else if (status >= 0)
    out.status = fmt::format(
        "not accepted: {}",
        status == 0 ? std::string_view("error of ln τ too large")
                    : fit::name(static_cast<fit::BatchStatus>(static_cast<int>(status))));
  out.has_g2 = tree_.find("entry/pixel_g2/lag_s") != nullptr;
  return out;
}

plot::Figure ResultView::pixel_figure(double x_nm, double y_nm) const {
  const auto facts = pixel(x_nm, y_nm);
  if (!facts.has_g2)
    throw DataError("the result does not keep the g2 of its pixels: vitrum ecm --keep-g2 does");
  std::shared_ptr<const Array> all;
  {
    const std::lock_guard hold(maps_->mutex);
    if (!maps_->pixel_g2)
      maps_->pixel_g2 = std::make_shared<const Array>(io::read_array(path_ + "::" + pixel_g2));
    all = maps_->pixel_g2;
  }
  const auto lag_s = tree_.numbers("entry/pixel_g2/lag_s");
  const auto* values = std::get_if<std::vector<float>>(&all->values);
  const auto columns = map_of(tree_, "tau_s")->shape[1];
  const auto first = static_cast<std::size_t>(facts.row * columns + facts.column) * lag_s.size();
  if (values == nullptr || first + lag_s.size() > values->size())
    throw FormatError(path_, pixel_g2, "another shape", "[y, x, lag] of float32");
  const std::vector<double> g2(values->begin() + static_cast<std::ptrdiff_t>(first),
                               values->begin() + static_cast<std::ptrdiff_t>(first + lag_s.size()));
  const auto place = static_cast<std::size_t>(facts.row * columns + facts.column);
  SmoothCurve curve;
  const double baseline = value_at(tree_, "baseline", place); // where it was fitted
  const std::vector<double> law{value_at(tree_, "contrast", place),
                                std::isnan(baseline) ? 1 : baseline,
                                value_at(tree_, "tau_s", place),
                                value_at(tree_, "kww_exponent", place)};
  // the other estimators are fitted with an offset of their own
  const bool plain = tree_.text("entry/pixels/estimator") == "pixel-mean";
  if (plain && law[2] > 0 && law[3] > 0 && std::isfinite(law[0]) && lag_s.size() > 1)
    curve = smooth_curve(models::DecayModel::kww, law, lag_s.front(), lag_s.back());
  return plot::with_limits(
      report::make_pixel_g2_figure(fmt::format("pixel at ({:.4g}, {:.4g}) nm", x_nm, y_nm),
                                   lag_s,
                                   g2,
                                   std::move(curve.lag_s),
                                   std::move(curve.g2)));
}

std::vector<std::pair<std::string, std::string>> ResultView::variance_definitions() const {
  return report::fem_definitions(tree_);
}

bool ResultView::knows_shot_noise() const {
  return tree_.number_or("entry/series/1/gain", 0) > 0;
}

plot::Figure ResultView::variance_figure(const std::string& definition,
                                         bool shot_noise,
                                         bool few_patterns) const {
  const auto figure =
      report::make_corrections_figure(tree_, definition, {shot_noise, few_patterns});
  if (!figure)
    throw DataError(fmt::format("the result has no variance '{}'", definition));
  return plot::with_limits(*figure);
}

} // namespace vitrum::app
