#include "vitrum/fit/negative_binomial.hpp"

#include <cmath>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"

namespace vitrum::fit {
namespace {

CountHistogram histogram(const std::vector<Index>& counts) {
  std::map<Index, Index> numbers;
  for (const Index k : counts)
    ++numbers[k];
  return make_histogram(numbers);
}

/// Counts of `modes` modes; infinitely many: Poisson.
std::vector<Index> draw(Index samples, double mean, double modes, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<Index> counts;
  for (Index i = 0; i < samples; ++i) {
    const double rate =
        std::isinf(modes) ? mean : std::gamma_distribution<>(modes, mean / modes)(random);
    counts.push_back(std::poisson_distribution<Index>(rate)(random));
  }
  return counts;
}

double log_likelihood(std::span<const CountHistogram> strata, double contrast) {
  double sum = 0;
  for (const auto& h : strata) {
    const double mean = static_cast<double>(h.total()) / static_cast<double>(h.samples());
    for (std::size_t i = 0; i < h.count.size(); ++i)
      sum += static_cast<double>(h.number[i]) * log_negative_binomial(h.count[i], mean, contrast);
  }
  return sum;
}

TEST(NegativeBinomial, IsThermalPoissonAndBinomialInItsLimits) {
  for (const double mean : {0.03, 1.0, 40.0})
    for (Index k = 0; k < 200; k += k < 10 ? 1 : 37) {
      const auto n = static_cast<double>(k);
      // thermal light: mean^k/(1 + mean)^(k + 1)
      EXPECT_NEAR(log_negative_binomial(k, mean, 1),
                  n * std::log(mean) - (n + 1) * std::log1p(mean),
                  1e-11 * (1 + n));
      const double poisson = n * std::log(mean) - mean - std::lgamma(n + 1);
      EXPECT_NEAR(log_negative_binomial(k, mean, 0), poisson, 1e-11 * (1 + std::abs(poisson)));
      EXPECT_NEAR(log_negative_binomial(k, mean, 1e-9), poisson, 1e-4 * (1 + n));
    }
  // contrast −1/n: n trials
  EXPECT_NEAR(std::exp(log_negative_binomial(2, 1.2, -0.25)), 6 * 0.09 * 0.49, 1e-12);
  EXPECT_TRUE(std::isinf(log_negative_binomial(6, 1.2, -0.25)));
  EXPECT_EQ(log_negative_binomial(0, 0, 0.3), 0);
}

TEST(NegativeBinomial, SumsToOneWithItsMeanAndVariance) {
  for (const double contrast : {0.0, 0.01, 0.3, 1.0, 2.0})
    for (const double mean : {0.05, 3.0, 90.0}) {
      double sum = 0, first = 0, second = 0;
      for (Index k = 0; k < 8000; ++k) {
        const double p = std::exp(log_negative_binomial(k, mean, contrast));
        const auto n = static_cast<double>(k);
        sum += p;
        first += p * n;
        second += p * n * n;
      }
      EXPECT_NEAR(sum, 1, 1e-8);
      EXPECT_NEAR(first, mean, 1e-7 * mean);
      EXPECT_NEAR(second - first * first, mean + contrast * mean * mean, 1e-5 * second);
    }
}

TEST(NegativeBinomial, LikelihoodIsLargestWhereAGridFindsIt) {
  for (const double modes : {1.0, 3.0, 30.0, std::numeric_limits<double>::infinity()})
    for (const double mean : {0.08, 1.5, 25.0, 300.0}) {
      const std::vector strata{histogram(draw(2000, mean, modes, 1)),
                               histogram(draw(700, 1.4 * mean, modes, 2))};
      const double found = likelihood_contrast(strata);
      const double at_best = log_likelihood(strata, found);
      const double scale = 0.02 + 1 / modes;
      for (double c = found - 4 * scale; c < found + 4 * scale; c += scale / 60)
        EXPECT_LE(log_likelihood(strata, c), at_best + 1e-7 * std::abs(at_best)) << c;
      // and not by having run to an end: a step to either side is worse
      EXPECT_LT(log_likelihood(strata, found + scale / 2), at_best)
          << modes << " " << mean << " " << found;
      EXPECT_LT(log_likelihood(strata, found - scale / 2), at_best);
    }
}

TEST(NegativeBinomial, PoissonCountsHaveNoContrastAndThermalOnesOne) {
  double poisson = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const std::vector one{
        histogram(draw(4000, 0.8, std::numeric_limits<double>::infinity(), seed))};
    const double c = likelihood_contrast(one);
    EXPECT_LT(std::abs(c), 5 * std::sqrt(2.0 / 4000) / 0.8); // √(2/n)/mean, Poisson
    poisson += c / 20;
  }
  EXPECT_LT(std::abs(poisson), 4 * std::sqrt(2.0 / 80000) / 0.8); // both signs occur
  const std::vector thermal{histogram(draw(40000, 5, 1, 9))};
  EXPECT_NEAR(likelihood_contrast(thermal), 1, 0.05);
  EXPECT_NEAR(moment_contrast(thermal), 1, 0.06);
}

TEST(NegativeBinomial, MomentsAreThoseOfTheCounts) {
  const std::vector<Index> counts{0, 0, 1, 3, 2, 0, 5, 1};
  double sum = 0, pairs = 0;
  for (const Index k : counts) {
    sum += static_cast<double>(k);
    pairs += static_cast<double>(k * (k - 1));
  }
  const std::vector one{histogram(counts)};
  EXPECT_NEAR(moment_contrast(one), pairs / 8 / (sum / 8 * sum / 8) - 1, 1e-14);
}

TEST(NegativeBinomial, StrataOfDifferentMeanDoNotRaiseTheContrast) {
  const auto low = draw(20000, 1, std::numeric_limits<double>::infinity(), 4);
  const auto high = draw(20000, 4, std::numeric_limits<double>::infinity(), 5);
  auto both = low;
  both.insert(both.end(), high.begin(), high.end());
  EXPECT_NEAR(likelihood_contrast(std::vector{histogram(low), histogram(high)}), 0, 0.01);
  EXPECT_GT(likelihood_contrast(std::vector{histogram(both)}), 0.2); // (1.5/2.5)² = 0.36
}

TEST(NegativeBinomial, SaysWhyThereIsNoValueOrNoError) {
  const std::vector single{histogram({0, 1, 0, 1, 1})};
  EXPECT_TRUE(std::isnan(likelihood_contrast(single)));
  auto none = estimate_contrast(single, 1);
  EXPECT_TRUE(std::isnan(none.contrast));
  EXPECT_EQ(none.reason, "no count above 1 was seen");
  EXPECT_NEAR(none.mean, 0.6, 1e-15);
  const auto few = estimate_contrast(std::vector{histogram({0, 2, 3, 1})}, 1);
  EXPECT_FALSE(std::isnan(few.contrast));
  EXPECT_TRUE(std::isnan(few.contrast_error));
  EXPECT_EQ(few.reason, "no errors: fewer than 4 groups of pixels");
  const auto one_group = estimate_contrast(
      std::vector{histogram({0, 2}), histogram({0, 1}), histogram({1, 1}), histogram({0, 1})}, 1);
  EXPECT_EQ(one_group.reason, "no errors: counts above 1 were seen in one group of pixels alone");
  EXPECT_THROW((void)estimate_contrast(single, 2), DataError);
  EXPECT_THROW((void)parse_contrast_estimator("best"), OptionError);
}

// Groups share nothing, but within a group neighbours see the same speckle and successive exposures
// the same pattern: the errors must know.
TEST(NegativeBinomial, PullsHaveWidthOneUnderCorrelation) {
  for (const auto estimator : {ContrastEstimator::likelihood, ContrastEstimator::moments}) {
    const Index seeds = 300, groups = 32, speckles = 40, twins = 2, exposures = 3;
    const double modes = 2, mean = 3;
    double pull_sum = 0, pull_squares = 0;
    for (Index seed = 0; seed < seeds; ++seed) {
      std::mt19937_64 random(static_cast<unsigned>(seed));
      std::vector<CountHistogram> histograms;
      for (Index g = 0; g < groups; ++g) {
        std::vector<Index> counts;
        for (Index s = 0; s < speckles; ++s) {
          const double rate = std::gamma_distribution<>(modes, mean / modes)(random);
          for (Index k = 0; k < twins * exposures; ++k)
            counts.push_back(std::poisson_distribution<Index>(rate)(random));
        }
        histograms.push_back(histogram(counts));
      }
      const auto e = estimate_contrast(histograms, 1, estimator);
      const double pull = (e.contrast - 1 / modes) / e.contrast_error;
      pull_sum += pull;
      pull_squares += pull * pull;
    }
    const double average = pull_sum / static_cast<double>(seeds);
    const double width = std::sqrt(pull_squares / static_cast<double>(seeds) - average * average);
    EXPECT_NEAR(average, 0, 0.25) << name(
        estimator);                                 // 0.06 from 300 seeds; errors follow the values
    EXPECT_NEAR(width, 1, 0.17) << name(estimator); // 4 standard errors from 300 seeds
  }
}

} // namespace
} // namespace vitrum::fit
