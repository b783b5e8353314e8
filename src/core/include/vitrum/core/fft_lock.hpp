// FFTW's planner keeps global state and is not safe for threads; running a plan is.
#pragma once
#include <mutex>

namespace vitrum {

/// Whoever makes or destroys a plan of FFTW holds this.
[[nodiscard]] std::mutex& fft_planner_mutex();

} // namespace vitrum
