#include <chrono>
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "series.hpp"
#include "vitrum/app/live.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/stream/socket.hpp"

namespace vitrum::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Index frames_at_a_time = 32; // read and compressed together
constexpr double patience_s = 0.25;    // between looks at Ctrl-C
constexpr Index first_series = 1;

io::Compression parse_compression(const std::string& name) {
  if (name == "bslz4")
    return io::Compression::bitshuffle_lz4;
  if (name == "lz4")
    return io::Compression::lz4;
  if (name == "none")
    return io::Compression::none;
  throw OptionError(fmt::format("--compression {}: expected bslz4, lz4 or none", name));
}

/// The frames of a series on their way, one block after the other.
class Replay {
public:
  Replay(const ReplayOptions& options, const Monitor& monitor)
      : options_(options), monitor_(monitor), protocol_(stream::parse_protocol(options.protocol)),
        compression_(parse_compression(options.compression)),
        series_(open_input(options.inputs.at(0), options.input)),
        lost_(listed_frames(series_, "drop", options.drop)), frame_time_s_(given_frame_time()),
        sender_(options.to) {}

  std::string run() {
    const auto& info = series_.info();
    stream::SeriesStart start;
    start.series = first_series;
    start.info = info;
    start.info.frame_time_s = frame_time_s_;
    offer(stream::make_start(protocol_, start), options_.wait_s, "no receiver connected");
    Progress progress(monitor_, "sending", "frames", info.frames);
    start_ = Clock::now();
    std::vector<std::byte> frames;
    for (Index first = 0; first < info.frames; first += frames_at_a_time) {
      const Index count = std::min(frames_at_a_time, info.frames - first);
      frames.resize(static_cast<std::size_t>(count * info.frame_bytes()));
      series_.source->read(first, count, frames.data());
      send_block(first, count, frames.data(), progress);
    }
    send_late();
    offer(stream::make_end(protocol_, first_series), options_.wait_s, "nobody takes the frames");
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    return fmt::format("{} frames sent in {:.3g} s ({:.0f} frames/s, {:.0f} MB/s)\n",
                       sent_,
                       elapsed,
                       static_cast<double>(sent_) / elapsed,
                       1e-6 * static_cast<double>(bytes_) / elapsed);
  }

private:
  /// NaN when neither the flag nor the file says it: the receiver has to.
  [[nodiscard]] double given_frame_time() const {
    const bool known =
        !std::isnan(options_.input.frame_time_s) || !std::isnan(series_.info().frame_time_s);
    return known ? frame_time_of(series_, options_.input) : frames::unknown;
  }

  void send_block(Index first, Index count, const std::byte* frames, Progress& progress) {
    const auto& info = series_.info();
    std::vector<std::vector<stream::Part>> messages(static_cast<std::size_t>(count));
    const double frame_time = std::isnan(frame_time_s_) ? 0 : frame_time_s_;
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k)
        if (lost_[static_cast<std::size_t>(first + k)] == 0)
          messages[static_cast<std::size_t>(k)] = stream::make_image(
              protocol_,
              {first_series,
               first + k,
               info.height,
               info.width,
               info.type,
               {frames + k * info.frame_bytes(), static_cast<std::size_t>(info.frame_bytes())},
               static_cast<double>(first + k) * frame_time,
               std::isnan(info.exposure_s) ? frame_time : info.exposure_s},
              compression_);
    });
    for (auto& message : messages) {
      if (options_.disorder > 1) {
        held_.push_back(std::move(message));
        if (static_cast<Index>(held_.size()) == options_.disorder)
          send_late();
      } else {
        send_one(message);
      }
      progress.advance();
    }
  }

  /// What was held back, the last one first.
  void send_late() {
    for (auto message = held_.rbegin(); message != held_.rend(); ++message)
      send_one(*message);
    held_.clear();
  }

  void send_one(const std::vector<stream::Part>& message) {
    const double due = options_.rate > 0 ? static_cast<double>(turn_) / options_.rate : 0;
    ++turn_;
    for (;;) {
      const double left = due - std::chrono::duration<double>(Clock::now() - start_).count();
      if (left <= 0)
        break;
      monitor_.check();
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, patience_s)));
    }
    if (message.empty()) // lost
      return;
    offer(message, options_.wait_s, "nobody takes the frames");
    ++sent_;
    for (const auto& part : message)
      bytes_ += static_cast<Index>(part.size());
  }

  void offer(const std::vector<stream::Part>& message, double wait_s, const char* complaint) {
    const auto start = Clock::now();
    while (!sender_.send(message, patience_s)) {
      monitor_.check();
      if (std::chrono::duration<double>(Clock::now() - start).count() > wait_s)
        throw FileError(options_.to, fmt::format("{} in {} s", complaint, wait_s));
    }
  }

  const ReplayOptions& options_;
  const Monitor& monitor_;
  stream::Protocol protocol_;
  io::Compression compression_;
  Series series_;
  std::vector<std::uint8_t> lost_;
  double frame_time_s_;
  stream::Sender sender_;
  std::vector<std::vector<stream::Part>> held_;
  Index turn_ = 0, sent_ = 0, bytes_ = 0;
  Clock::time_point start_;
};

} // namespace

std::string run_replay(ReplayOptions options, const Invocation&, const Monitor& monitor) {
  if (options.to.empty())
    throw OptionError("name where to offer the stream: --to tcp://127.0.0.1:31001");
  if (!(options.rate >= 0) || std::isinf(options.rate))
    throw OptionError(
        fmt::format("--rate {}: expected frames per second, 0 or more", options.rate));
  if (!(options.wait_s >= 0) || std::isinf(options.wait_s))
    throw OptionError(fmt::format("--wait {}: expected seconds, 0 or more", options.wait_s));
  constexpr Index longest = 10000;
  if (options.disorder < 0 || options.disorder > longest)
    throw OptionError(
        fmt::format("--disorder {}: expected 0 to {} frames", options.disorder, longest));
  return Replay(options, monitor).run();
}

} // namespace vitrum::app
