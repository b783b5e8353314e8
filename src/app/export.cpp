#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "large_result.hpp"
#include "output.hpp"
#include "result_input.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/frames/geometry.hpp"
#include "vitrum/io/map_file.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/io/text_file.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/companion_figures.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/fem_figures.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

std::string export_csv(const Tree& tree, const OutputFlags& output) {
  const fs::path folder(output.output);
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError(folder.string(), "exists and is not a folder");
  std::vector<std::pair<std::string, std::string>> tables{
      {"g2.csv", report::csv_g2(tree)},
      {"fits.csv", report::csv_fits(tree)},
      {"g2_pixel.csv", report::csv_g2(tree, "g2_pixel")},
      {"fits_pixel.csv", report::csv_fits(tree, "g2_pixel")},
      {"contrast.csv", report::csv_xsvs(tree)},
      {"counts.csv", report::csv_xsvs_counts(tree)},
      {"windows.csv", report::csv_windows(tree)},
      {"window_curves.csv", report::csv_window_curves(tree)},
      {"intensity.csv", report::csv_intensity(tree)},
      {"static.csv", report::csv_static(tree)},
      {"drift.csv", report::csv_drift(tree)},
      {"tau_map.csv", report::csv_tau_map(tree)},
      {"tau_histogram.csv", report::csv_tau_histogram(tree)},
      {"duration.csv", report::csv_duration(tree)},
      {"heat_flow.csv", report::csv_heat_flow(tree)},
      {"structure_factor.csv", report::csv_structure_factor(tree)},
      {"pair_distribution.csv", report::csv_pair_distribution(tree)},
      {"spectrum.csv", report::csv_spectrum(tree)},
      {"thickness_map.csv", report::csv_thickness_map(tree)},
      {"four_point.csv", report::csv_four_point(tree)},
      {"series.csv", report::csv_ecm_series(tree)},
      {"variance.csv", report::csv_fem_variance(tree)},
      {"peaks.csv", report::csv_fem_peaks(tree)},
      {"lengths.csv", report::csv_fem_lengths(tree)},
      {"places.csv", report::csv_fem_places(tree)},
      {"symmetries.csv", report::csv_fem_symmetries(tree)}};
  const Index bins = tree.find("entry/bins/bin") != nullptr ? tree.at("entry/bins/bin").size() : 0;
  for (Index bin = 1; bin <= bins; ++bin) {
    tables.emplace_back(fmt::format("two_time_bin_{}.csv", bin), report::csv_two_time(tree, bin));
    tables.emplace_back(fmt::format("log_map_bin_{}.csv", bin), report::csv_log_map(tree, bin));
  }
  for (const char* image : {"mean", "mask", "dynamic_labels"})
    tables.emplace_back(fmt::format("image_{}.csv", image), report::csv_image(tree, image));
  for (const auto& [name, text] : tables)
    if (!text.empty() && !output.overwrite && fs::exists(folder / name))
      throw FileError((folder / name).string(), "exists (use --overwrite to replace it)");
  std::string written;
  std::vector<io::NamedBytes> files;
  for (const auto& [name, text] : tables)
    if (!text.empty()) {
      files.push_back({name, text});
      written += (folder / name).string() + "\n";
    }
  io::write_folder(folder.string(), files);
  return written;
}

