// A two-time map as the analyses of age read it: row by row, so that it may lie on a disk, and the
// band beside its diagonal, which is all that many of them need.
#pragma once
#include <span>

#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::aging {

/// The lower triangle of C(t1, t2), t2 <= t1. The diagonal is never asked for: counted data have
/// shot noise there, and programs replace it.
class MapRows {
public:
  virtual ~MapRows() = default;
  [[nodiscard]] virtual Index frames() const = 0;
  /// C(t1, first + i), i = 0 … out.size() − 1, all below t1; NaN where a frame is a gap. Called
  /// from several threads.
  virtual void read(Index t1, Index first, std::span<float> out) const = 0;
};

/// A full map [t1, t2] in memory, of which the lower triangle is read. Keeps a reference.
class MemoryRows final : public MapRows {
public:
  /// Throws DataError unless `map` is frames × frames.
  MemoryRows(std::span<const float> map, Index frames);
  [[nodiscard]] Index frames() const override { return frames_; }
  void read(Index t1, Index first, std::span<float> out) const override;

private:
  std::span<const float> map_;
  Index frames_;
};

/// The diagonals 1 … lags of a map: 4·lags·frames bytes.
struct Band {
  Index frames = 0, lags = 0;
  Buffer<float> values; // [lag − 1, earlier frame]; NaN beyond the end and in gaps

  /// C(earlier + lag, earlier) for every earlier frame.
  [[nodiscard]] std::span<const float> diagonal(Index lag) const {
    return values.span().subspan(static_cast<std::size_t>((lag - 1) * frames),
                                 static_cast<std::size_t>(frames));
  }
  [[nodiscard]] float at(Index lag, Index earlier) const {
    return values[(lag - 1) * frames + earlier];
  }
};

/// Throws OptionError unless 1 <= lags < frames.
[[nodiscard]] Band read_band(const MapRows& map, Index lags);

} // namespace vitrum::aging
