// Frames of any number type as floats, one at a time, bad pixels filled from around them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

/// Replaces bad pixels by the mean of the nearest good ones, up to 8 px away; those without any by
/// the mean of the good pixels of the frame.
class BadPixels {
public:
  /// `use` [y, x]: 0 = bad; empty: all are good.
  BadPixels(std::span<const std::uint8_t> use, Index height, Index width);
  void fill(std::vector<float>& frame) const;

private:
  struct Place {
    Index pixel;
    std::size_t first, last; // of around_
  };
  std::vector<Place> places_;
  std::vector<Index> around_;
  bool lonely_ = false;
};

class FrameReader {
public:
  explicit FrameReader(frames::FrameSource& source, std::span<const std::uint8_t> use = {});
  /// [y, x]. Throws DataError for NaN and infinity, with frame, y and x.
  [[nodiscard]] std::vector<float> frame(Index number);
  void frame(Index number, std::vector<float>& out);

private:
  frames::FrameSource& source_;
  BadPixels bad_pixels_;
  std::vector<std::byte> raw_;
};

} // namespace vitrum::ecm
