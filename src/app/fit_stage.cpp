#include "fit_stage.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "result_input.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/fit/joint_fit.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

double parse_number(const std::string& flag, const std::string& word, std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size())
    throw OptionError(fmt::format("--{} {}: '{}' is not a number", flag, word, text));
  return value;
}

std::pair<std::string, std::string>
split_at(const std::string& flag, const std::string& word, char separator, const char* expected) {
  const auto at = word.find(separator);
  if (at == std::string::npos || at == 0 || at + 1 == word.size())
    throw OptionError(fmt::format("--{} {}: expected {}", flag, word, expected));
  return {word.substr(0, at), word.substr(at + 1)};
}

/// Applies `set` to the options of every model that has the parameter; refuses one that none has.
template <class Set>
void for_parameter(FitPlan& plan, const std::string& flag, const std::string& name, Set&& set) {
  bool known = false;
  for (std::size_t m = 0; m < plan.models.size(); ++m)
    if (models::parameter_index(plan.models[m], name) >= 0) {
      known = true;
      set(plan.options[m]);
    }
  if (!known) {
    std::string names;
    for (const auto model : plan.models)
      for (const auto& info : models::parameters(model))
        if (names.find(info.name) == std::string::npos)
          names += (names.empty() ? "" : ", ") + info.name;
    throw OptionError(
        fmt::format("--{}: no model has a parameter '{}' (they have {})", flag, name, names));
  }
}

std::string preferred(const std::vector<std::vector<fit::FitResult>>& fits, std::size_t bin) {
  const fit::FitResult* best = nullptr;
  for (const auto& of_model : fits) {
    const auto& fit = of_model[bin];
    const bool usable =
        fit.status == fit::FitStatus::converged || fit.status == fit::FitStatus::near_bound;
    if (usable && (best == nullptr || fit.aic < best->aic))
      best = &fit;
  }
  return best == nullptr ? "" : std::string(models::name(best->model));
}

/// `windows` 0: one fit per bin, else bins × windows of them.
void warn_of_statuses(Tree& tree,
                      const std::vector<fit::FitResult>& fits,
                      std::size_t windows,
                      const Monitor& monitor,
                      std::string_view what = "") {
  constexpr double far_off = 10; // of chi2 per degree of freedom
  std::map<std::string, std::vector<std::string>> places;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const auto place = windows == 0
                           ? fmt::format("bin/{}", i + 1)
                           : fmt::format("bin/{}/window/{}", i / windows + 1, i % windows + 1);
    if (fits[i].status != fit::FitStatus::converged)
      places[std::string(fit::name(fits[i].status))].push_back(place);
    else if (fits[i].chi2_reduced > far_off)
      places[fmt::format("chi2/dof above {}, the points are missed by far more than their errors",
                         far_off)]
          .push_back(place);
  }
  for (const auto& [status, list] : places) {
    const auto shown = std::min<std::size_t>(list.size(), 8);
    const auto text = fmt::format(
        "fit of {} to {}{}{}: {}",
        models::name(fits[0].model),
        what,
        fmt::join(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
        shown < list.size() ? fmt::format(" and {} more", list.size() - shown) : "",
        status);
    add_warning(tree, text);
    monitor.message(Level::info, text);
  }
}

/// One fit of all data sets with the parameters that the plan shares.
std::vector<fit::FitResult> together(Tree& tree,
                                     const FitPlan& plan,
                                     std::size_t model,
                                     const std::vector<fit::FitData>& data,
                                     bool common_samples,
                                     const std::string& what,
                                     const Monitor& monitor) {
  auto joint = fit::fit_jointly(
      plan.models[model], data, {plan.share[model], plan.options[model], common_samples});
  std::string text;
  for (const auto& p : joint.shared)
    text += fmt::format("{}{} = {}",
                        text.empty() ? "" : ", ",
                        p.name,
                        report::format_value(p.value, p.error, p.unit));
  text = fmt::format("{} of the {} have one {}", joint.used, what, text);
  if (joint.used > 0)
    add_correction(tree, fmt::format("fit of {}: {}", models::name(plan.models[model]), text));
  if (joint.used > 0 && !joint.converged) {
    add_warning(tree,
                fmt::format("joint fit of {} to {}: not converged",
                            models::name(plan.models[model]),
                            what));
    monitor.warn("a joint fit did not converge");
  }
  return std::move(joint.fits);
}

} // namespace

