#include "vitrum/report/scalars.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "comparison.hpp"
#include "dynamics.hpp"
#include "exposures.hpp"
#include "result.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

using List = std::vector<Scalar>;

void add(List& list, std::string path, const Quantity& quantity, Index i) {
  const auto k = static_cast<std::size_t>(i);
  Scalar scalar{std::move(path), quantity.values[k], quantity.errors[k], quantity.unit};
  if (quantity.whole)
    scalar.value = static_cast<Index>(quantity.values[k]);
  list.push_back(std::move(scalar));
}

/// `i`: place of the bin (or of bin and window) in the arrays of the fit.
void add_fit(List& list, const std::string& path, const ModelFit& fit, Index i) {
  for (const Quantity& quantity : fit.quantities)
    add(list, path + "/" + quantity.name, quantity, i);
  if (static_cast<std::size_t>(i) < fit.status.size())
    list.push_back({path + "/status", fit.status[static_cast<std::size_t>(i)]});
}

/// `once`: leave out the short paths of the first model where it stands under its name too.
void add_windows(List& list, const Result& result, Index bin, bool once) {
  const auto windows = result.windows();
  if (!windows)
    return;
  const auto fits = result.window_fits();
  const Index n = windows->count();
  const auto age = result.quantity("window/age_s", {n});
  const auto plateau = result.quantity("window/plateau", {result.bins(), n});
  for (Index k = 0; k < n; ++k) {
    const std::string path = fmt::format("bin/{}/window/{}", bin, k + 1);
    const Index i = (bin - 1) * n + k;
    add(list, path + "/age_s", *age, k);
    if (plateau)
      add(list, path + "/plateau", *plateau, i);
    if (fits.size() == 1 || (fits.size() > 1 && !once))
      add_fit(list, path, fits.front(), i);
    if (fits.size() > 1)
      for (const ModelFit& fit : fits)
        add_fit(list, path + "/fit/" + fit.model, fit, i);
  }
}

void add_comparison(List& list, const Result& result, Index bin) {
  const auto c = comparison_of(result, bin);
  if (!c)
    return;
  const std::string path = fmt::format("bin/{}/comparison", bin);
  list.push_back({path + "/lag_difference_s", c->lag_difference_s, c->lag_difference_error_s, "s"});
  list.push_back({path + "/lag_difference_level", c->lag_difference_level});
  for (std::size_t m = 0; m < c->models.size(); ++m) {
    const std::string model = path + "/" + c->models[m];
    if (m < c->fit.size())
      add_fit(list, model, c->fit[m], bin - 1);
    list.push_back({model + "/goodness", c->goodness[m]});
    list.push_back({model + "/held_out", c->held_out[m]});
    list.push_back({model + "/tau_with_factor_s", c->tau_with_factor_s[m], NAN, "s"});
    list.push_back({model + "/tau_without_factor_s", c->tau_without_factor_s[m], NAN, "s"});
    for (std::size_t rival = 0; rival < c->models.size(); ++rival)
      if (rival != m)
        list.push_back({model + "/p_against/" + c->models[rival], c->probability[m][rival]});
  }
}

void add_exposures(List& list, const Result& result, Index bin) {
  const auto exposures = exposures_of(result, bin);
  if (!exposures)
    return;
  const std::string path = fmt::format("bin/{}/xsvs", bin);
  for (Index k = 0; k < exposures->count(); ++k) {
    const std::string one = fmt::format("{}/{}", path, k + 1);
    add(list, one + "/exposure_s", exposures->exposure_s, k);
    add(list, one + "/contrast", exposures->contrast, k);
    add(list, one + "/modes", exposures->modes, k);
    add(list, one + "/mean_counts", exposures->mean_counts, k);
  }
  for (const ModelFit& fit : result.exposure_fits())
    add_fit(list, path + "/fit/" + fit.model, fit, bin - 1);
}

/// Rows of a table under bin/<n>/<group>/<k>.
void add_rows(List& list, const Result& result, const std::string& group, Index bin) {
  Index k = 0;
  for (const DynamicsRow& row : dynamics_rows(result, group, bin)) {
    const auto path = fmt::format("bin/{}/{}/{}", bin, group, ++k);
    for (const auto& [name, quantity] : row.numbers)
      add(list, path + "/" + name, quantity, 0);
    for (const auto& [name, text] : row.texts)
      list.push_back({path + "/" + name, text});
  }
}

