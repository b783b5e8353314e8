// Where the frames of a series that is being measured come from: a stream, or a file or folder that
// grows.
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "vitrum/app/live.hpp"
#include "vitrum/correlate/live_correlator.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::app {

using Clock = std::chrono::steady_clock;
[[nodiscard]] inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class LiveInput {
public:
  virtual ~LiveInput() = default;
  /// Waits until a first frame is ready and says what is known of the series; `frames` is what is
  /// expected, 0: not known. Throws FileError when nothing comes in time, Interrupted.
  [[nodiscard]] virtual frames::SeriesInfo begin(double wait_s, const Monitor& monitor) = 0;
  /// How many frames are ready, in order, at most `most`; waits so long for the first of them.
  [[nodiscard]] virtual Index ready(Index most, double wait_s) = 0;
  /// Writes the k-th of those to `out`. Called from several threads.
  [[nodiscard]] virtual correlate::Arrival take(Index k, std::byte* out) const = 0;
  /// Forgets those.
  virtual void release() = 0;
  /// When the last frame came that is here, in order or not.
  [[nodiscard]] virtual Clock::time_point last_came() const = 0;
  /// Frames that are missing before one that is here are not waited for any longer.
  virtual void give_up() = 0;
  /// Nothing more is received. What is here and waits for what is missing is ready now.
  virtual void end() = 0;
  /// No more frames come.
  [[nodiscard]] virtual bool ended() const = 0;
  /// What did not go as it should, in numbers.
  [[nodiscard]] virtual std::vector<std::string> notes() const = 0;
};

/// A stream for tcp://, ipc:// and the like, else a file or folder.
[[nodiscard]] std::unique_ptr<LiveInput> make_live_input(const LiveOptions& options);
[[nodiscard]] bool is_stream(const std::string& source);

} // namespace vitrum::app
