#include "result_tree.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/provenance.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string now_text() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

void append_text(Tree& tree, const std::string& path, const std::string& text) {
  auto list = tree.texts(path);
  list.push_back(text);
  tree.set(path, make_array(std::move(list)));
}

/// Marks a group as NXdata that viewers plot at once. Viewers disagree on the name of the scale
/// hint, so both stand.
void mark_plot(Tree& group,
               const std::string& signal,
               std::vector<std::string> axes,
               const std::string& interpretation,
               bool log_last_axis) {
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = signal;
  if (log_last_axis)
    group.attributes["SILX_style"] =
        std::string(R"({"signal_scale_type":"linear","axes_scale_type":["linear","log"],)"
                    R"("axes_scale_types":["linear","log"]})");
  group.attributes["axes"] = std::move(axes);
  group.attributes["interpretation"] = interpretation;
}

Array named(Array array, const std::string& long_name) {
  array.attributes["long_name"] = long_name;
  return array;
}

struct CurveArrays {
  std::vector<double> value, error, bias, covariance, lag, spread;
  std::vector<Index> pairs;
};

void append(CurveArrays& arrays, const correlate::OneTime& g2) {
  auto join = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  join(arrays.value, g2.value);
  join(arrays.error, g2.error);
  join(arrays.bias, g2.bias);
  join(arrays.covariance, g2.covariance);
  join(arrays.pairs, g2.pairs);
  join(arrays.lag, g2.lag_frames);
  join(arrays.spread, g2.lag_spread_frames);
}

/// The lag axis: the mean lag of a bin of lags, averaged over the curves that have pairs in it.
std::vector<double> common_lags(const CurveArrays& arrays, std::size_t lags) {
  std::vector<double> out(lags, nan);
  for (std::size_t l = 0; l < lags; ++l) {
    double sum = 0;
    double weight = 0;
    for (std::size_t i = l; i < arrays.lag.size(); i += lags)
      if (arrays.pairs[i] > 0) {
        sum += static_cast<double>(arrays.pairs[i]) * arrays.lag[i];
        weight += static_cast<double>(arrays.pairs[i]);
      }
    if (weight > 0)
      out[l] = sum / weight;
  }
  return out;
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (auto& value : values)
    value *= factor;
  return values;
}

/// [curve, rank, lag]: curves of fewer deviations are filled up with zeros, which add nothing to a
/// covariance. Empty when none has any.
Array deviations_of(const std::vector<correlate::OneTime>& curves) {
  Index rank = 0;
  for (const auto& curve : curves)
    rank = std::max(rank, curve.deviation_rank());
  const Index lags = curves.at(0).lags();
  std::vector<double> values;
  for (const auto& curve : curves) {
    values.insert(values.end(), curve.deviation.begin(), curve.deviation.end());
    values.resize(values.size() + static_cast<std::size_t>((rank - curve.deviation_rank()) * lags),
                  0.0);
  }
  return make_array({static_cast<Index>(curves.size()), rank, lags}, std::move(values), "");
}

std::vector<double> counting(Index n) {
  std::vector<double> out;
  for (Index i = 1; i <= n; ++i)
    out.push_back(static_cast<double>(i));
  return out;
}

} // namespace

Tree make_result(const Invocation& invocation, const std::string& config) {
  Tree tree;
  tree.attributes["NX_class"] = std::string("NXroot");
  tree.attributes["default"] = std::string("entry");
  tree.attributes["creator"] = std::string("vitrum");
  tree.attributes["creator_version"] = std::string(VITRUM_VERSION);
  auto& entry = tree.group("entry");
  entry.attributes["NX_class"] = std::string("NXentry");
  entry.attributes["default"] = std::string("g2");
  const auto now = now_text();
  tree.set("entry/definition", make_scalar("NXxpcs"));
  tree.set("entry/kind", make_scalar("xpcs"));
  auto& process = tree.group("entry/process");
  process.attributes["NX_class"] = std::string("NXprocess");
  tree.set("entry/process/program", make_scalar("vitrum"));
  tree.set("entry/process/version", make_scalar(VITRUM_VERSION));
  tree.set("entry/process/date", make_scalar(now));
  tree.set("entry/process/command_line", make_scalar(invocation.command_line));
  tree.set("entry/process/config", make_scalar(config));
  for (const char* list : {"inputs", "input_checksums", "corrections", "warnings"})
    tree.set(fmt::format("entry/process/{}", list), make_array(std::vector<std::string>{}));
  return tree;
}

