#include "event_rows.hpp"

#include <algorithm>

namespace vitrum::correlate::detail {
namespace {

constexpr std::uint32_t ahead = 20; // events whose lists are fetched before they are needed

struct Entries {
  std::uint32_t begin, end;
};

enum class Walk { // of the runs
  trimmed,        // blocks may hold frames to both sides of the columns
  whole,
  eights,        // whole and padded
  eights_to_own, // of the last, up to the frame of the row
};

template <Walk W>
Entries entries_of(const GroupLists& lists,
                   std::uint32_t e,
                   const std::uint32_t* begin,
                   const Columns& columns) {
  const std::uint32_t pixel = lists.pixel[e];
  Entries entries{begin[pixel], begin[pixel + 1]};
  if constexpr (W == Walk::eights_to_own) {
    constexpr auto pad = static_cast<std::uint32_t>(entry_pad);
    entries.end = (lists.own[e] + pad - 1) / pad * pad;
  } else if constexpr (W == Walk::trimmed) { // less than 2^16 frames to both sides
    const auto column = [&](std::uint32_t entry) {
      return static_cast<std::uint16_t>(lists.entry_frame[entry] -
                                        static_cast<std::uint16_t>(columns.first_of_block));
    };
    const auto low = static_cast<std::uint16_t>(columns.first - columns.first_of_block);
    const auto high = static_cast<Index>(columns.last - columns.first_of_block);
    while (entries.begin < entries.end && column(entries.begin) < low)
      ++entries.begin;
    while (entries.end > entries.begin && column(entries.end - 1) >= high)
      --entries.end;
  }
  return entries;
}

template <Walk W>
[[gnu::always_inline]] inline void
add_entries(const std::uint16_t* f, Index n, std::uint32_t weight, std::uint32_t* row) {
  for (; n >= 8; n -= 8, f += 8) {
    row[f[0]] += weight;
    row[f[1]] += weight;
    row[f[2]] += weight;
    row[f[3]] += weight;
    row[f[4]] += weight;
    row[f[5]] += weight;
    row[f[6]] += weight;
    row[f[7]] += weight;
  }
  if constexpr (W == Walk::trimmed || W == Walk::whole)
    for (; n > 0; --n, ++f)
      row[*f] += weight;
}

template <Walk W>
[[gnu::always_inline]] inline void
add_entries(const std::uint16_t* f, const float* values, Index n, float weight, float* row) {
  for (; n >= 4; n -= 4, f += 4, values += 4) {
    row[f[0]] += weight * values[0];
    row[f[1]] += weight * values[1];
    row[f[2]] += weight * values[2];
    row[f[3]] += weight * values[3];
  }
  if constexpr (W == Walk::trimmed || W == Walk::whole)
    for (; n > 0; --n, ++f, ++values)
      row[*f] += weight * *values;
}

/// Calls add(event, entries) for the events of a frame and their entries in one block.
template <Walk W, class Add>
void each_event(
    const GroupLists& lists, Index frame, Index block, const Columns& columns, Add&& add) {
  const std::uint32_t first = lists.frame_begin[frame];
  const std::uint32_t last = lists.frame_begin[frame + 1];
  const auto size = static_cast<std::uint32_t>(lists.pixel.size());
  const std::uint32_t* const begin = lists.begin_of(block);
  for (std::uint32_t e = first; e < last; ++e) {
    if (e + 2 * ahead < size) {
      __builtin_prefetch(begin + lists.pixel[e + 2 * ahead]);
      const std::uint16_t* const list = lists.entry_frame.data() + begin[lists.pixel[e + ahead]];
      __builtin_prefetch(list);
      __builtin_prefetch(list + 32); // the next line
    }
    add(e, entries_of<W>(lists, e, begin, columns));
  }
}

template <Walk W>
void add_block(
    const GroupLists& lists, Index frame, Index block, const Columns& columns, std::uint32_t* row) {
  each_event<W>(lists, frame, block, columns, [&](std::uint32_t e, Entries entries) {
    add_entries<W>(lists.entry_frame.data() + entries.begin,
                   static_cast<Index>(entries.end) - entries.begin,
                   lists.count[e],
                   row);
  });
}

template <Walk W>
void add_block(
    const GroupLists& lists, Index frame, Index block, const Columns& columns, float* row) {
  each_event<W>(lists, frame, block, columns, [&](std::uint32_t e, Entries entries) {
    add_entries<W>(lists.entry_frame.data() + entries.begin,
                   lists.entry_value.data() + entries.begin,
                   static_cast<Index>(entries.end) - entries.begin,
                   lists.value[e],
                   row);
  });
}

template <class Sum>
void clear_pads(const GroupLists& lists, const Columns& columns, Sum* row) {
  if (lists.padded)
    for (Index block = columns.first_block; block < columns.last_block; ++block)
      std::fill_n(row + pad_slot(block, columns.block_frames), entry_pad, Sum{0});
}

/// The walks must be known when the loops are compiled.
template <class Sum>
void add_blocks(const GroupLists& lists, Index frame, const Columns& columns, Sum* row) {
  for (Index block = columns.first_block; block < columns.last_block; ++block) {
    if (!columns.aligned)
      add_block<Walk::trimmed>(lists, frame, block, columns, row);
    else if (!lists.padded)
      add_block<Walk::whole>(lists, frame, block, columns, row);
    else if (columns.until_row && block == columns.last_block - 1)
      add_block<Walk::eights_to_own>(lists, frame, block, columns, row);
    else
      add_block<Walk::eights>(lists, frame, block, columns, row);
  }
  clear_pads(lists, columns, row);
}

} // namespace

Columns make_columns(Index first, Index last, Index block_frames, Index frames) {
  Columns columns{first, last};
  columns.block_frames = block_frames;
  columns.first_block = first / block_frames;
  columns.last_block = (last + block_frames - 1) / block_frames;
  columns.first_of_block = columns.first_block * block_frames;
  columns.aligned = first == columns.first_of_block &&
                    (last == frames || last == columns.last_block * block_frames);
  return columns;
}

void add_row_pairs(const GroupLists& lists,
                   Index frame,
                   const Columns& columns,
                   std::uint32_t* row) {
  add_blocks(lists, frame, columns, row);
}

void add_row_pairs(const GroupLists& lists, Index frame, const Columns& columns, float* row) {
  add_blocks(lists, frame, columns, row);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VITRUM_CLONES                                                                              \
  [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"),                             \
    gnu::optimize("O3", "fp-contract=off")]]
#else
#define VITRUM_CLONES
#endif

VITRUM_CLONES void finish_row(const RowTerms& terms,
                              std::uint32_t* __restrict sums,
                              Index count,
                              float* __restrict out) {
  const float a1 = terms.a1, c2_factor = terms.c2_factor, c1 = terms.c1;
  const float* __restrict a2 = terms.a2;
  const float* __restrict c2 = terms.c2;
  const float* __restrict marginal = terms.marginal;
  for (Index j = 0; j < count; ++j) {
    const auto sum = static_cast<float>(static_cast<std::int32_t>(sums[j]));
    sums[j] = 0;
    out[j] = a1 * a2[j] * sum + (c2_factor * c2[j] - c1 * marginal[j]);
  }
}

VITRUM_CLONES void
finish_row(const RowTerms& terms, float* __restrict sums, Index count, float* __restrict out) {
  const float c2_factor = terms.c2_factor, c1 = terms.c1;
  const float* __restrict c2 = terms.c2;
  const float* __restrict marginal = terms.marginal;
  for (Index j = 0; j < count; ++j) {
    const float sum = sums[j];
    sums[j] = 0;
    out[j] = sum + (c2_factor * c2[j] - c1 * marginal[j]);
  }
}

} // namespace vitrum::correlate::detail
