#include <limits>
#include <set>

#include <fmt/format.h>

#include "hdf5_read.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::io {
namespace {

/// The array, or one without values of a type that Tree lacks (`held` false).
Array read_any(const h5::Dataset& dataset, bool& held) {
  using frames::PixelType;
  held = true;
  const h5::Handle type(H5Dget_type(dataset.id.get()));
  const h5::Handle space(H5Dget_space(dataset.id.get()));
  std::vector<Index> dims = dataset.dims;
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL)
    dims = {0};
  Array array;
  if (h5::is_text(type.get())) {
    array.values = h5::read_texts(dataset);
  } else if (const auto pixels = h5::pixel_type(type.get())) {
    switch (*pixels) {
    case PixelType::u8:
      array.values = h5::read_as<std::uint8_t>(dataset);
      break;
    case PixelType::u16:
      array.values = h5::read_as<std::uint16_t>(dataset);
      break;
    case PixelType::u32:
      array.values = h5::read_as<std::uint32_t>(dataset);
      break;
    case PixelType::i8:
    case PixelType::i16:
    case PixelType::i32:
      array.values = h5::read_as<std::int32_t>(dataset);
      break;
    case PixelType::i64:
      array.values = h5::read_as<Index>(dataset);
      break;
    case PixelType::u64: {
      auto values = h5::read_as<Index>(dataset);
      for (const Index v : values) // HDF5 clips what does not fit
        if (v == std::numeric_limits<Index>::max())
          throw FormatError(dataset.file,
                            dataset.name,
                            "a value above 2^63 - 2",
                            "one that fits 64 bits with a sign");
      array.values = std::move(values);
      break;
    }
    case PixelType::f32:
      array.values = h5::read_as<float>(dataset);
      break;
    case PixelType::f64:
      array.values = h5::read_as<double>(dataset);
      break;
    }
  } else {
    held = false;
    return array;
  }
  array.shape = std::move(dims);
  array.attributes = h5::read_attributes(dataset.id.get());
  return array;
}

struct TreeReader {
  const std::string& path;
  const ReadTreeOptions& options;
  std::set<std::pair<unsigned long, haddr_t>> open_groups; // those above, against loops

  void leave_out(const std::string& name) const {
    if (options.left_out != nullptr)
      options.left_out->push_back(name);
  }

  /// Names in the order of their making where the file keeps it.
  static std::vector<std::string> names(hid_t group) {
    const h5::Handle creation(H5Gget_create_plist(group));
    unsigned order = 0;
    H5Pget_link_creation_order(creation.get(), &order);
    std::vector<std::string> list;
    H5Literate(
        group,
        (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME,
        H5_ITER_INC,
        nullptr,
        [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
          static_cast<std::vector<std::string>*>(out)->emplace_back(name);
          return 0;
        },
        &list);
    return list;
  }

  void read(hid_t group, Tree& tree, const std::string& place, int depth) {
    if (depth > 64)
      throw FormatError(path, place, "groups nested deeper than 64", "");
    tree.attributes = h5::read_attributes(group);
    for (const auto& name : names(group)) {
      const std::string full = place + "/" + name;
      H5L_info_t info{};
      h5::check(H5Lget_info(group, name.c_str(), &info, H5P_DEFAULT) < 0,
                path,
                full,
                "link cannot be read");
      if (info.type == H5L_TYPE_SOFT) {
        std::vector<char> target(info.u.val_size + 1, '\0');
        h5::check(H5Lget_val(group, name.c_str(), target.data(), target.size(), H5P_DEFAULT) < 0,
                  path,
                  full,
                  "link cannot be read");
        tree.link(name, target.data());
        continue;
      }
      const h5::Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT));
      const auto kind = object ? H5Iget_type(object.get()) : H5I_BADID;
      if (kind == H5I_GROUP)
        read_group(object.get(), tree.group(name), full, depth);
      else if (kind == H5I_DATASET)
        read_dataset(group, name, tree, full);
      else
        leave_out(full);
    }
    H5Eclear2(H5E_DEFAULT);
  }

  void read_group(hid_t id, Tree& tree, const std::string& place, int depth) {
    H5O_info_t info{};
    H5Oget_info2(id, &info, H5O_INFO_BASIC);
    const auto inserted = open_groups.insert({info.fileno, info.addr});
    if (!inserted.second)
      return leave_out(place); // a hard link to a group above itself
    read(id, tree, place, depth + 1);
    open_groups.erase(inserted.first);
  }

  void
  read_dataset(hid_t group, const std::string& name, Tree& tree, const std::string& place) const {
    auto dataset = h5::open_dataset(group, path, name);
    dataset.name = place;
    if (options.largest_array >= 0 && dataset.size() > options.largest_array)
      return leave_out(place);
    bool held = false;
    Array array = read_any(dataset, held);
    if (held)
      tree.set(name, std::move(array));
    else
      leave_out(place);
  }
};

} // namespace

Tree read_tree(const std::string& path, const ReadTreeOptions& options) {
  const h5::Lock lock;
  const h5::Handle file = h5::open_file(path);
  const std::string group = options.group.starts_with('/') ? options.group : "/" + options.group;
  if (!h5::exists(file.get(), group))
    throw FormatError(path, group, "no such group", "");
  const h5::Handle root(H5Oopen(file.get(), group.c_str(), H5P_DEFAULT));
  if (H5Iget_type(root.get()) != H5I_GROUP)
    throw FormatError(path, group, "a dataset", "a group");
  Tree tree;
  TreeReader reader{path, options, {}};
  reader.read_group(root.get(), tree, group == "/" ? "" : group, 0);
  return tree;
}

Array read_array(const std::string& path) {
  const auto [file_path, inside] = split_path(path);
  if (inside.empty())
    throw OptionError(fmt::format("{}: no dataset named, expected file.h5::/path", path));
  const h5::Lock lock;
  const h5::Handle file = h5::open_file(file_path);
  const auto dataset =
      h5::open_dataset(file.get(), file_path, inside.starts_with('/') ? inside : "/" + inside);
  bool held = false;
  Array array = read_any(dataset, held);
  if (!held)
    throw FormatError(file_path, dataset.name, h5::describe(dataset), "numbers or text");
  return array;
}

} // namespace vitrum::io
