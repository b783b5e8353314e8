#include "result.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "figure_parts.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool is_text(const Array& array) {
  return std::holds_alternative<std::vector<std::string>>(array.values);
}

bool is_whole(const Array& array) {
  return !std::holds_alternative<std::vector<double>>(array.values) &&
         !std::holds_alternative<std::vector<float>>(array.values);
}

std::string shape_text(const std::vector<Index>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, " × "));
}

} // namespace

int quantity_rank(const std::string& name) {
  constexpr std::string_view order[] = {"tau_s",
                                        "kww_exponent",
                                        "ml_exponent",
                                        "exponent",
                                        "contrast",
                                        "baseline",
                                        "fraction",
                                        "tau2_s",
                                        "kww_exponent2",
                                        "power_exponent",
                                        "cutoff_s",
                                        "mean_time_s",
                                        "chi2_reduced",
                                        "r_squared",
                                        "degrees_of_freedom",
                                        "aic",
                                        "bic"};
  const auto* found = std::find(std::begin(order), std::end(order), name);
  return static_cast<int>(found - std::begin(order));
}

const Quantity* ModelFit::find(std::string_view name) const {
  const auto it = std::find_if(
      quantities.begin(), quantities.end(), [&](const Quantity& q) { return q.name == name; });
  return it == quantities.end() ? nullptr : &*it;
}

const Quantity* ModelFit::exponent() const {
  const Quantity* kww = find("kww_exponent");
  return kww != nullptr ? kww : find("ml_exponent");
}

bool ModelFit::good(Index i) const {
  const auto k = static_cast<std::size_t>(i);
  return k >= status.size() || status[k] == "converged" || status[k] == "near bound";
}

bool ModelFit::any_good() const {
  const auto n = static_cast<Index>(status.size());
  for (Index i = 0; i < n; ++i)
    if (good(i))
      return true;
  return n == 0;
}

Result::Result(const Tree& root) {
  const Tree* entry = root.find_group("entry");
  entry_ = entry != nullptr ? entry : &root;
  if (const Array* numbers = entry_->find("bins/bin"))
    bins_ = numbers->size();
  else if (const Array* g2 = entry_->find("g2/g2"); g2 != nullptr && g2->shape.size() == 2)
    bins_ = g2->shape[0];
  if (const Tree* bins = entry_->find_group("bins")) {
    q_unit_ = printed_unit(attribute_text(bins->attributes, "q_unit"));
    const auto q = quantity("bins/q_inv_angstrom", {bins_});
    if (q &&
        std::all_of(q->values.begin(), q->values.end(), [](double v) { return std::isfinite(v); }))
      q_ = q->values;
    if (q && q_unit_.empty())
      q_unit_ = printed_unit(q->unit);
  }
}

std::optional<Quantity> Result::quantity(const std::string& path,
                                         const std::vector<Index>& shape) const {
  const Array* array = entry_->find(path);
  if (array == nullptr)
    return std::nullopt;
  const auto check = [&](const Array& found, const std::string& name) {
    if (found.shape != shape)
      throw DataError(fmt::format(
          "{}: shape {}, expected {}", name, shape_text(found.shape), shape_text(shape)));
  };
  check(*array, path);
  Quantity quantity;
  quantity.name = path.substr(path.rfind('/') + 1);
  quantity.unit = attribute_text(array->attributes, "units");
  quantity.values = to_numbers(*array);
  quantity.whole = is_whole(*array);
  if (const Array* errors = entry_->find(path + "_errors")) {
    check(*errors, path + "_errors");
    quantity.errors = to_numbers(*errors);
  } else {
    quantity.errors.assign(quantity.values.size(), nan);
  }
  return quantity;
}

std::optional<std::vector<double>> Result::numbers(const std::string& path,
                                                   std::size_t dimensions) const {
  const Array* array = entry_->find(path);
  if (array == nullptr || is_text(*array))
    return std::nullopt;
  if (array->shape.size() != dimensions)
    throw DataError(
        fmt::format("{}: {} dimensions, expected {}", path, array->shape.size(), dimensions));
  return to_numbers(*array);
}

std::string Result::time_unit() const {
  const auto own = entry().text("series/time_unit");
  return own.empty() ? "s" : own;
}

std::string Result::bin_title(Index bin) const {
  std::string title = fmt::format("bin {}", bin);
  if (bins_ == 1 && entry().text("kind") == "ecm")
    title = "the image";
  if (!q_.empty())
    title += fmt::format(", q = {}{}{}",
                         plot::short_number(q_[static_cast<std::size_t>(bin - 1)], 4),
                         q_unit_.empty() ? "" : " ",
                         q_unit_);
  if (const auto phi = quantity("bins/phi_deg", {bins_});
      phi && std::isfinite(phi->values[static_cast<std::size_t>(bin - 1)]))
    title += fmt::format(", φ = {}°",
                         plot::short_number(phi->values[static_cast<std::size_t>(bin - 1)], 4));
  return title;
}

