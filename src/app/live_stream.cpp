#include "live_stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/stream/order.hpp"
#include "vitrum/stream/socket.hpp"

namespace vitrum::app {
namespace {

/// The value by which DECTRIS detectors mark pixels without data in unsigned counts.
double mark_of(frames::PixelType type) {
  if (!frames::is_integer(type))
    return frames::unknown;
  return frames::visit(type, [](auto tag) {
    using T = typename decltype(tag)::type;
    return std::is_unsigned_v<T> ? static_cast<double>(std::numeric_limits<T>::max())
                                 : frames::unknown;
  });
}

class StreamInput final : public LiveInput {
public:
  explicit StreamInput(const LiveOptions& options)
      : address_(options.inputs.at(0)), channel_(options.channel), frames_(options.frames),
        receiver_(address_), order_(options.window) {}

  frames::SeriesInfo begin(double wait_s, const Monitor& monitor) override {
    const auto start = Clock::now();
    while (!first_) {
      monitor.check();
      if (seconds_since(start) > wait_s)
        throw FileError(
            address_,
            started_
                ? fmt::format(
                      "no image in {} s after the start of the series{}", wait_s, complaint())
                : fmt::format(
                      "no message in {} s: is this the address of the detector, and is it sending?",
                      wait_s));
      receive(0.2);
      if (ended_ && !first_)
        throw DataError(
            fmt::format("{}: the series ended without an image{}", address_, complaint()));
    }
    auto& info = info_;
    info.path = address_;
    if ((info.height != 0 && info.height != first_->height) ||
        (info.width != 0 && info.width != first_->width))
      warnings_.push_back(fmt::format("images of {} x {} pixels, the start message says {} x {}",
                                      first_->height,
                                      first_->width,
                                      info.height,
                                      info.width));
    info.height = first_->height;
    info.width = first_->width;
    info.type = first_->type;
    if (static_cast<Index>(info.bad_pixels.size()) != info.pixels())
      info.bad_pixels.clear();
    info.invalid_value = mark_of(info.type);
    return info;
  }

  Index ready(Index most, double wait_s) override {
    const auto start = Clock::now();
    if (frames_ > 0)
      most = std::min(most, frames_ - taken_);
    for (bool waited = false;; waited = true) {
      std::optional<stream::Image> next;
      while (static_cast<Index>(ready_.size()) < most && order_.pop(next))
        ready_.push_back(std::move(next));
      if (static_cast<Index>(ready_.size()) >= most || ended_ || closed_)
        break;
      const double left = wait_s - seconds_since(start);
      if (left <= 0 && waited)
        break;
      // what is there already is taken at once; one frame or more are enough when no more come
      if (!receive(ready_.empty() ? std::max(left, 0.0) : 0.01) && !ready_.empty())
        break;
    }
    return static_cast<Index>(ready_.size());
  }

  correlate::Arrival take(Index k, std::byte* out) const override {
    using correlate::Arrival;
    if (k < 0 || k >= static_cast<Index>(ready_.size()))
      throw DataError(fmt::format("{}: image {} of {} that are ready", address_, k, ready_.size()));
    const auto& image = ready_[static_cast<std::size_t>(k)];
    if (!image)
      return Arrival::missing();
    if (image->height != info_.height || image->width != info_.width || image->type != info_.type)
      return Arrival::damaged(fmt::format("{} x {} of {}, expected {} x {} of {}",
                                          image->height,
                                          image->width,
                                          frames::name_of(image->type),
                                          info_.height,
                                          info_.width,
                                          frames::name_of(info_.type)));
    try {
      stream::unpack(*image, {out, static_cast<std::size_t>(info_.frame_bytes())});
    } catch (const DataError& error) {
      return Arrival::damaged(error.what());
    }
    return {};
  }

  void release() override {
    taken_ += static_cast<Index>(ready_.size());
    ready_.clear();
  }
  Clock::time_point last_came() const override { return last_came_; }
  void give_up() override { order_.give_up(); }
  void end() override {
    closed_ = true;
    order_.end();
  }
  bool ended() const override {
    return (frames_ > 0 && taken_ >= frames_) ||
           ((ended_ || closed_) && ready_.empty() && order_.empty());
  }

