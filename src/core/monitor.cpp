#include "vitrum/core/monitor.hpp"

#include "vitrum/core/error.hpp"

namespace vitrum {
namespace {

constexpr std::int64_t report_interval_ns = 100'000'000;

std::int64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() -
                                                              start)
      .count();
}

} // namespace

void Monitor::message(Level level, std::string_view text) const {
  if (on_message)
    on_message(level, text);
}

void Monitor::check() const {
  if (cancelled())
    throw Interrupted();
}

const Monitor& silent() {
  static const Monitor monitor;
  return monitor;
}

Progress::Progress(const Monitor& monitor, std::string task, std::string unit, Index total)
    : monitor_(monitor), task_(std::move(task)), unit_(std::move(unit)), total_(total),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  report(true);
}

void Progress::advance(Index steps) {
  done_.fetch_add(steps);
  monitor_.check();
  const auto now = nanoseconds_since(start_);
  auto due = next_report_ns_.load();
  if (now >= due && next_report_ns_.compare_exchange_strong(due, now + report_interval_ns))
    report(false);
}

void Progress::report(bool finished) {
  if (!monitor_.on_progress)
    return;
  const std::scoped_lock lock(mutex_);
  ProgressState state{.task = task_, .unit = unit_, .done = done_.load(), .total = total_};
  state.finished = finished;
  state.elapsed_s = 1e-9 * static_cast<double>(nanoseconds_since(start_));
  if (state.elapsed_s > 0)
    state.rate_per_s = static_cast<double>(state.done) / state.elapsed_s;
  if (state.rate_per_s > 0)
    state.left_s = static_cast<double>(total_ - state.done) / state.rate_per_s;
  monitor_.on_progress(state);
}

} // namespace vitrum
