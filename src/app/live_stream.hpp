// The images of a DECTRIS stream as the frames of a series.
#pragma once
#include "live_input.hpp"

namespace vitrum::app {

[[nodiscard]] std::unique_ptr<LiveInput> make_stream_input(const LiveOptions& options);

} // namespace vitrum::app
