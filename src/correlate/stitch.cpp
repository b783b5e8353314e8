#include "vitrum/correlate/stitch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate {

void validate(std::span<const StitchPart> parts) {
  if (parts.size() < 2)
    throw OptionError(fmt::format("{} part, expected two or more to stitch", parts.size()));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    if (part.frames < 2)
      throw DataError(fmt::format("{}: {} frames, need at least 2", part.name, part.frames));
    if (i == 0)
      continue;
    const auto& before = parts[i - 1];
    if (part.first <= before.first)
      throw DataError(fmt::format("{}: begins at frame {} of the whole, not after {} (frame {})",
                                  part.name,
                                  part.first,
                                  before.name,
                                  before.first));
    if (part.last() <= before.last())
      throw DataError(fmt::format("{}: its frames {}:{} of the whole lie within {} ({}:{})",
                                  part.name,
                                  part.first,
                                  part.last(),
                                  before.name,
                                  before.first,
                                  before.last()));
  }
}

void read_stitched(
    std::span<const StitchPart> parts, Index row0, Index rows, Index col0, Index cols, float* out) {
  const auto values = static_cast<std::size_t>(rows * cols);
  std::vector<double> sum(values, 0.0);
  std::vector<std::uint8_t> count(values, 0);
  std::vector<float> block;
  for (const auto& part : parts) {
    const Index r0 = std::max(row0, part.first), r1 = std::min(row0 + rows, part.last());
    const Index c0 = std::max(col0, part.first), c1 = std::min({col0 + cols, part.last(), r1});
    if (r0 >= r1 || c0 >= c1)
      continue;
    block.resize(static_cast<std::size_t>((r1 - r0) * (c1 - c0)));
    part.read(r0 - part.first, r1 - r0, c0 - part.first, c1 - c0, block.data());
    for (Index t1 = r0; t1 < r1; ++t1)
      for (Index t2 = c0; t2 < std::min(c1, t1 + 1); ++t2)
        if (const float c = block[static_cast<std::size_t>((t1 - r0) * (c1 - c0) + t2 - c0)];
            !std::isnan(c)) {
          const auto at = static_cast<std::size_t>((t1 - row0) * cols + t2 - col0);
          sum[at] += static_cast<double>(c);
          ++count[at];
        }
  }
  for (std::size_t i = 0; i < values; ++i)
    out[i] = count[i] == 0 ? std::numeric_limits<float>::quiet_NaN()
                           : static_cast<float>(sum[i] / count[i]);
}

} // namespace vitrum::correlate
