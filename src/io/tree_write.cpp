#include <algorithm>
#include <set>

#include <fmt/format.h>

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

struct Writer {
  const Tree& root;
  const std::string& path;
  int level;

  void group(hid_t id, const Tree& tree, const std::string& place) const {
    std::set<std::string> taken;
    for (const auto& [key, value] : tree.attributes)
      h5::write_attribute(id, key, value, path, place.empty() ? "/" : place);
    for (const auto& [name, array] : tree.arrays()) {
      require_name(name, place, taken);
      h5::write_array(id, name, array, level, path, place + "/" + name);
    }
    for (const auto& [name, below] : tree.groups()) {
      require_name(name, place, taken);
      const h5::Handle child = h5::create_group(id, name, path);
      group(child.get(), below, place + "/" + name);
    }
    for (const auto& [name, target] : tree.links()) {
      require_name(name, place, taken);
      if (!leads_somewhere(root, target))
        throw DataError(
            fmt::format("{}/{}: a link to '{}', which is not there", place, name, target));
      if (H5Lcreate_soft(target.c_str(), id, name.c_str(), H5P_DEFAULT, H5P_DEFAULT) < 0)
        throw FileError(path,
                        fmt::format("{}/{} cannot be written: {}", place, name, h5::reason()));
    }
  }
};

} // namespace

void write_tree(const std::string& path, const Tree& tree, const WriteTreeOptions& options) {
  if (options.compression_level < 0 || options.compression_level > 9)
    throw OptionError(
        fmt::format("compression_level = {}: must be within 0 and 9", options.compression_level));
  OutputFile output(path, options.overwrite);
  {
    const h5::Lock lock;
    h5::Handle file = h5::create_file(output.temporary(), path);
    const h5::Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT));
    Writer{tree, path, options.compression_level}.group(root.get(), tree, "");
    h5::close_file(std::move(file), path);
  }
  output.commit();
}

} // namespace vitrum::io
