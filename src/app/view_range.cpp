#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "map_curves.hpp"
#include "view_maps.hpp"
#include "vitrum/aging/windows.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::app {
namespace {

correlate::AgeConvention age_of(const Tree& tree) {
  for (const char* group : {"entry/window", "entry/g2_blocks"})
    if (const auto* found = tree.find_group(group))
      if (const auto text = attribute_text(found->attributes, "age_convention"); !text.empty())
        return parse_age(text);
  return correlate::AgeConvention::start;
}

} // namespace

RangeG2 ResultView::range_g2(Index bin,
                             double first_s,
                             double last_s,
                             const std::vector<std::string>& models) const {
  const auto& stored = maps_->at(bin);
  const auto& facts = stored.facts;
  FitFlags flags;
  if (!models.empty())
    flags.models = models;
  const auto plan = make_fit_plan(flags);
  const Index n = facts.frames;
  const auto frame = [&](double t) {
    const double place = std::round((t - facts.first_s) / facts.frame_time_s);
    return static_cast<Index>(std::clamp(place, 0.0, static_cast<double>(n)));
  };
  if (std::isnan(first_s) || std::isnan(last_s))
    throw OptionError("a range of ages needs two numbers");
  const correlate::AgeWindow ages{frame(std::min(first_s, last_s)),
                                  frame(std::max(first_s, last_s))};
  constexpr Index fewest = 6; // blocks of time that errors come from
  if (ages.last - ages.first < fewest)
    throw OptionError(fmt::format("a range of {} frames, need at least {}",
                                  std::max<Index>(0, ages.last - ages.first),
                                  fewest));
  correlate::OneTimeOptions options;
  options.lags = parse_lags("log", CorrelationFlags{}.points_per_decade, 0);
  options.age = age_of(tree_);
  options.windows = {ages};
  correlate::MapOneTime sums(n, options);
  // pairs of these ages have their later frame in these rows
  if (const auto whole = maps_->in_memory(stored)) {
    sums.add_rows(ages.first, n - ages.first, whole->data() + ages.first * n, n);
  } else {
    constexpr Index strip_rows = 256;
    std::vector<float> strip;
    for (Index row = ages.first; row < n; row += strip_rows) {
      const Index some = std::min(strip_rows, n - row);
      strip.resize(static_cast<std::size_t>(some * (row + some)));
      stored.layers[0].map->read(row, some, 0, row + some, strip.data());
      sums.add_rows(row, some, strip.data(), row + some);
    }
  }
  std::vector<correlate::OneTime> window = std::move(sums.result().windows);
  RangeG2 out;
  out.time_unit = facts.time_unit;
  out.pixel_errors =
      set_pixel_statistics(window, options.age, tree_, static_cast<std::size_t>(bin - 1));
  const auto& g2 = window.at(0);
  out.first_s = facts.first_s + static_cast<double>(ages.first) * facts.frame_time_s;
  out.last_s = facts.first_s + static_cast<double>(ages.last) * facts.frame_time_s;
  for (const double lag : g2.lag_frames)
    out.lag_s.push_back(lag * facts.frame_time_s);
  out.value = g2.value;
  out.error = g2.error;
  const auto data = aging::make_fit_data(g2, facts.frame_time_s, plan.weighted);
  out.fits.resize(plan.models.size());
  parallel_for(0, static_cast<Index>(plan.models.size()), 1, [&](Index begin, Index end) {
    for (Index m = begin; m < end; ++m) {
      auto fit_options = plan.options[static_cast<std::size_t>(m)];
      fit_options.profile = false; // asymmetric errors take longer than a hand waits
      out.fits[static_cast<std::size_t>(m)] =
          fit::fit_decay(plan.models[static_cast<std::size_t>(m)], data, fit_options);
    }
  });
  return out;
}

} // namespace vitrum::app
