// From V(k) of several probe sizes, of which the widest resolve that the peak is two, to lengths:
// neither separation nor share is given.
#include <cmath>
#include <cstdio>
#include <numbers>

#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fem/correlation_length.hpp"

namespace vitrum::fem {
namespace {

constexpr double length = 1.3, apart = 0.17, share = 0.64;

double height_at(double probe) {
  const double q2 = std::pow(0.61 / probe, 2);
  const double rise = 4 * std::numbers::pi * std::numbers::pi * length * length;
  return 8 * q2 / (1 + rise * q2) * std::min(1.0, std::pow(probe / length, 2));
}

/// V(k) of two Gaussians on a background, in noise that three rings share.
VarianceProfile make_profile(double probe, std::uint64_t seed) {
  constexpr int n = 70, samples = 60;
  constexpr std::size_t rings = 3;
  VarianceProfile p;
  Random random(seed);
  const double error = 0.012 * height_at(probe), width = std::hypot(0.05, 0.2 / probe);
  const auto noise = [&] {
    std::vector<double> white, out;
    for (std::size_t i = 0; i < n + rings; ++i)
      white.push_back(random.normal());
    for (std::size_t i = 0; i < n; ++i)
      out.push_back(error * (white[i] + white[i + 1] + white[i + 2]) / std::sqrt(3.0));
    return out;
  };
  const auto gaussian = [&](double x) { return std::exp(-0.5 * x * x / (width * width)); };
  const auto first = noise();
  for (std::size_t i = 0; i < n; ++i) {
    const double k = 3 + 0.036 * static_cast<double>(i);
    p.k.push_back(k);
    p.value.push_back(0.01 + first[i] +
                      height_at(probe) * (share * gaussian(k - 4.26 + 0.5 * apart) +
                                          (1 - share) * gaussian(k - 4.26 - 0.5 * apart)));
    p.error.push_back(error);
  }
  for (int s = 0; s < samples; ++s) {
    const auto other = noise();
    for (std::size_t i = 0; i < n; ++i)
      p.replicate.push_back(p.value[i] + other[i]);
  }
  return p;
}

struct Pulls {
  Moments share, separation, height, maximum, persistence;
  Moments apart_maximum, apart_persistence; // with shared errors as if they were each one's own
  int without = 0;                          // sets in which no series resolves the pair
};

void add_set(std::uint64_t seed, Pulls& to) {
  const std::vector<double> sizes{0.85, 1.05, 1.4, 1.9, 2.6, 3.6, 5.0};
  PeakOptions options;
  options.most = 1;
  std::vector<VarianceProfile> profiles;
  std::vector<PeakFit> fits;
  std::vector<Split> splits;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    profiles.push_back(make_profile(sizes[i], seed * 100 + i));
    fits.push_back(fit_peaks(profiles.back(), options));
    ASSERT_EQ(fits.back().splits.size(), 1U);
    splits.push_back(fits.back().splits[0]);
  }
  const auto choice = choose_pair(splits, options.split_level);
  if (!choice.series) {
    ++to.without;
    return;
  }
  const auto pair = pair_of(splits[*choice.series]);
  to.share.add((pair.first_share.value - share) / pair.first_share.error);
  to.separation.add((pair.separation.value - apart) / pair.separation.error);
  std::vector<SizedPeak> peaks, independent;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto found = pair_height(profiles[i], fits[i], 0, pair);
    peaks.push_back({sizes[i], found.own.value, found.own.error, found.common});
    independent.push_back({sizes[i], found.own.value, peaks.back().total_error(), {}});
    to.height.add((found.own.value - height_at(sizes[i])) / peaks.back().total_error());
  }
  const auto add = [&](const std::vector<SizedPeak>& from, Moments& maximum, Moments& persistence) {
    const auto sv = find_stratton_voyles(from, seed);
    if (sv.status == "maximum")
      maximum.add((sv.length_nm.value - length) / sv.length_nm.error);
    const auto pp = find_pair_persistence(from, length);
    if (pp.status == "fitted")
      persistence.add((pp.length_nm.value - length) / pp.length_nm.error);
  };
  add(peaks, to.maximum, to.persistence);
  add(independent, to.apart_maximum, to.apart_persistence);
}

void expect_pulls(std::uint64_t sets, double mean, double width) {
  Pulls pulls;
  for (std::uint64_t seed = 1; seed <= sets; ++seed)
    add_set(seed, pulls);
  for (const auto& [name, p] :
       {std::pair("share", &pulls.share),
        std::pair("separation", &pulls.separation),
        std::pair("heights", &pulls.height),
        std::pair("Stratton-Voyles", &pulls.maximum),
        std::pair("pair persistence", &pulls.persistence),
        std::pair("Stratton-Voyles, errors apart", &pulls.apart_maximum),
        std::pair("pair persistence, errors apart", &pulls.apart_persistence)})
    std::printf("%s: %td, pulls %+.3f, width %.3f\n",
                name,
                static_cast<Index>(p->count),
                p->mean,
                p->deviation());
  EXPECT_EQ(pulls.without, 0);
  for (const auto* p :
       {&pulls.share, &pulls.separation, &pulls.height, &pulls.maximum, &pulls.persistence}) {
    EXPECT_GT(p->count, 0.9 * static_cast<double>(sets));
    EXPECT_LT(std::abs(p->mean), mean);
    EXPECT_NEAR(p->deviation(), 1, width);
  }
}

TEST(PeakPairCalibration, LengthsOfAPairThatIsFoundInTheSeries) {
  expect_pulls(150, 0.25, 0.2);
}

} // namespace
} // namespace vitrum::fem
