#include "tables.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "html.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/numbers.hpp"
#include "vitrum/report/scalars.hpp"
#include "vitrum/report/truth.hpp"

namespace vitrum::report {
namespace {

std::string cell(const Quantity& quantity, Index i) {
  const auto k = static_cast<std::size_t>(i);
  if (quantity.whole)
    return fmt::format("{:.0f}", quantity.values[k]);
  return format_value(quantity.values[k], quantity.errors[k], quantity.unit);
}

/// "pixel_size_x_m" → "pixel size x"; units are shown with the number.
std::string readable(std::string name) {
  for (const char* suffix :
       {"_s", "_m", "_nm", "_nm2", "_angstrom", "_inv_angstrom", "_deg", "_px", "_ev", "_kev"})
    if (name.ends_with(suffix)) {
      name.erase(name.size() - std::string_view(suffix).size());
      break;
    }
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

/// The column of a quantity: the exponents of all models stand in one.
std::string column_of(const std::string& quantity) {
  return quantity == "kww_exponent" || quantity == "ml_exponent" ? "exponent" : quantity;
}

/// Every number that some model has, in the order in which people read them; the two sides of an
/// error and of a bound are left to the tables of numbers and to `show`.
std::vector<std::string> fit_columns(const std::vector<ModelFit>& fits) {
  std::vector<std::string> names;
  for (const ModelFit& fit : fits)
    for (const Quantity& quantity : fit.quantities)
      if (!quantity.name.ends_with("_error_low") && !quantity.name.ends_with("_error_high") &&
          quantity.name != "tau_low_s" && quantity.name != "tau_high_s" &&
          std::find(names.begin(), names.end(), column_of(quantity.name)) == names.end())
        names.push_back(column_of(quantity.name));
  std::stable_sort(names.begin(), names.end(), [](const auto& x, const auto& y) {
    return quantity_rank(x) < quantity_rank(y);
  });
  return names;
}

std::vector<std::string>
fit_cells(const ModelFit& fit, const std::vector<std::string>& columns, Index i) {
  std::vector<std::string> cells;
  for (const std::string& name : columns) {
    const Quantity* quantity = name == "exponent" ? fit.exponent() : fit.find(name);
    cells.push_back(quantity == nullptr ? "" : cell(*quantity, i));
  }
  const auto k = static_cast<std::size_t>(i);
  std::string status = k < fit.status.size() ? fit.status[k] : "";
  if (k < fit.message.size() && !fit.message[k].empty())
    status += ": " + fit.message[k];
  cells.push_back(status);
  return cells;
}

void append(std::vector<std::string>& list, std::vector<std::string> more) {
  list.insert(list.end(), more.begin(), more.end());
}

std::string fixed_pull(double pull) {
  const std::string text = fmt::format("{:+.2f}", pull);
  return text[0] == '-' ? "−" + text.substr(1) : text;
}

std::vector<std::string> shown(const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const std::string& column : columns)
    names.push_back(display_name(column));
  names.push_back("status");
  return names;
}

} // namespace

std::string scalar_table(const Result& result, const std::string& group) {
  const Tree* tree = result.entry().find_group(group);
  if (tree == nullptr)
    return "";
  Table table({});
  for (const auto& [name, array] : tree->arrays()) {
    if (name.ends_with("_errors") || array.size() != 1)
      continue;
    const auto said = array.attributes.find("long_name");
    const auto* title =
        said == array.attributes.end() ? nullptr : std::get_if<std::string>(&said->second);
    const std::string label = title != nullptr ? *title : readable(name);
    if (std::holds_alternative<std::vector<std::string>>(array.values))
      table.add({label, std::get<std::vector<std::string>>(array.values)[0]});
    else
      table.add({label, cell(*result.quantity(group + "/" + name, array.shape), 0)});
  }
  return table.empty() ? "" : table.html();
}

std::string number_table(const Result& result) {
  if (result.entry().find_group("scalars") == nullptr)
    return "";
  Table table({"number", "value"});
  for (const Scalar& scalar : scalars(result.entry())) {
    std::string value;
    if (const auto* number = std::get_if<double>(&scalar.value))
      value = format_value(*number, scalar.error, scalar.unit);
    else if (const auto* whole = std::get_if<Index>(&scalar.value))
      value = fmt::format("{}", *whole);
    else
      value = std::get<std::string>(scalar.value);
    table.add({scalar.path, value});
  }
  return table.empty() ? "" : table.html();
}

std::string bin_table(const Result& result) {
  std::vector<std::string> header{"bin"};
  std::vector<Quantity> columns;
  for (const char* name : {"q_inv_angstrom",
                           "q_low_inv_angstrom",
                           "q_high_inv_angstrom",
                           "phi_deg",
                           "npixels",
                           "mean_counts"}) {
    auto quantity = result.quantity(std::string("bins/") + name, {result.bins()});
    if (!quantity || std::all_of(quantity->values.begin(), quantity->values.end(), [](double v) {
          return std::isnan(v);
        }))
      continue;
    if (quantity->name.starts_with("q_") && quantity->unit.empty())
      quantity->unit = result.q_unit();
    header.push_back(quantity->name == "q_low_inv_angstrom"    ? "q from"
                     : quantity->name == "q_high_inv_angstrom" ? "q to"
                                                               : display_name(quantity->name));
    columns.push_back(std::move(*quantity));
  }
  if (columns.empty())
    return "";
  Table table(header);
  for (Index bin = 0; bin < result.bins(); ++bin) {
    std::vector<std::string> cells{std::to_string(bin + 1)};
    for (const Quantity& column : columns)
      cells.push_back(cell(column, bin));
    table.add(std::move(cells));
  }
  return table.html();
}

std::string fit_table(const Result& result, const std::string& group) {
  const auto fits = result.fits(group);
  if (fits.empty())
    return "";
  const auto columns = fit_columns(fits);
  std::vector<std::string> header{"bin"};
  if (!result.q().empty())
    header.push_back("q");
  header.push_back("model");
  append(header, shown(columns));
  Table table(header);
  for (Index bin = 0; bin < result.bins(); ++bin)
    for (const ModelFit& fit : fits) {
      std::vector<std::string> cells{std::to_string(bin + 1)};
      if (!result.q().empty())
        cells.push_back(
            format_value(result.q()[static_cast<std::size_t>(bin)], NAN, result.q_unit()));
      const bool preferred = fits.size() > 1 && result.preferred_model(bin + 1, group) == fit.model;
      cells.push_back(display_model(fit.model) + (preferred ? " (preferred)" : ""));
      append(cells, fit_cells(fit, columns, bin));
      table.add(std::move(cells));
    }
  return table.html();
}

std::string window_tables(const Result& result) {
  const auto windows = result.windows();
  if (!windows)
    return "";
  const auto fits = result.window_fits();
  const Index n = windows->count();
  const auto columns = fit_columns(fits);
  const auto plateau = result.quantity("window/plateau", {result.bins(), n});
  std::string html;
  for (Index bin = 0; bin < result.bins(); ++bin) {
    std::vector<std::string> header{"window", "age"};
    if (plateau)
      header.push_back("plateau g₂(0)");
    if (!fits.empty()) {
      header.push_back("model");
      append(header, shown(columns));
    }
    Table table(header);
    for (Index k = 0; k < n; ++k) {
      std::vector<std::string> start{
          std::to_string(k + 1),
          format_value(windows->age_s[static_cast<std::size_t>(k)], NAN, result.time_unit())};
      if (plateau)
        start.push_back(cell(*plateau, bin * n + k));
      if (fits.empty())
        table.add(start);
      for (const ModelFit& fit : fits) {
        auto cells = start;
        cells.push_back(display_model(fit.model));
        append(cells, fit_cells(fit, columns, bin * n + k));
        table.add(std::move(cells));
      }
    }
    html += details(fmt::format("Table of the {} windows of {}", n, result.bin_title(bin + 1)),
                    table.html());
  }
  return html;
}

std::string event_table(const Result& result) {
  const auto events = result.events();
  if (events.empty())
    return "";
  std::vector<std::string> header{"bin"};
  for (const auto& [name, quantity] : events.front().columns)
    header.push_back(display_name(name));
  Table table(header);
  for (const Event& event : events) {
    std::vector<std::string> cells{std::to_string(event.bin)};
    for (const auto& [name, quantity] : event.columns)
      cells.push_back(cell(quantity, 0));
    table.add(std::move(cells));
  }
  return table.html();
}

std::string truth_table(const Result& result) {
  const auto rows = compare_with_truth(result.entry());
  if (rows.empty())
    return "";
  const bool ideal_known =
      std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !std::isnan(row.ideal); });
  std::vector<std::string> header{"bin", "model", "number", "truth"};
  if (ideal_known)
    header.push_back("fit of the exact g₂");
  append(header, {"measured", "pull"});
  Table table(header);
  for (const auto& row : rows) {
    std::vector<std::string> cells{std::to_string(row.bin),
                                   display_model(row.model),
                                   display_name(row.parameter),
                                   format_value(row.truth, NAN, row.unit)};
    if (ideal_known)
      cells.push_back(format_value(row.ideal, NAN, row.unit));
    append(cells,
           {format_value(row.measured, row.error, row.unit),
            std::isfinite(row.pull) ? fixed_pull(row.pull) : "–"});
    table.add(std::move(cells));
  }
  return table.html();
}

