#include "hdf5_metadata.hpp"
#include "path.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "units.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::io::h5 {
namespace {

using frames::SeriesInfo;

/// "/entry" of "/entry/data/data"; "/2.1" of a BLISS file.
std::string entry_of(const std::string& dataset) {
  const auto slash = dataset.find('/', 1);
  return slash == std::string::npos ? "" : dataset.substr(0, slash);
}

struct Found {
  double value;
  std::string unit;
  std::string name;
};

class Reader {
public:
  Reader(hid_t file, const std::string& dataset, SeriesInfo& info) : file_(file), info_(info) {
    entry_ = entry_of(dataset);
    if (!exists(file, entry_.empty() ? "/" : entry_) || !is_group(entry_))
      entry_ = "";
    if (!is_group(entry_ + "/instrument") && is_group("/entry/instrument"))
      entry_ = "/entry";
    find_detector(dataset);
  }

  void read() {
    time(info_.frame_time_s,
         {"frame_time", "frame_period", "detectorSpecific/frame_time"},
         "frame time");
    time(info_.exposure_s,
         {"count_time", "exposure_time", "acq_expo_time", "detectorSpecific/count_time"},
         "exposure");
    auto& g = info_.geometry;
    length(g.distance_m, {"distance", "detector_distance"}, 1e-3, 1e3);
    length(g.pixel_size_x_m, {"x_pixel_size", "detectorSpecific/x_pixel_size"}, 1e-7, 1e-2);
    length(g.pixel_size_y_m, {"y_pixel_size", "detectorSpecific/y_pixel_size"}, 1e-7, 1e-2);
    center(g.beam_center_x_px, "beam_center_x", g.pixel_size_x_m);
    center(g.beam_center_y_px, "beam_center_y", g.pixel_size_y_m);
    wavelength();
    bad_pixels();
    invalid_value();
    facts();
  }

private:
  bool is_group(const std::string& name) {
    if (name.empty() || !exists(file_, name))
      return name.empty();
    const Handle object(H5Oopen(file_, name.c_str(), H5P_DEFAULT));
    return object && H5Iget_type(object.get()) == H5I_GROUP;
  }

  /// The detector group that holds the dataset, or the first one of the instrument.
  void find_detector(const std::string& dataset) {
    const std::string instrument = entry_ + "/instrument";
    if (!is_group(instrument))
      return;
    instrument_ = instrument;
    const Handle group(H5Gopen2(file_, instrument.c_str(), H5P_DEFAULT));
    for (const Member& member : members(group.get(), 1000)) {
      if (member.type != H5O_TYPE_GROUP)
        continue;
      const std::string name = instrument + "/" + member.name;
      const bool detector = attribute(file_, name, "NX_class") == "NXdetector" ||
                            member.name.find("detector") != std::string::npos;
      if (dataset.starts_with(name + "/") || (detector && detector_.empty()))
        detector_ = name;
    }
  }

  std::optional<Found> find(const std::string& name) {
    const auto value = scalar(file_, name);
    if (!value || !std::isfinite(*value))
      return std::nullopt;
    std::string unit = attribute(file_, name, "units");
    if (unit.empty())
      unit = attribute(file_, name, "unit");
    return Found{*value, unit, name};
  }

  void ignored(const Found& found, std::string_view why) {
    info_.problems.push_back(fmt::format("{} = {}{}{} is not used: {}",
                                         found.name,
                                         found.value,
                                         found.unit.empty() ? "" : " ",
                                         found.unit,
                                         why));
  }

  void time(double& out, std::initializer_list<const char*> names, std::string_view what) {
    for (const char* name : names) {
      const auto found =
          std::isnan(out) && !detector_.empty() ? find(detector_ + "/" + name) : std::nullopt;
      if (!found)
        continue;
      const auto factor = to_seconds(found->unit.empty() ? "s" : found->unit);
      if (!factor)
        ignored(*found, fmt::format("its unit is no unit of time ({})", what));
      else if (found->value <= 0)
        ignored(*found, fmt::format("a {} is positive", what));
      else
        out = found->value * *factor;
    }
  }

