#include "event_rows.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr Index ahead = 10; // events whose lists are fetched before they are needed

struct Entries {
  std::uint32_t begin, end;
};

template <bool Aligned>
Entries entries_of(const GroupLists& lists, std::uint32_t pixel, const Columns& columns) {
  const std::uint32_t* block =
      lists.block_begin.data() + static_cast<Index>(pixel) * (lists.blocks + 1);
  Entries entries{block[columns.first_block], block[columns.last_block]};
  if constexpr (!Aligned) { // the blocks may hold frames to both sides; less than 2^16 of them
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
  for (; n > 0; --n, ++f)
    row[*f] += weight;
}

[[gnu::always_inline]] inline void
add_entries(const std::uint16_t* f, const float* values, Index n, float weight, float* row) {
  for (; n >= 4; n -= 4, f += 4, values += 4) {
    row[f[0]] += weight * values[0];
    row[f[1]] += weight * values[1];
    row[f[2]] += weight * values[2];
    row[f[3]] += weight * values[3];
  }
  for (; n > 0; --n, ++f, ++values)
    row[*f] += weight * *values;
}

template <bool Aligned, class Add>
void each_event(const GroupLists& lists, Index frame, const Columns& columns, Add&& add) {
  const std::uint32_t last = lists.frame_begin[frame + 1];
  const auto size = static_cast<std::uint32_t>(lists.pixel.size());
  for (std::uint32_t e = lists.frame_begin[frame]; e < last; ++e) {
    if (e + ahead < size) {
      const std::uint32_t* next = lists.block_begin.data() +
                                  static_cast<Index>(lists.pixel[e + ahead]) * (lists.blocks + 1);
      const std::uint16_t* list = lists.entry_frame.data() + next[columns.first_block];
      __builtin_prefetch(list);
      __builtin_prefetch(list + 32);
    }
    add(e, entries_of<Aligned>(lists, lists.pixel[e], columns));
  }
}

template <bool Aligned>
void add_counts(const GroupLists& lists, Index frame, const Columns& columns, std::uint32_t* row) {
  each_event<Aligned>(lists, frame, columns, [&](std::uint32_t e, Entries entries) {
    add_entries(lists.entry_frame.data() + entries.begin,
                static_cast<Index>(entries.end) - entries.begin,
                lists.count[e],
                row);
  });
}

template <bool Aligned>
void add_values(const GroupLists& lists, Index frame, const Columns& columns, float* row) {
  each_event<Aligned>(lists, frame, columns, [&](std::uint32_t e, Entries entries) {
    add_entries(lists.entry_frame.data() + entries.begin,
                lists.entry_value.data() + entries.begin,
                static_cast<Index>(entries.end) - entries.begin,
                lists.value[e],
                row);
  });
}

} // namespace

Columns make_columns(Index first, Index last, Index block_frames, Index frames) {
  Columns columns{first, last};
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
  if (columns.aligned)
    add_counts<true>(lists, frame, columns, row);
  else
    add_counts<false>(lists, frame, columns, row);
}

void add_row_pairs(const GroupLists& lists, Index frame, const Columns& columns, float* row) {
  if (columns.aligned)
    add_values<true>(lists, frame, columns, row);
  else
    add_values<false>(lists, frame, columns, row);
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
