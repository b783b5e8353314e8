// Progress as people read it, on a terminal and on a page.
#pragma once
#include <string>

#include "vitrum/core/monitor.hpp"

namespace vitrum::app {

/// "reading:  25 % of 4000 frames, 530 frames/s, 6 s left", and at the end "reading: 4000 frames in
/// 8 s (530 frames/s)".
[[nodiscard]] std::string progress_text(const ProgressState& state);

} // namespace vitrum::app
