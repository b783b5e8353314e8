#include "vitrum/md/hops.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {

HopCounter::HopCounter(const HopOptions& options, Index atoms) : options_(options), atoms_(atoms) {
  if (options.half_window < 2)
    throw OptionError(
        fmt::format("hops over {} frames before and after: at least 2", options.half_window));
  if (!(options.threshold >= 0) || !std::isfinite(options.threshold))
    throw OptionError(fmt::format("threshold of hops {}: must not be negative", options.threshold));
  if (!(options.frame_time > 0))
    throw OptionError(fmt::format("frame time {}: must be positive", options.frame_time));
  const auto n = static_cast<std::size_t>(atoms);
  p_.resize(n);
  way_.resize(n);
  open_.resize(n);
  seen_.threshold = options.threshold;
  seen_.number.assign(n, 0);
}

void HopCounter::add(const atoms::Configuration& frame) {
  if (!frame.unwrapped)
    throw DataError("hops need unwrapped positions");
  if (frame.atoms() != atoms_)
    throw DataError(fmt::format("step {}: {} atoms, {} before", frame.step, frame.atoms(), atoms_));
  const auto width = static_cast<std::size_t>(2 * options_.half_window);
  if (ring_.size() < width)
    ring_.push_back(frame.positions);
  else
    ring_[static_cast<std::size_t>(added_) % width] = frame.positions;
  ++added_;
  if (ring_.size() == width)
    judge();
}

void HopCounter::judge() {
  const Index half = options_.half_window, width = 2 * half;
  // frames added_ − width … added_ − half − 1 are before the instant
  parallel_for(0, atoms_, 1024, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const auto atom = static_cast<std::size_t>(i);
      atoms::Vector mean[2]{};
      double square[2]{}; // about the first position of the window, against cancellation
      const auto& origin = ring_[static_cast<std::size_t>((added_ - width) % width)][atom];
      for (Index k = 0; k < width; ++k) {
        const auto& r = ring_[static_cast<std::size_t>((added_ - width + k) % width)][atom];
        const auto side = static_cast<std::size_t>(k / half);
        for (std::size_t d = 0; d < 3; ++d) {
          const double x = r[d] - origin[d];
          mean[side][d] += x / static_cast<double>(half);
          square[side] += x * x / static_cast<double>(half);
        }
      }
      const atoms::Vector way{
          mean[1][0] - mean[0][0], mean[1][1] - mean[0][1], mean[1][2] - mean[0][2]};
      const double apart = atoms::dot(way, way);
      const double a = square[0] - atoms::dot(mean[0], mean[0]) + apart;
      const double b = square[1] - atoms::dot(mean[1], mean[1]) + apart;
      p_[atom] = std::sqrt(std::max(0.0, a) * std::max(0.0, b));
      way_[atom] = std::sqrt(apart);
    }
  });
  const double time = (static_cast<double>(added_ - half) - 0.5) * options_.frame_time;
  if (added_ == width) {
    seen_.first_time = time;
    if (seen_.threshold == 0)
      seen_.threshold = 3 * median(p_);
  }
  seen_.last_time = time;
  for (std::size_t i = 0; i < p_.size(); ++i) {
    Open& open = open_[i];
    if (p_[i] > seen_.threshold) {
      if (p_[i] > open.p)
        open = {p_[i], {static_cast<Index>(i), time, way_[i]}};
    } else if (open.p > 0) {
      seen_.hops.push_back(open.hop);
      open.p = 0;
    }
  }
}

Hops HopCounter::result() const {
  Hops out = seen_;
  for (const Open& open : open_)
    if (open.p > 0)
      out.hops.push_back(open.hop);
  std::vector<double> last(out.number.size(), std::nan(""));
  for (const Hop& hop : out.hops) {
    const auto i = static_cast<std::size_t>(hop.atom);
    ++out.number[i];
    if (!std::isnan(last[i]))
      out.waits.push_back({hop.time - last[i], true});
    last[i] = hop.time;
  }
  for (const double since : last)
    if (!std::isnan(since) && out.last_time > since)
      out.waits.push_back({out.last_time - since, false});
  return out;
}

HopRate hop_rate(const Hops& hops, double frame_time) {
  constexpr double most_slices = 60;
  const double span = hops.last_time - hops.first_time;
  const double width = frame_time * std::max(1.0, std::ceil(span / frame_time / most_slices));
  // instants are frames apart, and the last slice is whole
  const auto slices = static_cast<std::size_t>(std::floor((span + frame_time) / width + 1e-9));
  HopRate out;
  out.mean = out.dispersion = std::nan("");
  std::vector<double> count(slices, 0);
  const double start = hops.first_time - 0.5 * frame_time;
  for (const Hop& hop : hops.hops)
    if (const auto k = static_cast<std::size_t>((hop.time - start) / width); k < slices)
      ++count[k];
  const double scale = 1 / (width * static_cast<double>(hops.number.size()));
  Moments of_slices;
  for (std::size_t k = 0; k < slices; ++k) {
    of_slices.add(count[k]);
    out.time.push_back(start + (static_cast<double>(k) + 0.5) * width);
    out.rate.push_back(scale * count[k]);
    out.error.push_back(scale * std::sqrt(std::max(count[k], 1.0)));
  }
  if (slices > 0)
    out.mean = scale * of_slices.mean;
  if (slices >= 8 && of_slices.mean > 0)
    out.dispersion = of_slices.variance() / of_slices.mean;
  return out;
}

HopLengths hop_lengths(const Hops& hops) {
  HopLengths out;
  out.median = std::nan("");
  if (hops.hops.empty())
    return out;
  std::vector<double> length;
  for (const Hop& hop : hops.hops)
    length.push_back(hop.length);
  out.median = median(length);
  std::sort(length.begin(), length.end());
  // far single ones would squeeze the rest
  const double last = length[length.size() * 999 / 1000];
  const auto bins = std::clamp<std::size_t>(length.size() / 20, 5, 60);
  const double width = last > 0 ? last / static_cast<double>(bins) : 1;
  out.density.assign(bins, 0);
  for (const double one : length)
    if (const auto k = static_cast<std::size_t>(one / width); k < bins)
      out.density[k] += 1 / (width * static_cast<double>(length.size()));
  for (std::size_t k = 0; k < bins; ++k)
    out.middle.push_back((static_cast<double>(k) + 0.5) * width);
  return out;
}

} // namespace vitrum::md
