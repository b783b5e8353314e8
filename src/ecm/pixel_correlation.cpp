#include "vitrum/ecm/pixel_correlation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "strip_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::ecm {
namespace {

constexpr Index lanes = strip_pixels;

/// Pairs of valid frames at each lag.
std::vector<Index> count_pairs(std::span<const std::uint8_t> valid, std::span<const Index> lags) {
  std::vector<Index> pairs;
  const auto frames = static_cast<Index>(valid.size());
  for (const Index lag : lags) {
    Index n = 0;
    for (Index t = 0; t + lag < frames; ++t)
      n += valid[static_cast<std::size_t>(t)] != 0 && valid[static_cast<std::size_t>(t + lag)] != 0;
    pairs.push_back(n);
  }
  return pairs;
}

/// Σ y(t) and Σ y(t + lag) over the valid pairs. Without gaps these are differences of running
/// sums.
class PairSums {
public:
  PairSums(std::span<const std::uint8_t> valid) : valid_(valid) {
    whole_ = std::all_of(valid.begin(), valid.end(), [](auto v) { return v != 0; });
  }

  void load(const float* strip) {
    strip_ = strip;
    const auto frames = static_cast<Index>(valid_.size());
    if (!whole_)
      return;
    running_.resize(static_cast<std::size_t>((frames + 1) * lanes));
    std::fill_n(running_.begin(), lanes, 0.0);
    for (Index t = 0; t < frames; ++t)
      for (Index l = 0; l < lanes; ++l)
        running_[static_cast<std::size_t>((t + 1) * lanes + l)] =
            running_[static_cast<std::size_t>(t * lanes + l)] +
            static_cast<double>(strip[t * lanes + l]);
  }

  void get(Index lag, double (&early)[lanes], double (&late)[lanes]) const {
    const auto frames = static_cast<Index>(valid_.size());
    for (Index l = 0; l < lanes; ++l)
      early[l] = late[l] = 0;
    if (whole_) {
      for (Index l = 0; l < lanes; ++l) {
        early[l] = running_[static_cast<std::size_t>((frames - lag) * lanes + l)];
        late[l] = running_[static_cast<std::size_t>(frames * lanes + l)] -
                  running_[static_cast<std::size_t>(lag * lanes + l)];
      }
      return;
    }
    for (Index t = 0; t + lag < frames; ++t)
      if (valid_[static_cast<std::size_t>(t)] != 0 &&
          valid_[static_cast<std::size_t>(t + lag)] != 0)
        for (Index l = 0; l < lanes; ++l) {
          early[l] += static_cast<double>(strip_[t * lanes + l]);
          late[l] += static_cast<double>(strip_[(t + lag) * lanes + l]);
        }
  }

private:
  std::span<const std::uint8_t> valid_;
  bool whole_ = false;
  const float* strip_ = nullptr;
  std::vector<double> running_;
};

} // namespace

std::string_view name_of(Estimator estimator) {
  return estimator == Estimator::pixel_mean ? "pixel-mean" : "time-mean";
}

std::string_view formula_of(Estimator estimator) {
  return estimator == Estimator::pixel_mean
             ? "g2(lag) - 1 = <y(t) y(t + lag)>_t, y = I/<I> - 1 with <I> a mean over pixels"
             : "g2(lag) - 1 = <I(t) I(t + lag)>_t / (<I(t)>_t <I(t + lag)>_t) - 1 of each pixel";
}

Estimator parse_estimator(std::string_view name) {
  for (const auto estimator : {Estimator::pixel_mean, Estimator::time_mean})
    if (name == name_of(estimator))
      return estimator;
  throw OptionError(fmt::format("estimator {}: expected pixel-mean or time-mean", name));
}

std::vector<Index> make_log_lags(Index longest, Index count) {
  if (longest < 1)
    throw OptionError(fmt::format("longest lag {}: must be at least 1 frame", longest));
  if (count < 2)
    throw OptionError(fmt::format("{} lags: need at least 2", count));
  std::vector<Index> lags;
  for (Index i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    const auto lag =
        static_cast<Index>(std::llround(std::pow(static_cast<double>(longest), share)));
    if (lags.empty() || lag > lags.back())
      lags.push_back(std::min(lag, longest));
  }
  return lags;
}

