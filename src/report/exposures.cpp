#include "exposures.hpp"

#include <cmath>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "html.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

Quantity row_of(const Quantity& all, Index bin, Index count) {
  Quantity one{all.name, all.unit, {}, {}, all.whole};
  one.values = row_copy(all.values, bin - 1, count);
  one.errors = row_copy(all.errors, bin - 1, count);
  return one;
}

std::string text_of(const Quantity& quantity, std::size_t i, const std::string& unit = "") {
  return format_value(quantity.values[i], quantity.errors[i], unit);
}

} // namespace

std::optional<ExposuresOfBin> exposures_of(const Result& result, Index bin) {
  const auto axis = result.numbers("xsvs/exposure_s", 1);
  if (!axis || bin < 1 || bin > result.bins())
    return std::nullopt;
  const auto count = static_cast<Index>(axis->size());
  const auto along = [&](const char* name) {
    return result.quantity(std::string("xsvs/") + name, {count}).value_or(Quantity{});
  };
  const auto per_bin = [&](const char* name) {
    return row_of(
        result.quantity(std::string("xsvs/") + name, {result.bins(), count}).value(), bin, count);
  };
  return ExposuresOfBin{along("exposure_s"),
                        along("exposure_frames"),
                        along("exposures"),
                        per_bin("contrast"),
                        per_bin("contrast_by_likelihood"),
                        per_bin("modes"),
                        per_bin("mean_counts")};
}

std::vector<CountsSeen> counts_seen(const Result& result, Index bin) {
  const auto read = [&](const char* name) {
    return result.numbers(std::string("xsvs/histogram/") + name, 1).value_or(std::vector<double>{});
  };
  const auto bins = read("bin"), frames = read("exposure_frames"), count = read("count"),
             number = read("number"), expected = read("number_fit");
  std::vector<CountsSeen> list;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (static_cast<Index>(bins[i]) != bin)
      continue;
    const auto length = static_cast<Index>(frames[i]);
    if (list.empty() || list.back().frames != length)
      list.push_back({length, {}, {}, {}});
    list.back().count.push_back(count[i]);
    list.back().number.push_back(number[i]);
    list.back().expected.push_back(expected[i]);
  }
  return list;
}

std::string exposure_tables(const Result& result) {
  std::string html;
  for (Index bin = 1; bin <= result.bins(); ++bin) {
    const auto e = exposures_of(result, bin);
    if (!e)
      return "";
    Table table({"exposure (s)",
                 "exposures",
                 "counts per pixel",
                 "contrast",
                 "modes M of largest likelihood"});
    for (std::size_t k = 0; k < e->exposure_s.values.size(); ++k)
      table.add({format_value(e->exposure_s.values[k]),
                 fmt::format("{:.0f}", e->exposures.values[k]),
                 text_of(e->mean_counts, k),
                 text_of(e->contrast, k),
                 std::isinf(e->modes.values[k]) ? "∞" : text_of(e->modes, k)});
    html += details(result.bin_title(bin), table.html());
  }
  Table fits({"bin", "model", "τ", "exponent", "contrast", "χ²/dof", "status"});
  for (const ModelFit& fit : result.exposure_fits())
    for (Index bin = 1; bin <= result.bins(); ++bin) {
      const auto i = static_cast<std::size_t>(bin - 1);
      const auto text = [&](const Quantity* q) {
        return q == nullptr ? std::string("–") : text_of(*q, i, q->unit);
      };
      fits.add({fmt::format("{}", bin),
                display_model(fit.model),
                text(fit.find("tau_s")),
                text(fit.exponent()),
                text(fit.find("contrast")),
                text(fit.find("chi2_reduced")),
                i < fit.status.size() ? fit.status[i] : ""});
    }
  return fits.empty() ? html : fits.html() + html;
}

std::string csv_xsvs(const Tree& root) {
  const Result result(root);
  std::string text;
  const auto fits = result.exposure_fits();
  for (Index bin = 1; bin <= result.bins(); ++bin) {
    const auto e = exposures_of(result, bin);
    if (!e)
      return "";
    if (bin == 1) {
      text = heading(result, "speckle contrast against exposure");
      text += "bin,exposure [s],frames,exposures,mean_counts [counts],mean_counts_error [counts],"
              "contrast,contrast_error,modes,modes_error";
      for (const ModelFit& fit : fits)
        text += "," + fit.model;
      text += "\n";
    }
    for (Index k = 0; k < e->count(); ++k) {
      const auto i = static_cast<std::size_t>(k);
      text += fmt::format("{},{},{},{}",
                          bin,
                          exact_number(e->exposure_s.values[i]),
                          exact_number(e->frames.values[i]),
                          exact_number(e->exposures.values[i]));
      for (const Quantity* q : {&e->mean_counts, &e->contrast, &e->modes})
        text += "," + exact_number(q->values[i]) + "," + exact_number(q->errors[i]);
      for (const ModelFit& fit : fits)
        text += "," + exact_number(row(fit.curve, bin - 1, e->count())[i]);
      text += "\n";
    }
  }
  return text;
}

std::string csv_xsvs_counts(const Tree& root) {
  const Result result(root);
  std::string text;
  for (Index bin = 1; bin <= result.bins(); ++bin)
    for (const auto& seen : counts_seen(result, bin)) {
      if (text.empty())
        text = heading(result, "how often a pixel saw each count in an exposure") +
               "bin,frames,count [counts],number,number_fit\n";
      for (std::size_t i = 0; i < seen.count.size(); ++i)
        text += fmt::format("{},{},{},{},{}\n",
                            bin,
                            seen.frames,
                            exact_number(seen.count[i]),
                            exact_number(seen.number[i]),
                            exact_number(seen.expected[i]));
    }
  return text;
}

} // namespace vitrum::report
