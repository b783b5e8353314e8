// Electron correlation microscopy resolved in place and k: a scan of diffraction patterns repeated.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "fit_stage.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "series.hpp"
#include "vitrum/app/ecm.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"
#include "vitrum/ecm/scan_correlation.hpp"
#include "vitrum/fit/batch_kww.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> numbers_of(const char* flag,
                               const std::vector<std::string>& words,
                               std::size_t count,
                               const char* of) {
  std::vector<double> out;
  for (const auto& word : words) {
    double value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || stop != word.data() + word.size() || !std::isfinite(value))
      throw OptionError(fmt::format("--{} {}: not a number", flag, word));
    out.push_back(value);
  }
  if (out.size() != count)
    throw OptionError(
        fmt::format("--{}: {} numbers, expected {}: {}", flag, out.size(), count, of));
  return out;
}

/// The detector cut into rings and sectors.
struct Detector {
  std::vector<std::int32_t> labels;                     // [ky, kx]
  std::vector<double> k_inv_nm, k_low, k_high, phi_deg; // [bin]; NaN when unknown
};

Detector cut_rings(const Series& series, const frames::Mask& mask, const EcmStemOptions& o) {
  const auto& info = series.info();
  double step = o.k_per_pixel;
  if (std::isnan(step) && info.scale.unit == "1/nm")
    step = info.scale.x;
  if (std::isnan(step))
    throw OptionError(fmt::format("{}: does not say what a pixel of the pattern measures; give "
                                  "--k-per-pixel in 1/nm",
                                  info.path));
  if (!(step > 0))
    throw OptionError(fmt::format("--k-per-pixel {}: must be positive", step));
  if (o.center.empty())
    throw OptionError("name the centre of the patterns: --center Y,X in pixels");
  const auto center = numbers_of("center", o.center, 2, "Y,X");
  if (o.k_range.empty())
    throw OptionError("name the rings: --k-range LOW,HIGH in 1/nm, or a --partition");
  const auto range = numbers_of("k-range", o.k_range, 2, "LOW,HIGH");
  if (!(range[0] >= 0 && range[1] > range[0]))
    throw OptionError(fmt::format("--k-range {},{}: must ascend from 0", range[0], range[1]));
  if (o.rings < 1 || o.rings > 1000 || o.sectors < 1 || o.sectors > 360)
    throw OptionError(fmt::format(
        "--rings {}, --sectors {}: must lie between 1 and 1000, 1 and 360", o.rings, o.sectors));
  Detector d;
  const double width = (range[1] - range[0]) / static_cast<double>(o.rings);
  const double angle = 360 / static_cast<double>(o.sectors);
  for (Index ring = 0; ring < o.rings; ++ring)
    for (Index sector = 0; sector < o.sectors; ++sector) {
      d.k_low.push_back(range[0] + width * static_cast<double>(ring));
      d.k_high.push_back(d.k_low.back() + width);
      d.k_inv_nm.push_back(d.k_low.back() + width / 2);
      d.phi_deg.push_back(o.sectors > 1 ? angle * (static_cast<double>(sector) + 0.5) : nan);
    }
  for (Index y = 0; y < info.height; ++y)
    for (Index x = 0; x < info.width; ++x) {
      const double dy = static_cast<double>(y) - center[0], dx = static_cast<double>(x) - center[1];
      const auto ring =
          static_cast<Index>(std::floor((step * std::hypot(dy, dx) - range[0]) / width));
      double phi = std::atan2(dy, dx) * 180 / std::numbers::pi;
      phi += phi < 0 ? 360 : 0;
      const Index sector = std::min(o.sectors - 1, static_cast<Index>(phi / angle));
      const bool used = mask.use[d.labels.size()] != 0 && ring >= 0 && ring < o.rings;
      d.labels.push_back(used ? static_cast<std::int32_t>(ring * o.sectors + sector + 1) : 0);
    }
  return d;
}

