#include "vitrum/ecm/correlate_field.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/pixel_groups.hpp"

namespace vitrum::ecm {
namespace {

constexpr Index groups_per_edge = 8;
constexpr Index smallest_group = 4; // pixels along an edge

/// Means over blocks of pixels, and what their spread says about the mean of all.
class ImageSums {
public:
  ImageSums(Index rows, Index columns, std::size_t lags)
      : down_(std::clamp<Index>(rows / smallest_group, 1, groups_per_edge)),
        across_(std::clamp<Index>(columns / smallest_group, 1, groups_per_edge)), lags_(lags),
        sum_(static_cast<std::size_t>(down_ * across_) * lags),
        pixels_(static_cast<std::size_t>(down_ * across_)) {
    for (Index y = 0; y < rows; ++y)
      for (Index x = 0; x < columns; ++x)
        pixels_[group(rows, columns, y, x)] += 1;
  }

  void add(const FieldCorrelation& f, Index first, Index last) {
    parallel_for(0, static_cast<Index>(lags_), 4, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k) {
        const float* values = f.lag(static_cast<std::size_t>(k));
        for (Index y = first; y < last; ++y)
          for (Index x = 0; x < f.columns; ++x)
            sum_[group(f.rows, f.columns, y, x) * lags_ + static_cast<std::size_t>(k)] +=
                static_cast<double>(values[y * f.columns + x]);
      }
    });
  }

  [[nodiscard]] ImageCorrelation result() const {
    ImageCorrelation image;
    image.groups = down_ * across_;
    image.error.assign(lags_, std::nan(""));
    double whole = 0;
    for (const double n : pixels_)
      whole += n;
    for (std::size_t k = 0; k < lags_; ++k) {
      double sum = 0;
      for (std::size_t g = 0; g < pixels_.size(); ++g)
        sum += sum_[g * lags_ + k];
      image.value.push_back(sum / whole);
    }
    if (image.groups < 4)
      return image;
    const double factor =
        correlate::student_variance(image.groups) / static_cast<double>(image.groups - 1);
    image.deviation.resize(sum_.size());
    for (std::size_t k = 0; k < lags_; ++k) {
      double variance = 0;
      for (std::size_t g = 0; g < pixels_.size(); ++g) {
        const double d = std::sqrt(pixels_[g] / whole * factor) *
                         (sum_[g * lags_ + k] / pixels_[g] - image.value[k]);
        image.deviation[g * lags_ + k] = d;
        variance += d * d;
      }
      image.error[k] = std::sqrt(variance);
    }
    return image;
  }

private:
  [[nodiscard]] std::size_t group(Index rows, Index columns, Index y, Index x) const {
    return static_cast<std::size_t>(y * down_ / rows * across_ + x * across_ / columns);
  }

  Index down_, across_;
  std::size_t lags_;
  std::vector<double> sum_; // [group, lag]
  std::vector<double> pixels_;
};

} // namespace

Index correlation_bytes(Index rows, Index columns, Index lags) {
  return rows * columns * (lags * 4 + 2 * 4);
}

Index row_bytes(Index columns, Index frames) {
  return Strips::bytes(columns, frames);
}

FieldCorrelation correlate_field(const Field& field,
                                 const std::vector<Index>& lags,
                                 Estimator estimator,
                                 Index memory_bytes,
                                 double frame_time_s,
                                 const Monitor& monitor) {
  FieldCorrelation out;
  out.rows = field.rows();
  out.columns = field.columns();
  out.lags = lags;
  const auto& valid = field.valid();
  const auto frames = static_cast<Index>(valid.size());
  for (const Index lag : lags) {
    Index n = 0;
    for (Index t = 0; t + lag < frames; ++t)
      n += valid[static_cast<std::size_t>(t)] != 0 && valid[static_cast<std::size_t>(t + lag)] != 0;
    out.pairs.push_back(n);
  }
  const Index left =
      memory_bytes - correlation_bytes(out.rows, out.columns, static_cast<Index>(lags.size()));
  const Index block = std::min(out.rows, left / row_bytes(out.columns, frames));
  if (block < 1)
    throw OptionError(fmt::format("--memory: {:.2f} GB do not hold the correlation functions of {} "
                                  "x {} pixels at {} lags and one "
                                  "row of {} frames; allow more, or fewer --lags, or --bin pixels",
                                  static_cast<double>(memory_bytes) * 1e-9,
                                  out.rows,
                                  out.columns,
                                  lags.size(),
                                  frames));
  // blocks of nearly equal size
  const Index passes = (out.rows + block - 1) / block;
  out.g2 = Buffer<float>(out.pixels() * static_cast<Index>(lags.size()));
  out.mean.resize(static_cast<std::size_t>(out.pixels()));
  out.variance.resize(out.mean.size());
  ImageSums sums(out.rows, out.columns, lags.size());
  const auto durations = usual_durations(frames);
  DurationSums duration(durations);
  constexpr Index enough_strips = 4096; // of pixels, for the mean over them
  const Index step = std::max<Index>(1, out.pixels() / strip_pixels / enough_strips);
  for (Index pass = 0; pass < passes; ++pass) {
    const Index first = pass * out.rows / passes, last = (pass + 1) * out.rows / passes;
    monitor.message(Level::info, fmt::format("rows {} to {} of {}", first + 1, last, out.rows));
    const auto strips = field.load(first, last - first, monitor);
    const auto offset = static_cast<std::size_t>(first * out.columns);
    const auto to = out.g2.span().subspan(offset);
    correlate_pixels(strips, valid, lags, Estimator::pixel_mean, to, out.pixels());
    sums.add(out, first, last);
    if (estimator != Estimator::pixel_mean)
      correlate_pixels(strips, valid, lags, estimator, to, out.pixels());
    if (durations.size() > 2)
      duration.add(strips, valid, step);
    const auto moments = moments_of(strips, valid);
    std::copy(moments.mean.begin(),
              moments.mean.end(),
              out.mean.begin() + static_cast<std::ptrdiff_t>(offset));
    std::copy(moments.variance.begin(),
              moments.variance.end(),
              out.variance.begin() + static_cast<std::ptrdiff_t>(offset));
    monitor.check();
  }
  out.image = sums.result();
  if (durations.size() > 2)
    out.duration = duration.result(frame_time_s);
  return out;
}

} // namespace vitrum::ecm
