#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "fem_text.hpp"
#include "result_input.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::app {
namespace {

/// "3, 17, 20 and 5 more"
std::string list_of(const std::vector<Index>& numbers) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, numbers.size()); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", numbers[i]);
  if (numbers.size() > most)
    text += fmt::format(" and {} more", numbers.size() - most);
  return text;
}

std::vector<Index> flagged(const FemSeries& s, const std::vector<std::uint8_t>& flag) {
  std::vector<Index> out;
  for (std::size_t i = 0; i < flag.size(); ++i)
    if (flag[i] != 0)
      out.push_back(s.number[i]);
  return out;
}

void warn_of(FemSeries& s,
             const std::vector<std::uint8_t>& flag,
             const char* what,
             const char* kind) {
  const auto numbers = flagged(s, flag);
  if (!numbers.empty())
    s.warnings.push_back(fmt::format("{} {} {}: {}; --leave-out {} does without them",
                                     numbers.size(),
                                     numbers.size() == 1 ? "pattern has" : "patterns have",
                                     what,
                                     list_of(numbers),
                                     kind));
}

/// One image of any format.
io::Matrix read_map(const std::string& path) {
  for (const char* end : {".npy", ".npz", ".csv"})
    if (path.ends_with(end))
      return io::read_matrix(path);
  if (path.find("::") != std::string::npos)
    return io::read_matrix(path);
  auto image = open_input(path, InputFlags{});
  const auto& info = image.info();
  if (info.frames != 1)
    throw DataError(fmt::format("{}: {} images, expected one", path, info.frames));
  io::Matrix out{info.height, info.width, {}};
  std::vector<std::byte> raw(static_cast<std::size_t>(info.frame_bytes()));
  image.source->read(0, 1, raw.data());
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* v = reinterpret_cast<const T*>(raw.data());
    out.values.assign(v, v + info.pixels());
  });
  return out;
}

/// First and last ring about the first peak, or about the ring of the mean pattern.
std::pair<Index, Index> band_of(const FemSeries& s) {
  double low = 0, high = 0;
  if (!s.peaks.peaks.empty()) {
    const auto& peak = s.peaks.peaks.front();
    low = peak.center.value - peak.width.value;
    high = peak.center.value + peak.width.value;
  } else {
    constexpr double tenth = 0.1;
    const double k = s.scale.k_inv_nm(s.ring.radius_px);
    low = k * (1 - tenth);
    high = k * (1 + tenth);
  }
  Index first = -1, last = 0;
  for (std::size_t r = 0; r < s.map.k.size(); ++r)
    if (s.map.k[r] >= low && s.map.k[r] <= high) {
      first = first < 0 ? static_cast<Index>(r) : first;
      last = static_cast<Index>(r) + 1;
    }
  return {std::max<Index>(first, 0), last};
}

} // namespace

void take_scan(FemSeries& s, const FemOptions& o) {
  const auto& leading = s.info.leading;
  if (!o.scan.empty()) {
    const auto [rows, columns] = shape_of("scan", o.scan);
    if (rows * columns != s.info.frames)
      throw DataError(fmt::format(
          "{}: {} patterns, --scan says {} x {}", s.path, s.info.frames, rows, columns));
    s.scan_rows = rows;
    s.scan_columns = columns;
  } else if (leading.size() >= 2 && leading[leading.size() - 2] * leading.back() == s.info.frames) {
    s.scan_rows = leading[leading.size() - 2];
    s.scan_columns = leading.back();
  }
}