std::optional<Curves> Result::g2(const std::string& group) const {
  const auto lag = numbers(group + "/lag_s", 1);
  if (!lag)
    return std::nullopt;
  const auto values = quantity(group + "/g2", {bins_, static_cast<Index>(lag->size())});
  if (!values)
    return std::nullopt;
  return Curves{*lag, values->values, values->errors};
}

std::vector<ModelFit> Result::read_fits(const std::string& group,
                                        const std::vector<Index>& shape) const {
  std::vector<ModelFit> fits;
  const Tree* models = entry_->find_group(group);
  if (models == nullptr)
    return fits;
  for (const auto& [model, tree] : models->groups()) {
    ModelFit fit;
    fit.model = model;
    fit.formula = attribute_text(tree.attributes, "formula");
    fit.convention = attribute_text(tree.attributes, "convention");
    for (const auto& [name, array] : tree.arrays()) {
      const std::string path = fmt::format("{}/{}/{}", group, model, name);
      if (is_text(array)) {
        if (name == "status")
          fit.status = entry_->texts(path);
        else if (name == "message")
          fit.message = entry_->texts(path);
      } else if (name == "g2_fit" || name == "contrast_fit") {
        fit.curve = to_numbers(array);
      } else if (!name.ends_with("_errors") && array.shape == shape) {
        fit.quantities.push_back(*quantity(path, shape));
      }
    }
    std::stable_sort(
        fit.quantities.begin(), fit.quantities.end(), [](const auto& a, const auto& b) {
          return quantity_rank(a.name) < quantity_rank(b.name);
        });
    fits.push_back(std::move(fit));
  }
  return fits;
}

std::string fit_group(const std::string& group) {
  return group == "g2_pixel" ? "fit_pixel" : "fit";
}

std::vector<ModelFit> Result::compared_fits() const {
  return read_fits("comparison/fit", {bins_});
}

std::vector<ModelFit> Result::exposure_fits() const {
  return read_fits("xsvs/fit", {bins_});
}

std::vector<ModelFit> Result::fits(const std::string& group) const {
  auto fits = read_fits(fit_group(group), {bins_});
  const auto curves = g2(group);
  for (ModelFit& fit : fits)
    if (!curves || fit.curve.size() != curves->values.size())
      fit.curve.clear();
  return fits;
}

std::string Result::preferred_model(Index bin, const std::string& group) const {
  const auto models = entry_->texts(fit_group(group) + "/preferred_model");
  const auto i = static_cast<std::size_t>(bin - 1);
  return i < models.size() ? models[i] : "";
}

std::optional<Windows> Result::windows() const {
  const auto age = numbers("window/age_s", 1);
  if (!age || age->empty())
    return std::nullopt;
  const auto n = static_cast<Index>(age->size());
  Windows windows{*age, {}, {}};
  if (const auto first = quantity("window/age_first_s", {n}))
    windows.age_first_s = first->values;
  if (const auto last = quantity("window/age_last_s", {n}))
    windows.age_last_s = last->values;
  return windows;
}

std::vector<ModelFit> Result::window_fits() const {
  const auto present = windows();
  return present ? read_fits("window/fit", {bins_, present->count()}) : std::vector<ModelFit>{};
}

std::vector<Event> Result::events() const {
  const auto time = numbers("event/time_s", 1);
  std::vector<Event> events;
  if (!time)
    return events;
  const auto n = static_cast<Index>(time->size());
  const auto bin = quantity("event/bin", {n});
  for (std::size_t i = 0; i < time->size(); ++i) {
    Event& event = events.emplace_back();
    event.bin = bin ? static_cast<Index>(bin->values[i]) : 1;
    event.time_s = (*time)[i];
    for (const auto& [name, array] : entry_->find_group("event")->arrays()) {
      if (name == "bin" || name.ends_with("_errors") || is_text(array))
        continue;
      auto all = *quantity("event/" + name, {n});
      event.columns.emplace_back(
          name, Quantity{name, all.unit, {all.values[i]}, {all.errors[i]}, all.whole});
    }
  }
  return events;
}

bool Result::stationary_truth() const {
  if (entry_->find_group("truth") == nullptr)
    return false;
  const std::string aging = entry_->text("truth/aging");
  const Array* events = entry_->find("truth/event_frame");
  return (aging.empty() || aging == "none") && (events == nullptr || events->size() == 0);
}

std::span<const double> row(const std::vector<double>& values, Index number, Index size) {
  return std::span(values).subspan(static_cast<std::size_t>(number * size),
                                   static_cast<std::size_t>(size));
}

std::vector<double> row_copy(const std::vector<double>& values, Index number, Index size) {
  const auto part = row(values, number, size);
  return {part.begin(), part.end()};
}

} // namespace vitrum::report
