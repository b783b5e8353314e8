#include "series.hpp"

#include <cmath>

#include <fmt/format.h>

#include "located.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"

namespace vitrum::app {
namespace {

/// True when a flag says where the detector stands.
bool any_given(const GeometryFlags& f) {
  for (const double value : {f.wavelength_angstrom,
                             f.energy_kev,
                             f.distance_m,
                             f.pixel_size_nm,
                             f.center_x_px,
                             f.center_y_px,
                             f.tilt_x_deg,
                             f.tilt_y_deg,
                             f.tilt_z_deg,
                             f.q_per_pixel})
    if (!std::isnan(value))
      return true;
  return false;
}

double first_finite(double a, double b) {
  return std::isnan(a) ? b : a;
}

/// The partition of the flags, without a look at the frames.
frames::Partition plan_bins(const Series& series,
                            const frames::Mask& mask,
                            const PartitionFlags& flags,
                            const GeometryFlags& geometry,
                            std::optional<frames::QMap>& map,
                            std::vector<std::string>& notes) {
  const auto& info = series.info();
  std::string q_unit = "1/angstrom";
  map = make_map(series, geometry, q_unit);
  const bool rings = flags.q_bins != 1 || flags.phi_sectors != 1 || flags.static_per_bin != 1 ||
                     !std::isnan(flags.q_min) || !std::isnan(flags.q_max) || flags.log_q ||
                     flags.equal_pixels || flags.phi_start_deg != 0 || flags.friedel;
  if (!flags.partition.empty()) {
    if (rings)
      throw OptionError("--partition: cannot be combined with flags that make rings");
    const auto maps = io::read_label_maps(flags.partition);
    if (maps.height != info.height || maps.width != info.width)
      throw DataError(fmt::format("{}: labels of {} x {} pixels, expected {} x {} as in {}",
                                  flags.partition,
                                  maps.height,
                                  maps.width,
                                  info.height,
                                  info.width,
                                  info.path));
    if (!maps.dynamic_q.empty() && any_given(geometry))
      throw OptionError(
          fmt::format("--partition {}: has q of its own, flags of the geometry cannot change it",
                      flags.partition));
    auto partition = about(flags.partition, [&] { return io::to_partition(maps); });
    notes.push_back(fmt::format("partition {}: {} bins, {} static bins",
                                flags.partition,
                                partition.bin_count(),
                                partition.static_bin_count()));
    // the file's own lists win; without them q follows from the geometry
    if (maps.dynamic_q.empty() && map) {
      partition = frames::make_partition_from_labels(
          info.height, info.width, maps.dynamic_labels, maps.static_labels, &*map);
      partition.q_unit = q_unit;
    }
    if (!map && maps.geometry && maps.geometry->complete())
      map = frames::make_q_map(*maps.geometry, info.height, info.width);
    return about(flags.partition, [&] { return frames::apply_mask(partition, mask); });
  }
  if (!map) {
    if (rings)
      throw OptionError(
          fmt::format("{}: rings need a geometry (--energy, --distance, --pixel-size, "
                      "--center-x, --center-y) or --q-per-pixel with a centre",
                      info.path));
    return frames::make_single_bin(mask);
  }
  frames::PartitionOptions options;
  options.q_bins = flags.q_bins;
  options.phi_sectors = flags.phi_sectors;
  options.static_per_bin = flags.static_per_bin;
  options.q_min = flags.q_min;
  options.q_max = flags.q_max;
  options.logarithmic = flags.log_q;
  options.equal_pixels = flags.equal_pixels;
  options.phi_start_deg = flags.phi_start_deg;
  options.friedel = flags.friedel;
  auto partition = about(info.path, [&] { return frames::make_partition(*map, mask, options); });
  partition.q_unit = q_unit;
  return partition;
}

} // namespace

frames::Geometry merged_geometry(const Series& series, const GeometryFlags& flags) {
  auto geometry = series.info().geometry;
  if (!std::isnan(flags.energy_kev) && !std::isnan(flags.wavelength_angstrom))
    throw OptionError("--energy and --wavelength: give only one");
  if (!std::isnan(flags.energy_kev))
    geometry.wavelength_angstrom = frames::wavelength_from_energy(flags.energy_kev);
  auto take = [](double& field, double value) { field = first_finite(value, field); };
  take(geometry.wavelength_angstrom, flags.wavelength_angstrom);
  take(geometry.distance_m, flags.distance_m);
  take(geometry.pixel_size_x_m, flags.pixel_size_nm * 1e-9);
  take(geometry.pixel_size_y_m, flags.pixel_size_nm * 1e-9);
  take(geometry.beam_center_x_px, flags.center_x_px);
  take(geometry.beam_center_y_px, flags.center_y_px);
  take(geometry.tilt_x_deg, flags.tilt_x_deg);
  take(geometry.tilt_y_deg, flags.tilt_y_deg);
  take(geometry.tilt_z_deg, flags.tilt_z_deg);
  return geometry;
}

std::optional<frames::QMap>
make_map(const Series& series, const GeometryFlags& flags, std::string& q_unit) {
  const auto& info = series.info();
  const auto geometry = merged_geometry(series, flags);
  if (!std::isnan(flags.q_per_pixel)) {
    if (std::isnan(geometry.beam_center_x_px) || std::isnan(geometry.beam_center_y_px))
      throw OptionError("--q-per-pixel: needs --center-x and --center-y");
    q_unit = flags.q_unit;
    return frames::make_radius_map(geometry.beam_center_x_px,
                                   geometry.beam_center_y_px,
                                   flags.q_per_pixel,
                                   info.height,
                                   info.width);
  }
  if (!geometry.complete()) {
    if (any_given(flags))
      frames::validate(geometry); // names what is missing
    return std::nullopt;
  }
  q_unit = "1/angstrom";
  return frames::make_q_map(geometry, info.height, info.width);
}

void exclude_found(
    Series& series, frames::Mask& mask, const frames::FoundPixels& found, bool hot, bool dead) {
  if (hot) {
    frames::exclude(mask, found.hot);
    frames::exclude(mask, found.flickering);
    series.notes.push_back(fmt::format("{} hot and {} flickering pixels found and left out",
                                       found.hot.size(),
                                       found.flickering.size()));
  }
  if (dead) {
    frames::exclude(mask, found.dead);
    series.notes.push_back(fmt::format("{} dead pixels found and left out", found.dead.size()));
  }
  if (found.unjudged > 0)
    series.warnings.push_back(
        fmt::format("{} pixels were not judged as hot or dead: their static bins are too small",
                    found.unjudged));
}

frames::Partition make_bins(Series& series,
                            frames::Mask& mask,
                            const frames::SeriesStatistics& statistics,
                            const PartitionFlags& flags,
                            const GeometryFlags& geometry,
                            std::optional<frames::QMap>& map) {
  auto partition = plan_bins(series, mask, flags, geometry, map, series.notes);
  if (flags.find_hot || flags.find_dead) {
    const auto found =
        frames::find_pixels(statistics, partition, {.false_alarms = flags.false_alarms});
    exclude_found(series, mask, found, flags.find_hot, flags.find_dead);
    partition = about(series.info().path, [&] { return frames::apply_mask(partition, mask); });
  }
  if (partition.bin_count() == 0)
    throw DataError(fmt::format("{}: no pixel is left in any bin", series.info().path));
  return partition;
}

std::vector<std::uint8_t> pixels_of_bins(const Series& series,
                                         const frames::Mask& mask,
                                         const PartitionFlags& flags,
                                         const GeometryFlags& geometry) {
  std::optional<frames::QMap> map;
  std::vector<std::string> notes;
  const auto partition = plan_bins(series, mask, flags, geometry, map, notes);
  std::vector<std::uint8_t> used(partition.dynamic_labels.size());
  for (std::size_t p = 0; p < used.size(); ++p)
    used[p] = partition.dynamic_labels[p] != 0;
  return used;
}

} // namespace vitrum::app
