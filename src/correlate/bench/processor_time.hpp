// Processor time of this process: says more than wall time on a machine that others use.
#pragma once
#include <algorithm>
#include <ctime>

namespace vitrum::correlate {

[[nodiscard]] inline double processor_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The best of several runs.
void time_into(double& best, auto&& work) {
  const double start = processor_s();
  work();
  best = std::min(best, processor_s() - start);
}

} // namespace vitrum::correlate
