#include "vitrum/md/clusters.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vitrum::md {

ClusterFinder::ClusterFinder(Index atoms)
    : parent_(static_cast<std::size_t>(atoms)), size_(static_cast<std::size_t>(atoms), 1),
      offset_(static_cast<std::size_t>(atoms), {0, 0, 0}),
      wraps_(static_cast<std::size_t>(atoms), {false, false, false}) {
  std::iota(parent_.begin(), parent_.end(), Index{0});
}

Index ClusterFinder::root(Index atom) {
  // the way up, then every atom on it is hung below the root with the sum of its offsets
  std::vector<std::size_t> way;
  auto at = static_cast<std::size_t>(atom);
  while (parent_[at] != static_cast<Index>(at)) {
    way.push_back(at);
    at = static_cast<std::size_t>(parent_[at]);
  }
  for (std::size_t k = way.size(); k-- > 0;) {
    const auto one = way[k];
    if (const auto above = static_cast<std::size_t>(parent_[one]); above != at)
      for (std::size_t d = 0; d < 3; ++d)
        offset_[one][d] += offset_[above][d];
    parent_[one] = static_cast<Index>(at);
  }
  return static_cast<Index>(at);
}

void ClusterFinder::join(Index a,
                         Index b,
                         const atoms::Vector& r_a,
                         const atoms::Vector& r_b,
                         const atoms::Vector& step,
                         const atoms::Box& box) {
  // which image of b is meant: whole edges between r_a + step and r_b
  const auto from = box.fraction(r_b);
  const auto to = box.fraction({r_a[0] + step[0], r_a[1] + step[1], r_a[2] + step[2]});
  std::array<Index, 3> image{};
  for (std::size_t d = 0; d < 3; ++d)
    image[d] = static_cast<Index>(std::lround(to[d] - from[d]));
  auto top_a = static_cast<std::size_t>(root(a)), top_b = static_cast<std::size_t>(root(b));
  std::array<Index, 3> between{}; // of root b from root a
  for (std::size_t d = 0; d < 3; ++d)
    between[d] = offset_[static_cast<std::size_t>(a)][d] + image[d] -
                 offset_[static_cast<std::size_t>(b)][d];
  if (top_a == top_b) {
    for (std::size_t d = 0; d < 3; ++d)
      wraps_[top_a][d] = wraps_[top_a][d] || between[d] != 0;
    return;
  }
  if (size_[top_a] < size_[top_b]) {
    std::swap(top_a, top_b);
    for (auto& one : between)
      one = -one;
  }
  parent_[top_b] = static_cast<Index>(top_a);
  offset_[top_b] = between;
  size_[top_a] += size_[top_b];
  for (std::size_t d = 0; d < 3; ++d)
    wraps_[top_a][d] = wraps_[top_a][d] || wraps_[top_b][d];
}

bool Clusters::percolates() const {
  return std::any_of(
      wraps.begin(), wraps.end(), [](const auto& w) { return w[0] || w[1] || w[2]; });
}

Clusters find_clusters(const atoms::Box& box,
                       std::span<const atoms::Vector> positions,
                       std::span<const std::uint8_t> members,
                       std::span<const Link> links) {
  ClusterFinder finder(static_cast<Index>(positions.size()));
  for (const auto& link : links) {
    const auto a = static_cast<std::size_t>(link.first), b = static_cast<std::size_t>(link.second);
    if (members[a] != 0 && members[b] != 0)
      finder.join(link.first, link.second, positions[a], positions[b], link.step, box);
  }
  std::vector<Index> roots;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i] != 0 && finder.root(static_cast<Index>(i)) == static_cast<Index>(i))
      roots.push_back(static_cast<Index>(i));
  std::stable_sort(roots.begin(), roots.end(), [&](Index a, Index b) {
    return finder.size(a) > finder.size(b);
  });
  Clusters out;
  std::vector<Index> number(positions.size(), 0);
  for (const Index r : roots) {
    out.sizes.push_back(finder.size(r));
    out.wraps.push_back(finder.wraps(r));
    number[static_cast<std::size_t>(r)] = static_cast<Index>(out.sizes.size());
  }
  for (std::size_t i = 0; i < members.size(); ++i)
    out.label.push_back(
        members[i] != 0 ? number[static_cast<std::size_t>(finder.root(static_cast<Index>(i)))] : 0);
  return out;
}

} // namespace vitrum::md