/// Maps and images of a result as float TIFF: what is not accepted is NaN.
std::string export_tiff(const Tree& tree, const OutputFlags& output, const std::string& from) {
  const fs::path folder(output.output);
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError(folder.string(), "exists and is not a folder");
  std::vector<std::pair<fs::path, Array>> images;
  const Array* accepted = tree.find("entry/map/accepted");
  const auto take = [&](const Tree& group, const std::string& prefix, bool fitted) {
    for (const auto& [name, array] : group.arrays()) {
      if (array.shape.size() != 2 || std::holds_alternative<std::vector<std::string>>(array.values))
        continue;
      const auto numbers = to_numbers(array);
      std::vector<float> values(numbers.begin(), numbers.end());
      const bool of_fit = fitted && name != "mean" && name != "variance" && name != "status" &&
                          name != "accepted" && name != "domain_labels";
      if (of_fit && accepted != nullptr && accepted->shape == array.shape) {
        const auto use = to_numbers(*accepted);
        for (std::size_t i = 0; i < values.size(); ++i)
          if (use[i] == 0)
            values[i] = std::nanf("");
      }
      images.emplace_back(
          folder / (prefix + name + ".tif"),
          make_array(array.shape, std::move(values), attribute_text(array.attributes, "units")));
    }
  };
  if (const auto* map = tree.find_group("entry/map"))
    take(*map, "", true);
  if (const auto* image = tree.find_group("entry/image"))
    take(*image, "image_", false);
  if (images.empty())
    throw DataError(fmt::format("{}: holds neither maps nor images", from));
  for (const auto& [path, array] : images)
    if (!output.overwrite && fs::exists(path))
      throw FileError(path.string(), "exists (use --overwrite to replace it)");
  fs::create_directories(folder);
  std::string written;
  for (const auto& [path, array] : images) {
    io::write_tiff(path.string(), array, output.overwrite);
    written += path.string() + "\n";
  }
  return written;
}

/// Numbers of a group and those below it, named by their path with '.' between.
void collect(const Tree& tree,
             const std::string& prefix,
             std::vector<std::pair<std::string, Array>>& out) {
  for (const auto& [name, array] : tree.arrays())
    if (!std::holds_alternative<std::vector<std::string>>(array.values))
      out.emplace_back(prefix + name, array);
  for (const auto& [name, group] : tree.groups())
    collect(group, prefix + name + ".", out);
}

/// [lag, bin], the order of 8-ID, from [bin, lag].
std::vector<float> transposed(const std::vector<double>& values, std::size_t lags) {
  const auto bins = values.size() / lags;
  std::vector<float> out(values.size());
  for (std::size_t b = 0; b < bins; ++b)
    for (std::size_t l = 0; l < lags; ++l)
      out[l * bins + b] = static_cast<float>(values[b * lags + l]);
  return out;
}

/// A list of numbers, or NaN where the result has none.
std::vector<double> list_of(const Tree& tree, const std::string& path, std::size_t size) {
  return tree.find(path) != nullptr ? tree.numbers(path) : std::vector<double>(size, std::nan(""));
}

std::vector<frames::Bin> bins_of(const Tree& tree, const std::string& group) {
  const auto q = tree.numbers(group + "/q_inv_angstrom");
  const auto low = list_of(tree, group + "/q_low_inv_angstrom", q.size());
  const auto high = list_of(tree, group + "/q_high_inv_angstrom", q.size());
  const auto phi = list_of(tree, group + "/phi_deg", q.size());
  std::vector<frames::Bin> bins(q.size());
  for (std::size_t b = 0; b < q.size(); ++b) {
    bins[b].q_inv_angstrom = q[b];
    bins[b].q_low_inv_angstrom = low[b];
    bins[b].q_high_inv_angstrom = high[b];
    bins[b].phi_deg = phi[b];
  }
  return bins;
}

std::vector<std::int32_t> labels_of(const Array& array) {
  const auto numbers = to_numbers(array);
  return {numbers.begin(), numbers.end()};
}

/// Results made from tables or maps have no labels and no static bins of their own.
frames::Partition partition_of(const Tree& tree) {
  frames::Partition partition;
  partition.q_unit = attribute_text(tree.group_at("entry/bins").attributes, "q_unit");
  partition.bins = bins_of(tree, "entry/bins");
  partition.static_bins = tree.find("entry/saxs/q_inv_angstrom") != nullptr
                              ? bins_of(tree, "entry/saxs")
                              : partition.bins;
  if (const auto* labels = tree.find("entry/image/dynamic_labels")) {
    partition.height = labels->shape.at(0);
    partition.width = labels->shape.at(1);
    partition.dynamic_labels = labels_of(*labels);
    partition.static_labels = labels_of(tree.at("entry/image/static_labels"));
  }
  return partition;
}

