// Label maps: plain images of labels and the qmap files of APS 8-ID.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "hdf5_read.hpp"
#include "image.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/recognise.hpp"

namespace vitrum::io {
namespace {

std::vector<std::int32_t> to_labels(const std::vector<double>& values,
                                    Index width,
                                    const std::string& path,
                                    const std::string& place) {
  std::vector<std::int32_t> labels;
  labels.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    if (!(v >= 0 && v <= std::numeric_limits<std::int32_t>::max() && v == std::floor(v)))
      throw FormatError(path,
                        place,
                        fmt::format("label {} at row {}, column {}",
                                    v,
                                    static_cast<Index>(i) / width,
                                    static_cast<Index>(i) % width),
                        "whole numbers from 0");
    labels.push_back(static_cast<std::int32_t>(v));
  }
  return labels;
}

class QmapReader {
public:
  QmapReader(hid_t file, std::string path, std::string group)
      : file_(file), path_(std::move(path)), group_(std::move(group)) {}

  /// group/<stem>_roi_map with lists on a grid of (q, φ).
  LabelMaps read() {
    LabelMaps maps;
    maps.dynamic_labels = labels("dynamic_roi_map", maps);
    maps.static_labels =
        has("static_roi_map") ? labels("static_roi_map", maps) : std::vector<std::int32_t>{};
    grid("dynamic", maps.dynamic_labels, maps.dynamic_q, maps.dynamic_phi_deg, maps.q_unit);
    if (!maps.static_labels.empty())
      grid("static", maps.static_labels, maps.static_q, maps.static_phi_deg, maps.q_unit);
    own_limits(maps);
    mask(maps);
    geometry(maps);
    return maps;
  }

  /// dqmap, sqmap and lists with one entry per bin.
  LabelMaps read_old() {
    LabelMaps maps;
    maps.dynamic_labels = labels("dqmap", maps);
    maps.static_labels = has("sqmap") ? labels("sqmap", maps) : std::vector<std::int32_t>{};
    maps.dynamic_q = list("dqlist", maps.dynamic_labels);
    maps.dynamic_phi_deg = list("dphilist", maps.dynamic_labels);
    maps.static_q = list("sqlist", maps.static_labels);
    maps.static_phi_deg = list("sphilist", maps.static_labels);
    if (!maps.dynamic_q.empty())
      maps.q_unit = "1/angstrom";
    mask(maps);
    return maps;
  }

private:
  [[nodiscard]] std::string full(const std::string& name) const {
    return (group_ == "/" ? "" : group_) + "/" + name;
  }
  [[nodiscard]] bool has(const std::string& name) const { return h5::exists(file_, full(name)); }
  [[nodiscard]] h5::Dataset open(const std::string& name) const {
    return h5::open_dataset(file_, path_, full(name));
  }

  std::vector<std::int32_t> labels(const std::string& name, LabelMaps& maps) const {
    const auto dataset = open(name);
    if (dataset.dims.size() != 2 || dataset.size() == 0)
      throw FormatError(path_, dataset.name, h5::describe(dataset), "2-D [y, x]");
    if (maps.height == 0) {
      maps.height = dataset.dims[0];
      maps.width = dataset.dims[1];
    }
    if (dataset.dims[0] != maps.height || dataset.dims[1] != maps.width)
      throw FormatError(path_,
                        dataset.name,
                        h5::describe(dataset),
                        fmt::format("[{}, {}]", maps.height, maps.width));
    return to_labels(h5::read_doubles(dataset), maps.width, path_, dataset.name);
  }

  static Index bins_of(const std::vector<std::int32_t>& labels) {
    return labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end());
  }

  std::vector<double> list(const std::string& name, const std::vector<std::int32_t>& labels) const {
    if (!has(name) || labels.empty())
      return {};
    const auto dataset = open(name);
    auto values = h5::read_doubles(dataset);
    if (static_cast<Index>(values.size()) < bins_of(labels))
      throw FormatError(path_,
                        dataset.name,
                        fmt::format("{} values", values.size()),
                        fmt::format("one for each of {} bins", bins_of(labels)));
    values.resize(static_cast<std::size_t>(bins_of(labels)));
    return values;
  }

