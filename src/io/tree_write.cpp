#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hdf5_tree.hpp"
#include "hdf5_write.hpp"
#include "output_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::io {
namespace {

void require_name(const std::string& name, const std::string& place, std::set<std::string>& taken) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos)
    throw DataError(fmt::format("{}: '{}' is no name", place.empty() ? "/" : place, name));
  if (!taken.insert(name).second)
    throw DataError(
        fmt::format("{}: two objects are called '{}'", place.empty() ? "/" : place, name));
}

bool leads_somewhere(const Tree& root, const std::string& target, int depth = 0) {
  if (!target.starts_with('/') || depth > 8)
    return false;
  if (root.find(target) != nullptr || root.find_group(target) != nullptr)
    return true;
  // a link to a link, or to something below a linked group
  for (std::size_t slash = target.find('/', 1);; slash = target.find('/', slash + 1)) {
    const std::string part = target.substr(0, slash);
    const auto last = part.rfind('/');
    const Tree* above = root.find_group(part.substr(0, last));
    if (above != nullptr)
      for (const auto& [name, to] : above->links())
        if (name == part.substr(last + 1))
          return leads_somewhere(root, to + target.substr(part.size()), depth + 1);
    if (slash == std::string::npos)
      return false;
  }
}

} // namespace

namespace h5 {

void write_group(hid_t group,
                 const Tree& tree,
                 const Tree* root,
                 const std::string& place,
                 int compression_level,
                 const std::string& path) {
  std::set<std::string> taken;
  for (const auto& [key, value] : tree.attributes)
    write_attribute(group, key, value, path, place.empty() ? "/" : place);
  for (const auto& [name, array] : tree.arrays()) {
    require_name(name, place, taken);
    write_array(group, name, array, compression_level, path, place + "/" + name);
  }
  for (const auto& [name, below] : tree.groups()) {
    require_name(name, place, taken);
    const Handle child = exists(group, name) ? Handle(H5Gopen2(group, name.c_str(), H5P_DEFAULT))
                                             : create_group(group, name, path);
    write_group(child.get(), below, root, place + "/" + name, compression_level, path);
  }
  for (const auto& [name, target] : tree.links()) {
    require_name(name, place, taken);
    if (root != nullptr && !leads_somewhere(*root, target))
      throw DataError(
          fmt::format("{}/{}: a link to '{}', which is not there", place, name, target));
    if (H5Lcreate_soft(target.c_str(), group, name.c_str(), H5P_DEFAULT, H5P_DEFAULT) < 0)
      throw FileError(path, fmt::format("{}/{} cannot be written: {}", place, name, reason()));
  }
}

} // namespace h5

void write_tree(const std::string& path, const Tree& tree, const WriteTreeOptions& options) {
  if (options.compression_level < 0 || options.compression_level > 9)
    throw OptionError(
        fmt::format("compression_level = {}: must be within 0 and 9", options.compression_level));
  OutputFile output(path, options.overwrite);
  {
    const h5::Lock lock;
    h5::Handle file = h5::create_file(output);
    const h5::Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT));
    h5::write_group(root.get(), tree, &tree, "", options.compression_level, path);
    h5::close_file(std::move(file), output);
  }
  output.commit();
}

} // namespace vitrum::io
