#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/pixel_errors.hpp"
#include "vitrum/ecm/pixel_noise.hpp"

namespace vitrum::ecm {
namespace {

TEST(VirtualPixels, HaveTheCorrelationAskedFor) {
  const Index pixels = 3000, frames = 200;
  std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
  valid[30] = 0;
  const auto strips = make_virtual_pixels(pixels, valid, {20, 0.7, 0.3, 0.02, 5});
  const std::vector<Index> lags{1, 3, 10, 40};
  std::vector<float> g2(lags.size() * static_cast<std::size_t>(pixels));
  correlate_pixels(strips, valid, lags, Estimator::pixel_mean, g2, pixels);
  for (std::size_t k = 0; k < lags.size(); ++k) {
    Moments m;
    for (Index p = 0; p < pixels; ++p)
      m.add(static_cast<double>(
          g2[k * static_cast<std::size_t>(pixels) + static_cast<std::size_t>(p)]));
    const double truth = 0.3 * std::exp(-2 * std::pow(static_cast<double>(lags[k]) / 20, 0.7));
    EXPECT_NEAR(m.mean, truth, 4.5 * m.error());
  }
  const auto moments = moments_of(strips, valid);
  Moments variance;
  for (const float v : moments.variance)
    variance.add(static_cast<double>(v));
  EXPECT_NEAR(variance.mean, 0.32, 4.5 * variance.error());
  EXPECT_EQ(strips.strip(0)[30 * strip_pixels], 0.0F);
  EXPECT_THROW((void)make_virtual_pixels(4, valid, {0, 0.7, 0.3, 0, 1}), OptionError);
}

PixelErrorOptions error_options() {
  PixelErrorOptions o;
  o.white_variance = 0.05;
  o.tau_low_s = 6;
  o.tau_high_s = 120;
  o.nodes = 8;
  o.pixels = 1000;
  return o;
}

/// Virtual pixels of a log-normal population, analysed like measured ones.
struct Analysed {
  std::vector<double> truth, found, exponent, contrast;
};

Analysed
analyse(double tau, double sigma, Index pixels, const std::vector<Index>& lags, Index frames) {
  Analysed a;
  const std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
  std::vector<double> lag_s(lags.begin(), lags.end());
  const std::vector<double> equal(lags.size(), 1.0);
  Random random(77);
  constexpr Index together = 16;
  for (Index first = 0; first < pixels; first += together) {
    VirtualPixels v{tau * std::exp(sigma * random.normal()),
                    0.7,
                    0.3,
                    0.05,
                    1000 + static_cast<std::uint64_t>(first)};
    const auto strips = make_virtual_pixels(together, valid, v);
    std::vector<float> g2(lags.size() * static_cast<std::size_t>(together));
    correlate_pixels(strips, valid, lags, Estimator::pixel_mean, g2, together);
    const auto fits =
        fit::fit_kww_batch<float>(lag_s, equal, std::span<const float>(g2), together, together, {});
    for (std::size_t i = 0; i < static_cast<std::size_t>(together); ++i)
      if (usable(fits, i, lag_s.front(), lag_s.back())) {
        a.truth.push_back(std::log(v.tau_frames));
        a.found.push_back(std::log(static_cast<double>(fits.tau_s[i])));
        a.exponent.push_back(static_cast<double>(fits.kww_exponent[i]));
        a.contrast.push_back(static_cast<double>(fits.contrast[i]));
      }
  }
  return a;
}

class PixelErrors : public testing::TestWithParam<double> {};

// The noise of single pixels is removed from the width of the population, and pulls are normal.
TEST_P(PixelErrors, AreCalibrated) {
  const Index frames = 1500;
  const double sigma = GetParam();
  const auto lags = make_log_lags(frames / 2, 40);
  const std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
  const auto table = make_error_table(lags, valid, error_options());
  const auto a = analyse(25, sigma, 4096, lags, frames);
  const auto population = find_population(a.found, table, static_cast<double>(a.found.size()) / 16);
  EXPECT_NEAR(population.log_mean, std::log(25.0), 4 * population.log_mean_error + 0.02);
  // the width of those that were drawn
  const double drawn = 0.5 * (quantile(a.truth, 0.841345) - quantile(a.truth, 0.158655));
  EXPECT_NEAR(population.sigma, drawn, std::max(0.05, 3 * population.sigma_error));
  if (sigma > 0.5) {
    EXPECT_NEAR(population.sigma / drawn, 1, 0.1);
  }
  EXPECT_GT(population.seen_sigma, 0.25);
  if (sigma > 0.2) { // places of one τ are seen by several pixels: what these share is no noise
    Moments truth, found;
    double of_means = 0;
    for (std::size_t first = 0; first < a.truth.size();) {
      std::size_t last = first;
      Moments place;
      while (last < a.truth.size() && a.truth[last] == a.truth[first])
        place.add(a.found[last++]);
      if (place.count > 3) {
        truth.add(a.truth[first]);
        found.add(place.mean);
        of_means += place.variance() / static_cast<double>(place.count);
      }
      first = last;
    }
    const double seen = found.variance() - of_means / static_cast<double>(truth.count);
    EXPECT_NEAR(width_of_places(seen, population.log_mean, table) / truth.deviation(), 1, 0.1);
  }
  std::vector<double> tau, exponent, contrast;
  for (std::size_t i = 0; i < a.found.size(); ++i) {
    const auto e = correct_pixel(a.found[i], a.exponent[i], a.contrast[i], table, population);
    tau.push_back((e.log_tau - a.truth[i]) / e.log_tau_error);
    exponent.push_back((e.kww_exponent - 0.7) / e.kww_exponent_error);
    contrast.push_back((e.contrast - 0.3) / e.contrast_error);
  }
  for (const auto* pulls : {&tau, &exponent}) {
    const auto m = moments(*pulls);
    EXPECT_NEAR(m.mean, 0, 0.1);
    EXPECT_NEAR(m.deviation(), 1, 0.1);
  }
}
INSTANTIATE_TEST_SUITE_P(Widths, PixelErrors, testing::Values(0.0, 0.3, 0.6));

TEST(Population, OfTooFewPixelsIsNotKnown) {
  ErrorTable table;
  for (const double at : {1.0, 2.0, 3.0}) {
    ErrorNode node;
    node.log_tau = at;
    node.sigma = 0.1;
    node.usable = 1;
    node.found = {static_cast<float>(at)};
    table.nodes.push_back(node);
  }
  const std::vector<double> few(10, 2.0);
  EXPECT_TRUE(std::isnan(find_population(few, table, 10).sigma));
}

/// The exponent of the stretched exponential nearest to a mean over log-normal relaxation times.
double exponent_of_mean(double exponent, double sigma) {
  std::vector<double> time, decay;
  for (double log_t = -6; log_t < 3; log_t += 0.1) {
    double sum = 0, weight = 0;
    for (double z = -5; z <= 5; z += 0.05) {
      const double w = std::exp(-z * z / 2);
      sum += w * std::exp(-2 * std::exp(exponent * (log_t - sigma * z)));
      weight += w;
    }
    time.push_back(log_t);
    decay.push_back(sum / weight);
  }
  double best = -1, found = 0;
  for (double shape = 0.3; shape < 1.2; shape += 0.002)
    for (double log_tau = -0.3; log_tau < 0.3; log_tau += 0.005) {
      double squares = 0;
      for (std::size_t k = 0; k < time.size(); ++k)
        squares += std::pow(decay[k] - std::exp(-2 * std::exp(shape * (time[k] - log_tau))), 2);
      if (best < 0 || squares < best) {
        best = squares;
        found = shape;
      }
    }
  return found;
}

TEST(PixelErrors, APlaceStretchesLessThanTheMeanOverPlaces) {
  for (const double exponent : {0.5, 0.75, 0.95})
    for (const double sigma : {0.0, 0.2, 0.35, 0.5})
      EXPECT_NEAR(exponent_of_parts(exponent_of_mean(exponent, sigma), sigma), exponent, 0.02)
          << exponent << " " << sigma;
  EXPECT_TRUE(std::isnan(exponent_of_parts(1, 2)));
}

} // namespace
} // namespace vitrum::ecm
