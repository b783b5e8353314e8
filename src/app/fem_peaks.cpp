#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "fem_text.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {

fem::PeakOptions peak_options(const FemOptions& o) {
  fem::PeakOptions peaks;
  peaks.most = o.peaks;
  if (!o.peak_range.empty())
    std::tie(peaks.k_low, peaks.k_high) = range_of("peak-range", o.peak_range);
  fem::validate(peaks);
  return peaks;
}

namespace {

/// Rings of few pixels, around the direct beam and in the corners, say little and with errors that
/// are themselves uncertain.
fem::VarianceProfile profile_of(const FemRun& run, const FemSeries& s) {
  fem::VarianceProfile out;
  const auto value = run.value(s);
  const auto& curve = s.variances.of(run.leading);
  const double most = *std::max_element(s.map.area.begin(), s.map.area.end());
  std::vector<std::size_t> kept;
  constexpr double enough = 0.1;
  for (std::size_t r = 0; r < value.size(); ++r)
    if (s.map.area[r] > enough * most && std::isfinite(value[r]) && curve.error[r] > 0) {
      kept.push_back(r);
      out.k.push_back(s.map.k[r]);
      out.value.push_back(value[r]);
      out.error.push_back(curve.error[r]);
    }
  const std::size_t rings = value.size();
  for (std::size_t b = 0; b + rings <= curve.replicate.size(); b += rings)
    for (const auto r : kept)
      out.replicate.push_back(curve.replicate[b + r] - (run.unbiased ? curve.bias[r] : 0));
  return out;
}

} // namespace

bool is_table(const std::string& path) {
  return path.ends_with(".txt") || path.ends_with(".csv") || path.ends_with(".dat");
}

FemSeries read_fem_table(const std::string& path, const FemOptions& o) {
  double per_nm = 0;
  if (o.table_unit == "1/angstrom")
    per_nm = 10;
  else if (o.table_unit == "1/nm")
    per_nm = 1;
  else
    throw OptionError(fmt::format("--table-unit {}: expected 1/angstrom or 1/nm", o.table_unit));
  const auto table = io::read_csv(path);
  if (table.columns.size() < 2)
    throw FormatError(
        path, "", fmt::format("{} columns", table.columns.size()), "k, V and its error");
  FemSeries s;
  s.path = path;
  s.table = s.calibrated = true;
  s.calibration = fmt::format("k of the table in {}", o.table_unit);
  for (const double k : table.columns[0])
    s.profile.k.push_back(k * per_nm);
  s.profile.value = table.columns[1];
  if (table.columns.size() > 2)
    s.profile.error = table.columns[2];
  else
    throw FormatError(path, "", "2 columns", "k, V and its error");
  for (std::size_t i = 0; i < s.profile.k.size(); ++i) {
    if (i > 0 && !(s.profile.k[i] > s.profile.k[i - 1]))
      throw FormatError(
          path,
          fmt::format("row {}", i + 1),
          fmt::format("k = {} after {}", table.columns[0][i], table.columns[0][i - 1]),
          "ascending k");
    if (!(s.profile.error[i] > 0))
      throw FormatError(path,
                        fmt::format("row {}", i + 1),
                        fmt::format("error {}", s.profile.error[i]),
                        "a positive error");
  }
  s.map.k = s.profile.k;
  return s;
}

void find_peaks(FemRun& run, FemSeries& s, const FemOptions& o) {
  auto options = peak_options(o);
  if (!s.table) {
    s.profile = profile_of(run, s);
    // a ring holds what is left of pixels that it cuts
    s.resolution = std::hypot(s.map.ring_width, s.scale.k_per_pixel_inv_nm) / std::sqrt(12.0);
    options.resolution = s.resolution;
  }
  constexpr std::size_t fewest = 8;
  if (s.profile.k.size() < fewest) {
    s.warnings.push_back(fmt::format("{} rings: too few to look for peaks", s.profile.k.size()));
    return;
  }
  s.peaks = fem::fit_peaks(s.profile, options);
  if (!s.peaks.peaks.empty() && !s.peaks.converged)
    s.warnings.emplace_back("the fit of the peaks did not converge or one ran to the edge of the "
                            "range: --peak-range or --peaks may help");
  if (s.peaks.peaks.empty())
    s.warnings.emplace_back("no peak of V(k) stands out of its errors");
}

