// What a long computation talks to: messages, progress with rate and time left, cancellation.
// The library itself never prints; the command line installs callbacks that do.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "vitrum/core/index.hpp"

namespace vitrum {

enum class Level { debug, info, warning };

struct ProgressState {
  std::string_view task; // "correlating"
  std::string_view unit; // "frames"
  Index done = 0;
  Index total = 0;
  double elapsed_s = 0;
  double rate_per_s = 0; // over the whole task; 0 before the first step
  double left_s = 0;     // at that rate; 0 when unknown
  bool finished = false;
};

/// Callbacks may be empty. They are called from any thread, one call at a time.
struct Monitor {
  std::function<void(Level, std::string_view)> on_message;
  std::function<void(const ProgressState&)> on_progress;
  const std::atomic<bool>* cancel = nullptr; // set from a signal handler

  void message(Level level, std::string_view text) const;
  void warn(std::string_view text) const { message(Level::warning, text); }
  [[nodiscard]] bool cancelled() const { return cancel != nullptr && cancel->load(); }
  /// Throws Interrupted when the user has cancelled.
  void check() const;
};

/// A monitor that hears nothing, for callers that do not care.
[[nodiscard]] const Monitor& silent();

/// Progress of one task. Thread-safe; reports at most ten times a second and once at the end.
class Progress {
public:
  Progress(const Monitor& monitor, std::string task, std::string unit, Index total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Counts `steps` more and throws Interrupted when the user has cancelled.
  void advance(Index steps = 1);

private:
  void report(bool finished);

  const Monitor& monitor_;
  std::string task_, unit_;
  Index total_;
  std::atomic<Index> done_{0};
  std::chrono::steady_clock::time_point start_;
  std::atomic<std::int64_t> next_report_ns_{0};
  std::mutex mutex_;
};

} // namespace vitrum
