// Inner loops of the event kernel: one row of a tile, the products of one frame with many.
#pragma once
#include <cstdint>

#include "event_lists.hpp"

namespace vitrum::correlate::detail {

inline constexpr Index row_slots = Index{1} << 16; // a row is indexed by frame modulo this

/// Frames [first, last) as blocks of the lists.
struct Columns {
  Index first = 0, last = 0;
  Index first_block = 0, last_block = 0; // [first_block, last_block) hold them all
  Index first_of_block = 0;              // the first frame of first_block
  Index block_frames = 0;
  bool aligned = false;   // and no other frame
  bool until_row = false; // padded lists: frames after that of the row are not needed
};
[[nodiscard]] Columns make_columns(Index first, Index last, Index block_frames, Index frames);

/// row[f mod 2^16] += Σ over the events of `frame` of their products with the entries of their
/// pixels in the columns. `row` has row_slots elements; until_row, those after the row get
/// anything.
void add_row_pairs(const GroupLists& lists,
                   Index frame,
                   const Columns& columns,
                   std::uint32_t* row);
void add_row_pairs(const GroupLists& lists, Index frame, const Columns& columns, float* row);

/// Σ δδ' = a1 a2 Σ xx' − c2 · a1 Σx − c1 · a2 Σx' + pixels · c1 c2 for δ = a x − c.
struct RowTerms {
  float a1 = 1;                    // of the row's frame
  float c2_factor = 0;             // pixels · c1 − a1 Σx
  float c1 = 0;                    // of the row's frame
  const float* a2 = nullptr;       // [column]; null: 1
  const float* c2 = nullptr;       // [column]
  const float* marginal = nullptr; // [column] a2 Σx'
};

/// out = a1 a2 sums + c2_factor c2 − c1 marginal; clears the sums.
void finish_row(const RowTerms& terms, std::uint32_t* sums, Index count, float* out);
void finish_row(const RowTerms& terms, float* sums, Index count, float* out);

} // namespace vitrum::correlate::detail