std::string convention_list(const Result& result) {
  std::string items;
  const auto add = [&](const std::string& text) { items += element("li", escaped(text)); };
  const Tree& entry = result.entry();
  if (entry.find_group("twotime") != nullptr || entry.find_group("g2") != nullptr)
    add("C(t₁, t₂) = ⟨I(t₁) I(t₂)⟩ / (⟨I(t₁)⟩ ⟨I(t₂)⟩), means over the pixels of a bin; the map is "
        "shown with the mean of its neighbours on the diagonal, which holds shot noise.");
  for (const ModelFit& fit : result.fits()) {
    std::string text = display_model(fit.model);
    if (!fit.formula.empty())
      text += ": " + fit.formula;
    if (!fit.convention.empty())
      text += " (" + fit.convention + ")";
    add(text);
  }
  if (const Tree* window = result.entry().find_group("window")) {
    const auto age = attribute_text(window->attributes, "age_convention");
    if (!age.empty())
      add(fmt::format("The age of a pair of frames is {}.",
                      age == "start" ? "its earlier time"
                      : age == "mid" ? "its midpoint"
                                     : age));
    const auto plateau = attribute_text(window->attributes, "plateau_convention");
    if (!plateau.empty())
      add("Plateau: " + plateau + ".");
  }
  if (const Tree* g2 = result.entry().find_group("g2")) {
    const auto estimator = attribute_text(g2->attributes, "estimator");
    if (!estimator.empty())
      add("Estimator of g₂: " + estimator + ".");
  }
  if (const Tree* pixel = result.entry().find_group("g2_pixel"))
    add("Estimator of the pixel-by-pixel g₂: " + attribute_text(pixel->attributes, "estimator") +
        ".");
  add("Errors are standard errors (one standard deviation). Δ/σ is (data − fit) / error.");
  if (!result.q().empty() && result.q_unit() == "Å⁻¹")
    add("q = 2π/d = 4π sin θ / λ.");
  return element("ul", "\n" + items);
}

std::string input_table(const Result& result) {
  const auto inputs = result.entry().texts("process/inputs");
  if (inputs.empty())
    return "";
  const auto sums = result.entry().texts("process/input_checksums");
  const auto bytes = result.numbers("process/input_bytes", 1);
  Table table({"input", "bytes", "checksum"});
  for (std::size_t i = 0; i < inputs.size(); ++i)
    table.add({inputs[i],
               bytes && i < bytes->size() ? fmt::format("{:.0f}", (*bytes)[i]) : "",
               i < sums.size() ? sums[i] : ""});
  return table.html();
}

} // namespace vitrum::report
