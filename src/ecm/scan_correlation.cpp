#include "vitrum/ecm/scan_correlation.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/ecm/frame_values.hpp"
#include "vitrum/ecm/pixel_correlation.hpp"

namespace vitrum::ecm {
namespace {

/// A pixel of the detector that is used.
struct Used {
  std::size_t pixel = 0;
  Index bin = 0, group = 0; // from 0
  float inverse_mean = 0;
};

std::vector<Used> used_pixels(const frames::SeriesInfo& info,
                              std::span<const std::int32_t> labels,
                              std::span<const double> mean,
                              const ScanOptions& options,
                              ScanCorrelation& out) {
  if (labels.size() != static_cast<std::size_t>(info.pixels()) || mean.size() != labels.size())
    throw DataError(fmt::format("{}: labels or mean are not of this detector", info.path));
  out.bins = std::max(0, *std::max_element(labels.begin(), labels.end()));
  if (out.bins == 0)
    throw DataError(fmt::format("{}: no pixel of the detector is in a bin", info.path));
  out.pixels.assign(static_cast<std::size_t>(out.bins), 0);
  std::vector<Used> used;
  for (std::size_t p = 0; p < labels.size(); ++p) {
    if (labels[p] <= 0)
      continue;
    const double level = mean[p] - options.pedestal;
    if (!(level > 0))
      throw DataError(
          fmt::format("{}: ky {}, kx {}: the mean is {:.4g} counts, expected a positive "
                      "number; leave the pixel out of the partition, or give --pedestal",
                      info.path,
                      static_cast<Index>(p) / info.width,
                      static_cast<Index>(p) % info.width,
                      level));
    used.push_back({p,
                    labels[p] - 1,
                    out.pixels[static_cast<std::size_t>(labels[p] - 1)]++,
                    static_cast<float>(1 / level)});
  }
  for (Used& u : used) // so far the place among the pixels of its bin
    u.group = u.group * options.groups / out.pixels[static_cast<std::size_t>(u.bin)];
  for (std::size_t b = 0; b < out.pixels.size(); ++b)
    if (out.pixels[b] < options.groups)
      throw DataError(fmt::format("{}: bin {} has {} pixels, need at least {}",
                                  info.path,
                                  b + 1,
                                  out.pixels[b],
                                  options.groups));
  return used;
}

/// A pixel at one place, divided by its mean over the other places only: the mean over all holds a
/// share of the place's own fluctuation, which would be missing in its correlation. `own` is its
/// mean over time, relative to the mean over all places, less one; w·w′ becomes gain·w·w′ + shift.
struct OwnShare {
  double gain = 1, shift = 0;

  OwnShare() = default;
  OwnShare(double own, Index places) {
    const double ratio = 1 / (1 - own / static_cast<double>(places - 1));
    gain = ratio * ratio;
    shift = 2 * ratio * (ratio - 1) * own + (ratio - 1) * (ratio - 1);
  }
};

/// What the variance v of a mean over places adds to correlations of values divided by it:
/// ⟨y y′⟩ = (1 + c)(1 + 3 v) and ⟨y⟩ = 1 + v. Known from the scatter of the places.
void remove_variance_of_mean(std::span<const double> squares, ScanCorrelation& c) {
  const auto places = static_cast<double>(c.places);
  const auto correct = [&](std::vector<float>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto bin = i / static_cast<std::size_t>(c.places) % static_cast<std::size_t>(c.bins);
      const double v = squares[bin] / (places * static_cast<double>(c.pixels[bin]) * (places - 1));
      values[i] = static_cast<float>((static_cast<double>(values[i]) - v) / (1 + 3 * v));
    }
  };
  correct(c.g2);
  correct(c.of_groups);
}

} // namespace

