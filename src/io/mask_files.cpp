#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hdf5_read.hpp"
#include "hdf5_walk.hpp"
#include "image.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/recognise.hpp"
#include "vitrum/io/tables.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::io {
namespace {

/// The one dataset of an HDF5 file that is called mask or pixel_mask.
std::string find_mask(const std::string& file) {
  const h5::Lock lock;
  const h5::Handle handle = h5::open_file(file);
  for (const std::string name :
       {"/qmap/mask", "/xpcs/qmap/mask", "/xpcs/mask", "/data/mask", "/entry/mask/mask", "/mask"})
    if (h5::exists(handle.get(), name)) {
      const h5::Handle object(H5Oopen(handle.get(), name.c_str(), H5P_DEFAULT));
      if (H5Iget_type(object.get()) == H5I_DATASET)
        return name;
    }
  std::vector<std::string> found;
  h5::walk_datasets(handle.get(), [&](const std::string& name, hid_t) {
    if (name.ends_with("/mask") || name.ends_with("/pixel_mask"))
      found.push_back(name);
    return true;
  });
  if (found.size() == 1)
    return found[0];
  throw FormatError(
      file,
      "",
      found.empty() ? "no dataset called mask" : fmt::format("{} masks", found.size()),
      found.empty()
          ? fmt::format("the name of one as {}::/name", file)
          : fmt::format("the name of one as {}::/name: {}", file, fmt::join(found, ", ")));
}

} // namespace

frames::Mask read_mask(const std::string& path) {
  const auto [file, inside] = split_path(path);
  require_readable_file(file);
  std::string from = path;
  if (inside.empty() && is_hdf5(file))
    from = file + "::" + find_mask(file);
  const Image image = read_image(from);
  // NeXus counts reasons why a pixel is bad
  const bool zero_is_good = image.name.ends_with("/pixel_mask");
  frames::Mask mask{image.height, image.width, {}};
  mask.use.reserve(image.values.size());
  for (std::size_t i = 0; i < image.values.size(); ++i) {
    const double v = image.values[i];
    if (std::isnan(v))
      throw DataError(fmt::format("{}: the mask is NaN at row {}, column {}",
                                  path,
                                  static_cast<Index>(i) / image.width,
                                  static_cast<Index>(i) % image.width));
    mask.use.push_back((v != 0) != zero_is_good ? 1 : 0);
  }
  return mask;
}

void write_mask(const std::string& path, const frames::Mask& mask, bool overwrite) {
  const std::string extension = lower_extension(path);
  const Array array = make_array({mask.height, mask.width}, mask.use, "");
  if (extension == "npy")
    return write_npy(path, array, overwrite);
  if (extension == "tif" || extension == "tiff")
    return write_tiff(path, array, overwrite);
  if (extension != "h5" && extension != "hdf5" && extension != "hdf" && extension != "nxs")
    throw OptionError(fmt::format("{}: a mask is written as .npy, .tif or .h5", path));
  Tree tree;
  tree.attributes = {{"NX_class", std::string("NXroot")}, {"default", std::string("entry")}};
  Tree& entry = tree.group("entry");
  entry.attributes = {{"NX_class", std::string("NXentry")}, {"default", std::string("mask")}};
  Tree& data = tree.group("entry/mask");
  data.attributes = {{"NX_class", std::string("NXdata")}, {"signal", std::string("mask")}};
  Array& stored = data.set("mask", array);
  stored.attributes["long_name"] = std::string("1 = pixel in use");
  stored.attributes["interpretation"] = std::string("image");
  write_tree(path, tree, {.overwrite = overwrite});
}

} // namespace vitrum::io
