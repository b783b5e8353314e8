#include "vitrum/correlate/map_levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vitrum::correlate {

std::vector<MapLevel> make_levels(Index frames, Index smallest) {
  std::vector<MapLevel> levels;
  for (Index factor = 2, size = frames; size > smallest; factor *= 2) {
    size = (size + 1) / 2;
    levels.push_back({factor, size});
  }
  return levels;
}

void halve(const float* in, Index rows, Index cols, Index stride, float* out, Index out_stride) {
  for (Index i = 0; i < rows; i += 2)
    for (Index j = 0; j < cols; j += 2) {
      const float* corner = in + i * stride + j;
      const Index tall = std::min<Index>(rows - i, 2), wide = std::min<Index>(cols - j, 2);
      float sum = 0;
      int count = 0;
      for (Index y = 0; y < tall; ++y)
        for (Index x = 0; x < wide; ++x)
          if (const float value = corner[y * stride + x]; !std::isnan(value)) {
            sum += value;
            ++count;
          }
      out[i / 2 * out_stride + j / 2] =
          count > 0 ? sum / static_cast<float>(count) : std::numeric_limits<float>::quiet_NaN();
    }
}

} // namespace vitrum::correlate
