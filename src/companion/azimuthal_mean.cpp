#include "vitrum/companion/azimuthal_mean.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {

RadialProfile azimuthal_mean(std::span<const double> image,
                             std::span<const double> q,
                             std::span<const std::uint8_t> use,
                             Index rings) {
  if (image.size() != q.size() || image.size() != use.size())
    throw DataError(fmt::format("an image of {} pixels with {} of q and {} of the mask",
                                image.size(),
                                q.size(),
                                use.size()));
  if (rings < 1)
    throw OptionError(fmt::format("rings = {}: must be positive", rings));
  const auto counts = [&](std::size_t i) {
    return use[i] != 0 && std::isfinite(image[i]) && std::isfinite(q[i]);
  };
  double highest = 0;
  for (std::size_t i = 0; i < q.size(); ++i)
    if (counts(i))
      highest = std::max(highest, q[i]);
  std::vector<Moments> value(static_cast<std::size_t>(rings)), place(value.size());
  for (std::size_t i = 0; i < q.size(); ++i)
    if (counts(i) && highest > 0) {
      const auto ring = std::min(
          static_cast<std::size_t>(q[i] / highest * static_cast<double>(rings)), value.size() - 1);
      value[ring].add(image[i]);
      place[ring].add(q[i]);
    }
  RadialProfile out;
  for (std::size_t r = 0; r < value.size(); ++r)
    if (value[r].count >= 2 && place[r].mean > 0) {
      out.q.push_back(place[r].mean);
      out.intensity.push_back(value[r].mean);
      out.error.push_back(value[r].error());
      out.pixels.push_back(value[r].count);
    }
  if (out.q.empty())
    throw DataError("no pixel is left for I(q)");
  return out;
}

} // namespace vitrum::companion
