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
ImageCorrelation image_of(const FieldCorrelation& f) {
  const Index down = std::clamp<Index>(f.rows / smallest_group, 1, groups_per_edge);
  const Index across = std::clamp<Index>(f.columns / smallest_group, 1, groups_per_edge);
  ImageCorrelation image;
  image.groups = down * across;
  const std::size_t lags = f.lags.size();
  image.value.resize(lags);
  image.error.assign(lags, std::nan(""));
  std::vector<double> group(static_cast<std::size_t>(image.groups) * lags),
      weight(static_cast<std::size_t>(image.groups));
  for (Index g = 0; g < image.groups; ++g) {
    const Index y0 = g / across * f.rows / down, y1 = (g / across + 1) * f.rows / down;
    const Index x0 = g % across * f.columns / across, x1 = (g % across + 1) * f.columns / across;
    weight[static_cast<std::size_t>(g)] =
        static_cast<double>((y1 - y0) * (x1 - x0)) / static_cast<double>(f.pixels());
  }
  parallel_for(0, static_cast<Index>(lags), 4, [&](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const float* values = f.lag(static_cast<std::size_t>(k));
      double mean = 0;
      for (Index g = 0; g < image.groups; ++g) {
        const Index y0 = g / across * f.rows / down, y1 = (g / across + 1) * f.rows / down;
        const Index x0 = g % across * f.columns / across,
                    x1 = (g % across + 1) * f.columns / across;
        double sum = 0;
        for (Index y = y0; y < y1; ++y)
          for (Index x = x0; x < x1; ++x)
            sum += static_cast<double>(values[y * f.columns + x]);
        sum /= static_cast<double>((y1 - y0) * (x1 - x0));
        group[static_cast<std::size_t>(g) * lags + static_cast<std::size_t>(k)] = sum;
        mean += weight[static_cast<std::size_t>(g)] * sum;
      }
      image.value[static_cast<std::size_t>(k)] = mean;
    }
  });
  if (image.groups < 4)
    return image;
  const double factor =
      correlate::student_variance(image.groups) / static_cast<double>(image.groups - 1);
  image.deviation.resize(group.size());
  for (std::size_t k = 0; k < lags; ++k) {
    double variance = 0;
    for (std::size_t g = 0; g < weight.size(); ++g) {
      const double d = std::sqrt(weight[g] * factor) * (group[g * lags + k] - image.value[k]);
      image.deviation[g * lags + k] = d;
      variance += d * d;
    }
    image.error[k] = std::sqrt(variance);
  }
  return image;
}

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
  for (Index pass = 0; pass < passes; ++pass) {
    const Index first = pass * out.rows / passes, last = (pass + 1) * out.rows / passes;
    monitor.message(Level::info, fmt::format("rows {} to {} of {}", first + 1, last, out.rows));
    const auto strips = field.load(first, last - first, monitor);
    const auto offset = static_cast<std::size_t>(first * out.columns);
    correlate_pixels(strips, valid, lags, estimator, out.g2.span().subspan(offset), out.pixels());
    const auto moments = moments_of(strips, valid);
    std::copy(moments.mean.begin(),
              moments.mean.end(),
              out.mean.begin() + static_cast<std::ptrdiff_t>(offset));
    std::copy(moments.variance.begin(),
              moments.variance.end(),
              out.variance.begin() + static_cast<std::ptrdiff_t>(offset));
    monitor.check();
  }
  out.image = image_of(out);
  return out;
}

} // namespace vitrum::ecm