  std::vector<std::string> notes() const override {
    auto notes = warnings_;
    const auto& c = order_.counts();
    const auto say = [&](Index count, const char* what) {
      if (count > 0)
        notes.push_back(fmt::format("{} images {}", count, what));
    };
    say(c.missing, "did not come: gaps");
    if (c.late > 0)
      notes.push_back(fmt::format("{} of these came too late", c.late));
    say(c.reordered, "came after later ones and were put in order");
    say(c.repeated, "came twice: the second was left out");
    say(c.early, "have numbers before the first one and were left out");
    say(c.astray, "have numbers far ahead and were left out");
    say(strange_, "of other series were left out");
    if (malformed_ > 0)
      notes.push_back(fmt::format(
          "{} messages were not understood, the first: {}", malformed_, first_complaint_));
    if (ended_ && info_.frames > order_.next())
      notes.push_back(fmt::format(
          "the series ended after {} of {} announced images", order_.next(), info_.frames));
    return notes;
  }

private:
  /// One message; false when none came.
  bool receive(double wait_s) {
    auto packet = receiver_.receive(wait_s);
    if (!packet)
      return false;
    const auto parts = packet->parts();
    try {
      if (!protocol_)
        protocol_ = stream::recognise(parts, address_);
      take_in(stream::parse(*protocol_, parts, address_, {channel_}), *packet);
    } catch (const FormatError& error) {
      if (!started_ && !first_) // not one message was understood
        throw;
      if (malformed_++ == 0)
        first_complaint_ = error.what();
    }
    return true;
  }

  /// Why messages before the first image were not understood.
  [[nodiscard]] std::string complaint() const {
    return malformed_ == 0 ? ""
                           : fmt::format("; {} messages were not understood, the first: {}",
                                         malformed_,
                                         first_complaint_);
  }

  void check_channel(const std::vector<std::string>& channels) const {
    if (channel_.empty() || std::find(channels.begin(), channels.end(), channel_) != channels.end())
      return;
    if (*protocol_ == stream::Protocol::v1)
      throw OptionError(fmt::format("--channel {}: a stream in V1 has none", channel_));
    if (!channels.empty())
      throw OptionError(
          fmt::format("--channel {}: the detector sends {}", channel_, fmt::join(channels, ", ")));
  }

  void take_in(stream::Message message, const stream::Packet& packet) {
    if (auto* start = std::get_if<stream::SeriesStart>(&message)) {
      if (first_) { // the next series has begun
        ended_ = true;
        order_.end();
        return;
      }
      check_channel(start->channels);
      started_ = true;
      series_ = start->series;
      info_ = std::move(start->info);
    } else if (auto* image = std::get_if<stream::Image>(&message)) {
      if ((started_ || first_) && image->series != series_) {
        ++strange_;
        return;
      }
      if (!first_) {
        first_ = *image;
        first_->data = {};
        if (!started_) {
          check_channel({});
          series_ = image->series;
          info_.format = fmt::format("dectris-{}", stream::name_of(*protocol_));
          order_.begin_at(image->number);
          warnings_.push_back(
              fmt::format("the start message was missed: the series begins with image {}, and "
                          "nothing but its size is known",
                          image->number));
        }
      }
      image->owner = packet.owner();
      last_came_ = Clock::now();
      const Index number = image->number;
      order_.push(number, std::move(*image));
    } else if (std::get<stream::SeriesEnd>(message).series == series_ && (started_ || first_)) {
      ended_ = true;
      order_.end();
    }
  }

  std::string address_, channel_;
  Index frames_ = 0; // to take at most; 0: all
  stream::Receiver receiver_;
  std::optional<stream::Protocol> protocol_;
  stream::Order<stream::Image> order_;
  Clock::time_point last_came_;
  frames::SeriesInfo info_;
  Index series_ = 0;
  bool started_ = false;
  bool ended_ = false;                 // says the detector
  bool closed_ = false;                // nothing is received any more
  std::optional<stream::Image> first_; // without its data
  std::vector<std::optional<stream::Image>> ready_;
  std::vector<std::string> warnings_;
  Index taken_ = 0, malformed_ = 0, strange_ = 0;
  std::string first_complaint_;
};

} // namespace

std::unique_ptr<LiveInput> make_stream_input(const LiveOptions& options) {
  return std::make_unique<StreamInput>(options);
}

} // namespace vitrum::app
