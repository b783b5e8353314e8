#include "hdf5_walk.hpp"

#include <set>
#include <utility>

#include "hdf5_read.hpp"

namespace vitrum::io::h5 {
namespace {

constexpr int max_depth = 32;

struct Walk {
  const std::function<bool(const std::string&, hid_t)>& visit;
  Index left;
  std::set<std::pair<unsigned long, haddr_t>> seen;

  bool group(hid_t id, const std::string& path, int depth) {
    for (const Member& member : members(id, left)) {
      if (--left <= 0)
        return false;
      if (member.type != H5O_TYPE_GROUP && member.type != H5O_TYPE_DATASET)
        continue;
      const Handle object(H5Oopen(id, member.name.c_str(), H5P_DEFAULT));
      H5O_info_t info{};
      if (!object || H5Oget_info2(object.get(), &info, H5O_INFO_BASIC) < 0 ||
          !seen.insert({info.fileno, info.addr}).second)
        continue;
      const std::string name = path + "/" + member.name;
      if (member.type == H5O_TYPE_DATASET
              ? !visit(name, object.get())
              : depth < max_depth && !group(object.get(), name, depth + 1))
        return false;
    }
    return true;
  }
};

} // namespace

void walk_datasets(hid_t file,
                   const std::function<bool(const std::string& path, hid_t dataset)>& visit,
                   Index limit) {
  const Handle root(H5Gopen2(file, "/", H5P_DEFAULT));
  if (root)
    Walk{visit, limit, {}}.group(root.get(), "", 0);
  H5Eclear2(H5E_DEFAULT);
}

} // namespace vitrum::io::h5