void add_seams(List& list, const Result& result, Index bin) {
  const auto time = result.numbers("stitch/seam/time_s", 1);
  if (!time)
    return;
  const auto seams = static_cast<Index>(time->size());
  for (Index k = 0; k < seams; ++k) {
    const auto path = fmt::format("bin/{}/seam/{}/", bin, k + 1);
    for (const char* name : {"time_s", "overlap_frames", "window_s"})
      if (const auto one = result.quantity(std::string("stitch/seam/") + name, {seams}))
        add(list, path + name, *one, k);
    for (const char* name :
         {"before", "after", "step", "step_significance", "difference", "difference_significance"})
      if (const auto one =
              result.quantity(std::string("stitch/seam/") + name, {result.bins(), seams}))
        if (const Index i = (bin - 1) * seams + k;
            !std::isnan(one->values[static_cast<std::size_t>(i)]))
          add(list, path + name, *one, i);
  }
}

/// Every scalar of a group under its name.
void add_group(List& list, const Result& result, const std::string& group) {
  const Tree* tree = result.entry().find_group(group);
  if (tree == nullptr)
    return;
  for (const auto& [name, array] : tree->arrays()) {
    if (!array.shape.empty() || name.ends_with("_errors"))
      continue;
    if (std::holds_alternative<std::vector<std::string>>(array.values))
      list.push_back({group + "/" + name, tree->text(name)});
    else
      add(list, group + "/" + name, *result.quantity(group + "/" + name, {}), 0);
  }
}

/// Every scalar below a group, named by its path in there.
void add_all(List& list, const Result& result, const Tree& tree, const std::string& path) {
  for (const auto& [name, array] : tree.arrays()) {
    if (!array.shape.empty() || name.ends_with("_errors"))
      continue;
    if (std::holds_alternative<std::vector<std::string>>(array.values))
      list.push_back({path + name, tree.text(name)});
    else
      add(list, path + name, *result.quantity("scalars/" + path + name, {}), 0);
  }
  for (const auto& [name, group] : tree.groups())
    add_all(list, result, group, path + name + "/");
}

/// Of electron correlation microscopy: the image stands for the bins.
void add_ecm(List& list, const Result& result) {
  add_group(list, result, "drift");
  for (const ModelFit& fit : result.fits())
    add_fit(list, "image/fit/" + fit.model, fit, 0);
  Index k = 0;
  for (const DynamicsRow& row : dynamics_rows(result, "stationarity", 1)) {
    const auto path = fmt::format("image/stationarity/{}", ++k);
    for (const auto& [name, quantity] : row.numbers)
      add(list, path + "/" + name, quantity, 0);
    for (const auto& [name, text] : row.texts)
      list.push_back({path + "/" + name, text});
  }
  for (const char* group : {"pixels", "domains", "duration", "four_point"})
    add_group(list, result, group);
}

/// Of a temperature or dose series: one path per member.
void add_ecm_series(List& list, const Result& result) {
  const Tree* series = result.entry().find_group("ecm_series");
  const auto members = result.numbers("ecm_series/value", 1);
  if (series == nullptr || !members)
    return;
  const auto count = static_cast<Index>(members->size());
  for (Index k = 0; k < count; ++k)
    for (const auto& [name, array] : series->arrays())
      if (array.shape == std::vector<Index>{count} && !name.ends_with("_errors"))
        if (const auto quantity = result.quantity("ecm_series/" + name, {count}))
          add(list, fmt::format("series/{}/{}", k + 1, name), *quantity, k);
}

/// Every scalar below a group, in groups within it too. Texts that only describe are left out.
void add_groups(List& list, const Result& result, const std::string& group) {
  add_group(list, result, group);
  if (const Tree* tree = result.entry().find_group(group))
    for (const auto& [name, below] : tree->groups())
      if (name != "definition" && name != "image")
        add_groups(list, result, group + "/" + name);
}

