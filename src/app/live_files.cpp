#include <algorithm>
#include <cstring>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "live_stream.hpp"
#include "series.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::app {
namespace {

constexpr double shortest_poll_s = 0.1;
constexpr double poll_share = 5; // opening the input again takes at most this part of the time

/// A file or folder that is opened again and again to see whether it has grown.
class FileInput final : public LiveInput {
public:
  explicit FileInput(const LiveOptions& options)
      : path_(options.inputs.at(0)), flags_(options.input), expected_(options.frames) {}

  frames::SeriesInfo begin(double wait_s, const Monitor& monitor) override {
    const auto start = Clock::now();
    for (;;) {
      monitor.check();
      const double left = wait_s - seconds_since(start);
      if (look(std::max(left, 0.0)))
        break;
      if (left <= 0) {
        if (!complaint_.empty())
          throw FileError(
              path_,
              fmt::format("no frame in {} s; the last attempt to read it: {}", wait_s, complaint_));
        throw FileError(path_, fmt::format("no frame in {} s", wait_s));
      }
    }
    begun_ = true;
    last_came_ = Clock::now();
    auto info = info_;
    info.frames = expected_;
    return info;
  }

  Index ready(Index most, double wait_s) override {
    const auto start = Clock::now();
    while (available_ == done_ && !ended()) {
      const double left = wait_s - seconds_since(start);
      if (left <= 0)
        return 0;
      (void)look(left);
    }
    count_ = std::min(most, available_ - done_);
    if (expected_ > 0)
      count_ = std::min(count_, expected_ - done_);
    if (count_ <= 0 || ended_)
      return count_ = 0;
    block_.resize(static_cast<std::size_t>(count_ * info_.frame_bytes()));
    const io::WhileItGrows growing;
    while (count_ > 0) {
      try {
        series_->source->read(done_, count_, block_.data());
        break;
      } catch (const Error& error) { // not whole yet: what comes before it?
        complaint_ = error.what();
        count_ /= 2;
        available_ = done_ + count_;
      }
    }
    if (count_ == 0)
      series_.reset();
    else
      last_came_ = Clock::now();
    return count_;
  }

  correlate::Arrival take(Index k, std::byte* out) const override {
    std::memcpy(out,
                block_.data() + k * info_.frame_bytes(),
                static_cast<std::size_t>(info_.frame_bytes()));
    return {};
  }

  void release() override {
    done_ += count_;
    count_ = 0;
    if (done_ == available_)
      series_.reset(); // what stays open is not seen to grow
  }
  Clock::time_point last_came() const override { return last_came_; }
  void give_up() override {}
  void end() override { ended_ = true; }
  bool ended() const override { return ended_ || (expected_ > 0 && done_ >= expected_); }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    if (available_ == done_ && !complaint_.empty())
      notes.push_back(fmt::format("the last attempt to read more: {}", complaint_));
    return notes;
  }

private:
  /// Opens the input again, once it is time to, waiting at most so long. True when there is more.
  bool look(double wait_s) {
    const double until = next_look_s_ - seconds_since(origin_);
    if (until > 0) {
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(until, wait_s)));
      if (until > wait_s)
        return false;
    }
    const auto start = Clock::now();
    const io::WhileItGrows growing;
    series_.reset();
    try {
      auto series = open_input(path_, flags_);
      const auto& info = series.info();
      if (begun_ &&
          (info.height != info_.height || info.width != info_.width || info.type != info_.type))
        throw DataError(fmt::format("{}: frames became {} x {} of {}, they were {} x {} of {}",
                                    path_,
                                    info.height,
                                    info.width,
                                    frames::name_of(info.type),
                                    info_.height,
                                    info_.width,
                                    frames::name_of(info_.type)));
      if (info.frames > done_) {
        info_ = info;
        available_ = info.frames;
        series_.emplace(std::move(series));
      }
      complaint_.clear();
    } catch (const OptionError&) {
      throw;
    } catch (const DataError& error) {
      if (begun_)
        throw;
      complaint_ = error.what();
    } catch (const Error& error) { // not there yet, or being written
      complaint_ = error.what();
    }
    next_look_s_ =
        seconds_since(origin_) + std::max(shortest_poll_s, poll_share * seconds_since(start));
    return available_ > done_;
  }

  std::string path_;
  InputFlags flags_;
  Index expected_ = 0;
  std::optional<Series> series_;
  frames::SeriesInfo info_;
  Index available_ = 0, done_ = 0, count_ = 0;
  bool begun_ = false, ended_ = false;
  std::vector<std::byte> block_;
  std::string complaint_;
  Clock::time_point origin_ = Clock::now(), last_came_;
  double next_look_s_ = 0;
};

} // namespace

bool is_stream(const std::string& source) {
  return source.find("://") != std::string::npos;
}

std::unique_ptr<LiveInput> make_live_input(const LiveOptions& options) {
  if (is_stream(options.inputs.at(0)))
    return make_stream_input(options);
  return std::make_unique<FileInput>(options);
}

} // namespace vitrum::app