Strips::Strips(Index pixels, Index frames)
    : pixels_(pixels), frames_(frames), stride_(frames * lanes) {
  if (stride_ % 1024 == 0)
    stride_ += lanes; // strips that all begin at one place of the cache get in each other's way
  values_ = Buffer<float>(count() * stride_);
  parallel_for(0, values_.size(), Index{1} << 20, [&](Index begin, Index end) {
    std::fill(values_.data() + begin, values_.data() + end, 0.0F);
  });
}

Index Strips::bytes(Index pixels, Index frames) {
  return (pixels + lanes - 1) / lanes * (frames + 1) * lanes * 4;
}

void Strips::put(Index frame, Index first, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Index pixel = first + static_cast<Index>(i);
    values_[pixel / lanes * stride_ + frame * lanes + pixel % lanes] = values[i];
  }
}

void correlate_pixels(const Strips& strips,
                      std::span<const std::uint8_t> valid,
                      std::span<const Index> lags,
                      Estimator estimator,
                      std::span<float> out,
                      Index stride,
                      SimdLevel level) {
  const Index frames = strips.frames();
  if (static_cast<Index>(valid.size()) != frames)
    throw DataError(fmt::format("{} flags for {} frames", valid.size(), frames));
  for (std::size_t k = 0; k < lags.size(); ++k)
    if (lags[k] < 1 || lags[k] >= frames || (k > 0 && lags[k] <= lags[k - 1]))
      throw DataError(fmt::format("lag {} of {} frames: lags must rise and lie between 1 and {}",
                                  lags[k],
                                  frames,
                                  frames - 1));
  const auto count = static_cast<Index>(lags.size());
  if (stride < strips.pixels() ||
      static_cast<Index>(out.size()) < (count - 1) * stride + strips.pixels())
    throw DataError("no room for the correlation functions");
  const auto pairs = count_pairs(valid, lags);
  const auto kernel = strip_kernel(level);
  parallel_for(0, strips.count(), 16, [&](Index begin, Index end) {
    PairSums sums(valid);
    std::vector<double> products(static_cast<std::size_t>(count * lanes));
    for (Index s = begin; s < end; ++s) {
      std::fill(products.begin(), products.end(), 0.0);
      kernel(strips.strip(s), frames, lags.data(), count, products.data());
      if (estimator == Estimator::time_mean)
        sums.load(strips.strip(s));
      const Index here = std::min(lanes, strips.pixels() - s * lanes);
      for (Index k = 0; k < count; ++k) {
        const auto n = static_cast<double>(pairs[static_cast<std::size_t>(k)]);
        double early[lanes] = {}, late[lanes] = {};
        if (estimator == Estimator::time_mean)
          sums.get(lags[static_cast<std::size_t>(k)], early, late);
        for (Index l = 0; l < here; ++l) {
          double value = products[static_cast<std::size_t>(k * lanes + l)] / n;
          if (estimator == Estimator::time_mean)
            value =
                (value + (early[l] + late[l]) / n + 1) / ((1 + early[l] / n) * (1 + late[l] / n)) -
                1;
          out[static_cast<std::size_t>(k * stride + s * lanes + l)] =
              n > 0 ? static_cast<float>(value) : std::numeric_limits<float>::quiet_NaN();
        }
      }
    }
  });
}

PixelMoments moments_of(const Strips& strips, std::span<const std::uint8_t> valid) {
  PixelMoments moments;
  moments.mean.resize(static_cast<std::size_t>(strips.pixels()));
  moments.variance.resize(moments.mean.size());
  const auto frames =
      static_cast<double>(std::count_if(valid.begin(), valid.end(), [](auto v) { return v != 0; }));
  parallel_for(0, strips.count(), 64, [&](Index begin, Index end) {
    for (Index s = begin; s < end; ++s) {
      std::array<double, lanes> sum{}, square{};
      const float* strip = strips.strip(s);
      for (Index t = 0; t < strips.frames(); ++t)
        for (std::size_t l = 0; l < lanes; ++l) {
          const auto y = static_cast<double>(strip[t * lanes + static_cast<Index>(l)]);
          sum[l] += y;
          square[l] += y * y;
        }
      const Index here = std::min(lanes, strips.pixels() - s * lanes);
      for (Index l = 0; l < here; ++l) {
        const auto i = static_cast<std::size_t>(s * lanes + l);
        moments.mean[i] = static_cast<float>(sum[static_cast<std::size_t>(l)] / frames);
        moments.variance[i] = static_cast<float>(square[static_cast<std::size_t>(l)] / frames);
      }
    }
  });
  return moments;
}

} // namespace vitrum::ecm
