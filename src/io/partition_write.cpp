// The qmap file of the 8-ID layout, with the limits of the bins beside it for vitrum.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "hdf5_tree.hpp"
#include "hdf5_write.hpp"
#include "output_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/provenance.hpp"

namespace vitrum::io {
namespace {

using frames::Bin;

/// Bins on a grid of rings and sectors, as the layout wants them.
struct Grid {
  std::vector<double> q, phi;
  std::vector<Index> natural; // of each bin: ring · sectors + sector
};

Grid make_grid(const std::vector<Bin>& bins) {
  // NaN is no key: whole rings share one
  const auto key = [](double x) {
    return std::isnan(x) ? std::numeric_limits<double>::lowest() : x;
  };
  std::map<std::pair<double, double>, std::vector<double>> rings; // mean q of the bins of each ring
  std::map<double, Index> sectors;
  for (const Bin& bin : bins) {
    const bool limits = !std::isnan(bin.q_low_inv_angstrom);
    const double low = limits ? bin.q_low_inv_angstrom : bin.q_inv_angstrom;
    const double high = limits ? bin.q_high_inv_angstrom : bin.q_inv_angstrom;
    rings[{key(low), key(high)}].push_back(bin.q_inv_angstrom);
    sectors[key(bin.phi_deg)] = 0;
  }
  const auto cells = static_cast<Index>(rings.size() * sectors.size());
  Grid grid;
  std::map<Index, int> taken;
  Index place = 0;
  for (auto& [phi, at] : sectors) {
    at = place++;
    grid.phi.push_back(sectors.size() == 1 ? 0.0 : phi);
  }
  for (const Bin& bin : bins) {
    const bool limits = !std::isnan(bin.q_low_inv_angstrom);
    const auto ring = rings.find({key(limits ? bin.q_low_inv_angstrom : bin.q_inv_angstrom),
                                  key(limits ? bin.q_high_inv_angstrom : bin.q_inv_angstrom)});
    grid.natural.push_back(std::distance(rings.begin(), ring) * static_cast<Index>(sectors.size()) +
                           sectors[key(bin.phi_deg)]);
    ++taken[grid.natural.back()];
  }
  for (const auto& [limits, q] : rings) {
    double sum = 0;
    for (const double value : q)
      sum += value;
    grid.q.push_back(sum / static_cast<double>(q.size()));
  }
  if (cells < static_cast<Index>(bins.size()) ||
      taken.size() != bins.size()) { // no grid: a list of bins
    grid = {};
    grid.phi = {0.0};
    for (const Bin& bin : bins) {
      grid.natural.push_back(static_cast<Index>(grid.q.size()));
      grid.q.push_back(bin.q_inv_angstrom);
    }
  }
  return grid;
}

Array roi_map(const std::vector<std::int32_t>& labels, Index height, Index width) {
  const auto most = labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end());
  if (most < 256)
    return make_array({height, width}, std::vector<std::uint8_t>(labels.begin(), labels.end()), "");
  if (most < 65536)
    return make_array(
        {height, width}, std::vector<std::uint16_t>(labels.begin(), labels.end()), "");
  return make_array({height, width}, std::vector<std::uint32_t>(labels.begin(), labels.end()), "");
}

void put_bins(Tree& qmap,
              const std::string& stem,
              const std::vector<Bin>& bins,
              const std::string& q_unit) {
  const Grid grid = make_grid(bins);
  const auto axis = [&](const char* dim,
                        const std::vector<double>& values,
                        const char* name,
                        const std::string& unit) {
    Array& array = qmap.set(stem + "_v_list_" + dim, make_array(values));
    array.attributes = {
        {"name", std::string(name)}, {"unit", unit}, {"size", static_cast<Index>(values.size())}};
  };
  axis("dim0", grid.q, "q", q_unit == "1/angstrom" ? "Å⁻¹" : q_unit == "1/nm" ? "nm⁻¹" : q_unit);
  axis("dim1", grid.phi, "phi", "deg");
  qmap.set(stem + "_index_mapping", make_array(grid.natural));
  qmap.set(stem + "_num_pts",
           make_array(std::vector<Index>{static_cast<Index>(grid.q.size()),
                                         static_cast<Index>(grid.phi.size())}));
  const auto own = [&](const char* name, double Bin::*field, const std::string& unit) {
    std::vector<double> values;
    for (const Bin& bin : bins)
      values.push_back(bin.*field);
    qmap.set(fmt::format("vitrum/{}_{}", stem, name), make_array(std::move(values), unit));
  };
  own("q", &Bin::q_inv_angstrom, q_unit);
  own("q_low", &Bin::q_low_inv_angstrom, q_unit);
  own("q_high", &Bin::q_high_inv_angstrom, q_unit);
  own("phi", &Bin::phi_deg, "deg");
  own("phi_low", &Bin::phi_low_deg, "deg");
  own("phi_high", &Bin::phi_high_deg, "deg");
}

/// Booleans as h5py makes and reads them: an enumeration of FALSE and TRUE.
void write_booleans(hid_t group,
                    const std::string& name,
                    const std::vector<std::uint8_t>& values,
                    Index height,
                    Index width,
                    const std::string& path) {
  const h5::Handle type(H5Tenum_create(H5T_STD_I8LE));
  std::int8_t value = 0;
  H5Tenum_insert(type.get(), "FALSE", &value);
  value = 1;
  H5Tenum_insert(type.get(), "TRUE", &value);
  const h5::Handle space = h5::make_space({height, width});
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t chunk[] = {static_cast<hsize_t>(height), static_cast<hsize_t>(width)};
  H5Pset_chunk(creation.get(), 2, chunk);
  H5Pset_deflate(creation.get(), 1);
  const h5::Handle set(H5Dcreate2(
      group, name.c_str(), type.get(), space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT));
  if (!set || H5Dwrite(set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    throw FileError(path, fmt::format("/qmap/{} cannot be written: {}", name, h5::reason()));
}

void put_geometry(Tree& qmap, const frames::Geometry& g) {
  const auto put = [&](const char* name, double value) {
    if (!std::isnan(value))
      qmap.set(name, make_scalar(value));
  };
  put("beam_center_x", g.beam_center_x_px);
  put("beam_center_y", g.beam_center_y_px);
  put("detector_distance", g.distance_m);
  put("pixel_size", g.pixel_size_x_m);
  put("vitrum/pixel_size_y", g.pixel_size_y_m);
  put("vitrum/tilt_x_deg", g.tilt_x_deg);
  put("vitrum/tilt_y_deg", g.tilt_y_deg);
  put("vitrum/tilt_z_deg", g.tilt_z_deg);
  if (g.wavelength_angstrom > 0)
    qmap.set("energy", make_scalar(frames::energy_from_wavelength(g.wavelength_angstrom)));
}

} // namespace

Tree make_qmap(const frames::Partition& partition, const frames::Geometry& geometry) {
  Tree qmap;
  if (!partition.dynamic_labels.empty()) {
    qmap.set("dynamic_roi_map",
             roi_map(partition.dynamic_labels, partition.height, partition.width));
    qmap.set("static_roi_map", roi_map(partition.static_labels, partition.height, partition.width));
  }
  put_bins(qmap, "dynamic", partition.bins, partition.q_unit);
  put_bins(qmap, "static", partition.static_bins, partition.q_unit);
  qmap.set("map_names", make_array(std::vector<std::string>{"q", "phi"}));
  qmap.set("map_units",
           make_array(std::vector<std::string>{
               partition.q_unit == "1/angstrom" ? "Å⁻¹" : partition.q_unit, "deg"}));
  qmap.set("source_file", make_scalar(std::string("vitrum")));
  qmap.set("vitrum/q_unit", make_scalar(partition.q_unit));
  put_geometry(qmap, geometry);
  // viewers tell qmaps apart by this; here it is the hash of both label maps
  std::vector<std::int32_t> all(partition.dynamic_labels);
  all.insert(all.end(), partition.static_labels.begin(), partition.static_labels.end());
  qmap.attributes = {{"hash", sha256(std::as_bytes(std::span(all)))},
                     {"version", std::string("vitrum")}};
  return qmap;
}

void write_partition(const std::string& path,
                     const frames::Partition& partition,
                     const frames::Geometry& geometry,
                     bool overwrite) {
  frames::validate(partition);
  Tree tree;
  tree.group("qmap") = make_qmap(partition, geometry);
  std::vector<std::uint8_t> used;
  for (const auto label : partition.dynamic_labels)
    used.push_back(label > 0 ? 1 : 0);

  OutputFile output(path, overwrite);
  {
    const h5::Lock lock;
    h5::Handle file = h5::create_file(output);
    const h5::Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT));
    h5::write_group(root.get(), tree, &tree, "", 1, path);
    const h5::Handle group(H5Gopen2(file.get(), "/qmap", H5P_DEFAULT));
    for (const char* name : {"mask", "blemish"})
      write_booleans(group.get(), name, used, partition.height, partition.width, path);
    h5::close_file(std::move(file), output);
  }
  output.commit();
}

} // namespace vitrum::io
