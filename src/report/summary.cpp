#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tables.hpp"
#include "vitrum/plot/ticks.hpp"
#include "vitrum/report/numbers.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::report {
namespace {

std::string duration(double seconds) {
  if (seconds < 120)
    return format_value(seconds, NAN, "s");
  if (seconds < 2 * 3600)
    return fmt::format("{} min", plot::short_number(seconds / 60, 3));
  if (seconds < 2 * 86400)
    return fmt::format("{} h", plot::short_number(seconds / 3600, 3));
  return fmt::format("{} days", plot::short_number(seconds / 86400, 3));
}

std::string measured(const Result& result) {
  const Tree& entry = result.entry();
  const double frames = entry.number_or("series/frames", NAN);
  const double time = entry.number_or("series/frame_time_s", NAN);
  const double height = entry.number_or("series/height", NAN);
  const double width = entry.number_or("series/width", NAN);
  std::string text;
  if (std::isfinite(frames)) {
    text = fmt::format("{:.0f} frames", frames);
    if (std::isfinite(height) && std::isfinite(width))
      text += fmt::format(" of {:.0f} × {:.0f} pixels", width, height);
    if (std::isfinite(time))
      text += fmt::format(", {} apart ({} in all),",
                          format_value(time, NAN, result.time_unit()),
                          result.time_unit() == "s"
                              ? duration(frames * time)
                              : format_value(frames * time, NAN, result.time_unit()));
    text += frames == 1 ? " was analysed" : " were analysed";
  } else if (result.bins() > 0) {
    text = "The result holds correlation functions";
  }
  if (result.bins() > 0)
    text += fmt::format(" in {} {}", result.bins(), result.bins() == 1 ? "bin" : "bins");
  if (!result.q().empty()) {
    const auto [low, high] = std::minmax_element(result.q().begin(), result.q().end());
    const auto number = [](double q) { return plot::short_number(q, 4); };
    text += *low == *high ? fmt::format(" at q = {}", number(*low))
                          : fmt::format(" from q = {} to {}", number(*low), number(*high));
    text += result.q_unit().empty() ? "" : " " + result.q_unit();
  }
  return text.empty() ? "" : text + ".";
}

/// The fit to speak of: the preferred model of the bin, else the first.
const ModelFit* main_fit(const Result& result, const std::vector<ModelFit>& fits, Index bin) {
  const ModelFit* chosen = nullptr;
  for (const ModelFit& fit : fits)
    if (chosen == nullptr || fit.model == result.preferred_model(bin))
      chosen = &fit;
  return chosen;
}

std::string value_of(const Quantity& quantity, Index i) {
  const auto k = static_cast<std::size_t>(i);
  return format_value(quantity.values[k], quantity.errors[k], quantity.unit);
}

std::string relaxation(const Result& result, Index bin) {
  const auto fits = result.fits();
  const ModelFit* fit = main_fit(result, fits, bin);
  if (fit == nullptr || fit->find("tau_s") == nullptr)
    return "";
  const auto k = static_cast<std::size_t>(bin - 1);
  if (!fit->good(bin - 1))
    return fmt::format(" The {} fit of {} gives no result (status: {}).",
                       display_model(fit->model),
                       result.bin_title(bin),
                       fit->status[k]);
  std::string text = fmt::format(" The {} fit of {} gives τ = {}",
                                 display_model(fit->model),
                                 result.bin_title(bin),
                                 value_of(*fit->find("tau_s"), bin - 1));
  if (const Quantity* exponent = fit->exponent())
    text += fmt::format(", β = {}", value_of(*exponent, bin - 1));
  if (const Quantity* contrast = fit->find("contrast"))
    text += fmt::format(", contrast {}", value_of(*contrast, bin - 1));
  if (const Quantity* chi2 = fit->find("chi2_reduced"))
    text += fmt::format(" (χ²/dof = {}{})",
                        plot::short_number(chi2->values[k], 3),
                        chi2->values[k] > 10 ? ": the law misses the points by far more than their "
                                               "errors, and its own errors are too small"
                                             : "");
  if (k < fit->status.size() && fit->status[k] != "converged")
    text += fmt::format("; status of the fit: {}", fit->status[k]);
  return text + ".";
}

/// From the first to the last window whose fit is good; "" without two of them.
std::string aging(const Result& result) {
  const auto windows = result.windows();
  const auto fits = result.window_fits();
  const ModelFit* fit = main_fit(result, fits, 1);
  const Quantity* tau = fit == nullptr ? nullptr : fit->find("tau_s");
  if (!windows || tau == nullptr)
    return "";
  std::vector<Index> good;
  for (Index k = 0; k < windows->count(); ++k)
    if (fit->good(k) && std::isfinite(tau->values[static_cast<std::size_t>(k)]))
      good.push_back(k);
  if (good.size() < 2)
    return "";
  const auto age = [&](Index k) {
    return format_value(windows->age_s[static_cast<std::size_t>(k)], NAN, result.time_unit());
  };
  std::string text = fmt::format(" From age {} to {}, τ of bin 1 goes from {} to {} ({})",
                                 age(good.front()),
                                 age(good.back()),
                                 value_of(*tau, good.front()),
                                 value_of(*tau, good.back()),
                                 display_model(fit->model));
  if (const auto missing = windows->count() - static_cast<Index>(good.size()); missing > 0)
    text += fmt::format("; {} of the {} windows gave no good fit", missing, windows->count());
  return text + ".";
}

/// Events of several bins within two frames are one.
std::string sudden_events(const Result& result) {
  auto events = result.events();
  if (events.empty())
    return "";
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.time_s < b.time_s;
  });
  const double close = 2 * result.entry().number_or("series/frame_time_s", 0);
  std::vector<std::string> places;
  for (std::size_t i = 0, next = 0; i < events.size(); i = next) {
    std::set<Index> bins;
    for (; next < events.size() && events[next].time_s - events[i].time_s <= close; ++next)
      bins.insert(events[next].bin);
    places.push_back(format_value(events[i].time_s, NAN, result.time_unit()));
    if (result.bins() > 1)
      places.back() += fmt::format(" in {} of {} bins", bins.size(), result.bins());
  }
  constexpr std::size_t most = 5;
  std::string text = places.size() == 1
                         ? " One sudden event was found, at "
                         : fmt::format(" {} sudden events were found, at ", places.size());
  for (std::size_t i = 0; i < std::min(places.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + places[i];
  return text + (places.size() > most ? " and later." : ".");
}

} // namespace

std::string summary_text(const Result& result) {
  if (const std::string own = result.entry().text("summary"); !own.empty())
    return own;
  std::string text = measured(result) + (result.bins() > 0 ? relaxation(result, 1) : "");
  if (result.bins() > 1) {
    const std::string last = relaxation(result, result.bins());
    text += last;
  }
  text += aging(result);
  return text + sudden_events(result);
}

std::string summary(const Tree& tree) {
  return summary_text(Result(tree));
}

} // namespace vitrum::report