  void grid(const std::string& stem,
            const std::vector<std::int32_t>& labels,
            std::vector<double>& q,
            std::vector<double>& phi,
            std::string& unit) const {
    if (!has(stem + "_v_list_dim0") || !has(stem + "_index_mapping"))
      return;
    const auto first_axis = open(stem + "_v_list_dim0");
    const auto q_list = h5::read_doubles(first_axis);
    const auto phi_list = has(stem + "_v_list_dim1") ? h5::read_doubles(open(stem + "_v_list_dim1"))
                                                     : std::vector<double>{0};
    const auto mapping = h5::read_as<Index>(open(stem + "_index_mapping"));
    const Index bins = bins_of(labels);
    if (static_cast<Index>(mapping.size()) != bins)
      throw FormatError(path_,
                        full(stem + "_index_mapping"),
                        fmt::format("{} values", mapping.size()),
                        fmt::format("one for each of {} bins", bins));
    const std::string name = h5::attribute(file_, first_axis.name, "name");
    if (!name.empty() && name != "q")
      return; // bins along x, y or something else: not a momentum transfer
    const auto columns = static_cast<Index>(phi_list.size());
    for (const Index place : mapping) {
      if (columns < 1 || place < 0 || place / columns >= static_cast<Index>(q_list.size()))
        throw FormatError(path_,
                          full(stem + "_index_mapping"),
                          fmt::format("index {}", place),
                          fmt::format("less than {} × {}", q_list.size(), columns));
      q.push_back(q_list[static_cast<std::size_t>(place / columns)]);
      phi.push_back(columns > 1 ? phi_list[static_cast<std::size_t>(place % columns)]
                                : frames::unknown);
    }
    const std::string spelt = h5::attribute(file_, first_axis.name, "unit");
    unit = spelt == "Å⁻¹" || spelt == "1/Å" || spelt.empty() ? "1/angstrom"
           : spelt == "nm⁻¹"                                 ? "1/nm"
                                                             : spelt;
  }

  /// What write_partition adds for vitrum itself.
  void own_limits(LabelMaps& maps) const {
    const auto take = [&](const std::string& name,
                          const std::vector<std::int32_t>& labels,
                          std::vector<double>& out) {
      if (has("vitrum/" + name))
        out = list("vitrum/" + name, labels);
    };
    take("dynamic_q", maps.dynamic_labels, maps.dynamic_q);
    take("dynamic_q_low", maps.dynamic_labels, maps.dynamic_q_low);
    take("dynamic_q_high", maps.dynamic_labels, maps.dynamic_q_high);
    take("dynamic_phi", maps.dynamic_labels, maps.dynamic_phi_deg);
    take("dynamic_phi_low", maps.dynamic_labels, maps.dynamic_phi_low_deg);
    take("dynamic_phi_high", maps.dynamic_labels, maps.dynamic_phi_high_deg);
    take("static_q", maps.static_labels, maps.static_q);
    take("static_q_low", maps.static_labels, maps.static_q_low);
    take("static_q_high", maps.static_labels, maps.static_q_high);
    take("static_phi", maps.static_labels, maps.static_phi_deg);
    take("static_phi_low", maps.static_labels, maps.static_phi_low_deg);
    take("static_phi_high", maps.static_labels, maps.static_phi_high_deg);
    if (const auto unit = h5::text(file_, full("vitrum/q_unit")))
      maps.q_unit = *unit;
  }

  void mask(LabelMaps& maps) const {
    if (!has("mask"))
      return;
    const auto dataset = open("mask");
    if (dataset.dims != std::vector<Index>{maps.height, maps.width})
      throw FormatError(path_,
                        dataset.name,
                        h5::describe(dataset),
                        fmt::format("[{}, {}]", maps.height, maps.width));
    frames::Mask mask{maps.height, maps.width, h5::read_as<std::uint8_t>(dataset)};
    for (auto& v : mask.use)
      v = v != 0 ? 1 : 0;
    maps.mask = std::move(mask);
  }

  /// Scalars without units: pixels, metres, keV.
  void geometry(LabelMaps& maps) const {
    frames::Geometry g;
    const auto take = [&](const std::string& name, double& out) {
      if (const auto value = h5::scalar(file_, full(name)))
        out = *value;
    };
    take("beam_center_x", g.beam_center_x_px);
    take("beam_center_y", g.beam_center_y_px);
    take("detector_distance", g.distance_m);
    take("pixel_size", g.pixel_size_x_m);
    g.pixel_size_y_m = g.pixel_size_x_m;
    take("vitrum/pixel_size_y", g.pixel_size_y_m);
    take("vitrum/tilt_x_deg", g.tilt_x_deg);
    take("vitrum/tilt_y_deg", g.tilt_y_deg);
    take("vitrum/tilt_z_deg", g.tilt_z_deg);
    double energy = frames::unknown;
    take("energy", energy);
    if (energy > 0)
      g.wavelength_angstrom = frames::wavelength_from_energy(energy);
    maps.geometry = g;
  }