Tree continue_result(Tree from, const Invocation& invocation, const std::string& config) {
  append_text(from, "entry/process/history", from.text("entry/process/command_line"));
  const auto fresh = make_result(invocation, config);
  for (const char* name : {"program", "version", "date", "command_line", "config"}) {
    const auto path = fmt::format("entry/process/{}", name);
    from.set(path, fresh.at(path));
  }
  return from;
}

void add_input(Tree& tree, const std::string& path) {
  const auto identity = io::stamp(path);
  append_text(tree, "entry/process/inputs", path);
  append_text(tree, "entry/process/input_checksums", identity.checksum);
  auto bytes = tree.find("entry/process/input_bytes") == nullptr
                   ? std::vector<double>{}
                   : tree.numbers("entry/process/input_bytes");
  bytes.push_back(static_cast<double>(identity.bytes));
  tree.set("entry/process/input_bytes", make_array(std::move(bytes), "bytes"));
}

void add_measurement(Tree& tree, const std::vector<std::pair<std::string, std::string>>& facts) {
  for (const auto& [name, text] : facts) {
    if (name == "start_time" || name == "end_time" || name == "entry_identifier")
      tree.set("entry/" + name, make_scalar(text));
    Index number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (name == "scan_number" && error == std::errc{} && stop == text.data() + text.size())
      tree.set("entry/scan_number", make_scalar(number));
  }
}

void add_warning(Tree& tree, const std::string& text) {
  append_text(tree, "entry/process/warnings", text);
}

void add_correction(Tree& tree, const std::string& text) {
  append_text(tree, "entry/process/corrections", text);
}

Tree& add_intensity(Tree& tree,
                    std::vector<double> frame_mean,
                    std::span<const std::uint8_t> bad,
                    double frame_time_s) {
  std::vector<double> time;
  std::vector<std::uint8_t> valid;
  for (std::size_t t = 0; t < frame_mean.size(); ++t) {
    time.push_back(static_cast<double>(t) * frame_time_s);
    valid.push_back(bad[t] == 0);
    if (valid.back() == 0)
      frame_mean[t] = nan;
  }
  auto& intensity = tree.group("entry/intensity");
  intensity.attributes["NX_class"] = std::string("NXdata");
  intensity.attributes["signal"] = std::string("mean_counts");
  intensity.attributes["axes"] = std::vector<std::string>{"time_s"};
  intensity.set("mean_counts", make_array(frame_mean, "counts")).attributes["processing"] =
      std::string(as_detected);
  intensity.set("time_s", make_array(time, "s"));
  intensity.set("valid", make_array(valid));
  return intensity;
}

std::vector<std::string> axes_of(const std::vector<Index>& shape, std::vector<std::string> names) {
  for (std::size_t d = 0; d + 1 < shape.size(); ++d)
    if (shape[d] == 1)
      names[d] = ".";
  return names;
}

