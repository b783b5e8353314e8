#include "synthetic.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/random.hpp"

namespace vitrum::report {
namespace {

constexpr double nan = NAN;
constexpr double frame_time = 2.5, contrast = 0.08;

double tau_of_bin(Index bin) {
  return 120 * std::pow(static_cast<double>(bin) * 0.15 + 1, -2.0);
}

double kww(double lag, double tau, double exponent) {
  return std::exp(-2 * std::pow(lag / tau, exponent));
}

std::vector<double> log_lags(Index n) {
  std::vector<double> lags;
  for (Index i = 0; i < n; ++i)
    lags.push_back(frame_time * std::round(std::pow(10.0, 0.09 * static_cast<double>(i)) * 10) /
                   10);
  return lags;
}

/// tau, exponent, contrast, baseline, mean time and chi² of every bin (or bin and window).
void set_fit(Tree& entry,
             const std::string& path,
             std::vector<Index> shape,
             const std::vector<double>& tau,
             const std::string& exponent_name,
             Random& random) {
  const auto set = [&](const std::string& name, auto value, double error, const char* unit) {
    std::vector<double> values, errors;
    for (const double t : tau) {
      const double center = value(t);
      errors.push_back(error * std::abs(center) * (0.8 + 0.4 * random.uniform()));
      values.push_back(center + errors.back() * random.normal());
    }
    entry.set(path + name, make_array<double>(shape, values, unit));
    if (error > 0)
      entry.set(path + name + "_errors", make_array<double>(shape, errors, unit));
  };
  set(
      "tau_s", [](double t) { return t; }, 0.03, "s");
  set(
      exponent_name, [](double) { return 0.75; }, 0.03, "");
  set(
      "contrast", [](double) { return contrast; }, 0.01, "");
  set(
      "baseline", [](double) { return 1.0; }, 2e-4, "");
  if (exponent_name == "kww_exponent")
    set(
        "mean_time_s", [](double t) { return 0.75 * t; }, 0.03, "s");
  else
    entry.set(path + "mean_time_s",
              make_array<double>(shape, std::vector<double>(tau.size(), nan), "s"));
  set(
      "chi2_reduced", [](double) { return 1.1; }, 0, "");
  std::vector<std::string> status(tau.size(), "converged");
  entry.set(path + "status", make_array<std::string>(shape, status, ""));
  Tree& group = entry.group(path);
  group.attributes["formula"] = exponent_name == "kww_exponent"
                                    ? "g2 = baseline + contrast*exp(-2*(lag/tau)^kww_exponent)"
                                    : "g2 = baseline + contrast*E(-(lag/tau)^ml_exponent)";
  group.attributes["convention"] = exponent_name == "kww_exponent" ? "factor 2" : "no factor 2";
}

void set_g2(Tree& entry, const SyntheticOptions& o, Random& random) {
  const auto lags = log_lags(o.lags);
  std::vector<double> values, errors, pairs, kww_curve, ml_curve, tau;
  for (Index bin = 1; bin <= o.bins; ++bin) {
    tau.push_back(tau_of_bin(bin));
    for (const double lag : lags) {
      const double g2 = 1 + contrast * kww(lag, tau.back(), 0.75);
      errors.push_back(4e-4 * (1 + lag / 300));
      values.push_back(g2 + errors.back() * random.normal());
      pairs.push_back(std::max(1.0, static_cast<double>(o.frames) - lag / frame_time));
      kww_curve.push_back(g2);
      ml_curve.push_back(1 + contrast / (1 + std::pow(lag / tau.back() * 1.6, 1.1)));
    }
  }
  const std::vector<Index> shape{o.bins, o.lags};
  entry.set("g2/g2", make_array<double>(shape, values, ""));
  entry.set("g2/g2_errors", make_array<double>(shape, errors, ""));
  entry.set("g2/pairs", make_array<double>(shape, pairs, ""));
  entry.set("g2/lag_s", make_array(lags, "s"));
  entry.group("g2").attributes["estimator"] = std::string("symmetric");
  set_fit(entry, "fit/kww/", {o.bins}, tau, "kww_exponent", random);
  entry.set("fit/kww/g2_fit", make_array<double>(shape, kww_curve, ""));
  set_fit(entry, "fit/ml/", {o.bins}, tau, "ml_exponent", random);
  entry.set("fit/ml/g2_fit", make_array<double>(shape, ml_curve, ""));
  entry.set("fit/preferred_model",
            make_array(std::vector<std::string>(static_cast<std::size_t>(o.bins), "kww")));
}

void set_windows(Tree& entry, const SyntheticOptions& o, Random& random) {
  const auto lags = log_lags(o.lags - 6);
  const auto n = static_cast<Index>(lags.size());
  const double length = frame_time * static_cast<double>(o.frames) / static_cast<double>(o.windows);
  std::vector<double> age, last, g2, errors, decay, decay_errors, plateau, plateau_errors, tau;
  for (Index k = 0; k < o.windows; ++k) {
    age.push_back(length * static_cast<double>(k));
    last.push_back(age.back() + length);
  }
  for (Index bin = 1; bin <= o.bins; ++bin)
    for (Index k = 0; k < o.windows; ++k) {
      tau.push_back(tau_of_bin(bin) * std::exp(static_cast<double>(k) / 3));
      plateau.push_back(1 + contrast * (1 + 0.01 * random.normal()));
      plateau_errors.push_back(0.01 * contrast);
      for (const double lag : lags) {
        const double r = kww(lag, tau.back(), 0.75);
        decay_errors.push_back(0.012 * (1 + lag / 100));
        decay.push_back(r + decay_errors.back() * random.normal());
        g2.push_back(1 + contrast * decay.back());
        errors.push_back(contrast * decay_errors.back());
      }
    }
  const std::vector<Index> shape{o.bins, o.windows, n}, numbers{o.bins, o.windows};
  entry.set("window/age_s", make_array(age, "s"));
  entry.set("window/age_first_s", make_array(age, "s"));
  entry.set("window/age_last_s", make_array(last, "s"));
  entry.set("window/lag_s", make_array(lags, "s"));
  entry.set("window/g2", make_array<double>(shape, g2, ""));
  entry.set("window/g2_errors", make_array<double>(shape, errors, ""));
  entry.set("window/decay", make_array<double>(shape, decay, ""));
  entry.set("window/decay_errors", make_array<double>(shape, decay_errors, ""));
  entry.set("window/plateau", make_array<double>(numbers, plateau, ""));
  entry.set("window/plateau_errors", make_array<double>(numbers, plateau_errors, ""));
  entry.group("window").attributes["age_convention"] = std::string("start");
  set_fit(entry, "window/fit/kww/", numbers, tau, "kww_exponent", random);
  set_fit(entry, "window/fit/ml/", numbers, tau, "ml_exponent", random);
}

void set_two_time(Tree& entry, const SyntheticOptions& o, Random& random) {
  std::vector<double> time;
  for (Index t = 0; t < o.frames; ++t)
    time.push_back(frame_time * static_cast<double>(t));
  const Index event = o.frames * 2 / 3, gap = o.frames / 3, gap_end = gap + o.frames / 40;
  for (Index bin = 1; bin <= o.bins; ++bin) {
    std::vector<float> c(static_cast<std::size_t>(o.frames * o.frames));
    for (Index i = 0; i < o.frames; ++i)
      for (Index j = 0; j <= i; ++j) {
        const double mean_age = frame_time * static_cast<double>(i + j) / 2;
        const double tau = tau_of_bin(bin) * std::exp(mean_age / 700);
        double value = 1 + contrast * kww(frame_time * static_cast<double>(i - j), tau, 0.75);
        if (i >= event && j < event)
          value = 1 + (value - 1) * 0.45;
        if (i == j)
          value += 0.6;
        value += 0.004 * random.normal();
        if ((i >= gap && i < gap_end) || (j >= gap && j < gap_end))
          value = nan;
        c[static_cast<std::size_t>(i * o.frames + j)] = static_cast<float>(value);
        c[static_cast<std::size_t>(j * o.frames + i)] = static_cast<float>(value);
      }
    const std::string path = fmt::format("twotime/bin_{}/", bin);
    entry.set(path + "two_time_corr_func",
              make_array<float>(std::vector<Index>{o.frames, o.frames}, c, ""));
    entry.set(path + "t1_s", make_array(time, "s"));
    entry.set(path + "t2_s", make_array(time, "s"));
  }
  std::vector<double> mean, bins;
  for (Index bin = 0; bin <= o.bins; ++bin)
    for (Index t = 0; t < o.frames; ++t) {
      const double value = (bin == 0 ? 1.5 : 2.4 / static_cast<double>(bin)) *
                           (1 + 0.05 * std::sin(static_cast<double>(t) / 70)) *
                           (1 + 0.02 * random.normal());
      (bin == 0 ? mean : bins).push_back(t >= gap && t < gap_end ? nan : value);
    }
  entry.set("intensity/time_s", make_array(time, "s"));
  entry.set("intensity/mean_counts", make_array(mean, "counts"));
  entry.set("intensity/bin_mean_counts",
            make_array<double>(std::vector<Index>{o.bins, o.frames}, bins, "counts"));
  entry.set("event/bin", make_array(std::vector<Index>{1}));
  entry.set("event/time_s",
            make_array(std::vector<double>{frame_time * static_cast<double>(event)}, "s"));
  entry.set("event/drop", make_array(std::vector<double>{0.034}));
  entry.set("event/drop_errors", make_array(std::vector<double>{0.002}));
}

void set_static(Tree& entry, const SyntheticOptions& o, Random& random) {
  std::vector<double> q, intensity, errors, segments;
  for (Index i = 0; i < 60; ++i) {
    q.push_back(2.2 + 0.015 * static_cast<double>(i));
    intensity.push_back(0.2 + 2 * std::exp(-std::pow((q.back() - 2.65) / 0.15, 2)));
    errors.push_back(0.01 * intensity.back());
  }
  for (Index part = 0; part < 10; ++part)
    for (const double v : intensity)
      segments.push_back(v * (1 + 0.004 * static_cast<double>(part - 5) + 0.01 * random.normal()));
  entry.set("saxs/q_inv_angstrom", make_array(q, "1/angstrom"));
  entry.set("saxs/intensity", make_array(intensity, "counts"));
  entry.set("saxs/intensity_errors", make_array(errors, "counts"));
  entry.set("saxs/segments", make_array<double>(std::vector<Index>{10, 60}, segments, "counts"));
  const Index n = o.pixels;
  std::vector<float> mean;
  std::vector<std::uint8_t> mask;
  std::vector<std::int32_t> labels;
  for (Index y = 0; y < n; ++y)
    for (Index x = 0; x < n; ++x) {
      const double r = std::hypot(static_cast<double>(x) + 10,
                                  static_cast<double>(y) - 0.6 * static_cast<double>(n));
      const double ring = std::exp(-std::pow((r - 0.6 * static_cast<double>(n)) / 12, 2));
      mean.push_back(static_cast<float>((0.1 + 2 * ring) * (1 + 0.1 * random.normal())));
      const bool used = !(x < 8 && y > n / 2) && std::abs(y - n / 4) > 1;
      mask.push_back(used ? 1 : 0);
      const Index ring_number =
          static_cast<Index>((r - 0.4 * static_cast<double>(n)) / (0.4 * static_cast<double>(n)) *
                             static_cast<double>(o.bins)) +
          1;
      labels.push_back(used && r > 0.4 * static_cast<double>(n) && ring_number <= o.bins
                           ? static_cast<std::int32_t>(ring_number)
                           : 0);
    }
  const std::vector<Index> shape{n, n};
  entry.set("image/mean", make_array<float>(shape, mean, "counts"));
  entry.set("image/mask", make_array<std::uint8_t>(shape, mask, ""));
  entry.set("image/dynamic_labels", make_array<std::int32_t>(shape, labels, ""));
}

} // namespace

Tree synthetic_result(const SyntheticOptions& o) {
  Random random(20240611);
  Tree root;
  Tree& entry = root.group("entry");
  entry.set("definition", make_scalar(std::string("NXxpcs")));
  entry.set("kind", make_scalar(std::string("xpcs")));
  entry.set("title", make_scalar(std::string("Synthetic glass <1>")));
  entry.set("series/frames", make_scalar(o.frames));
  entry.set("series/height", make_scalar(o.pixels));
  entry.set("series/width", make_scalar(o.pixels));
  entry.set("series/frame_time_s", make_scalar(frame_time, "s"));
  entry.set("series/pixel_type", make_scalar(std::string("u16")));
  std::vector<Index> number, pixels;
  std::vector<double> q, counts;
  for (Index bin = 1; bin <= o.bins; ++bin) {
    number.push_back(bin);
    pixels.push_back(1000 + 137 * bin);
    q.push_back(2.5 + 0.06 * static_cast<double>(bin));
    counts.push_back(2.4 / static_cast<double>(bin));
  }
  entry.set("bins/bin", make_array(number));
  entry.set("bins/q_inv_angstrom", make_array(q, "1/angstrom"));
  entry.set("bins/npixels", make_array(pixels));
  entry.set("bins/mean_counts", make_array(counts, "counts"));
  entry.group("bins").attributes["q_unit"] = std::string("1/angstrom");
  set_g2(entry, o, random);
  set_windows(entry, o, random);
  set_two_time(entry, o, random);
  set_static(entry, o, random);
  entry.set("process/program", make_scalar(std::string("vitrum")));
  entry.set("process/version", make_scalar(std::string("0.1.0")));
  entry.set("process/date", make_scalar(std::string("2024-06-11T12:00:00")));
  entry.set("process/command_line", make_scalar(std::string("vitrum xpcs scan.h5 -o out.h5")));
  entry.set("process/config", make_scalar(std::string("[g2]\nestimator = \"symmetric\"\n")));
  entry.set("process/inputs", make_array(std::vector<std::string>{"scan.h5"}));
  entry.set("process/corrections",
            make_array(std::vector<std::string>{"mask", "normalise frames"}));
  entry.set("process/warnings",
            make_array(std::vector<std::string>{"15 frames are missing near 500 s"}));
  std::vector<double> tau, exponent;
  for (Index bin = 1; bin <= o.bins; ++bin) {
    tau.push_back(tau_of_bin(bin));
    exponent.push_back(0.75);
  }
  entry.set("truth/model", make_scalar(std::string("kww")));
  entry.set("truth/tau_s", make_array(tau, "s"));
  entry.set("truth/exponent", make_array(exponent));
  entry.set("truth/contrast", make_scalar(contrast));
  return root;
}

} // namespace vitrum::report
