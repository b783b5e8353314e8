#include "event_scale.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate::detail {
namespace {

constexpr Index parts = 8; // of the pixels, summed on their own and joined in order

/// Σ f(pixel, event) per [factor set, frame].
template <class Value>
std::vector<double> sum_by_frame(const EventMatrix& m, Index factors, Value&& value) {
  const Index size = factors * m.frames;
  std::vector<std::vector<double>> sums(parts);
  parallel_for(0, parts, 1, [&](Index part, Index) {
    std::vector<double>& sum = sums[part];
    sum.assign(static_cast<std::size_t>(size), 0.0);
    const Index last = m.pixels() * (part + 1) / parts;
    for (Index p = m.pixels() * part / parts; p < last; ++p) {
      double* row = sum.data() + (factors == 1 ? 0 : m.groups.static_bin[p] * m.frames);
      for (Index e = m.pixel_begin[p]; e < m.pixel_begin[p + 1]; ++e)
        row[m.frame[e]] += value(p, e);
    }
  });
  for (Index part = 1; part < parts; ++part)
    for (Index i = 0; i < size; ++i)
      sums[0][i] += sums[part][i];
  return std::move(sums[0]);
}

void reject(EventScale& scale, Index t, std::string reason) {
  scale.valid[t] = 0;
  scale.rejected.push_back({t, std::move(reason)});
}

void divide_by_means(EventScale& scale, const EventMatrix& m) {
  std::vector<double> pixels(static_cast<std::size_t>(scale.factors), 0.0);
  for (const std::int32_t s : m.groups.static_bin)
    pixels[scale.factors == 1 ? 0 : s] += 1;
  scale.a = sum_by_frame(
      m, scale.factors, [&](Index p, Index e) { return static_cast<double>(m.value(p, e)); });
  for (Index t = 0; t < m.frames; ++t) {
    for (Index s = 0; s < scale.factors && scale.valid[t] != 0; ++s) {
      const double mean = scale.a[s * m.frames + t] / pixels[s];
      if (!(mean > 0))
        reject(
            scale,
            t,
            scale.factors == 1
                ? fmt::format("the mean of the bin is {}", mean)
                : fmt::format("the mean of static bin {} of {} is {}", s + 1, scale.factors, mean));
    }
    scale.c[t] = scale.valid[t] != 0 ? 1.0 : 0.0;
    for (Index s = 0; s < scale.factors; ++s) {
      double& a = scale.a[s * m.frames + t];
      a = scale.valid[t] != 0 ? pixels[s] / a : 0.0;
    }
  }
}

void standardize(EventScale& scale, const EventMatrix& m) {
  const auto pixels = static_cast<double>(m.pixels());
  std::vector<double> mean =
      sum_by_frame(m, 1, [&](Index p, Index e) { return static_cast<double>(m.value(p, e)); });
  for (double& value : mean)
    value /= pixels;
  std::vector<double> square = sum_by_frame(m, 1, [&](Index p, Index e) {
    const double d = static_cast<double>(m.value(p, e)) - mean[m.frame[e]];
    return d * d;
  });
  const std::vector<double> events = sum_by_frame(m, 1, [](Index, Index) { return 1.0; });
  scale.a.assign(static_cast<std::size_t>(m.frames), 0.0);
  for (Index t = 0; t < m.frames; ++t) {
    if (scale.valid[t] == 0)
      continue;
    square[t] += (pixels - events[t]) * mean[t] * mean[t];
    if (!(square[t] > 0)) {
      reject(scale, t, "all pixels of the bin are equal");
      continue;
    }
    scale.a[t] = std::sqrt(pixels / square[t]);
    scale.c[t] = mean[t] * scale.a[t];
  }
}

} // namespace

EventScale make_event_scale(const EventMatrix& m, Normalization normalization) {
  EventScale scale;
  const bool standardized = normalization == Normalization::corrcoef;
  scale.factors = normalization == Normalization::static_bin ? m.groups.static_bins : 1;
  scale.valid = m.valid;
  scale.c.assign(static_cast<std::size_t>(m.frames), 0.0);
  if (standardized)
    standardize(scale, m);
  else
    divide_by_means(scale, m);
  const Index groups = m.groups.groups();
  scale.marginal.assign(static_cast<std::size_t>(groups * m.frames), 0.0);
  scale.group_shift.assign(static_cast<std::size_t>(groups * m.frames), 0.0);
  parallel_for(0, groups, 1, [&](Index g, Index) {
    double* marginal = scale.marginal.data() + g * m.frames;
    double* shift = scale.group_shift.data() + g * m.frames;
    const Index first = m.groups.group_begin[g];
    const Index last = m.groups.group_begin[g + 1];
    for (Index p = first; p < last; ++p)
      for (Index e = m.pixel_begin[p]; e < m.pixel_begin[p + 1]; ++e) {
        const std::uint32_t t = m.frame[e];
        const double x =
            static_cast<double>(m.value(p, e)) * scale.factor(m.groups.static_bin[p], t);
        marginal[t] += x;
        if (standardized) // (x − c)² − c²: what the event changes
          shift[t] += x * (x - 2 * scale.c[t]);
      }
    const auto pixels = static_cast<double>(last - first);
    for (Index t = 0; t < m.frames; ++t) {
      const double c = scale.c[t];
      if (scale.valid[t] == 0)
        shift[t] = 0;
      else
        shift[t] = standardized ? 0.5 * (shift[t] / pixels + c * c - 1) : marginal[t] / pixels - c;
    }
  });
  return scale;
}

} // namespace vitrum::correlate::detail
