#include "similar.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "hdf5_walk.hpp"

namespace vitrum::io::h5 {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

std::vector<std::string> similar_names(hid_t file, const std::string& name) {
  const auto last = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  std::vector<std::pair<std::size_t, std::string>> found;
  walk_datasets(
      file,
      [&](const std::string& path, hid_t) {
        // the whole path may be near, or only its last part, elsewhere
        found.emplace_back(
            std::min(edit_distance(path, name), 2 * edit_distance(last(path), last(name)) + 1),
            path);
        return true;
      },
      2000);
  std::stable_sort(
      found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, path] : found) {
    if (names.size() == 5 || distance > std::max<std::size_t>(4, name.size() / 3))
      break;
    names.push_back(path);
  }
  return names;
}

} // namespace vitrum::io::h5