void add_bins(Tree& tree,
              const std::vector<frames::Bin>& bins,
              const std::string& q_unit,
              const std::vector<Index>& pixels,
              const std::vector<double>& mean_counts) {
  auto& group = tree.group("entry/bins");
  group.attributes["NX_class"] = std::string("NXcollection");
  group.attributes["q_unit"] = q_unit;
  group.attributes["convention"] = std::string("q=2pi/d");
  auto column = [&](const char* name, double frames::Bin::*field, const std::string& unit) {
    std::vector<double> values;
    for (const auto& bin : bins)
      values.push_back(bin.*field);
    group.set(name, make_array(std::move(values), unit));
  };
  group.set("bin", make_array(counting(static_cast<Index>(bins.size()))));
  column("q_inv_angstrom", &frames::Bin::q_inv_angstrom, q_unit);
  column("q_low_inv_angstrom", &frames::Bin::q_low_inv_angstrom, q_unit);
  column("q_high_inv_angstrom", &frames::Bin::q_high_inv_angstrom, q_unit);
  column("phi_deg", &frames::Bin::phi_deg, "deg");
  column("phi_low_deg", &frames::Bin::phi_low_deg, "deg");
  column("phi_high_deg", &frames::Bin::phi_high_deg, "deg");
  if (!pixels.empty())
    group.set("npixels", make_array(pixels));
  if (!mean_counts.empty())
    group.set("mean_counts", make_array(mean_counts, "counts"));
}

void add_g2(Tree& tree,
            const std::string& name,
            const std::vector<correlate::OneTime>& bins,
            const std::vector<double>& q,
            const std::string& q_unit,
            double frame_time_s,
            const std::string& estimator) {
  const auto nbins = static_cast<Index>(bins.size());
  const Index nlags = bins.at(0).lags();
  CurveArrays arrays;
  for (const auto& bin : bins) {
    if (bin.lags() != nlags)
      throw DataError(fmt::format("{}: bins have {} and {} lags", name, nlags, bin.lags()));
    append(arrays, bin);
  }
  const auto lags = common_lags(arrays, static_cast<std::size_t>(nlags));
  auto& group = tree.group("entry/" + name);
  const std::vector<Index> shape{nbins, nlags};
  mark_plot(group, "g2", axes_of(shape, {"bin", "lag_s"}), "spectrum", true);
  group.attributes["estimator"] = estimator;
  group.attributes["storage_mode"] = std::string("one_array_q_first");
  auto& g2 = group.set("g2", named(make_array(shape, arrays.value, ""), "g2(q,lag)"));
  g2.attributes["interpretation"] = std::string("spectrum");
  g2.attributes["storage_mode"] = std::string("one_array_q_first");
  group.set("g2_errors", make_array(shape, arrays.error, ""));
  group.set("lag_s", named(make_array(scaled(lags, frame_time_s), "s"), "lag (s)"));
  group.set("lag_frames", make_array(lags, "frames"));
  group.set("pairs", make_array(shape, arrays.pairs, ""));
  group.set("bin", named(make_array(counting(nbins)), "bin"));
  group.set("q_inv_angstrom", make_array(q, q_unit));
  if (static_cast<Index>(arrays.bias.size()) == nbins * nlags)
    group.set("g2_bias", make_array(shape, arrays.bias, ""));
  if (auto deviations = deviations_of(bins); deviations.size() > 0)
    group.set("g2_deviation", std::move(deviations));
  if (static_cast<Index>(arrays.spread.size()) == nbins * nlags)
    group.set("lag_spread_frames", make_array(shape, arrays.spread, "frames"));
  if (static_cast<Index>(arrays.covariance.size()) == nbins * nlags * nlags)
    group.set("g2_covariance", make_array({nbins, nlags, nlags}, arrays.covariance, ""));
}