  /// Without a unit metres are meant (8-ID); a value that no length in metres can have is refused.
  void length(double& out, std::initializer_list<const char*> names, double least, double most) {
    for (const char* name : names) {
      const auto found =
          std::isnan(out) && !detector_.empty() ? find(detector_ + "/" + name) : std::nullopt;
      if (!found || found->value == 0)
        continue;
      const auto factor = to_metres(found->unit.empty() ? "m" : found->unit);
      if (!factor) {
        ignored(*found, "its unit is no unit of length");
        continue;
      }
      const double metres = found->value * *factor;
      if (metres < least || metres > most)
        ignored(*found,
                found->unit.empty() ? "it has no unit and cannot be in metres"
                                    : "no detector has such a length");
      else
        out = metres;
    }
  }

  void center(double& out, const char* name, double pixel_size) {
    const auto found =
        std::isnan(out) && !detector_.empty() ? find(detector_ + "/" + name) : std::nullopt;
    if (!found)
      return;
    if (found->unit.empty() || is_pixel_unit(found->unit))
      out = found->value;
    else if (const auto factor = to_metres(found->unit); factor && pixel_size > 0)
      out = found->value * *factor / pixel_size;
    else
      ignored(*found, "its unit is neither pixels nor a length with a known pixel size");
  }

  void wavelength() {
    if (instrument_.empty() || !std::isnan(info_.geometry.wavelength_angstrom))
      return;
    double& out = info_.geometry.wavelength_angstrom;
    for (const char* name : {"beam/incident_wavelength",
                             "incident_beam/incident_wavelength",
                             "monochromator/wavelength"}) {
      const auto found = find(instrument_ + "/" + name);
      if (!found || found->value <= 0)
        continue;
      if (const auto factor = to_angstrom(found->unit.empty() ? "angstrom" : found->unit)) {
        out = found->value * *factor;
        return;
      }
      ignored(*found, "its unit is no unit of length");
    }
    for (const std::string& name : {instrument_ + "/incident_beam/incident_energy",
                                    instrument_ + "/beam/incident_energy",
                                    instrument_ + "/monochromator/energy",
                                    detector_ + "/detectorSpecific/photon_energy"}) {
      const auto found = find(name);
      if (!found || found->value <= 0)
        continue;
      // without a unit: 8-ID means keV, others eV; no x-ray beamline is in doubt
      const auto factor = found->unit.empty() ? std::optional(found->value < 500 ? 1.0 : 1e-3)
                                              : to_kev(found->unit);
      if (factor) {
        out = frames::wavelength_from_energy(found->value * *factor);
        return;
      }
      ignored(*found, "its unit is no unit of energy");
    }
  }

  void bad_pixels() {
    for (const char* name : {"pixel_mask", "detectorSpecific/pixel_mask"}) {
      const std::string full = detector_ + "/" + name;
      if (!info_.bad_pixels.empty() || detector_.empty() || !exists(file_, full))
        continue;
      const Dataset dataset = open_dataset(file_, split_path(info_.path).file, full);
      std::vector<Index> dims = dataset.dims;
      while (dims.size() > 2 && dims[0] == 1)
        dims.erase(dims.begin());
      if (dims != std::vector<Index>{info_.height, info_.width}) {
        info_.problems.push_back(fmt::format("{} is {}, the frames are [{}, {}]: not used",
                                             full,
                                             describe_dims(dataset.dims),
                                             info_.height,
                                             info_.width));
        continue;
      }
      const auto values = read_as<std::uint32_t>(dataset);
      info_.bad_pixels.resize(values.size());
      std::transform(values.begin(), values.end(), info_.bad_pixels.begin(), [](std::uint32_t v) {
        return static_cast<std::uint8_t>(v != 0);
      });
    }
  }

  /// DECTRIS detectors write the largest number of the type where a pixel holds no data.
  void invalid_value() {
    if (detector_.empty() || !std::isnan(info_.invalid_value))
      return;
    const bool dectris =
        is_group(detector_ + "/detectorSpecific") ||
        text(file_, detector_ + "/description").value_or("").find("ectris") != std::string::npos ||
        text(file_, detector_ + "/description").value_or("").find("iger") != std::string::npos;
    if (dectris && frames::is_integer(info_.type))
      frames::visit(info_.type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        if constexpr (std::is_unsigned_v<T> && sizeof(T) <= 4)
          info_.invalid_value = static_cast<double>(std::numeric_limits<T>::max());
      });
  }