List listed(const Tree& root, bool once) {
  const Result result(root);
  List list;
  for (const char* name : {"frames", "frame_time_s"})
    if (const auto quantity = result.quantity(std::string("series/") + name, {}))
      add(list, name, *quantity, 0);
  if (const Tree* own = result.entry().find_group("scalars"); own != nullptr) {
    add_all(list, result, *own, "");
    return list;
  }
  if (result.entry().text("kind") == "ecm_series") {
    add_ecm_series(list, result);
    return list;
  }
  if (result.entry().text("kind") == "fem") {
    for (const char* group : {"series", "stratton_voyles", "pair_persistence", "comparison"})
      add_groups(list, result, group);
    return list;
  }
  if (result.entry().text("kind") == "ecm") {
    add_ecm(list, result);
    return list;
  }
  if (result.entry().text("kind") == "md")
    for (const char* group : {"structure",
                              "pair_distribution",
                              "voronoi",
                              "speckle",
                              "waiting",
                              "hops",
                              "motion",
                              "order",
                              "fem_model",
                              "cooling"})
      add_group(list, result, group);
  const auto fits = result.fits();
  const auto pixel_fits = result.fits("g2_pixel");
  for (Index bin = 1; bin <= result.bins(); ++bin) {
    const std::string path = fmt::format("bin/{}", bin);
    for (const char* name : {"q_inv_angstrom", "phi_deg", "npixels", "mean_counts"})
      if (const auto quantity = result.quantity(std::string("bins/") + name, {result.bins()});
          quantity && !(std::string_view(name) == "phi_deg" &&
                        std::isnan(quantity->values[static_cast<std::size_t>(bin - 1)])))
        add(list, path + "/" + name, *quantity, bin - 1);
    for (const ModelFit& fit : fits)
      add_fit(list, path + "/fit/" + fit.model, fit, bin - 1);
    for (const ModelFit& fit : pixel_fits)
      add_fit(list, path + "/fit_pixel/" + fit.model, fit, bin - 1);
    if (const auto model = result.preferred_model(bin); !model.empty())
      list.push_back({path + "/preferred_model", model});
    add_comparison(list, result, bin);
    for (const char* group : {"event",
                              "disturbance",
                              "segment",
                              "aging_law",
                              "stationarity",
                              "coupled_range",
                              "coupling_test",
                              "renewal"})
      add_rows(list, result, group, bin);
    add_seams(list, result, bin);
    add_exposures(list, result, bin);
    add_windows(list, result, bin, once);
  }
  return list;
}

} // namespace

std::vector<Scalar> scalars(const Tree& root) {
  return listed(root, false);
}

std::string scalars_json(const Tree& root) {
  using nlohmann::ordered_json;
  const Result result(root);
  const Tree& entry = result.entry();
  const auto finite = [](double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
  };
  const auto text_of = [](const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  };
  std::string text =
      fmt::format("{{\n  \"kind\": {},\n  \"version\": {},\n  \"input\": {},\n",
                  text_of(entry.text("kind")),
                  text_of(entry.text("process/version")),
                  text_of(fmt::format("{}", fmt::join(entry.texts("process/inputs"), ", "))));
  text += "  \"scalars\": {";
  std::string separator = "\n";
  for (const Scalar& scalar : scalars(root)) {
    ordered_json value;
    if (const auto* number = std::get_if<double>(&scalar.value))
      value = finite(*number);
    else if (const auto* whole = std::get_if<Index>(&scalar.value))
      value = *whole;
    else
      value = std::get<std::string>(scalar.value);
    text += fmt::format("{}    {}: {{\"value\": {}, \"error\": {}, \"unit\": {}}}",
                        separator,
                        text_of(scalar.path),
                        text_of(value),
                        text_of(finite(scalar.error)),
                        text_of(scalar.unit));
    separator = ",\n"; // one line per number, so that grep and diff work
  }
  text += "\n  },\n  \"warnings\": [";
  separator = "\n";
  for (const std::string& warning : entry.texts("process/warnings")) {
    text += separator + "    " + text_of(warning);
    separator = ",\n";
  }
  return text + (separator == "\n" ? "]\n}\n" : "\n  ]\n}\n");
}

std::string scalars_text(const Tree& root) {
  const auto list = listed(root, true);
  std::size_t width = 0;
  for (const Scalar& scalar : list)
    width = std::max(width, scalar.path.size());
  std::string text;
  for (const Scalar& scalar : list) {
    std::string value;
    if (const auto* number = std::get_if<double>(&scalar.value))
      value = format_value(*number, scalar.error, scalar.unit);
    else if (const auto* whole = std::get_if<Index>(&scalar.value))
      value =
          fmt::format("{}{}{}", *whole, scalar.unit.empty() ? "" : " ", display_unit(scalar.unit));
    else
      value = std::get<std::string>(scalar.value);
    text += fmt::format("{:<{}}  {}\n", scalar.path, width, value);
  }
  for (const std::string& warning : Result(root).entry().texts("process/warnings"))
    text += fmt::format("warning: {}\n", warning);
  return text;
}

} // namespace vitrum::report