frames::Geometry geometry_of(const Tree& tree) {
  frames::Geometry geometry;
  const auto take = [&](double& field, const char* name) {
    field = tree.number_or(std::string("entry/geometry/") + name, field);
  };
  take(geometry.wavelength_angstrom, "wavelength_angstrom");
  take(geometry.distance_m, "distance_m");
  take(geometry.pixel_size_x_m, "pixel_size_x_m");
  take(geometry.pixel_size_y_m, "pixel_size_y_m");
  take(geometry.beam_center_x_px, "beam_center_x_px");
  take(geometry.beam_center_y_px, "beam_center_y_px");
  take(geometry.tilt_x_deg, "tilt_x_deg");
  take(geometry.tilt_y_deg, "tilt_y_deg");
  take(geometry.tilt_z_deg, "tilt_z_deg");
  return geometry;
}

/// The result layout of APS 8-ID, for viewers made for it. Delays count frames and must be whole
/// there: lags that were averaged are rounded.
Tree to_8id(const Tree& tree) {
  Tree out;
  const auto lags = tree.numbers("entry/g2/lag_frames");
  const auto g2 = tree.numbers("entry/g2/g2");
  const auto nlags = static_cast<Index>(lags.size());
  const auto nbins = static_cast<Index>(g2.size()) / nlags;
  std::vector<Index> delays;
  for (const double lag : lags)
    delays.push_back(std::isnan(lag) ? 0 : std::llround(lag));
  out.set("xpcs/multitau/delay_list", make_array(delays));
  out.set("xpcs/multitau/normalized_g2",
          make_array({nlags, nbins}, transposed(g2, lags.size()), ""));
  out.set(
      "xpcs/multitau/normalized_g2_err",
      make_array({nlags, nbins}, transposed(tree.numbers("entry/g2/g2_errors"), lags.size()), ""));
  for (const auto& [name, value] : std::vector<std::pair<std::string, Index>>{
           {"stride_frame", 1},
           {"avg_frame", 1},
           {"begin_frame", 1},
           {"end_frame", static_cast<Index>(tree.number_or("entry/series/frames", 0))}}) {
    out.set("xpcs/multitau/config/" + name, make_scalar(value));
    out.set("xpcs/twotime/config/" + name, make_scalar(value));
  }
  // a cell of the map of vitrum live may stand for several frames
  out.set("xpcs/twotime/config/avg_frame",
          make_scalar(static_cast<Index>(tree.number_or("entry/twotime/bin_1/cell_frames", 1))));
  const auto inputs = tree.texts("entry/process/inputs");
  const std::string raw = inputs.empty() ? "" : inputs[0];
  out.set("xpcs/multitau/config/analysis_type", make_scalar(std::string("Both")));
  out.set("xpcs/multitau/config/raw", make_scalar(raw));
  out.set("xpcs/rawdata_path", make_scalar(raw));
  // g2 of a two-time map is that of the frames: means over the same pairs
  out.set("xpcs/twotime/delay_list", make_array(delays));
  out.set("xpcs/twotime/normalized_g2",
          make_array({nlags, nbins}, transposed(g2, lags.size()), ""));
  const auto geometry = geometry_of(tree);
  out.group("xpcs/qmap") = io::make_qmap(partition_of(tree), geometry);
  if (const auto* mask = tree.find("entry/image/mask"))
    out.set("xpcs/qmap/mask", *mask);
  if (!std::isnan(geometry.wavelength_angstrom))
    out.set("entry/instrument/incident_beam/incident_energy",
            make_scalar(frames::energy_from_wavelength(geometry.wavelength_angstrom)));
  const double frame_time = tree.number_or("entry/series/frame_time_s", std::nan(""));
  out.set("entry/instrument/detector_1/frame_time", make_scalar(frame_time));
  // viewers insist on a count time: where the exposure is not known, it is at most the frame time
  out.set("entry/instrument/detector_1/count_time",
          make_scalar(tree.number_or("entry/series/exposure_s", frame_time)));
  const auto known = [&](const char* name, double value, const char* unit) {
    if (!std::isnan(value))
      out.set(std::string("entry/instrument/detector_1/") + name, make_scalar(value, unit));
  };
  known("x_pixel_size", geometry.pixel_size_x_m, "m");
  known("y_pixel_size", geometry.pixel_size_y_m, "m");
  known("distance", geometry.distance_m, "m");
  known("beam_center_x", geometry.beam_center_x_px, "px");
  known("beam_center_y", geometry.beam_center_y_px, "px");
  out.group("entry/instrument/bluesky/metadata");
  out.group("entry/schema_version");
  out.set("entry/start_time", make_scalar(tree.text("entry/start_time"))); // "" when not known
  if (const auto* mean = tree.find("entry/image/mean")) {
    auto values = to_numbers(*mean);
    out.set("xpcs/temporal_mean/scattering_2d",
            make_array({1, mean->shape[0], mean->shape[1]},
                       std::vector<float>(values.begin(), values.end()),
                       ""));
  }
  if (const auto* saxs = tree.find("entry/saxs/intensity")) {
    const auto values = to_numbers(*saxs);
    const auto n = static_cast<Index>(values.size());
    out.set("xpcs/temporal_mean/scattering_1d",
            make_array({1, n}, std::vector<float>(values.begin(), values.end()), ""));
    out.set("xpcs/temporal_mean/scattering_1d_segments", tree.at("entry/saxs/segments"));
  }
  if (const auto* trace = tree.find("entry/intensity/mean_counts")) {
    const auto counts = to_numbers(*trace);
    std::vector<double> rows;
    for (std::size_t i = 0; i < counts.size(); ++i)
      rows.push_back(static_cast<double>(i));
    rows.insert(rows.end(), counts.begin(), counts.end());
    out.set("xpcs/spatial_mean/intensity_vs_time",
            make_array({2, static_cast<Index>(counts.size())}, rows, ""));
  }
  if (const auto* maps = tree.find_group("entry/twotime")) {
    std::vector<Index> processed;
    for (const auto& [name, group] : maps->groups()) {
      const auto bin = static_cast<Index>(processed.size()) + 1;
      auto map = group.at("two_time_corr_func");
      auto& c = std::get<std::vector<float>>(map.values);
      const Index n = map.shape.at(0);
      for (Index i = 0; i < n; ++i) // one triangle, as readers of this layout expect
        for (Index j = 0; j < i; ++j)
          c[static_cast<std::size_t>(i * n + j)] = 0;
      map.attributes.clear();
      out.set(fmt::format("xpcs/twotime/correlation_map/c2_{:05}", bin), std::move(map));
      processed.push_back(bin);
    }
    out.set("xpcs/twotime/processed_bins", make_array(processed));
  }
  return out;
}

