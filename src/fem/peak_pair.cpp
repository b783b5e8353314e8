#include <algorithm>
#include <cmath>
#include <limits>

#include "split_fitter.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {

PeakPair pair_of(const Split& split) {
  return {split.separation, split.first_share, split.separation_share_covariance};
}

PairChoice choose_pair(std::span<const Split> splits, double level) {
  PairChoice out;
  Index tested = 0;
  for (const auto& one : splits)
    tested += std::isfinite(one.p);
  for (std::size_t i = 0; i < splits.size(); ++i) {
    const auto& one = splits[i];
    if (!one.found)
      continue;
    ++out.found;
    const double chance = -std::expm1(static_cast<double>(tested) * std::log1p(-one.p));
    out.chance = std::isnan(out.chance) ? chance : std::min(out.chance, chance);
    if (chance < level &&
        (!out.series || one.separation.error < splits[*out.series].separation.error))
      out.series = i;
  }
  return out;
}

PairHeight pair_height(const VarianceProfile& profile,
                       const PeakFit& fit,
                       std::size_t peak,
                       const PeakPair& pair,
                       double resolution) {
  PeakModel model;
  model.peaks = fit.peaks.size();
  model.resolution = resolution;
  model.origin = fit.peaks[0].center.value;
  std::vector<double> whole;
  for (const auto& one : fit.peaks)
    whole.insert(whole.end(), {one.center.value, one.height.value, one.width.value});
  whole.insert(whole.end(), {fit.background.value, fit.background_slope.value});
  const auto points = part_of(profile, fit.k_low, fit.k_high);
  const SplitFitter fitter(points, model, whole, peak);
  const std::size_t n = fitter.points();
  PairHeight out;
  if (n < SplitFitter::one_parameters + 2)
    return out;
  const auto single = fitter.one(fitter.value());
  const double apart = pair.separation.value, share = pair.first_share.value, half = 0.5 * apart;
  // one Gaussian lies over both, or on either where they are far apart
  const auto height = [&](std::span<const double> value, double distance, double first) {
    fit::CurveFit best;
    best.chi2 = std::numeric_limits<double>::infinity();
    for (const double shift : {0.0, half, -half}) {
      auto start = single.value;
      if (shift == 0)
        start[2] =
            std::sqrt(std::max(start[2] * start[2] - half * half, 0.1 * start[2] * start[2]));
      start[3] += shift;
      start[4] *= single.value[2] / start[2];
      auto found = fitter.bound(value, std::move(start), distance, first);
      if (found.chi2 < best.chi2)
        best = std::move(found);
    }
    return best;
  };
  const auto best = height(fitter.value(), apart, share);
  out.own.value = best.value[4];
  double squared = best.covariance[4 * 5 + 4];
  const auto noise = noise_samples(points, fitter.place());
  constexpr std::size_t fewest = 20;
  if (const std::size_t samples = noise.size() / n; samples >= fewest) {
    Moments of_height;
    std::vector<double> value(n);
    for (std::size_t s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < n; ++i)
        value[i] = fitter.bound_at(best.value, fitter.k(i), apart, share) + noise[s * n + i];
      of_height.add(height(value, apart, share).value[4]);
    }
    squared = of_height.variance();
  }
  out.own.error = std::sqrt(squared);
  // one standard deviation of the separation, with what goes with it of the share, and of the rest
  const double sigma = pair.separation.error;
  const double along = sigma > 0 ? pair.covariance / sigma : 0;
  const double rest = std::sqrt(std::max(0.0, std::pow(pair.first_share.error, 2) - along * along));
  const std::array<std::array<double, 2>, 2> steps{{{sigma, along}, {0, rest}}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& [d, s] = steps[i];
    if (d == 0 && s == 0)
      continue;
    out.common[i] = 0.5 * (height(fitter.value(), apart + d, share + s).value[4] -
                           height(fitter.value(), apart - d, share - s).value[4]);
  }
  return out;
}

} // namespace vitrum::fem
