#include "event_lists.hpp"

#include <numeric>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate::detail {
namespace {

/// Events of pixel p in each block: calls visit(block, first, last).
template <class Visit>
void each_run(const EventMatrix& m, Index p, Index block_frames, Index blocks, Visit&& visit) {
  Index e = m.pixel_begin[p];
  const Index end = m.pixel_begin[p + 1];
  for (Index block = 0; block < blocks; ++block) {
    const Index first = e;
    const Index last_frame = (block + 1) * block_frames;
    while (e < end && Index{m.frame[e]} < last_frame)
      ++e;
    visit(block, first, e);
  }
}

constexpr Index padded_size(Index size) {
  return (size + entry_pad - 1) / entry_pad * entry_pad;
}

/// Entries of events [from, to) of one pixel.
Index entries_of(const EventMatrix& m, PairWeight weight, Index from, Index to) {
  Index entries = to - from;
  if (weight == PairWeight::counts)
    for (Index e = from; e < to; ++e)
      entries += m.count[e] - 1;
  return entries;
}

/// Counts the entries of a group and finds where those of each run begin.
Index place_entries(const EventMatrix& m,
                    Index group,
                    PairWeight weight,
                    Index block_frames,
                    const GroupLists& lists) {
  const Index first = m.groups.group_begin[group], last = m.groups.group_begin[group + 1];
  for (Index p = first; p < last; ++p)
    each_run(m, p, block_frames, lists.blocks, [&](Index block, Index from, Index to) {
      const Index entries = entries_of(m, weight, from, to);
      const Index size = lists.padded ? padded_size(entries) : entries;
      lists.begin_of(block)[p - first] = static_cast<std::uint32_t>(
          std::min(size, Index{0xffffffff})); // an excess shows in the sum
    });
  Index total = 0;
  for (Index block = 0; block < lists.blocks; ++block) {
    std::uint32_t* const begin = lists.begin_of(block);
    for (Index p = 0; p < lists.pixels; ++p) {
      const Index size = begin[p];
      begin[p] = static_cast<std::uint32_t>(total);
      total += size;
    }
    begin[lists.pixels] = static_cast<std::uint32_t>(total);
  }
  if (total > Index{0xffffffff})
    throw DataError(fmt::format("{} counts in one group of pixels: too many for events", total));
  return total;
}

void fill_lists(const EventMatrix& m,
                Index group,
                Index block_frames,
                const EventScale& scale,
                GroupLists& lists) {
  const Index first = m.groups.group_begin[group], last = m.groups.group_begin[group + 1];
  const bool counts = lists.value.empty();
  lists.frame_begin.assign(static_cast<std::size_t>(m.frames) + 1, 0);
  for (Index e = m.pixel_begin[first]; e < m.pixel_begin[last]; ++e)
    ++lists.frame_begin[m.frame[e] + 1];
  for (Index t = 0; t < m.frames; ++t)
    lists.frame_begin[t + 1] += lists.frame_begin[t];
  std::vector<std::uint32_t> place(lists.frame_begin.begin(), lists.frame_begin.end() - 1);
  for (Index p = first; p < last; ++p)
    each_run(m, p, block_frames, lists.blocks, [&](Index block, Index from, Index until) {
      Index to = lists.begin_of(block)[p - first];
      for (Index e = from; e < until; ++e) {
        const std::uint32_t t = m.frame[e];
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
        if (lists.padded)
          lists.own[at] = static_cast<std::uint32_t>(to);
      }
      if (lists.padded)
        for (Index pad = pad_slot(block, block_frames); to % entry_pad != 0; ++pad, ++to) {
          lists.entry_frame[to] = static_cast<std::uint16_t>(pad);
          if (!counts)
            lists.entry_value[to] = 0;
        }
    });
}

/// The part of the memory that belongs to the next group.
template <class T>
std::span<T> take(Buffer<T>& buffer, Index& used, Index size) {
  const std::span<T> part =
      buffer.span().subspan(static_cast<std::size_t>(used), static_cast<std::size_t>(size));
  used += size;
  return part;
}

} // namespace

EventLists make_event_lists(const EventMatrix& m,
                            PairWeight weight,
                            Index block_frames,
                            bool padded,
                            const EventScale& scale) {
  const Index groups = m.groups.groups();
  const bool counts = weight == PairWeight::counts;
  EventLists all;
  all.groups.resize(static_cast<std::size_t>(groups));
  std::vector<Index> entries(static_cast<std::size_t>(groups));
  const Index blocks = (m.frames + block_frames - 1) / block_frames;
  all.block_begin = Buffer<std::uint32_t>(blocks * (m.pixels() + groups));
  Index block = 0;
  for (Index g = 0; g < groups; ++g) {
    GroupLists& lists = all.groups[g];
    lists.blocks = blocks;
    lists.pixels = m.groups.group_begin[g + 1] - m.groups.group_begin[g];
    lists.padded = padded;
    lists.block_begin = take(all.block_begin, block, blocks * (lists.pixels + 1));
  }
  parallel_for(0, groups, 1, [&](Index g, Index) {
    entries[g] = place_entries(m, g, weight, block_frames, all.groups[g]);
  });
  const Index total = std::accumulate(entries.begin(), entries.end(), Index{0});
  all.pixel = Buffer<std::uint32_t>(m.events());
  all.count = Buffer<std::uint32_t>(counts ? m.events() : 0);
  all.value = Buffer<float>(counts ? 0 : m.events());
  all.own = Buffer<std::uint32_t>(padded ? m.events() : 0);
  all.entry_frame = Buffer<std::uint16_t>(total);
  all.entry_value = Buffer<float>(counts ? 0 : total);
  Index event = 0, own = 0, weighted = 0, entry = 0, valued = 0;
  for (Index g = 0; g < groups; ++g) {
    GroupLists& lists = all.groups[g];
    const Index first = m.groups.group_begin[g], last = m.groups.group_begin[g + 1];
    const Index events = m.pixel_begin[last] - m.pixel_begin[first];
    lists.pixel = take(all.pixel, event, events);
    if (counts)
      lists.count = take(all.count, weighted, events);
    else
      lists.value = take(all.value, weighted, events);
    lists.own = take(all.own, own, padded ? events : 0);
    lists.entry_frame = take(all.entry_frame, entry, entries[g]);
    lists.entry_value = take(all.entry_value, valued, counts ? 0 : entries[g]);
  }
  parallel_for(
      0, groups, 1, [&](Index g, Index) { fill_lists(m, g, block_frames, scale, all.groups[g]); });
  return all;
}

} // namespace vitrum::correlate::detail
