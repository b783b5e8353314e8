// Frames of a series while it is measured: the growing two-time map and the multi-tau g2 of every
// bin of a partition, at any moment.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/growing_map.hpp"
#include "vitrum/correlate/normalization.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_groups.hpp"
#include "vitrum/frames/marks.hpp"
#include "vitrum/frames/partition.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::correlate {

struct LiveOptions {
  Normalization normalization = Normalization::static_bin; // of the map
  Index most_cells = 2016;                                 // of the map, see GrowingMap
  PixelG2Options g2 = {.lags = PixelLags::multi_tau};      // of all frames
  GroupOptions groups;
  frames::Marks marks;            // by which the detector marks a pixel without data
  Index longest = Index{1} << 24; // frames: g2 keeps levels of averaging for them
};

/// How a frame came. What did not come, or came with damage that is named, is a gap.
struct Arrival {
  enum class Kind { whole, missing, damaged };
  Kind kind = Kind::whole;
  std::string damage;

  [[nodiscard]] static Arrival missing() { return {Kind::missing, ""}; }
  [[nodiscard]] static Arrival damaged(std::string what) {
    return {Kind::damaged, std::move(what)};
  }
};

/// What is known of one bin.
struct LiveBin {
  Index cell_frames = 1;
  std::vector<float> map; // [cell, cell], C
  PixelG2 g2;             // empty before two frames are valid
  Index pixels = 0;
  double mean_counts = 0;          // per pixel and valid frame
  std::vector<double> frame_means; // [frame] NaN in gaps
  RejectedFrames rejected;
};

/// Whether a bin holds speckle, from all frames so far.
struct LiveSignal {
  bool counts = false; // anything but zeros
  bool still = true;   // each frame holds the same picture
  bool flat = true;    // each frame holds one value in all pixels
  Index pixels = 0;
};

class LiveCorrelator {
public:
  LiveCorrelator(const frames::Partition& partition,
                 frames::PixelType type,
                 const LiveOptions& options = {});
  ~LiveCorrelator();

  /// Writes frame k of a push, [y, x] of the type, to `out`. Called from several threads.
  using Fetch = std::function<Arrival(Index k, std::byte* out)>;
  /// The next frames. One with a pixel that holds no data or no finite number is a gap. Throws
  /// DataError, and takes none of them, when there is no room for so many.
  void push(Index frames, const Fetch& fetch);

  [[nodiscard]] Index frames() const;
  /// How many more there may be.
  [[nodiscard]] Index room() const;
  /// [frame]: 1 = gap, of all bins.
  [[nodiscard]] const std::vector<std::uint8_t>& gaps() const;
  /// Why frames that came are gaps, the first hundred of them: "frame 17: …".
  [[nodiscard]] const std::vector<std::string>& reasons() const;
  /// Of bin 1 … at this moment.
  [[nodiscard]] LiveBin bin(Index bin);
  [[nodiscard]] LiveSignal signal(Index bin) const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::correlate