Detector read_detector(const Series& series, const frames::Mask& mask, const EcmStemOptions& o) {
  if (o.partition.empty())
    return cut_rings(series, mask, o);
  const auto& info = series.info();
  const auto partition = io::to_partition(io::read_label_maps(o.partition));
  if (partition.height != info.height || partition.width != info.width)
    throw DataError(fmt::format("{}: labels of {} x {} for patterns of {} x {}",
                                o.partition,
                                partition.height,
                                partition.width,
                                info.height,
                                info.width));
  Detector d;
  d.labels = partition.dynamic_labels;
  for (std::size_t p = 0; p < d.labels.size(); ++p)
    if (mask.use[p] == 0)
      d.labels[p] = 0;
  for (const auto& bin : partition.bins) {
    const double per_k = 10 / (2 * std::numbers::pi); // 1/angstrom with 2 pi to 1/nm without
    const bool known = partition.q_unit == "1/angstrom";
    d.k_inv_nm.push_back(known ? per_k * bin.q_inv_angstrom : nan);
    d.k_low.push_back(known ? per_k * bin.q_low_inv_angstrom : nan);
    d.k_high.push_back(known ? per_k * bin.q_high_inv_angstrom : nan);
    d.phi_deg.push_back(bin.phi_deg);
  }
  return d;
}

/// The mean over all places, with errors from blocks of them.
std::vector<correlate::OneTime> mean_curves(const ecm::ScanCorrelation& c) {
  const Index groups = std::min<Index>(16, c.places);
  std::vector<correlate::OneTime> curves;
  for (Index b = 0; b < c.bins; ++b) {
    correlate::OneTime g2;
    g2.ages = {0, c.scans};
    g2.error_groups = groups;
    g2.deviation.assign(static_cast<std::size_t>(groups) * c.lags.size(), 0);
    for (std::size_t l = 0; l < c.lags.size(); ++l) {
      std::vector<double> sum(static_cast<std::size_t>(groups)), count(sum.size());
      double whole = 0;
      for (Index p = 0; p < c.places; ++p) {
        const auto v = static_cast<double>(
            c.g2[(l * static_cast<std::size_t>(c.bins) + static_cast<std::size_t>(b)) *
                     static_cast<std::size_t>(c.places) +
                 static_cast<std::size_t>(p)]);
        const auto g = static_cast<std::size_t>(p * groups / c.places);
        sum[g] += v;
        ++count[g];
        whole += v / static_cast<double>(c.places);
      }
      double variance = 0;
      for (Index g = 0; g < groups; ++g) {
        const auto k = static_cast<std::size_t>(g);
        const double n = static_cast<double>(groups);
        const double off = groups > 1 ? (sum[k] / count[k] - whole) / std::sqrt(n * (n - 1)) : nan;
        g2.deviation[k * c.lags.size() + l] = off;
        variance += off * off;
      }
      g2.first_lag.push_back(c.lags[l]);
      g2.last_lag.push_back(c.lags[l] + 1);
      g2.lag_frames.push_back(static_cast<double>(c.lags[l]));
      g2.value.push_back(1 + whole);
      g2.error.push_back(std::sqrt(variance));
    }
    g2.lag_spread_frames.assign(c.lags.size(), 0);
    g2.bias.assign(c.lags.size(), 0);
    g2.pairs = c.pairs;
    curves.push_back(std::move(g2));
  }
  return curves;
}

