#include "vitrum/md/waiting.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::md {
namespace {

double square_distance(const atoms::Vector& a, const atoms::Vector& b) {
  const atoms::Vector d{a[0] - b[0], a[1] - b[1], a[2] - b[2]};
  return atoms::dot(d, d);
}

} // namespace

WaitingCounter::WaitingCounter(const WaitingOptions& options, Index atoms, Index frames)
    : options_(options), atoms_(atoms), frames_(frames) {
  if (!(options.distance > 0))
    throw OptionError(fmt::format("distance {}: must be positive", options.distance));
  if (options.average < 1 || options.average > frames)
    throw OptionError(
        fmt::format("average over {} frames: must be 1 to {}", options.average, frames));
  if (options.origins < 0)
    throw OptionError(fmt::format("{} origins: must not be negative", options.origins));
  if (!(options.frame_time > 0))
    throw OptionError(fmt::format("frame time {}: must be positive", options.frame_time));
  const auto n = static_cast<std::size_t>(atoms);
  sum_.assign(n, {});
  mean_.resize(n);
  since_.assign(n, -1);
  seen_.moves.assign(n, 0);
}

void WaitingCounter::add(const atoms::Configuration& frame) {
  if (!frame.unwrapped)
    throw DataError("waiting times need unwrapped positions");
  if (frame.atoms() != atoms_)
    throw DataError(fmt::format("step {}: {} atoms, {} before", frame.step, frame.atoms(), atoms_));
  const auto width = static_cast<std::size_t>(options_.average);
  if (ring_.size() < width) {
    ring_.push_back(frame.positions);
  } else {
    ring_[static_cast<std::size_t>(added_) % width] = frame.positions;
  }
  ++added_;
  if (added_ < options_.average)
    return;
  // summed anew each time: a running sum would collect rounding
  for (std::size_t i = 0; i < mean_.size(); ++i)
    for (std::size_t d = 0; d < 3; ++d) {
      double sum = 0;
      for (const auto& one : ring_)
        sum += one[i][d];
      mean_[i][d] = sum / static_cast<double>(width);
    }
  const Index now = averaged_++;
  const double limit = options_.distance * options_.distance;
  if (now == 0)
    start_ = mean_;
  else
    for (std::size_t i = 0; i < mean_.size(); ++i) {
      if (square_distance(mean_[i], start_[i]) < limit)
        continue;
      // the first interval begins with the run, not with a move
      if (since_[i] >= 0)
        seen_.exchange.push_back(
            {static_cast<double>(now - since_[i]) * options_.frame_time, true});
      since_[i] = now;
      start_[i] = mean_[i];
      ++seen_.moves[i];
    }
  for (auto& origin : origins_)
    for (std::size_t i = 0; i < mean_.size(); ++i)
      if (origin.moved[i] == 0 && square_distance(mean_[i], origin.at[i]) >= limit) {
        origin.moved[i] = 1;
        seen_.persistence.push_back(
            {static_cast<double>(now - origin.frame) * options_.frame_time, true});
      }
  const Index every =
      options_.origins > 0 ? std::max<Index>(1, frames_ / options_.origins) : frames_ + 1;
  if (options_.origins > 0 && now % every == 0 &&
      static_cast<Index>(origins_.size()) < options_.origins)
    origins_.push_back({now, mean_, std::vector<std::uint8_t>(mean_.size(), 0)});
}

WaitingTimes WaitingCounter::result() const {
  WaitingTimes out = seen_;
  const Index last = averaged_ - 1;
  for (std::size_t i = 0; i < since_.size(); ++i)
    if (since_[i] >= 0 && last > since_[i])
      out.exchange.push_back({static_cast<double>(last - since_[i]) * options_.frame_time, false});
  for (const auto& origin : origins_)
    for (std::size_t i = 0; i < origin.moved.size(); ++i)
      if (origin.moved[i] == 0 && last > origin.frame)
        out.persistence.push_back(
            {static_cast<double>(last - origin.frame) * options_.frame_time, false});
  return out;
}

} // namespace vitrum::md