void filter_thickness(FemSeries& s, const FemOptions& o) {
  if (o.thickness_map.empty())
    return;
  if (s.scan_columns == 0)
    throw DataError(
        fmt::format("{}: --thickness-map needs the positions of the probe, and the file "
                    "has none: give --scan ROWS,COLUMNS",
                    s.path));
  std::vector<double> values;
  Index rows = 0, columns = 0;
  if (const auto& name = o.thickness_map; name.ends_with(".h5") || name.ends_with(".nxs")) {
    const auto tree = read_result(o.thickness_map, true);
    const Array* map = tree.find("entry/thickness_map/t_over_lambda");
    if (map == nullptr || map->shape.size() != 2)
      throw DataError(fmt::format(
          "{}: no map of t/lambda, expected a result of vitrum thickness of a spectrum image",
          o.thickness_map));
    values = to_numbers(*map);
    rows = map->shape[0];
    columns = map->shape[1];
  } else {
    auto image = read_map(o.thickness_map);
    values = std::move(image.values);
    rows = image.rows;
    columns = image.columns;
  }
  if (rows < s.scan_rows || columns < s.scan_columns)
    throw DataError(fmt::format("{}: {} x {} places, expected {} x {} as in the scan, or more",
                                o.thickness_map,
                                rows,
                                columns,
                                s.scan_rows,
                                s.scan_columns));
  if (rows != s.scan_rows || columns != s.scan_columns)
    values = fem::shrink_map(values, rows, columns, s.scan_rows, s.scan_columns);
  const auto [low, high] = range_of("thickness-range", o.thickness_range);
  Index out = 0;
  for (std::size_t i = 0; i < s.use.size(); ++i)
    if (s.use[i] != 0 && (std::isnan(values[i]) || values[i] < low || values[i] > high)) {
      s.use[i] = 0;
      ++out;
    }
  const auto left = std::count(s.use.begin(), s.use.end(), 1);
  if (left < 2)
    throw DataError(
        fmt::format("{}: --thickness-range {} leaves {} of {} patterns, need at least 2; "
                    "the map goes from {:.4g} to {:.4g}",
                    s.path,
                    o.thickness_range,
                    left,
                    left + out,
                    quantile(values, 0),
                    quantile(values, 1)));
  s.notes.push_back(fmt::format("{} of {} patterns left out, where {} is not within {}",
                                out,
                                left + out,
                                o.thickness_map,
                                o.thickness_range));
}

void equalise(FemSeries& s, const fem::PatternSums& sums) {
  constexpr double tenth = 0.1;
  const double k = s.scale.k_inv_nm(s.ring.radius_px);
  if (!(k > 0))
    throw DataError(fmt::format("{}: no ring whose intensity could be made equal", s.path));
  std::vector<double> intensity;
  for (Index i = 0; i < sums.patterns; ++i) {
    double sum = 0, area = 0;
    for (std::size_t r = 0; r < s.map.k.size(); ++r)
      if (std::abs(s.map.k[r] - k) < tenth * k) {
        sum += sums.ring_sum[static_cast<std::size_t>(i) * s.map.k.size() + r];
        area += s.map.area[r];
      }
    intensity.push_back(sum / area);
    if (!(intensity.back() > 0))
      throw DataError(
          fmt::format("{}: pattern {}: intensity {:.3g} on the ring, must be positive to "
                      "be made equal",
                      s.path,
                      sums.number[static_cast<std::size_t>(i)],
                      intensity.back()));
  }
  const auto m = moments(intensity);
  s.equal.assign(s.use.size(), 1.0);
  for (std::size_t i = 0; i < intensity.size(); ++i)
    s.equal[static_cast<std::size_t>(sums.number[i])] = m.mean / intensity[i];
  s.notes.push_back(
      fmt::format("patterns scaled to the same intensity on the first ring, from which "
                  "they were off by {:.1f} % rms",
                  100 * m.deviation() / m.mean));
}

void examine_patterns(FemSeries& s, const fem::PatternSums& sums, const FemOptions&) {
  const auto [first, last] = band_of(s);
  s.number = sums.number;
  s.local = fem::local_variance(sums, s.map, s.noise, first, last);
  s.flags = fem::flag_patterns(sums, s.map, s.noise, s.local, s.scan_columns);
  warn_of(s, s.flags.outlier, "an intensity far from that of the others", "outliers");
  warn_of(s, s.flags.crystalline, "sharp spots as of a crystal", "crystals");
  const auto change = [](const fem::Value& v) {
    return fmt::format("{:+.1f} ± {:.1f} %", 100 * v.value, 100 * v.error);
  };
  if (s.flags.thickness_gradient && s.scan_columns > 1)
    s.warnings.push_back(fmt::format("the intensity changes over the scan, as of a thickness "
                                     "gradient: {} along columns, {} along rows",
                                     change(s.flags.gradient_x),
                                     change(s.flags.gradient_y)));
  else if (s.flags.thickness_gradient)
    s.warnings.push_back(fmt::format("the intensity changes from the first pattern to the last: {}",
                                     change(s.flags.intensity_trend)));
  if (s.flags.damaged)
    s.warnings.push_back(fmt::format("the variance within rings changes from the first pattern to "
                                     "the last, as by damage: {}",
                                     change(s.flags.damage)));
}