namespace {

/// The pair of the series that knows its separation best.
void find_pair(FemRun& run, double level) {
  std::vector<fem::Split> splits;
  for (const auto& s : run.series)
    splits.push_back(s.peaks.splits.empty() ? fem::Split{} : s.peaks.splits[0]);
  const auto choice = fem::choose_pair(splits, level);
  if (choice.found == 0)
    return;
  const auto of =
      fmt::format("the first peak is two in {} of {} series", choice.found, run.series.size());
  if (!choice.series) {
    run.warnings.push_back(fmt::format(
        "{}, which chance would do to one peak in {:.2g} % of such sets: heights behind "
        "correlation lengths are those of single Gaussians",
        of,
        100 * choice.chance));
    return;
  }
  const auto& best = run.series[*choice.series];
  run.pair = fem::pair_of(splits[*choice.series]);
  const std::string unit = best.calibrated ? "1/nm" : "px";
  run.warnings.push_back(fmt::format(
      "{}, {} apart for {:g} nm: heights behind correlation lengths are sums of both, in all "
      "series",
      of,
      report::format_value(run.pair->separation.value, run.pair->separation.error, unit),
      best.probe_size_nm));
}

/// Adds the height of the first peak, or of both of its parts, to those behind lengths.
void add_height(FemRun& run, const FemSeries& s) {
  const auto leave_out = [&](const char* why) {
    run.warnings.push_back(fmt::format("{}: {}, not used for correlation lengths", s.path, why));
  };
  if (s.peaks.peaks.empty())
    return leave_out("no peak");
  const auto& single = s.peaks.peaks[0].height;
  if (!(single.error > 0))
    return leave_out("the fit of the first peak ran to an edge and has no error");
  if (!run.pair) {
    run.sized.push_back({s.probe_size_nm, single.value, single.error});
    return;
  }
  const auto both = fem::pair_height(s.profile, s.peaks, 0, *run.pair, s.resolution);
  const fem::SizedPeak peak{s.probe_size_nm, both.own.value, both.own.error, both.common};
  if (!(peak.error > 0) || !std::isfinite(peak.height) || !std::isfinite(peak.total_error()))
    return leave_out("the fit of the first peak as the pair that another series has failed (rings "
                     "too few or too wide)");
  run.sized.push_back(peak);
}

} // namespace

void find_lengths(FemRun& run, const FemOptions& o) {
  Index sizes = 0;
  for (const auto& s : run.series)
    sizes += !std::isnan(s.probe_size_nm);
  if (sizes == 0 || run.series.size() < 2)
    return;
  for (std::size_t i = 0; i < run.series.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (run.series[i].probe_size_nm == run.series[j].probe_size_nm)
        return; // one probe size at several temperatures
  find_pair(run, peak_options(o).split_level);
  for (const auto& s : run.series)
    add_height(run, s);
  std::sort(run.sized.begin(), run.sized.end(), [](const auto& a, const auto& b) {
    return a.probe_size_nm < b.probe_size_nm;
  });
  run.stratton_voyles = fem::find_stratton_voyles(run.sized, static_cast<std::uint64_t>(o.seed));
  double smallest = o.smallest_probe_nm;
  if (std::isnan(smallest)) // beyond the maximum
    smallest = run.stratton_voyles.smallest_beyond;
  if (std::isnan(smallest)) { // there is none: from the largest V on
    double best = -1;
    for (const auto& one : run.sized)
      if (one.height > best) {
        best = one.height;
        smallest = one.probe_size_nm;
      }
  }
  run.pair_persistence = fem::find_pair_persistence(run.sized, smallest);
}

} // namespace vitrum::app
