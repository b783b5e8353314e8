#include "hdf5_em_metadata.hpp"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "located_frames.hpp"
#include "text_lines.hpp"

namespace vitrum::io::h5 {
namespace {

constexpr Index longest_json = Index{1} << 20;

/// Column `frame` of Velox's Metadata [bytes, frame]: JSON that ends with a zero byte.
nlohmann::json velox_json(const Dataset& metadata, Index frame) {
  if (metadata.dims.size() != 2 || metadata.dims[0] > longest_json || frame >= metadata.dims[1])
    return {};
  const Handle space(H5Dget_space(metadata.id.get()));
  const hsize_t start[2] = {0, static_cast<hsize_t>(frame)};
  const hsize_t count[2] = {static_cast<hsize_t>(metadata.dims[0]), 1};
  const Handle memory(H5Screate_simple(2, count, nullptr));
  std::string text(static_cast<std::size_t>(metadata.dims[0]), '\0');
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, count, nullptr) < 0 ||
      H5Dread(metadata.id.get(),
              H5T_NATIVE_UINT8,
              memory.get(),
              space.get(),
              H5P_DEFAULT,
              text.data()) < 0) {
    (void)reason();
    return {};
  }
  return nlohmann::json::parse(text.substr(0, text.find('\0')), nullptr, false);
}

/// Velox writes numbers as text. NaN when there is none at the pointer.
double json_number(const nlohmann::json& json, const char* pointer) {
  const nlohmann::json::json_pointer at(pointer);
  if (!json.is_structured() || !json.contains(at))
    return frames::unknown;
  const auto& value = json[at];
  return value.is_string()   ? to_number(value.get_ref<const std::string&>())
         : value.is_number() ? value.get<double>()
                             : frames::unknown;
}

std::string json_text(const nlohmann::json& json, const char* pointer) {
  const nlohmann::json::json_pointer at(pointer);
  return json.is_structured() && json.contains(at) && json[at].is_string()
             ? json[at].get<std::string>()
             : std::string();
}

void read_velox(hid_t file, const std::string& group, frames::SeriesInfo& info) {
  const Dataset metadata = open_dataset(file, info.path, group + "/Metadata");
  const auto json = velox_json(metadata, 0);
  info.scale = make_image_scale(json_number(json, "/BinaryResult/PixelSize/width"),
                                json_number(json, "/BinaryResult/PixelSize/height"),
                                json_text(json, "/BinaryResult/PixelUnitX"));
  const std::string detector = json_text(json, "/BinaryResult/Detector");
  if (json.is_object() && json.contains("Detectors") && json["Detectors"].is_object())
    for (const auto& one : json["Detectors"])
      if (json_text(one, "/DetectorName") == detector)
        if (const double exposure = json_number(one, "/ExposureTime"); exposure > 0)
          info.exposure_s = exposure;
  if (const double scan = json_number(json, "/Scan/FrameTime"); scan > 0)
    info.frame_time_s = scan;
  if (!detector.empty())
    info.metadata.emplace_back("detector", detector);
  if (const double volt = json_number(json, "/Optics/AccelerationVoltage"); volt > 0)
    info.metadata.emplace_back("high tension (V)", fmt::format("{:g}", volt));
  // Stamps are whole seconds: over at least 100 s they tell the frame time to 1 %.
  const char* stamp = "/Acquisition/AcquisitionStartDatetime/DateTime";
  const double span =
      json_number(velox_json(metadata, info.frames - 1), stamp) - json_number(json, stamp);
  if (std::isnan(info.frame_time_s) && info.frames > 1 && span >= 100) {
    info.frame_time_s = span / static_cast<double>(info.frames - 1);
    info.metadata.emplace_back(
        "frame time from", fmt::format("stamps of the first and last frame, {:g} s apart", span));
  }
}

