#include "event_lists.hpp"

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate::detail {
GroupLists make_group_lists(const EventMatrix& m,
                            Index group,
                            PairWeight weight,
                            Index block_frames,
                            const EventScale& scale) {
  const Index first = m.groups.group_begin[group];
  const Index last = m.groups.group_begin[group + 1];
  const Index begin = m.pixel_begin[first];
  const Index end = m.pixel_begin[last];
  const bool counts = weight == PairWeight::counts;
  Index entries = end - begin;
  if (counts)
    for (Index e = begin; e < end; ++e)
      entries += m.count[e] - 1;
  if (entries > Index{0xffffffff})
    throw DataError(fmt::format("{} counts in one group of pixels: too many for events", entries));

  GroupLists lists;
  lists.blocks = (m.frames + block_frames - 1) / block_frames;
  lists.frame_begin.assign(static_cast<std::size_t>(m.frames) + 1, 0);
  lists.block_begin.resize(static_cast<std::size_t>((last - first) * (lists.blocks + 1)));
  lists.entry_frame.resize(static_cast<std::size_t>(entries), 0);
  if (!counts)
    lists.entry_value.resize(static_cast<std::size_t>(entries), 0.0F);
  for (Index e = begin; e < end; ++e)
    ++lists.frame_begin[m.frame[e] + 1];
  for (Index t = 0; t < m.frames; ++t)
    lists.frame_begin[t + 1] += lists.frame_begin[t];
  std::vector<std::uint32_t> place(lists.frame_begin.begin(), lists.frame_begin.end() - 1);
  lists.pixel.resize(static_cast<std::size_t>(end - begin));
  if (counts)
    lists.count.resize(lists.pixel.size());
  else
    lists.value.resize(lists.pixel.size());

  std::uint32_t to = 0;
  for (Index p = first; p < last; ++p) {
    std::uint32_t* block = lists.block_begin.data() + (p - first) * (lists.blocks + 1);
    Index next_block = 0;
    for (Index e = m.pixel_begin[p]; e < m.pixel_begin[p + 1]; ++e) {
      const std::uint32_t t = m.frame[e];
      for (; next_block * block_frames <= Index{t}; ++next_block)
        block[next_block] = to;
      const std::uint32_t at = place[t]++;
      lists.pixel[at] = static_cast<std::uint32_t>(p - first);
      const auto short_frame = static_cast<std::uint16_t>(t);
      if (counts) {
        lists.count[at] = m.count[e];
        for (std::uint32_t c = 0; c < m.count[e]; ++c)
          lists.entry_frame[to++] = short_frame;
      } else {
        const auto value = static_cast<float>(static_cast<double>(m.value(p, e)) *
                                              scale.factor(m.groups.static_bin[p], t));
        lists.value[at] = value;
        lists.entry_value[to] = value;
        lists.entry_frame[to++] = short_frame;
      }
    }
    for (; next_block <= lists.blocks; ++next_block)
      block[next_block] = to;
  }
  return lists;
}

} // namespace vitrum::correlate::detail
