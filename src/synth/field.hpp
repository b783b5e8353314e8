// Makers of speckle: the normalised intensity of tiles of sixteen pixels, frame after frame.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "correlation.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::synth {

inline constexpr Index lanes = 16;       // pixels of one tile
inline constexpr Index frame_group = 16; // blocks of frames begin at multiples of this

/// What the makers need to know. Pixels count over the whole frame; tile t holds pixels 16 t … .
struct FieldPlan {
  std::uint64_t seed = 0;
  Index frames = 0, tiles = 0, modes = 1;
  std::vector<double> class_tau;         // τ in units of material time
  std::vector<std::int32_t> pixel_class; // [tiles · 16]
  std::vector<double> material_time;     // [frame]
  std::vector<Event> events;             // sorted by frame
};

class FieldMaker {
public:
  virtual ~FieldMaker() = default;
  /// Called before the tiles of a block are asked for, in the order of frames.
  virtual void begin_block(Index first, Index count) = 0;
  /// out[frame, lane]: mean over the modes of |E|²/2 per unit variance, mean 1. One call per tile
  /// and block; tiles from any thread.
  virtual void fill(Index tile, Index first, Index count, float* out) = 0;
  [[nodiscard]] virtual double g1_error() const = 0;
};

[[nodiscard]] std::unique_ptr<FieldMaker> make_mode_field(const FieldPlan& plan,
                                                          const RateSpectrum& spectrum);
/// Throws OptionError when the correlation cannot be embedded.
[[nodiscard]] std::unique_ptr<FieldMaker> make_circulant_field(const FieldPlan& plan,
                                                               const XpcsOptions& options);

/// Streams of random numbers: what they are for, and of which tile, pixel or event.
enum class Stream : std::uint64_t {
  start = 1,
  step,
  event,
  circulant,
  count,
  detector,
  large_count
};
[[nodiscard]] constexpr std::uint64_t stream_of(Stream what, Index part, Index number) {
  return static_cast<std::uint64_t>(what) << 60 | static_cast<std::uint64_t>(part) << 40 |
         static_cast<std::uint64_t>(number);
}

} // namespace vitrum::synth
