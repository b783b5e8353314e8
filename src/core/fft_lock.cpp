#include "vitrum/core/fft_lock.hpp"

namespace vitrum {

std::mutex& fft_planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

} // namespace vitrum