/// Maps that hold one triangle are too large for layouts that need them whole.
void require_maps_in_memory(const std::string& path, const std::string& format) {
  const auto [tree, maps] = read_large_result(path);
  for (const auto& name : maps)
    if (const io::StoredMap map(path + "::" + name);
        attribute_text(map.attributes(), "populated_elements") == "lower_half")
      throw DataError(fmt::format("{}: two-time maps of {} frames are too large for --format {}; "
                                  "take csv or hdf5",
                                  path,
                                  map.size(),
                                  format));
}

} // namespace

std::string run_export(ExportOptions options, const Invocation&, const Monitor&) {
  const auto& format = options.format;
  if (format != "csv" && format != "tiff" && format != "npz" && format != "hdf5" && format != "8id")
    throw OptionError(fmt::format("--format {}: expected csv, tiff, npz, hdf5 or 8id", format));
  const bool folder = format == "csv" || format == "tiff";
  if (folder && options.output.output.empty())
    throw OptionError("name the folder to write: -o FOLDER");
  if (!folder)
    require_output(options.output, options.inputs);
  const auto& from = options.inputs.at(0);
  if (format == "csv")
    return export_csv(read_for_figures(from), options.output);
  if (format == "tiff")
    return export_tiff(read_result(from, false), options.output, from);
  const auto& path = options.output.output;
  if (format == "hdf5") {
    const auto [tree, maps] = read_large_result(from);
    write_large_result(path, tree, from, maps, options.output.overwrite);
    return path + "\n";
  }
  require_maps_in_memory(from, format);
  const auto tree = read_result(from, true);
  if (format == "npz") {
    std::vector<std::pair<std::string, Array>> arrays;
    collect(tree.group_at("entry"), "", arrays);
    io::write_npz(path, arrays, options.output.overwrite);
  } else {
    io::write_tree(path, to_8id(tree), {.overwrite = options.output.overwrite});
  }
  return path + "\n";
}

} // namespace vitrum::app
