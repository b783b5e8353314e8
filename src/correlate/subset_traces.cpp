#include "vitrum/correlate/subset_traces.hpp"

#include <algorithm>
#include <limits>

#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr Index lanes = 16; // sums side by side, for speed

/// 1 / time mean of the static bin of every pixel; 0 where it holds nothing.
template <class T>
std::vector<float> weights_of(const T* counts,
                              Index stride,
                              std::span<const std::uint8_t> valid,
                              const PixelGroups& groups) {
  std::vector<double> sum(static_cast<std::size_t>(groups.static_bins), 0), pixels = sum;
  double frames = 0;
  const std::size_t step = std::max<std::size_t>(1, valid.size() / 256);
  for (std::size_t t = 0; t < valid.size(); t += step) {
    if (valid[t] == 0)
      continue;
    frames += 1;
    const T* row = counts + static_cast<Index>(t) * stride;
    for (Index p = 0; p < groups.pixels(); ++p)
      sum[static_cast<std::size_t>(groups.static_bin[static_cast<std::size_t>(p)])] +=
          static_cast<double>(row[p]);
  }
  for (const auto s : groups.static_bin)
    pixels[static_cast<std::size_t>(s)] += 1;
  std::vector<float> weights;
  for (const auto s : groups.static_bin) {
    const auto i = static_cast<std::size_t>(s);
    weights.push_back(sum[i] > 0 ? static_cast<float>(pixels[i] * frames / sum[i]) : 0);
  }
  return weights;
}

template <class A, class B>
float weighted_sum(const float* w, const A* a, const B& b, Index first, Index last) {
  float sums[lanes] = {};
  Index p = first;
  for (; p + lanes <= last; p += lanes)
    for (Index i = 0; i < lanes; ++i)
      sums[i] += w[p + i] * static_cast<float>(a[p + i]) * b(p + i);
  for (; p < last; ++p)
    sums[0] += w[p] * static_cast<float>(a[p]) * b(p);
  double sum = 0;
  for (const float s : sums)
    sum += static_cast<double>(s);
  return static_cast<float>(sum);
}

template <class T>
SubsetTraces traces_of(const T* counts,
                       Index stride,
                       std::span<const std::uint8_t> valid,
                       const PixelGroups& groups,
                       std::span<const Index> lags,
                       Index subsets,
                       Index every) {
  const auto frames = static_cast<Index>(valid.size());
  const auto w = weights_of(counts, stride, valid, groups);
  std::vector<float> squares;
  for (const float x : w)
    squares.push_back(x * x);
  std::vector<Index> begin;
  for (Index s = 0; s <= subsets; ++s)
    begin.push_back(groups.group_begin[static_cast<std::size_t>(s * groups.groups() / subsets)]);
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  std::vector<float> mean(at(subsets * frames), nan); // [subset, frame]
  SubsetTraces out;
  out.lags.assign(lags.begin(), lags.end());
  for (const Index lag : lags)
    out.values.emplace_back(
        at(subsets),
        std::vector<float>(at(std::max<Index>(0, (frames - lag + every - 1) / every)), nan));
  std::vector<std::uint8_t> needed(at(frames), 0);
  for (Index t = 0; t < frames; t += every) {
    needed[at(t)] = 1;
    for (const Index lag : lags)
      if (t + lag < frames)
        needed[at(t + lag)] = 1;
  }
  parallel_for(0, frames, 64, [&](Index first, Index last) {
    for (Index t = first; t < last; ++t)
      for (Index s = 0; s < subsets && needed[at(t)] != 0 && valid[at(t)] != 0; ++s)
        mean[at(s * frames + t)] = weighted_sum(
            w.data(),
            counts + t * stride,
            [](Index) { return 1.0F; },
            begin[at(s)],
            begin[at(s + 1)]);
  });
  parallel_for(0, (frames + every - 1) / every, 64, [&](Index first, Index last) {
    for (Index i = first; i < last; ++i)
      for (std::size_t l = 0; l < lags.size(); ++l) {
        const Index t = i * every, other = t + lags[l];
        if (other >= frames || valid[at(t)] == 0 || valid[at(other)] == 0)
          continue;
        const T* later = counts + other * stride;
        for (Index s = 0; s < subsets; ++s) {
          const float product = weighted_sum(
              squares.data(),
              counts + t * stride,
              [later](Index p) { return static_cast<float>(later[p]); },
              begin[at(s)],
              begin[at(s + 1)]);
          const float means = mean[at(s * frames + t)] * mean[at(s * frames + other)];
          out.values[l][at(s)][at(i)] =
              means > 0 ? product * static_cast<float>(begin[at(s + 1)] - begin[at(s)]) / means
                        : nan;
        }
      }
  });
  return out;
}

} // namespace

SubsetTraces make_subset_traces(const PixelRows& counts,
                                std::span<const std::uint8_t> valid,
                                const PixelGroups& groups,
                                std::span<const Index> lags,
                                Index subsets,
                                Index every) {
  subsets = std::min(subsets, groups.groups());
  if (subsets < 2)
    return {};
  return std::visit(
      [&](const auto* values) {
        return traces_of(values, counts.stride, valid, groups, lags, subsets, every);
      },
      counts.counts);
}

} // namespace vitrum::correlate
