#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "lag_plan.hpp"
#include "pixel_pieces.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/pixel_g2.hpp"

namespace vitrum::correlate {
namespace {

Index bytes_of(const PixelRows& rows) {
  return std::visit([](const auto* values) { return static_cast<Index>(sizeof(*values)); },
                    rows.counts);
}

} // namespace

struct PixelG2Accumulator::State {
  PixelGroups groups;
  PixelG2Options options;
  LagPlan plan;
  const StripKernels& kernels;
  ChunkClock clock;
  std::vector<Piece> pieces;
  std::vector<std::size_t> first_block; // [piece], then the number of blocks
  std::vector<StripBlock> blocks;
  StripStates states;
  std::vector<std::uint8_t> valid; // of the frames so far
  std::size_t type = std::variant_npos;
  Buffer<unsigned char> pending; // frames of a chunk that is not complete, [frame, pixel]
  Index pending_frames = 0;

  State(PixelGroups all, Index frames, const PixelG2Options& chosen)
      : groups(std::move(all)), options((validate(chosen), chosen)),
        plan(make_lag_plan(frames, options)), kernels(strip_kernels()), clock(plan),
        pieces(make_pieces(groups, plan.entries)), states(plan, deal(), kernels) {}

  /// Cuts the pieces into blocks. Returns their strips.
  Index deal() {
    Index strips = 0;
    for (const Piece& piece : pieces) {
      first_block.push_back(blocks.size());
      for (Index p = piece.first; p < piece.last; p += strip_block) {
        blocks.push_back({strips, p, std::min(strip_block, piece.last - p)});
        strips += blocks.back().strips();
      }
    }
    first_block.push_back(blocks.size());
    return strips;
  }

  /// A chunk whose flags are the last ones of `valid`.
  void add(const PixelRows& chunk) {
    const auto flags =
        std::span<const std::uint8_t>(valid).last(static_cast<std::size_t>(chunk.frames));
    const ChunkSteps steps = clock.next(flags);
    states.prepare(steps);
    std::visit(
        [&](const auto* counts) {
          parallel_for(0, static_cast<Index>(blocks.size()), 64, [&](Index begin, Index end) {
            Buffer<float> work(StripStates::work_size(plan));
            for (Index b = begin; b < end; ++b)
              add_chunk(states,
                        blocks[b],
                        kernels,
                        plan,
                        steps,
                        flags,
                        counts,
                        chunk.stride,
                        0,
                        work.data());
          });
        },
        chunk.counts);
  }

  void keep(const char* row, Index bytes) {
    const Index size = groups.pixels() * bytes;
    if (pending.size() == 0)
      pending = Buffer<unsigned char>(chunk_frames * size);
    std::memcpy(pending.data() + pending_frames * size, row, static_cast<std::size_t>(size));
    ++pending_frames;
  }

  /// Of a fresh state: what the other one has, its pending frames added.
  void continue_from(const State& other) {
    states.copy(other.states);
    clock.copy(other.clock);
    blocks = other.blocks;
    valid = other.valid;
    type = other.type;
    pending = Buffer<unsigned char>(other.pending.size());
    std::copy_n(other.pending.data(), other.pending.size(), pending.data());
    pending_frames = other.pending_frames;
    PixelRows like;
    if (type == 1)
      like.counts = static_cast<const std::uint16_t*>(nullptr);
    else if (type == 2)
      like.counts = static_cast<const float*>(nullptr);
    add_pending(like);
  }