/// Fits of all places and bins; errors from fits of the groups of pixels.
void add_maps(Tree& tree,
              const ecm::ScanCorrelation& c,
              const Detector& d,
              const EcmStemOptions& o,
              double scan_time_s) {
  std::vector<double> lag_s;
  for (const Index lag : c.lags)
    lag_s.push_back(static_cast<double>(lag) * scan_time_s);
  const std::vector<double> sigma(lag_s.size(), 1.0);
  fit::BatchKwwOptions options;
  options.fit_baseline = o.fit_baseline;
  const Index curves = c.bins * c.places;
  const auto fits = fit::fit_kww_batch<float>(
      lag_s, sigma, std::span<const float>(c.g2), curves, curves, options);
  const auto groups = fit::fit_kww_batch<float>(lag_s,
                                                sigma,
                                                std::span<const float>(c.of_groups),
                                                c.groups * curves,
                                                c.groups * curves,
                                                options);
  std::vector<float> error(static_cast<std::size_t>(curves)), exponent_error(error.size());
  std::vector<std::uint8_t> accepted(error.size());
  const auto good = [&](const fit::BatchKwwFits<float>& f, std::size_t i) {
    const auto tau = static_cast<double>(f.tau_s[i]);
    return f.good(i) && tau > 0.5 * lag_s.front() && tau < lag_s.back();
  };
  for (std::size_t i = 0; i < error.size(); ++i) {
    Moments log_tau, exponent;
    for (Index g = 0; g < c.groups; ++g) {
      const auto k = static_cast<std::size_t>(g * curves) + i;
      if (good(groups, k)) {
        log_tau.add(std::log(static_cast<double>(groups.tau_s[k])));
        exponent.add(static_cast<double>(groups.kww_exponent[k]));
      }
    }
    const bool enough = 4 * log_tau.count >= 3 * c.groups;
    error[i] = static_cast<float>(enough ? log_tau.error() : nan);
    exponent_error[i] = static_cast<float>(enough ? exponent.error() : nan);
    accepted[i] = good(fits, i) && enough && static_cast<double>(error[i]) <= o.largest_error;
  }
  auto& map = tree.group("entry/k_map");
  map.attributes["NX_class"] = std::string("NXdata");
  map.attributes["signal"] = std::string("tau_s");
  map.attributes["SILX_style"] = std::string(R"({"signal_scale_type":"log"})"); // as times spread
  map.attributes["axes"] = std::vector<std::string>{"k_inv_nm", ".", "."};
  const std::vector<Index> shape{c.bins, o.scan_rows, o.scan_columns};
  map.set("k_inv_nm", make_array(d.k_inv_nm, "1/nm")).attributes["convention"] =
      std::string("k=1/d");
  if (!std::isnan(o.step_nm))
    map.set("step_nm", make_scalar(o.step_nm, "nm"));
  map.set("tau_s", make_array(shape, fits.tau_s, "s"));
  map.set("log_tau_errors", make_array(shape, error, ""));
  map.set("kww_exponent", make_array(shape, fits.kww_exponent, ""));
  map.set("kww_exponent_errors", make_array(shape, exponent_error, ""));
  map.set("contrast", make_array(shape, fits.contrast, ""));
  map.set("accepted", make_array(shape, accepted, ""));
  std::vector<double> median_tau, fraction;
  for (Index b = 0; b < c.bins; ++b) {
    std::vector<double> log_tau;
    for (Index p = 0; p < c.places; ++p)
      if (const auto i = static_cast<std::size_t>(b * c.places + p); accepted[i] != 0)
        log_tau.push_back(std::log(static_cast<double>(fits.tau_s[i])));
    fraction.push_back(static_cast<double>(log_tau.size()) / static_cast<double>(c.places));
    median_tau.push_back(log_tau.empty() ? nan : std::exp(median(log_tau)));
  }
  map.set("fitted_fraction", make_array(fraction));
  map.set("tau_median_s", make_array(median_tau, "s"));
}

/// The shape of the scan from the dimensions of the file; what is asked for must agree with them.
void take_scan_shape(const frames::SeriesInfo& info, EcmStemOptions& o) {
  const auto& leading = info.leading;
  if (leading.size() < 2) {
    if (o.scan.empty())
      throw OptionError("name the shape of the scan: --scan ROWS,COLUMNS");
    return;
  }
  const Index rows = leading[leading.size() - 2], columns = leading.back();
  if (!o.scan.empty() && (o.scan_rows != rows || o.scan_columns != columns))
    throw DataError(fmt::format("{}: scans of {} x {}, --scan says {} x {}",
                                info.path,
                                rows,
                                columns,
                                o.scan_rows,
                                o.scan_columns));
  o.scan_rows = rows;
  o.scan_columns = columns;
}

} // namespace