ScanCorrelation correlate_scan(frames::FrameSource& source,
                               std::span<const std::int32_t> labels,
                               std::span<const double> mean,
                               std::span<const std::uint8_t> valid,
                               const ScanOptions& options,
                               const Monitor& monitor) {
  const auto& info = source.info();
  ScanCorrelation out;
  out.places = options.rows * options.columns;
  if (options.rows < 1 || options.columns < 1 || info.frames % out.places != 0 ||
      info.frames / out.places < 4)
    throw OptionError(fmt::format("{}: {} patterns are no series of four or more scans of {} x {}",
                                  info.path,
                                  info.frames,
                                  options.rows,
                                  options.columns));
  out.scans = info.frames / out.places;
  out.groups = options.groups;
  out.lags = options.lags;
  if (static_cast<Index>(valid.size()) != out.scans)
    throw DataError(fmt::format("{}: {} marks for {} scans", info.path, valid.size(), out.scans));
  const auto used = used_pixels(info, labels, mean, options, out);
  const auto pixels = static_cast<Index>(used.size());
  const auto lags = static_cast<Index>(out.lags.size());
  for (const Index lag : out.lags) {
    Index pairs = 0;
    for (Index t = 0; t + lag < out.scans; ++t)
      pairs +=
          valid[static_cast<std::size_t>(t)] != 0 && valid[static_cast<std::size_t>(t + lag)] != 0;
    out.pairs.push_back(pairs);
  }
  const Index of_place = Strips::bytes(pixels + strip_pixels, out.scans) + 4 * lags * pixels;
  const Index together = std::min(out.places, options.memory_bytes / of_place);
  if (together < 1)
    throw OptionError(fmt::format("--memory: one place of the scan needs {} bytes", of_place));
  const Index curves = out.groups * out.bins * out.places;
  out.of_groups.assign(static_cast<std::size_t>(lags * curves), 0);
  out.g2.assign(static_cast<std::size_t>(lags * out.bins * out.places), 0);

  std::vector<double> share(static_cast<std::size_t>(out.groups * out.bins)); // pixels of a group
  for (const Used& u : used)
    ++share[static_cast<std::size_t>(u.group * out.bins + u.bin)];
  Progress progress(monitor, "correlating patterns", "patterns", info.frames);
  FrameReader reader(source);
  std::vector<float> raw, values(used.size());
  const auto frames = static_cast<double>(std::count(valid.begin(), valid.end(), 1));
  std::vector<double> squares(static_cast<std::size_t>(out.bins)); // of time means of single places
  for (Index first = 0; first < out.places; first += together) {
    const Index count = std::min(together, out.places - first);
    Strips strips(count * pixels, out.scans);
    std::vector<double> sums(static_cast<std::size_t>(count * pixels));
    for (Index t = 0; t < out.scans; ++t)
      for (Index place = 0; place < count; ++place) {
        std::fill(values.begin(), values.end(), 0.0F);
        if (valid[static_cast<std::size_t>(t)] != 0) {
          const Index number = t * out.places + first + place;
          reader.frame(number, raw);
          double level = 0;
          for (std::size_t i = 0; i < used.size(); ++i) {
            values[i] =
                (raw[used[i].pixel] - static_cast<float>(options.pedestal)) * used[i].inverse_mean;
            level += static_cast<double>(values[i]) / static_cast<double>(pixels);
          }
          if (!(level > 0))
            throw DataError(
                fmt::format("{}: pattern {}: the mean is not positive; leave it out with "
                            "--bad-frames, or give --pedestal",
                            info.path,
                            number));
          const auto per_level = static_cast<float>(1 / level);
          for (std::size_t i = 0; i < used.size(); ++i) {
            values[i] = values[i] * per_level - 1;
            sums[static_cast<std::size_t>(place * pixels) + i] += static_cast<double>(values[i]);
          }
        }
        strips.put(t, place * pixels, values);
        progress.advance();
      }
    std::vector<OwnShare> shares(sums.size());
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const double own = sums[k] / frames;
      squares[static_cast<std::size_t>(used[k % used.size()].bin)] += own * own;
      if (out.places > 1)
        shares[k] = {own, out.places};
    }
    std::vector<float> all(static_cast<std::size_t>(lags * count * pixels));
    correlate_pixels(strips, valid, out.lags, Estimator::pixel_mean, all, count * pixels);
    parallel_for(0, lags * count, 1, [&](Index begin, Index end) {
      std::vector<double> sum(share.size());
      for (Index k = begin; k < end; ++k) {
        const Index lag = k / count, place = k % count;
        std::fill(sum.begin(), sum.end(), 0.0);
        const float* from = all.data() + lag * count * pixels + place * pixels;
        for (std::size_t i = 0; i < used.size(); ++i) {
          const OwnShare& own = shares[static_cast<std::size_t>(place * pixels) + i];
          sum[static_cast<std::size_t>(used[i].group * out.bins + used[i].bin)] +=
              own.gain * static_cast<double>(from[i]) + own.shift;
        }
        for (Index b = 0; b < out.bins; ++b) {
          double whole = 0;
          for (Index g = 0; g < out.groups; ++g) {
            const auto i = static_cast<std::size_t>(g * out.bins + b);
            whole += sum[i];
            out.of_groups[static_cast<std::size_t>(lag * curves + (g * out.bins + b) * out.places +
                                                   first + place)] =
                static_cast<float>(sum[i] / share[i]);
          }
          out.g2[static_cast<std::size_t>((lag * out.bins + b) * out.places + first + place)] =
              static_cast<float>(whole /
                                 static_cast<double>(out.pixels[static_cast<std::size_t>(b)]));
        }
      }
    });
  }
  if (out.places > 1)
    remove_variance_of_mean(squares, out);
  return out;
}

} // namespace vitrum::ecm
