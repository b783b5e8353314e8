#include "cell_rows.hpp"

#include <algorithm>
#include <cstring>

namespace vitrum::correlate::detail {
namespace {

constexpr Index sixteen = 16; // divides the frames of a panel

} // namespace

void read_rows(const PanelKernels& kernels,
               const PanelPlace& panel,
               std::span<const Index> frames,
               Index first,
               Index cells,
               std::uint32_t* to,
               Index to_stride) {
  alignas(64) std::uint32_t square[sixteen * sixteen];
  const auto end_of = [&](std::size_t begin, Index frame) { // the first that is not below `frame`
    while (begin < frames.size() && frames[begin] < frame)
      ++begin;
    return begin;
  };
  for (std::size_t begin = 0, end = 0; begin < frames.size(); begin = end) {
    const Index number = frames[begin] / panel_frames;
    const std::uint32_t* const from = panel(number) + first * panel_frames;
    end = end_of(begin, (number + 1) * panel_frames);
    const std::uint32_t* const next =
        end < frames.size() ? panel(frames[end] / panel_frames) + first * panel_frames : from;
    for (Index k = 0; k < cells; k += sixteen) {
      const auto bytes = static_cast<std::size_t>(std::min(sixteen, cells - k)) * sizeof(*to);
      for (Index line = 0; line < sixteen * panel_frames; line += sixteen)
        __builtin_prefetch(next + k * panel_frames + line, 0, 2);
      std::size_t i = begin;
      for (Index top = number * panel_frames; i < end; top += sixteen) {
        const std::size_t last = end_of(i, top + sixteen);
        if (i == last)
          continue;
        kernels.transpose(
            from + k * panel_frames + top - number * panel_frames, panel_frames, square, sixteen);
        for (; i < last; ++i)
          std::memcpy(to + static_cast<Index>(i) * to_stride + k,
                      square + (frames[i] - top) * sixteen,
                      bytes);
      }
    }
  }
}

} // namespace vitrum::correlate::detail
