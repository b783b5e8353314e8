// The running sums of strips of pixels while frames come in, chunk by chunk.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "lag_plan.hpp"
#include "strip_kernel.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::correlate {

/// Frames that are added at a time. Products of floats are summed in floats over one chunk, so that
/// sums do not depend on how the frames came in.
inline constexpr Index chunk_frames = 256;

/// What happens to one level in one chunk; the same for all strips.
struct LevelStep {
  Index seen = 0;          // frames of the level before
  Index frames = 0;        // new ones
  bool odd = false;        // the first new frame of the next level begins with the last one seen
  std::vector<Index> gaps; // counted from the first new frame, those of the history included
  Index first_new_gap = 0; // gaps[first_new_gap …] are new
};
using ChunkSteps = std::vector<LevelStep>; // [level]

/// Turns the gaps of chunks, in order, into steps.
class ChunkClock {
public:
  explicit ChunkClock(const LagPlan& plan);
  /// `valid` are the flags of the next frames: chunk_frames, fewer in the last chunk.
  [[nodiscard]] ChunkSteps next(std::span<const std::uint8_t> valid);
  /// Goes on from where a clock of an equal plan is.
  void copy(const ChunkClock& other) {
    seen_ = other.seen_;
    valid_ = other.valid_;
  }

private:
  const LagPlan& plan_;
  std::vector<Index> seen_;                      // [level]
  std::vector<std::vector<std::uint8_t>> valid_; // [level]: of the history, oldest first
};

/// Steps of a whole series.
[[nodiscard]] std::vector<ChunkSteps> make_chunk_steps(const LagPlan& plan,
                                                       std::span<const std::uint8_t> valid);

/// Sums of one strip over the pairs of each entry: Σ yy', Σ y, Σ y', y = I − shift of the pixel, in
/// units of means over the frames of a level; `total` is Σ y over all frames.
struct StripSums {
  std::vector<double> product, left, right; // [entry, strip_width]
  double total[strip_width]{};
};

class StripStates {
public:
  StripStates(const LagPlan& plan, Index strips, const StripKernels& kernels);

  /// Forgets all frames.
  void clear();
  /// Takes over the sums of states of an equal plan and as many strips.
  void copy(const StripStates& other);
  [[nodiscard]] float* shift(Index strip) { return floats_.data() + strip * floats_per_strip_; }
  [[nodiscard]] const float* shift(Index strip) const {
    return floats_.data() + strip * floats_per_strip_;
  }
  /// Makes room for what gaps take; before a chunk that has some is added, from one thread.
  void prepare(const ChunkSteps& steps);
  /// Adds a chunk. `work` holds work_size(plan) floats, the new frames behind plan.history
  /// frames. `most` bounds |y| of all frames so far: integers are then summed exactly;
  /// 0: they are no integers. Returns whether the sums of the chunk are exact.
  bool advance(const ChunkSteps& steps, Index strip, float* work, float most);
  void finish(Index strip, StripSums& sums) const;

  [[nodiscard]] static Index work_size(const LagPlan& plan);
  [[nodiscard]] static Index bytes_per_strip(const LagPlan& plan);

private:
  [[nodiscard]] float* history(Index strip, Index level) {
    return shift(strip) + (1 + level * 2 * plan_.history) * strip_width;
  }
  [[nodiscard]] float* head(Index strip, Index level) {
    return history(strip, level) + plan_.history * strip_width;
  }
  void lose_pairs(const LevelStep& step, const LagLevel& level, const float* y, Index strip);

  const LagPlan& plan_;
  const StripKernels& kernels_;
  Index strips_ = 0;
  Index floats_per_strip_ = 0, doubles_per_strip_ = 0;
  Buffer<float> floats_;   // [strip]: shift, then for each level its last and its first frames
  Buffer<double> doubles_; // [strip]: products [slot], then totals [level]
  Buffer<double> losses_;  // [strip]: what gaps take from left [slot] and right [slot] sums
};

} // namespace vitrum::correlate