void add_map(Tree& tree, Index bin, std::vector<float> map, double frame_time_s, double first_s) {
  const auto n = static_cast<Index>(std::llround(std::sqrt(static_cast<double>(map.size()))));
  tree.group("entry/twotime").attributes["NX_class"] = std::string("NXcollection");
  auto& group = tree.group(fmt::format("entry/twotime/bin_{}", bin));
  mark_plot(group, "two_time_corr_func", {"t1_s", "t2_s"}, "image", false);
  auto& c = group.set("two_time_corr_func", make_array({n, n}, std::move(map), ""));
  c.attributes["long_name"] = fmt::format("C(t1,t2), bin {}", bin);
  c.attributes["interpretation"] = std::string("image");
  c.attributes["baseline_reference"] = Index{1};
  c.attributes["time_origin_location"] = std::string("lower_left");
  c.attributes["populated_elements"] = std::string("all");
  c.attributes["storage_mode"] = std::string("one_array_q_first");
  std::vector<double> times;
  for (Index i = 0; i < n; ++i)
    times.push_back(first_s + static_cast<double>(i) * frame_time_s);
  group.set("t1_s", named(make_array(times, "s"), "t1 (s)"));
  group.set("t2_s", named(make_array(times, "s"), "t2 (s)"));
}

void add_windows(Tree& tree, const WindowSet& set, double frame_time_s) {
  const auto nbins = static_cast<Index>(set.g2.size());
  const auto nwindows = static_cast<Index>(set.g2.at(0).size());
  if (nwindows == 0)
    return;
  const Index nlags = set.g2[0][0].lags();
  CurveArrays arrays;
  std::vector<double> decay, decay_error, plateau, plateau_error, floor, floor_error;
  for (std::size_t b = 0; b < set.g2.size(); ++b)
    for (std::size_t w = 0; w < set.g2[b].size(); ++w) {
      append(arrays, set.g2[b][w]);
      plateau.push_back(set.short_time[b][w].value);
      plateau_error.push_back(set.short_time[b][w].error);
      floor.push_back(set.long_time[b][w].value);
      floor_error.push_back(set.long_time[b][w].error);
      const auto r = aging::normalise(set.g2[b][w], set.short_time[b][w], set.long_time[b][w]);
      decay.insert(decay.end(), r.value.begin(), r.value.end());
      decay_error.insert(decay_error.end(), r.error.begin(), r.error.end());
    }
  std::vector<double> age, first, last;
  for (const auto& window : set.g2[0]) {
    first.push_back(static_cast<double>(window.ages.first) * frame_time_s);
    last.push_back(static_cast<double>(window.ages.last) * frame_time_s);
    age.push_back(0.5 * static_cast<double>(window.ages.first + window.ages.last - 1) *
                  frame_time_s);
  }
  auto& group = tree.group("entry/window");
  const std::vector<Index> curves{nbins, nwindows, nlags};
  mark_plot(group, "g2", axes_of(curves, {"bin", "age_s", "lag_s"}), "spectrum", false);
  group.attributes["age_convention"] = set.age_convention;
  group.attributes["plateau_convention"] = set.plateau_convention;
  group.attributes["baseline_convention"] = set.baseline_convention;
  const std::vector<Index> table{nbins, nwindows};
  auto& g2 = group.set("g2", named(make_array(curves, arrays.value, ""), "g2(lag, age)"));
  g2.attributes["interpretation"] = std::string("spectrum");
  group.set("g2_errors", make_array(curves, arrays.error, ""));
  group.set("age_s", named(make_array(age, "s"), "age (s)"));
  group.set("age_first_s", make_array(first, "s"));
  group.set("age_last_s", make_array(last, "s"));
  const auto lags = common_lags(arrays, static_cast<std::size_t>(nlags));
  group.set("lag_s", named(make_array(scaled(lags, frame_time_s), "s"), "lag (s)"));
  group.set("bin", make_array(counting(nbins)));
  group.set("pairs", make_array(curves, arrays.pairs, ""));
  group.set("plateau", make_array(table, plateau, ""));
  group.set("plateau_errors", make_array(table, plateau_error, ""));
  group.set("long_time_plateau", make_array(table, floor, ""));
  group.set("long_time_plateau_errors", make_array(table, floor_error, ""));
  group.set("decay", named(make_array(curves, decay, ""), "R(lag, age)"));
  group.set("decay_errors", make_array(curves, decay_error, ""));
}