FitPlan make_fit_plan(const FitFlags& flags) {
  FitPlan plan;
  plan.weighted = !flags.unweighted;
  if (flags.models.empty())
    throw OptionError("--models: name at least one model");
  for (const auto& name : flags.models) {
    const auto model = models::parse_decay_model(name);
    if (std::find(plan.models.begin(), plan.models.end(), model) != plan.models.end())
      throw OptionError(fmt::format("--models: '{}' is named twice", name));
    plan.models.push_back(model);
  }
  plan.options.resize(plan.models.size());
  for (const auto& word : flags.fix) {
    const auto [name, text] = split_at("fix", word, '=', "parameter=value");
    const double value = parse_number("fix", word, text);
    for_parameter(
        plan, "fix", name, [&, key = name](auto& options) { options.fixed[key] = value; });
  }
  for (const auto& word : flags.bounds) {
    const auto [name, range] = split_at("bounds", word, '=', "parameter=low:high");
    const auto [low, high] = split_at("bounds", word, ':', "parameter=low:high");
    const double from = parse_number("bounds", word, low.substr(name.size() + 1));
    const double to = parse_number("bounds", word, high);
    for_parameter(plan, "bounds", name, [&, key = name](auto& options) {
      options.bounds[key] = {from, to};
    });
  }
  plan.share.resize(plan.models.size());
  for (const auto& word : flags.share) {
    bool known = false;
    for (std::size_t m = 0; m < plan.models.size(); ++m)
      for (const auto& info : models::parameters(plan.models[m]))
        if (info.name == word || (word == "exponent" && info.name.ends_with("_exponent"))) {
          known = true;
          plan.share[m].push_back(info.name);
        }
    if (!known)
      throw OptionError(fmt::format("--share {}: no model has this parameter", word));
  }
  for (std::size_t m = 0; m < plan.models.size(); ++m) {
    fit::validate(plan.options[m], plan.models[m]);
    if (!plan.share[m].empty())
      fit::validate(fit::JointOptions{plan.share[m], plan.options[m], true}, plan.models[m]);
  }
  return plan;
}

void fit_bins(Tree& tree,
              const FitPlan& plan,
              const std::vector<correlate::OneTime>& bins,
              double frame_time_s,
              const Monitor& monitor,
              const std::string& group) {
  const auto nbins = static_cast<Index>(bins.size());
  std::vector<std::vector<fit::FitResult>> fits(plan.models.size());
  Progress progress(monitor, "fitting g2", "fits", nbins * static_cast<Index>(plan.models.size()));
  for (std::size_t m = 0; m < plan.models.size(); ++m) {
    fits[m].resize(bins.size());
    if (plan.share_bins && !plan.share[m].empty()) {
      std::vector<fit::FitData> data;
      for (const auto& bin : bins)
        data.push_back(aging::make_fit_data(bin, frame_time_s, plan.weighted));
      fits[m] = together(tree, plan, m, data, false, "bins", monitor);
      progress.advance(nbins);
    } else
      parallel_for(0, nbins, 1, [&](Index begin, Index) {
        const auto b = static_cast<std::size_t>(begin);
        fits[m][b] = fit::fit_decay(plan.models[m],
                                    aging::make_fit_data(bins[b], frame_time_s, plan.weighted),
                                    plan.options[m]);
        progress.advance();
      });
    add_fits(tree.group("entry/" + group), {nbins}, fits[m]);
    warn_of_statuses(tree, fits[m], 0, monitor, group == "fit" ? "" : "g2_pixel of ");
  }
  std::vector<std::string> best;
  for (std::size_t b = 0; b < bins.size(); ++b)
    best.push_back(preferred(fits, b));
  tree.set(fmt::format("entry/{}/preferred_model", group), make_array(std::move(best)));
}

