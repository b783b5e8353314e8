#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "output.hpp"
#include "series.hpp"
#include "static_figure.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"

namespace vitrum::app {
namespace {

/// Numbers parted by colons.
template <std::size_t N>
std::array<double, N>
parse_numbers(const std::string& flag, const std::string& text, const char* expected) {
  std::array<double, N> values{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < N; ++i) {
    const auto colon = rest.find(':');
    const auto word = rest.substr(0, colon);
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), values[i]);
    const bool more = colon != std::string_view::npos;
    if (error != std::errc{} || stop != word.data() + word.size() || more != (i + 1 < N))
      throw OptionError(fmt::format("--{} {}: expected {}", flag, text, expected));
    rest = more ? rest.substr(colon + 1) : "";
  }
  return values;
}

void cut_shapes(frames::Mask& mask, const MaskOptions& options) {
  for (const auto& text : options.rectangles) {
    const auto v = parse_numbers<4>("rectangle", text, "y0:y1:x0:x1");
    frames::exclude_rectangle(mask,
                              static_cast<Index>(v[0]),
                              static_cast<Index>(v[1]),
                              static_cast<Index>(v[2]),
                              static_cast<Index>(v[3]));
  }
  for (const auto& text : options.discs) {
    const auto v = parse_numbers<3>("disc", text, "y:x:radius");
    frames::exclude_disc(mask, v[0], v[1], v[2]);
  }
  if (!options.outside_disc.empty()) {
    const auto v = parse_numbers<3>("outside-disc", options.outside_disc, "y:x:radius");
    frames::exclude_outside_disc(mask, v[0], v[1], v[2]);
  }
  if (!options.friedel_half.empty()) {
    const auto v = parse_numbers<2>("friedel-half", options.friedel_half, "y:x");
    frames::exclude_friedel_half(mask, v[0], v[1]);
  }
}

void cut_levels(frames::Mask& mask,
                const frames::SeriesStatistics& statistics,
                const MaskOptions& options) {
  for (std::size_t p = 0; p < mask.use.size(); ++p) {
    const bool high = !std::isnan(options.above) && statistics.mean[p] > options.above;
    const bool low = !std::isnan(options.below) && statistics.mean[p] < options.below;
    if (high || low)
      mask.use[p] = 0;
  }
}

/// Bins of pixels that should behave alike: fine rings where the file knows its geometry, else the
/// whole frame.
frames::Partition alike(const Series& series, const frames::Mask& mask) {
  constexpr Index rings = 24;
  std::string unit;
  const auto map = make_map(series, {}, unit);
  if (!map)
    return frames::make_single_bin(mask);
  frames::PartitionOptions options;
  options.q_bins = rings;
  options.equal_pixels = true;
  return frames::make_partition(*map, mask, options);
}

} // namespace

std::string run_mask(MaskOptions options, const Invocation&, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, all_inputs(options.inputs, options.masks));
  auto series = open_input(options.inputs.at(0), options.input);
  auto mask = start_mask(series, options.masks);
  std::string text;
  Index before = series.info().pixels();
  auto tell = [&](const std::string& step) {
    const Index now = mask.count();
    text += fmt::format("{:<28} {:>9} left out\n", step, before - now);
    before = now;
  };
  tell("detector and given masks");
  cut_shapes(mask, options);
  tell("shapes");
  if (mask.count() == 0)
    throw DataError("the shapes leave no pixel");
  const auto statistics = measure(series, mask, options.input.find_bad_frames, monitor);
  tell("pixels without valid values");
  cut_levels(mask, statistics, options);
  tell("thresholds");
  if (options.find_hot || options.find_dead) {
    const auto found = frames::find_pixels(
        statistics, alike(series, mask), {.false_alarms = options.false_alarms});
    exclude_found(series, mask, found, options.find_hot, options.find_dead);
    tell("hot and dead pixels");
  }
  frames::dilate_excluded(mask, options.dilate_px);
  tell("dilation");
  if (mask.count() == 0)
    throw DataError(fmt::format("{}: the mask leaves no pixel", series.info().path));
  text += fmt::format("{:<28} {:>9} of {}\n", "in use", mask.count(), series.info().pixels());
  for (const auto& warning : series.warnings)
    monitor.warn(warning);
  if (options.run.dry_run)
    return text;
  io::write_mask(options.output.output, mask, options.output.overwrite);
  if (!options.figure.empty())
    draw_static(options.figure, statistics, mask, frames::make_single_bin(mask));
  return text + options.output.output + "\n";
}

std::string run_partition(PartitionOptions options, const Invocation&, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(
        options.output,
        all_inputs(options.inputs, options.partition.masks, {options.partition.partition}));
  auto series = open_input(options.inputs.at(0), options.input);
  auto mask = start_mask(series, options.partition.masks);
  const auto statistics = measure(series, mask, options.input.find_bad_frames, monitor);
  std::optional<frames::QMap> map;
  const auto partition =
      make_bins(series, mask, statistics, options.partition, options.geometry, map);
  std::vector<Index> pixels(partition.bins.size());
  std::vector<double> counts(partition.bins.size());
  for (std::size_t p = 0; p < partition.dynamic_labels.size(); ++p)
    if (const auto label = partition.dynamic_labels[p]; label > 0) {
      ++pixels[static_cast<std::size_t>(label - 1)];
      counts[static_cast<std::size_t>(label - 1)] += statistics.mean[p];
    }
  std::string text = fmt::format("{:>4} {:>12} {:>12} {:>12} {:>8} {:>9} {:>12}\n",
                                 "bin",
                                 "q",
                                 "from",
                                 "to",
                                 "phi_deg",
                                 "pixels",
                                 "mean_counts");
  for (std::size_t b = 0; b < partition.bins.size(); ++b) {
    const auto& bin = partition.bins[b];
    text += fmt::format("{:>4} {:>12.6g} {:>12.6g} {:>12.6g} {:>8} {:>9} {:>12.5g}\n",
                        b + 1,
                        bin.q_inv_angstrom,
                        bin.q_low_inv_angstrom,
                        bin.q_high_inv_angstrom,
                        std::isnan(bin.phi_deg) ? "all" : fmt::format("{:.4g}", bin.phi_deg),
                        pixels[b],
                        counts[b] / static_cast<double>(pixels[b]));
  }
  text += fmt::format("q in {}, {} static {}\n",
                      partition.q_unit.empty() ? "no unit" : partition.q_unit,
                      partition.static_bin_count(),
                      partition.static_bin_count() == 1 ? "bin" : "bins");
  for (const auto& warning : series.warnings)
    monitor.warn(warning);
  if (options.run.dry_run)
    return text;
  io::write_partition(options.output.output,
                      partition,
                      merged_geometry(series, options.geometry),
                      options.output.overwrite);
  if (!options.figure.empty())
    draw_static(options.figure, statistics, mask, partition);
  return text + options.output.output + "\n";
}

} // namespace vitrum::app
