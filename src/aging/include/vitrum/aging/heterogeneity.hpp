// Dynamical heterogeneity: how C at a fixed lag fluctuates over age, its noise taken away, and the
// shape of its distribution.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/aging/map_rows.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::aging {

struct HeterogeneityOptions {
  Index trend_frames = 0; // a running mean over so many frames is aging, and removed; 0: none
};

struct Heterogeneity {
  Index lag = 0;
  Index pairs = 0;
  double mean = 0;     // of C
  double variance = 0; // over age, noise included
  double noise_variance = 0;
  double heterogeneity = 0, heterogeneity_error = 0; // variance − noise_variance
  double skewness = 0, skewness_error = 0;
  double kurtosis = 0, kurtosis_error = 0; // excess
  std::string method;                      // what counts as noise
  std::string reason;                      // why there is none, else empty
};

/// The trace C(t, t + lag) of a map, NaN in gaps. Noise is what changes from one frame to the next:
/// the autocovariance, extrapolated from 1 to 4 frames to none, is what is left. That removes shot
/// noise; the fluctuations of finitely many speckles last as long as they do and stay in. Errors by
/// the jackknife over 16 blocks of time.
[[nodiscard]] Heterogeneity trace_heterogeneity(std::span<const float> trace,
                                                Index lag,
                                                const HeterogeneityOptions& options = {});

/// The same for every lag of a band.
[[nodiscard]] std::vector<Heterogeneity> map_heterogeneity(
    const Band& band, std::span<const Index> lags, const HeterogeneityOptions& options = {});

/// From traces of disjoint subsets of pixels [group][t], each as large: shot noise and finite
/// speckles are independent between subsets, so what they share is heterogeneity,
///     V = (G var(mean trace) − mean var(trace)) / (G − 1),
/// the mean covariance of two of them. Its error is the larger of the jackknife's and of the spread
/// over pairs of subsets.
[[nodiscard]] Heterogeneity group_heterogeneity(const std::vector<std::vector<float>>& traces,
                                                Index lag,
                                                const HeterogeneityOptions& options = {});

} // namespace vitrum::aging