std::string
run_ecm_stem(EcmStemOptions options, const Invocation& invocation, const Monitor& monitor) {
  const auto inputs = all_inputs(options.inputs, options.masks, {options.partition});
  if (!options.run.dry_run)
    require_output(options.output, inputs);
  if (!options.scan.empty()) {
    const auto scan = numbers_of("scan", options.scan, 2, "ROWS,COLUMNS");
    options.scan_rows = std::llround(scan[0]);
    options.scan_columns = std::llround(scan[1]);
  }
  if (!(options.scan_time_s > 0))
    throw OptionError("name the time from scan to scan: --scan-time S");
  auto series = open_input(options.inputs.at(0), options.input);
  take_scan_shape(series.info(), options);
  auto mask = start_mask(series, options.masks);
  const auto statistics = measure(series, mask, options.input.find_bad_frames, monitor);
  const auto detector = read_detector(series, mask, options);
  const auto& info = series.info();
  ecm::ScanOptions scanning;
  scanning.rows = options.scan_rows;
  scanning.columns = options.scan_columns;
  scanning.pedestal = options.pedestal;
  scanning.memory_bytes = parse_bytes("memory", options.run.memory) / 2;
  const Index places = scanning.rows * scanning.columns;
  const Index scans = places > 0 ? info.frames / places : 0;
  std::vector<std::uint8_t> valid(static_cast<std::size_t>(std::max<Index>(scans, 0)), 1);
  for (std::size_t t = 0; t < series.bad.size(); ++t)
    if (series.bad[t] != 0 && static_cast<Index>(t) < scans * places)
      valid[t / static_cast<std::size_t>(places)] = 0;
  if (scans >= 4)
    scanning.lags = ecm::make_log_lags(std::max<Index>(1, scans / 2), options.lags);
  if (options.run.dry_run)
    return fmt::format("{}: {} scans of {} x {}, {} bins\nwould write {}\n",
                       info.path,
                       scans,
                       scanning.rows,
                       scanning.columns,
                       detector.k_inv_nm.size(),
                       options.output.output);
  const auto c = ecm::correlate_scan(
      *series.source, detector.labels, statistics.mean, valid, scanning, monitor);

  auto tree = make_result(invocation, to_toml(describe(options)));
  for (const auto& input : inputs)
    add_input(tree, input);
  add_measurement(tree, info.metadata);
  tree.set("entry/kind", make_scalar("ecm_stem"));
  tree.set("entry/title", make_scalar("Electron correlation microscopy in place and k"));
  tree.group("entry").attributes["default"] = std::string("k_map");
  const auto set = [&](const char* name, Array array) {
    tree.set(std::string("entry/series/") + name, std::move(array));
  };
  set("frames", make_scalar(c.scans));
  set("frame_time_s", make_scalar(options.scan_time_s, "s"));
  set("scan_rows", make_scalar(scanning.rows));
  set("scan_columns", make_scalar(scanning.columns));
  set("height", make_scalar(info.height));
  set("width", make_scalar(info.width));
  set("format", make_scalar(info.format));
  std::vector<frames::Bin> bins;
  std::vector<double> q, counts(static_cast<std::size_t>(c.bins), 0.0);
  const double per_k = 2 * std::numbers::pi / 10; // 1/nm to 1/angstrom with 2 pi
  for (std::size_t b = 0; b < detector.k_inv_nm.size(); ++b) {
    frames::Bin bin;
    bin.q_inv_angstrom = per_k * detector.k_inv_nm[b];
    bin.q_low_inv_angstrom = per_k * detector.k_low[b];
    bin.q_high_inv_angstrom = per_k * detector.k_high[b];
    bin.phi_deg = detector.phi_deg[b];
    bins.push_back(bin);
    q.push_back(bin.q_inv_angstrom);
  }
  for (std::size_t p = 0; p < detector.labels.size(); ++p)
    if (detector.labels[p] > 0)
      counts[static_cast<std::size_t>(detector.labels[p] - 1)] +=
          statistics.mean[p] /
          static_cast<double>(c.pixels[static_cast<std::size_t>(detector.labels[p] - 1)]);
  const bool known = std::isfinite(q.front());
  add_bins(tree, bins, known ? "1/angstrom" : "", c.pixels, counts);
  const auto curves = mean_curves(c);
  add_g2(tree,
         "g2",
         curves,
         q,
         known ? "1/angstrom" : "",
         options.scan_time_s,
         "mean over the places of the scan and the pixels of the bin, by pixel means");
  FitFlags flags = with_models({"kww"});
  if (!options.fit_baseline)
    flags.fix = {"baseline=1"};
  fit_bins(tree, make_fit_plan(flags), curves, options.scan_time_s, monitor);
  add_maps(tree, c, detector, options, options.scan_time_s);
  for (const auto& note : series.notes)
    add_correction(tree, note);
  for (const auto& warning : series.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return summary_of(tree) + options.output.output + "\n";
}

} // namespace vitrum::app