  hid_t file_;
  std::string path_, group_;
};

bool read_qmap(const std::string& file, LabelMaps& maps) {
  const h5::Lock lock;
  const h5::Handle handle = h5::open_file(file);
  for (const std::string group : {"/qmap", "/xpcs/qmap"})
    if (h5::exists(handle.get(), group + "/dynamic_roi_map")) {
      maps = QmapReader(handle.get(), file, group).read();
      return true;
    }
  for (const std::string group : {"/xpcs", "/data", ""})
    if (h5::exists(handle.get(), group + "/dqmap")) {
      maps = QmapReader(handle.get(), file, group).read_old();
      return true;
    }
  return false;
}

} // namespace

LabelMaps read_label_maps(const std::string& path) {
  const auto [file, inside] = split_path(path);
  LabelMaps maps;
  if (inside.empty() && is_hdf5(file) && read_qmap(file, maps))
    return maps;
  const Image image = read_image(path);
  maps.height = image.height;
  maps.width = image.width;
  maps.dynamic_labels = to_labels(image.values, image.width, path, "");
  return maps;
}

frames::Partition to_partition(const LabelMaps& maps) {
  frames::Partition partition = frames::make_partition_from_labels(
      maps.height, maps.width, maps.dynamic_labels, maps.static_labels, nullptr);
  // gaps in the numbering are closed by now: the k-th label that occurs is bin k
  const auto fill = [](const std::vector<std::int32_t>& labels,
                       std::vector<frames::Bin>& bins,
                       const std::vector<double>& list,
                       double frames::Bin::*field) {
    if (list.empty())
      return;
    std::vector<bool> used(list.size() + 1, false);
    for (const auto label : labels)
      if (label > 0 && static_cast<std::size_t>(label) < used.size())
        used[static_cast<std::size_t>(label)] = true;
    std::size_t bin = 0;
    for (std::size_t label = 1; label < used.size() && bin < bins.size(); ++label)
      if (used[label])
        bins[bin++].*field = list[label - 1];
  };
  using frames::Bin;
  const auto& d = maps.dynamic_labels;
  fill(d, partition.bins, maps.dynamic_q, &Bin::q_inv_angstrom);
  fill(d, partition.bins, maps.dynamic_q_low, &Bin::q_low_inv_angstrom);
  fill(d, partition.bins, maps.dynamic_q_high, &Bin::q_high_inv_angstrom);
  fill(d, partition.bins, maps.dynamic_phi_deg, &Bin::phi_deg);
  fill(d, partition.bins, maps.dynamic_phi_low_deg, &Bin::phi_low_deg);
  fill(d, partition.bins, maps.dynamic_phi_high_deg, &Bin::phi_high_deg);
  const bool own = maps.static_labels.empty(); // each dynamic bin is its own static one
  const auto& s = own ? d : maps.static_labels;
  fill(s, partition.static_bins, own ? maps.dynamic_q : maps.static_q, &Bin::q_inv_angstrom);
  fill(s,
       partition.static_bins,
       own ? maps.dynamic_q_low : maps.static_q_low,
       &Bin::q_low_inv_angstrom);
  fill(s,
       partition.static_bins,
       own ? maps.dynamic_q_high : maps.static_q_high,
       &Bin::q_high_inv_angstrom);
  fill(s, partition.static_bins, own ? maps.dynamic_phi_deg : maps.static_phi_deg, &Bin::phi_deg);
  fill(s,
       partition.static_bins,
       own ? maps.dynamic_phi_low_deg : maps.static_phi_low_deg,
       &Bin::phi_low_deg);
  fill(s,
       partition.static_bins,
       own ? maps.dynamic_phi_high_deg : maps.static_phi_high_deg,
       &Bin::phi_high_deg);
  partition.q_unit = maps.dynamic_q.empty() ? "" : maps.q_unit;
  return maps.mask ? frames::apply_mask(partition, *maps.mask) : partition;
}

} // namespace vitrum::io