void fit_pixel_bins(Tree& tree, const FitPlan& plan, double frame_time_s, const Monitor& monitor) {
  if (tree.find("entry/g2_pixel/g2") == nullptr)
    return;
  tree.erase("entry/fit_pixel");
  auto curves = curves_of(tree, "g2_pixel");
  // one pair of frames over its own means is one by definition, without an error: no measurement
  for (auto& curve : curves)
    for (std::size_t k = 0; k < curve.error.size(); ++k)
      if (curve.error[k] == 0) {
        curve.error[k] = std::nan("");
        for (std::size_t r = k; r < curve.deviation.size(); r += curve.error.size())
          curve.deviation[r] = std::nan("");
      }
  fit_bins(tree, plan, curves, frame_time_s, monitor, "fit_pixel");
}

void fit_windows(Tree& tree,
                 const FitPlan& plan,
                 const AgeFlags& flags,
                 std::vector<std::vector<correlate::OneTime>> windows,
                 double frame_time_s,
                 const Monitor& monitor) {
  const auto short_rule = aging::parse_plateau("plateau", flags.plateau);
  const auto long_rule = aging::parse_plateau("baseline", flags.baseline);
  const auto nbins = static_cast<Index>(windows.size());
  const auto nwindows = static_cast<Index>(windows.at(0).size());
  if (nwindows == 0)
    return;
  const Index total = nbins * nwindows;
  std::vector<std::vector<fit::FitResult>> fits(plan.models.size());
  Progress progress(
      monitor, "fitting windows", "fits", total * static_cast<Index>(plan.models.size()));
  for (std::size_t m = 0; m < plan.models.size(); ++m) {
    fits[m].resize(static_cast<std::size_t>(total));
    const bool joint = !plan.share_bins && !plan.share[m].empty();
    for (Index b = 0; joint && b < nbins; ++b) {
      std::vector<fit::FitData> data;
      for (const auto& g2 : windows[static_cast<std::size_t>(b)])
        data.push_back(aging::make_fit_data(g2, frame_time_s, plan.weighted));
      const auto of_bin =
          together(tree, plan, m, data, true, fmt::format("windows of bin {}", b + 1), monitor);
      std::copy(of_bin.begin(), of_bin.end(), fits[m].begin() + b * nwindows);
      progress.advance(nwindows);
    }
    parallel_for(0, joint ? 0 : total, 4, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const auto& g2 =
            windows[static_cast<std::size_t>(i / nwindows)][static_cast<std::size_t>(i % nwindows)];
        fits[m][static_cast<std::size_t>(i)] = fit::fit_decay(
            plan.models[m], aging::make_fit_data(g2, frame_time_s, plan.weighted), plan.options[m]);
        progress.advance();
      }
    });
  }
  WindowSet set;
  set.age_convention = flags.age;
  set.plateau_convention = flags.plateau;
  set.baseline_convention = flags.baseline;
  for (Index b = 0; b < nbins; ++b) {
    auto& short_time = set.short_time.emplace_back();
    auto& long_time = set.long_time.emplace_back();
    for (Index w = 0; w < nwindows; ++w) {
      const auto& g2 = windows[static_cast<std::size_t>(b)][static_cast<std::size_t>(w)];
      const auto& leading = fits[0][static_cast<std::size_t>(b * nwindows + w)];
      short_time.push_back(aging::short_time_plateau(g2, short_rule, &leading));
      long_time.push_back(aging::long_time_plateau(g2, long_rule, &leading));
    }
  }
  set.g2 = std::move(windows);
  add_windows(tree, set, frame_time_s);
  for (std::size_t m = 0; m < plan.models.size(); ++m) {
    add_fits(tree.group("entry/window/fit"), {nbins, nwindows}, fits[m]);
    warn_of_statuses(tree, fits[m], static_cast<std::size_t>(nwindows), monitor);
  }
}