bool leave_out_flagged(FemSeries& s, const FemOptions& o) {
  std::vector<std::uint8_t> out(s.number.size(), 0);
  for (const auto& kind : o.leave_out) {
    const auto& flag = kind == "outliers" ? s.flags.outlier : s.flags.crystalline;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = out[i] != 0 || flag[i] != 0;
  }
  const auto numbers = flagged(s, out);
  if (numbers.empty())
    return false;
  for (const Index i : numbers)
    s.use[static_cast<std::size_t>(i)] = 0;
  if (std::count(s.use.begin(), s.use.end(), 1) < 2)
    throw DataError(fmt::format("{}: --leave-out leaves fewer than 2 patterns", s.path));
  s.notes.push_back(
      fmt::format("{} flagged patterns left out: {}", numbers.size(), list_of(numbers)));
  return true;
}

void add_places(Tree& group, const FemSeries& s) {
  auto& places = group.group("places");
  const bool scan = s.scan_columns > 0;
  const auto total = static_cast<std::size_t>(s.info.frames);
  // all patterns in order, NaN where one was not used, so that a scan keeps its shape
  const auto spread = [&](const std::vector<double>& values) {
    std::vector<double> out(total, not_given);
    for (std::size_t i = 0; i < values.size(); ++i)
      out[static_cast<std::size_t>(s.number[i])] = values[i];
    return out;
  };
  const auto add = [&](const char* name, const std::vector<double>& values, const char* unit) {
    const auto all = spread(values);
    places.set(name,
               scan ? make_array({s.scan_rows, s.scan_columns}, all, unit) : make_array(all, unit));
  };
  add("intensity", s.flags.intensity, "counts");
  add("local_variance", s.local, "");
  add("crystal_score", s.flags.crystal_score, "");
  if (s.drift) {
    const auto centers = [&](const char* name, const std::vector<double>& values) {
      places.set(name,
                 scan ? make_array({s.scan_rows, s.scan_columns}, values, "px")
                      : make_array(values, "px"));
    };
    centers("center_x_px", s.drift->center_x_px);
    centers("center_y_px", s.drift->center_y_px);
    for (const auto& [axis, plane] : {std::pair{"x", s.drift->x}, std::pair{"y", s.drift->y}})
      for (const auto& [along, value] :
           {std::pair{"columns", plane.along_columns}, std::pair{"rows", plane.along_rows}}) {
        if (!std::isfinite(value.error) || (!scan && value.value == 0))
          continue;
        const auto name = fmt::format("center_{}_along_{}", axis, scan ? along : "series");
        places.set(name, make_scalar(value.value, "px"));
        places.set(name + "_errors", make_scalar(value.error, "px"));
      }
  }
  const auto count = [](const std::vector<std::uint8_t>& flag) {
    return make_scalar(static_cast<Index>(std::count(flag.begin(), flag.end(), 1)));
  };
  places.set("outliers", count(s.flags.outlier));
  places.set("crystalline", count(s.flags.crystalline));
  const auto change = [&](const char* name, const fem::Value& value) {
    if (!std::isfinite(value.value))
      return;
    places.set(name, make_scalar(value.value));
    places.set(std::string(name) + "_errors", make_scalar(value.error));
  };
  change("intensity_along_columns", s.flags.gradient_x);
  change("intensity_along_rows", s.flags.gradient_y);
  change("intensity_in_time", s.flags.intensity_trend);
  change("local_variance_in_time", s.flags.damage);
}

} // namespace vitrum::app
