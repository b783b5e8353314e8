// Frames of any number type as floats, one at a time.
#pragma once
#include <cstddef>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

class FrameReader {
public:
  explicit FrameReader(frames::FrameSource& source) : source_(source) {}
  /// [y, x]. Throws DataError for NaN and infinity, with frame, y and x.
  [[nodiscard]] std::vector<float> frame(Index number);
  void frame(Index number, std::vector<float>& out);

private:
  frames::FrameSource& source_;
  std::vector<std::byte> raw_;
};

} // namespace vitrum::ecm