std::vector<correlate::AgeWindow>
plan_windows(const AgeFlags& flags, Index frames, double frame_time_s) {
  for (const auto& [flag, seconds] :
       {std::pair("window", flags.window_s), std::pair("window-step", flags.window_step_s)})
    if (!(seconds >= 0) || seconds / frame_time_s > 1e15)
      throw OptionError(fmt::format("--{} {}: expected seconds, 0 or more", flag, seconds));
  const auto to_frames = [&](double seconds) {
    return static_cast<Index>(std::llround(seconds / frame_time_s));
  };
  const Index length_frames =
      flags.window_s > 0 ? to_frames(flags.window_s) : std::max<Index>(1, frames / 10);
  if (length_frames < 1)
    throw OptionError(fmt::format(
        "--window {}: shorter than the frame time of {} s", flags.window_s, frame_time_s));
  const Index step = flags.window_step_s > 0 ? to_frames(flags.window_step_s) : length_frames;
  if (step < 1)
    throw OptionError(fmt::format("--window-step {}: shorter than the frame time of {} s",
                                  flags.window_step_s,
                                  frame_time_s));
  return aging::make_windows(frames, length_frames, step);
}

correlate::AgeConvention parse_age(const std::string& text) {
  if (text == "start")
    return correlate::AgeConvention::start;
  if (text == "mid")
    return correlate::AgeConvention::mid;
  throw OptionError(fmt::format("--age {}: expected start or mid", text));
}

correlate::LagOptions parse_lags(const std::string& text, Index points_per_decade, Index max_lag) {
  correlate::LagOptions options;
  if (text == "linear")
    options.spacing = correlate::LagSpacing::linear;
  else if (text != "log")
    throw OptionError(fmt::format("--lags {}: expected linear or log", text));
  options.per_decade = points_per_decade;
  options.max_lag = max_lag;
  correlate::validate(options);
  return options;
}

std::string summary_of(const Tree& tree) {
  std::string text;
  // simulations have their own unit of time
  const auto unit_of = [](const Array& times) {
    const auto name = attribute_text(times.attributes, "units");
    return name.empty() ? std::string("s") : name;
  };
  const auto* bins = tree.find("entry/bins/bin");
  const auto* fits = tree.find_group("entry/fit");
  if (bins == nullptr || fits == nullptr)
    return text;
  const auto unit = attribute_text(tree.group_at("entry/bins").attributes, "q_unit");
  const auto q = tree.numbers("entry/bins/q_inv_angstrom");
  for (std::size_t b = 0; b < q.size(); ++b) {
    text += fmt::format("bin {}", b + 1);
    if (!std::isnan(q[b]))
      text += fmt::format(" (q = {})", report::format_value(q[b], 0, unit));
    text += "\n";
    for (const auto& [model, table] : fits->groups()) {
      const auto value = [&, &fit = table](const char* name) {
        return fit.find(name) == nullptr ? std::nan("") : fit.numbers(name)[b];
      };
      const char* exponent = table.find("ml_exponent") != nullptr ? "ml_exponent" : "kww_exponent";
      text += fmt::format(
          "  {:<11} tau = {}, contrast = {}{}, {}\n",
          model,
          report::format_value(value("tau_s"), value("tau_s_errors"), unit_of(table.at("tau_s"))),
          report::format_value(value("contrast"), value("contrast_errors")),
          table.find(exponent) == nullptr
              ? ""
              : fmt::format(
                    ", exponent = {}",
                    report::format_value(value(exponent),
                                         value((std::string(exponent) + "_errors").c_str()))),
          table.texts("status")[b]);
    }
    for (const char* group : {"event", "disturbance"})
      if (const auto* event = tree.find_group(std::string("entry/") + group)) {
        const auto bin = event->numbers("bin"), time = event->numbers("time_s");
        const auto kind = event->texts("kind");
        constexpr Index most = 5;
        Index told = 0, all = 0;
        for (std::size_t e = 0; e < bin.size(); ++e)
          if (bin[e] == static_cast<double>(b + 1) && ++all <= most) {
            ++told;
            text += fmt::format(
                "  {} at {}: {}\n",
                group == std::string("event") ? "sudden event" : "no event",
                report::format_value(time[e], std::nan(""), unit_of(event->at("time_s"))),
                kind[e]);
          }
        if (all > told)
          text += fmt::format("  … and {} more\n", all - told);
      }
    if (const auto* compared = tree.find_group("entry/comparison"))
      text += fmt::format(
          "  law of decay: {} ({})\n", compared->texts("verdict")[b], compared->texts("reason")[b]);
  }
  return text;
}

} // namespace vitrum::app