  void add_pending(const PixelRows& like) {
    PixelRows chunk{like.counts, pending_frames, groups.pixels()};
    std::visit([&](auto*& counts) { counts = reinterpret_cast<decltype(+counts)>(pending.data()); },
               chunk.counts);
    add(chunk);
    pending_frames = 0;
  }
};

PixelG2Accumulator::PixelG2Accumulator(PixelGroups groups,
                                       Index frames,
                                       const PixelG2Options& options)
    : state_(std::make_unique<State>(std::move(groups), frames, options)) {}

PixelG2Accumulator::~PixelG2Accumulator() = default;
PixelG2Accumulator::PixelG2Accumulator(PixelG2Accumulator&&) noexcept = default;
PixelG2Accumulator& PixelG2Accumulator::operator=(PixelG2Accumulator&&) noexcept = default;

void PixelG2Accumulator::push(const PixelRows& block, std::span<const std::uint8_t> valid) {
  State& state = *state_;
  const auto seen = static_cast<Index>(state.valid.size());
  if (static_cast<Index>(valid.size()) != block.frames)
    throw DataError(fmt::format("flags of {} frames, expected {}", valid.size(), block.frames));
  if (block.stride < state.groups.pixels() && block.frames > 0)
    throw DataError(fmt::format("frames {} values apart, expected at least {} pixels",
                                block.stride,
                                state.groups.pixels()));
  if (seen + block.frames > state.plan.frames)
    throw DataError(fmt::format("{} frames, expected {}", seen + block.frames, state.plan.frames));
  if (state.type != std::variant_npos && state.type != block.counts.index())
    throw DataError("the type of the counts changes between blocks of frames");
  state.type = block.counts.index();
  const Index bytes = bytes_of(block);
  const char* first =
      std::visit([](const auto* v) { return reinterpret_cast<const char*>(v); }, block.counts);
  for (Index t = 0; t < block.frames;) {
    const Index left = block.frames - t;
    const Index whole = std::min(chunk_frames, state.plan.frames - seen - t);
    if (state.pending_frames == 0 && left >= whole) {
      const auto flags =
          valid.subspan(static_cast<std::size_t>(t), static_cast<std::size_t>(whole));
      state.valid.insert(state.valid.end(), flags.begin(), flags.end());
      PixelRows chunk{block.counts, whole, block.stride};
      std::visit([&](auto*& counts) { counts += t * block.stride; }, chunk.counts);
      state.add(chunk);
      t += whole;
      continue;
    }
    state.keep(first + t * block.stride * bytes, bytes);
    state.valid.push_back(valid[t]);
    ++t;
    if (state.pending_frames == chunk_frames ||
        static_cast<Index>(state.valid.size()) == state.plan.frames)
      state.add_pending(block);
  }
}

PixelG2 PixelG2Accumulator::result() const {
  const State& state = *state_;
  if (static_cast<Index>(state.valid.size()) != state.plan.frames)
    throw DataError(fmt::format("{} frames, expected {}", state.valid.size(), state.plan.frames));
  return evaluate_state(state, state.plan.frames);
}

PixelG2 PixelG2Accumulator::so_far() const {
  const State& state = *state_;
  const auto seen = static_cast<Index>(state.valid.size());
  if (seen < 2)
    throw DataError(fmt::format("{} frames, need at least 2 to correlate", seen));
  if (state.pending_frames == 0)
    return evaluate_state(state, seen);
  State now(state.groups, state.plan.frames, state.options);
  now.continue_from(state);
  return evaluate_state(now, seen);
}

/// Lags that a series of so many frames has; those of longer ones follow them in the sums.
PixelG2 PixelG2Accumulator::evaluate_state(const State& state, Index frames) {
  const SumRules rules =
      make_rules(make_lag_plan(frames, state.options), state.valid, state.groups, state.options);
  std::vector<PixelSums> sums(state.pieces.size(), PixelSums(rules));
  parallel_for(0, static_cast<Index>(state.pieces.size()), 1, [&](Index i, Index) {
    StripSums strip;
    for (std::size_t b = state.first_block[i]; b < state.first_block[i + 1]; ++b)
      add_block(sums[i], rules, state.states, state.blocks[b], state.groups, strip);
  });
  PixelG2 result =
      evaluate(fold_pieces(state.pieces, sums, rules, state.groups.groups()), rules, state.groups);
  result.exact = std::all_of(state.blocks.begin(), state.blocks.end(), [&](const auto& block) {
    return block.exact && sums_fit(state.plan, block.most);
  });
  return result;
}

Index PixelG2Accumulator::predicted_bytes(Index pixels,
                                          Index frames,
                                          const PixelG2Options& options) {
  validate(options);
  const LagPlan plan = make_lag_plan(frames, options);
  return (pixels + strip_width - 1) / strip_width * StripStates::bytes_per_strip(plan);
}

} // namespace vitrum::correlate
