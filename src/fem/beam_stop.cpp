#include <algorithm>
#include <cmath>

#include "vitrum/core/statistics.hpp"
#include "vitrum/fem/ring_center.hpp"

namespace vitrum::fem {
namespace {

/// Takes regions of fewer than `smallest` marked pixels out of `marked` (neighbours share an edge).
void keep_large(std::vector<std::uint8_t>& marked, Index height, Index width, Index smallest) {
  std::vector<std::uint8_t> seen(marked.size(), 0);
  std::vector<Index> region, todo;
  for (Index start = 0; start < height * width; ++start) {
    if (marked[static_cast<std::size_t>(start)] == 0 || seen[static_cast<std::size_t>(start)] != 0)
      continue;
    region.clear();
    todo = {start};
    seen[static_cast<std::size_t>(start)] = 1;
    while (!todo.empty()) {
      const Index p = todo.back();
      todo.pop_back();
      region.push_back(p);
      const Index y = p / width, x = p % width;
      const auto visit = [&](Index j, Index i) {
        if (j < 0 || i < 0 || j >= height || i >= width)
          return;
        const auto q = static_cast<std::size_t>(j * width + i);
        if (marked[q] != 0 && seen[q] == 0) {
          seen[q] = 1;
          todo.push_back(static_cast<Index>(q));
        }
      };
      visit(y - 1, x);
      visit(y + 1, x);
      visit(y, x - 1);
      visit(y, x + 1);
    }
    if (static_cast<Index>(region.size()) < smallest)
      for (const Index p : region)
        marked[static_cast<std::size_t>(p)] = 0;
  }
}

} // namespace

std::vector<std::uint8_t> find_beam_stop(std::span<const double> image,
                                         const frames::Mask& mask,
                                         const RingShape& shape,
                                         const BeamStopOptions& options) {
  std::vector<std::vector<double>> rings;
  const auto ring_at = [&](Index p) {
    return static_cast<std::size_t>(
        shape.radius_px(static_cast<double>(p % mask.width), static_cast<double>(p / mask.width)) /
        2);
  };
  const auto pixels = static_cast<Index>(mask.use.size());
  for (Index p = 0; p < pixels; ++p)
    if (mask.use[static_cast<std::size_t>(p)] != 0) {
      const auto r = ring_at(p);
      if (r >= rings.size())
        rings.resize(r + 1);
      rings[r].push_back(image[static_cast<std::size_t>(p)]);
    }
  // An upper quantile: near the centre the stop covers most of a ring.
  std::vector<double> typical;
  for (const auto& ring : rings)
    typical.push_back(ring.empty() ? 0 : quantile(ring, 0.75));
  // At the centre the stop covers whole rings: there nothing is darker than what lies around it.
  constexpr double central = 0.03; // of the pattern, in rings of two pixels
  const auto center_rings =
      static_cast<std::size_t>(central * static_cast<double>(std::min(mask.height, mask.width)));
  for (std::size_t r = std::min(center_rings, typical.size() - 1); r-- > 0;)
    typical[r] = std::max(typical[r], typical[r + 1]);
  std::vector<std::uint8_t> shadow(mask.use.size(), 0);
  for (Index p = 0; p < pixels; ++p) {
    const auto i = static_cast<std::size_t>(p);
    if (mask.use[i] == 0)
      continue;
    const auto r = ring_at(p);
    shadow[i] = image[i] < options.fraction * typical[r];
  }
  keep_large(shadow, mask.height, mask.width, options.smallest);
  auto grown = frames::make_mask(mask.height, mask.width);
  for (std::size_t i = 0; i < shadow.size(); ++i)
    grown.use[i] = shadow[i] == 0;
  if (std::all_of(shadow.begin(), shadow.end(), [](auto s) { return s == 0; }))
    return shadow;
  frames::dilate_excluded(grown, options.margin_px);
  // In the corners of a camera an aperture shadows whole rings, which then have nothing bright to
  // compare with: what is cut off from the rest of the pattern is dark too.
  std::vector<std::uint8_t> light(shadow.size());
  for (std::size_t i = 0; i < light.size(); ++i)
    light[i] = grown.use[i] != 0 && mask.use[i] != 0;
  constexpr Index twentieth = 20;
  keep_large(light, mask.height, mask.width, std::count(light.begin(), light.end(), 1) / twentieth);
  for (std::size_t i = 0; i < shadow.size(); ++i)
    shadow[i] = light[i] == 0;
  return shadow;
}

} // namespace vitrum::fem