/// HyperSpy: attributes of axis-0 … axis-n beside the data, the last one is x.
void read_hyperspy(hid_t file, const std::string& group, frames::SeriesInfo& info) {
  const auto axis = [&](int number) -> std::optional<std::pair<double, std::string>> {
    const std::string name = fmt::format("{}/axis-{}", group, number);
    if (!exists(file, name))
      return std::nullopt;
    const Handle object(H5Oopen(file, name.c_str(), H5P_DEFAULT));
    const Attributes attributes = read_attributes(object.get());
    const auto scale = attributes.find("scale");
    if (scale == attributes.end())
      return std::nullopt;
    const double step = std::visit(
        [](const auto& value) -> double {
          if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>)
            return static_cast<double>(value);
          else
            return frames::unknown;
        },
        scale->second);
    return std::pair{step, attribute(object.get(), ".", "units")};
  };
  int last = 0;
  while (axis(last + 1))
    ++last;
  const auto x = axis(last), y = axis(last - 1);
  if (last >= 1 && x && y)
    info.scale = make_image_scale(x->first, y->first, x->second);
  if (last == 2)
    if (const auto time = axis(0); time && time->second == "s" && time->first > 0)
      info.frame_time_s = time->first;
}

/// Berkeley EMD: vectors dim1 … dimn beside the data, with units like "[n_m]", "[s]".
void read_berkeley(hid_t file, const std::string& group, frames::SeriesInfo& info) {
  const auto axis = [&](int number) -> std::pair<double, std::string> {
    const std::string name = fmt::format("{}/dim{}", group, number);
    if (!exists(file, name))
      return {frames::unknown, ""};
    const Dataset dim = open_dataset(file, info.path, name);
    if (dim.size() < 2 || dim.size() > 1 << 24)
      return {frames::unknown, ""};
    const auto values = read_doubles(dim);
    std::string unit = attribute(dim.id.get(), ".", "units");
    std::erase_if(unit, [](char c) { return c == '[' || c == ']' || c == '_'; });
    return {(values.back() - values.front()) / static_cast<double>(values.size() - 1), unit};
  };
  const auto [x, unit] = axis(3);
  if (std::isnan(x)) {
    info.scale = make_image_scale(axis(2).first, axis(1).first, axis(2).second);
    return;
  }
  info.scale = make_image_scale(x, axis(2).first, unit);
  if (const auto [step, of] = axis(1); of == "s" && step > 0)
    info.frame_time_s = step;
}

/// NeXus: vectors x and y beside the data, evenly spaced in a unit of length.
void read_nexus_axes(hid_t file, const std::string& group, frames::SeriesInfo& info) {
  const auto axis = [&](const char* name, Index size) -> std::pair<double, std::string> {
    const Dataset places = open_dataset(file, info.path, group + "/" + name);
    if (places.dims.size() != 1 || places.size() != size || size < 2)
      return {frames::unknown, ""};
    const auto values = read_doubles(places);
    return {(values.back() - values.front()) / static_cast<double>(size - 1),
            attribute(places.id.get(), ".", "units")};
  };
  const auto [x, unit] = axis("x", info.width);
  const auto [y, other] = axis("y", info.height);
  if (x > 0 && y > 0 && unit == other)
    info.scale = make_image_scale(x, y, unit);
}

} // namespace

void read_em_metadata(hid_t file, const std::string& dataset, frames::SeriesInfo& info) {
  const auto slash = dataset.rfind('/');
  if (slash == std::string::npos)
    return;
  const std::string group = dataset.substr(0, slash);
  if (dataset.starts_with("/Data/Image/") && exists(file, group + "/Metadata"))
    read_velox(file, group, info);
  else if (dataset.starts_with("/Experiments/"))
    read_hyperspy(file, group, info);
  else if (!group.empty() && exists(file, group + "/dim1"))
    read_berkeley(file, group, info);
  else if (exists(file, group + "/x") && exists(file, group + "/y"))
    read_nexus_axes(file, group, info);
}

} // namespace vitrum::io::h5