  void fact(const std::string& shown, const std::string& name) {
    if (const auto words = text(file_, name); words && !words->empty())
      info_.metadata.emplace_back(shown, *words);
    else if (const auto found = find(name))
      info_.metadata.emplace_back(
          shown, fmt::format("{}{}{}", found->value, found->unit.empty() ? "" : " ", found->unit));
  }

  void facts() {
    for (const char* name : {"title", "start_time", "end_time", "scan_number", "entry_identifier"})
      fact(name, entry_ + "/" + name);
    if (!detector_.empty())
      for (const char* name : {"description",
                               "detector_name",
                               "detector_number",
                               "sensor_material",
                               "sensor_thickness",
                               "saturation_value",
                               "threshold_energy",
                               "bit_depth_image",
                               "compression"})
        fact(fmt::format("detector {}", name), detector_ + "/" + name);
    for (const char* name : {"name", "temperature", "qnw1_temperature"})
      fact(fmt::format("sample {}", name), entry_ + "/sample/" + name);
    constexpr double angstrom_per_nm = 10;
    if (const auto size = find(entry_ + "/probe/size"))
      if (const auto factor = to_angstrom(size->unit))
        info_.metadata.emplace_back("probe size (nm)",
                                    fmt::format("{:g}", size->value * *factor / angstrom_per_nm));
  }

  hid_t file_;
  SeriesInfo& info_;
  std::string entry_, instrument_, detector_;
};

/// A time axis of an NXdata group round the dataset.
void read_time_axis(hid_t file, const std::string& dataset, SeriesInfo& info) {
  const auto slash = dataset.rfind('/');
  const std::string group =
      slash == 0 || slash == std::string::npos ? "/" : dataset.substr(0, slash);
  for (const std::string name : {"time", "timestamps", "timestamp", "elapsed_time", "epoch"}) {
    const std::string full = group == "/" ? "/" + name : group + "/" + name;
    if (!info.timestamps_s.empty() || !exists(file, full))
      continue;
    const Handle object(H5Oopen(file, full.c_str(), H5P_DEFAULT));
    if (!object || H5Iget_type(object.get()) != H5I_DATASET)
      continue;
    const Dataset axis = open_dataset(file, split_path(info.path).file, full);
    const Handle type(H5Dget_type(axis.id.get()));
    if (axis.dims != std::vector<Index>{info.frames} || !pixel_type(type.get()))
      continue;
    const std::string unit = attribute(file, full, "units");
    const auto factor = to_seconds(unit);
    if (!factor) {
      info.problems.push_back(
          fmt::format("the times {} are in '{}', no unit of time: not used", full, unit));
      continue;
    }
    auto times = read_doubles(axis);
    const double start = times[0];
    bool ordered = true;
    for (double& t : times) {
      t = (t - start) * *factor;
      ordered = ordered && std::isfinite(t) && (&t == times.data() || t > *(&t - 1));
    }
    if (!ordered) {
      info.problems.push_back(fmt::format("the times {} do not grow: not used", full));
      continue;
    }
    if (std::isnan(info.frame_time_s) && times.size() > 1) {
      std::vector<double> steps;
      for (std::size_t i = 1; i < times.size(); ++i)
        steps.push_back(times[i] - times[i - 1]);
      info.frame_time_s = median(steps);
    }
    info.timestamps_s = std::move(times);
  }
}

} // namespace

void read_metadata(hid_t file, const std::string& dataset, SeriesInfo& info) {
  if (std::isnan(info.invalid_value) && exists(file, dataset)) { // as vitrum's own writer keeps it
    const Handle object(H5Oopen(file, dataset.c_str(), H5P_DEFAULT));
    const auto attributes = read_attributes(object.get());
    if (const auto at = attributes.find("invalid_value"); at != attributes.end())
      if (const auto* value = std::get_if<double>(&at->second))
        info.invalid_value = *value;
  }
  Reader(file, dataset, info).read();
  read_time_axis(file, dataset, info);
}

} // namespace vitrum::io::h5