void add_fits(Tree& group,
              const std::vector<Index>& shape,
              const std::vector<fit::FitResult>& fits) {
  if (fits.empty())
    return;
  const auto model = fits[0].model;
  auto& table = group.group(std::string(models::name(model)));
  table.attributes["NX_class"] = std::string("NXcollection");
  table.attributes["formula"] = std::string(models::formula(model));
  table.attributes["convention"] = std::string(models::convention(model));
  auto column = [&](const std::string& name, const std::string& unit, auto&& value_of) {
    std::vector<double> values;
    for (const auto& fit : fits)
      values.push_back(value_of(fit));
    table.set(name, make_array(shape, std::move(values), unit));
  };
  for (const auto& info : models::parameters(model)) {
    const auto parameter_or_nan = [&](const fit::FitResult& fit,
                                      double fit::FittedParameter::*field) {
      return fit.parameters.empty() ? nan : fit.at(info.name).*field;
    };
    const auto& name = info.name;
    column(name, info.unit, [&](const auto& fit) {
      return parameter_or_nan(fit, &fit::FittedParameter::value);
    });
    column(name + "_errors", info.unit, [&](const auto& fit) {
      return parameter_or_nan(fit, &fit::FittedParameter::error);
    });
    column(name + "_error_low", info.unit, [&](const auto& fit) {
      return parameter_or_nan(fit, &fit::FittedParameter::error_low);
    });
    column(name + "_error_high", info.unit, [&](const auto& fit) {
      return parameter_or_nan(fit, &fit::FittedParameter::error_high);
    });
  }
  const auto count = static_cast<Index>(models::parameters(model).size());
  std::vector<double> covariance;
  std::vector<std::string> names;
  for (const auto& info : models::parameters(model))
    names.push_back(info.name);
  for (const auto& fit : fits) {
    covariance.insert(covariance.end(), fit.covariance.begin(), fit.covariance.end());
    covariance.resize(
        covariance.size() + static_cast<std::size_t>(count * count) - fit.covariance.size(), nan);
  }
  auto square = shape;
  square.insert(square.end(), {count, count});
  table.set("covariance", make_array(square, std::move(covariance), "")).attributes["parameters"] =
      names;
  column("mean_time_s", "s", [](const auto& fit) { return fit.mean_time_s; });
  column("mean_time_s_errors", "s", [](const auto& fit) { return fit.mean_time_error_s; });
  if (std::any_of(fits.begin(), fits.end(), [](const auto& fit) {
        return !std::isnan(fit.tau_low_s) || !std::isnan(fit.tau_high_s);
      })) {
    column("tau_low_s", "s", [](const auto& fit) { return fit.tau_low_s; });
    column("tau_high_s", "s", [](const auto& fit) { return fit.tau_high_s; });
  }
  column("chi2_reduced", "", [](const auto& fit) { return fit.chi2_reduced; });
  column("degrees_of_freedom", "", [](const auto& fit) {
    return static_cast<double>(fit.degrees_of_freedom);
  });
  column("r_squared", "", [](const auto& fit) { return fit.r_squared; });
  column("aic", "", [](const auto& fit) { return fit.aic; });
  column("bic", "", [](const auto& fit) { return fit.bic; });
  std::vector<std::string> status, message;
  std::vector<double> curve;
  std::size_t nlags = 0;
  for (const auto& fit : fits) {
    status.emplace_back(fit::name(fit.status));
    message.push_back(fit.message);
    nlags = std::max(nlags, fit.curve.size());
  }
  for (const auto& fit : fits) {
    curve.insert(curve.end(), fit.curve.begin(), fit.curve.end());
    curve.resize(curve.size() + nlags - fit.curve.size(), nan);
  }
  table.set("status", make_array(shape, std::move(status), ""));
  table.set("message", make_array(shape, std::move(message), ""));
  auto curves = shape;
  curves.push_back(static_cast<Index>(nlags));
  table.set("g2_fit", make_array(curves, std::move(curve), ""));
}

} // namespace vitrum::app
