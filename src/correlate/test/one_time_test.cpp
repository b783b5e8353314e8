#include "vitrum/correlate/one_time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/float_kernel.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

struct Mean {
  double value = 0, lag = 0;
  Index pairs = 0;
};

/// Mean of C over the pairs of a lag bin and window, by looking at every pair.
Mean mean_by_definition(const std::vector<double>& map,
                        Index frames,
                        Index first_lag,
                        Index last_lag,
                        AgeWindow ages,
                        AgeConvention convention) {
  Mean mean;
  for (Index t1 = 0; t1 < frames; ++t1)
    for (Index t2 = 0; t2 <= t1; ++t2) {
      const double age = convention == AgeConvention::start ? double(t2) : double(t1 + t2) / 2;
      if (t1 - t2 < first_lag || t1 - t2 >= last_lag || age < double(ages.first) ||
          age >= double(ages.last) || std::isnan(map[t1 * frames + t2]))
        continue;
      mean.value += map[t1 * frames + t2];
      mean.lag += double(t1 - t2);
      ++mean.pairs;
    }
  mean.value /= double(mean.pairs);
  mean.lag /= double(mean.pairs);
  return mean;
}

void expect_equals_definition(const OneTime& function,
                              const std::vector<double>& map,
                              Index frames,
                              AgeConvention convention,
                              double tolerance) {
  for (Index k = 0; k < function.lags(); ++k) {
    const Mean expected = mean_by_definition(
        map, frames, function.first_lag[k], function.last_lag[k], function.ages, convention);
    ASSERT_EQ(function.pairs[k], expected.pairs) << "lag bin " << k;
    if (expected.pairs == 0) {
      ASSERT_TRUE(std::isnan(function.value[k]));
      continue;
    }
    ASSERT_NEAR(function.value[k], expected.value, tolerance) << "lag bin " << k;
    ASSERT_NEAR(function.lag_frames[k], expected.lag, 1e-9) << "lag bin " << k;
  }
}

} // namespace

TEST(LagAxis, FirstLagsStaySingle) {
  EXPECT_THAT(make_lag_edges(101, {}),
              testing::ElementsAre(1, 2, 3, 4, 7, 10, 16, 26, 40, 64, 100, 101));
  EXPECT_THAT(make_lag_edges(6, {LagSpacing::linear, 5, 0, true}),
              testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(make_lag_edges(100, {LagSpacing::logarithmic, 1, 20, true}),
              testing::ElementsAre(0, 1, 10, 21));
  EXPECT_THROW((void)make_lag_edges(1, {}), DataError);
}

TEST(OneTime, BinsKnowTheSpreadOfTheirLags) {
  const std::vector<double> map(40 * 40, 1.0);
  const OneTime g2 = one_time_from_map(map, 40).whole;
  for (Index k = 0; k < g2.lags(); ++k) {
    const double middle = double(g2.first_lag[k] + g2.last_lag[k] - 1) / 2;
    double variance = 0;
    for (Index lag = g2.first_lag[k]; lag < g2.last_lag[k]; ++lag)
      variance += (double(lag) - middle) * (double(lag) - middle);
    variance /= double(g2.last_lag[k] - g2.first_lag[k]);
    EXPECT_NEAR(g2.lag_spread_frames[k], std::sqrt(variance), 1e-12) << k;
  }
}

TEST(OneTime, EqualsDefinitionOverSizesWindowsAndGaps) {
  std::uint64_t seed = 100;
  for (const Index frames : {2, 3, 16, 65, 200})
    for (const LagSpacing spacing : {LagSpacing::linear, LagSpacing::logarithmic})
      for (const AgeConvention age : {AgeConvention::start, AgeConvention::mid})
        for (const bool gaps : {false, true})
          for (const Index tile : {0, 16, 37}) {
            SCOPED_TRACE(testing::Message() << frames << " frames, tile " << tile << ", gaps "
                                            << gaps << ", mid " << (age == AgeConvention::mid));
            std::vector<Index> missing;
            if (gaps && frames > 10)
              missing = {0, 5, 6, 7, frames / 2, frames - 1};
            const PixelMatrix m = reference::random_counts(
                reference::stripe_groups(12, 12, 2), frames, 2, missing, ++seed);
            const std::vector<double> map = reference::two_time(m, Normalization::static_bin);
            const FloatKernel f(copy(m), Normalization::static_bin);
            OneTimeOptions options;
            options.lags = {spacing, 7, 0, true};
            options.age = age;
            options.remove_bias = false;
            if (frames > 10)
              options.windows = {{0, 5}, {3, frames - 2}, {frames / 2, frames / 2 + 1}, {7, 9}};
            const OneTimeFunctions functions = make_one_time(f, options, {tile});
            // Rounding of δ to float: 6e-8 of the diagonal (1.5), less in the mean.
            expect_equals_definition(functions.whole, map, frames, age, 3e-7);
            for (const OneTime& window : functions.windows)
              expect_equals_definition(window, map, frames, age, 3e-7);
            const OneTimeFunctions from_map = one_time_from_map(map, frames, options);
            expect_equals_definition(from_map.whole, map, frames, age, 1e-12);
            for (const OneTime& window : from_map.windows)
              expect_equals_definition(window, map, frames, age, 1e-12);
          }
}

TEST(OneTime, DiagonalMeansOfTheMapAreG2) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(20, 20, 3), 150, 1, {31}, 77);
  const FloatKernel f(copy(m), Normalization::static_bin);
  OneTimeOptions options;
  options.lags.spacing = LagSpacing::linear;
  options.remove_bias = false;
  const OneTime direct = make_one_time(f, options).whole;
  const TwoTimeMap map = make_two_time_map(f);
  const OneTime read = one_time_from_map(map.values.span(), 150, options).whole;
  for (Index k = 0; k < direct.lags(); ++k)
    EXPECT_NEAR(direct.value[k], read.value[k], 6e-8) << k; // the map is rounded to float
}

TEST(OneTime, ErrorsAreTheJackknifeOfTheGroups) {
  // The same from C by groups: leave each group out, correlate the rest again in double precision.
  const Index frames = 40;
  PixelMatrix m = reference::random_counts(reference::stripe_groups(64, 64, 1), frames, 4, {11}, 5);
  // A pattern that all frames share gives C − 1 well above zero, so that all terms of e_g matter.
  Random random(3);
  for (Index p = 0; p < m.pixels(); ++p) {
    const auto factor = float(0.5 + random.uniform());
    for (Index t = 0; t < frames; ++t)
      m.row(t)[p] *= factor;
  }
  for (const Normalization n : {Normalization::plain, Normalization::corrcoef}) {
    OneTimeOptions options;
    options.lags.max_lag = 12;
    options.remove_bias = false;
    const OneTime all = make_one_time(FloatKernel(copy(m), n), options).whole;
    ASSERT_EQ(all.error_groups, 32);
    std::vector<double> variance(static_cast<std::size_t>(all.lags()), 0.0);
    const std::vector<Index>& begin = m.groups.group_begin;
    for (Index g = 0; g < 32; ++g) {
      PixelGroups rest_groups;
      rest_groups.static_bins = 1;
      for (Index p = 0; p < m.pixels(); ++p)
        if (p < begin[g] || p >= begin[g + 1]) {
          rest_groups.position.push_back(p);
          rest_groups.static_bin.push_back(0);
        }
      rest_groups.group_begin = {0, rest_groups.pixels()};
      PixelMatrix rest = make_pixel_matrix(frames, rest_groups);
      rest.valid = m.valid;
      for (Index t = 0; t < frames; ++t)
        for (Index p = 0; p < rest.pixels(); ++p)
          rest.row(t)[p] = m.row(t)[rest_groups.position[p]];
      const std::vector<double> map = reference::two_time(rest, n);
      for (Index k = 0; k < all.lags(); ++k) {
        const double left_out =
            mean_by_definition(
                map, frames, all.first_lag[k], all.last_lag[k], all.ages, AgeConvention::start)
                .value;
        variance[k] += (left_out - all.value[k]) * (left_out - all.value[k]) * 31.0 / 32.0;
      }
    }
    for (Index k = 0; k < all.lags(); ++k)
      // leaving 1/32 out is linear to a few per cent
      if (all.common_mode[k] == 0) {
        EXPECT_NEAR(all.error[k] / std::sqrt(variance[k] * student_variance(32)), 1, 0.03)
            << name_of(n) << " bin " << k;
      }
  }
}

TEST(OneTime, DoesNotDependOnThreads) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(32, 32, 2), 700, 1, {100}, 6);
  const FloatKernel f(copy(m), Normalization::static_bin);
  OneTimeOptions options;
  options.windows = {{0, 300}, {200, 500}};
  set_thread_count(1);
  const OneTimeFunctions one = make_one_time(f, options);
  set_thread_count(4);
  const OneTimeFunctions four = make_one_time(f, options);
  set_thread_count(0);
  EXPECT_EQ(one.whole.value, four.whole.value);
  EXPECT_EQ(one.whole.covariance, four.whole.covariance);
  EXPECT_THAT(one.windows[1].value,
              testing::Pointwise(testing::NanSensitiveDoubleEq(), four.windows[1].value));
  EXPECT_THAT(one.windows[1].error,
              testing::Pointwise(testing::NanSensitiveDoubleEq(), four.windows[1].error));
}

TEST(OneTime, TooFewPixelsForGroupsGiveNanErrorsAndAReason) {
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(4, 6, 1), 50, 3, {}, 8);
  const OneTime g2 = make_one_time(FloatKernel(copy(m), Normalization::plain)).whole;
  EXPECT_EQ(g2.reason,
            "no errors: 24 pixels in 2 blocks of 4 x 4 make fewer than 4 independent "
            "groups");
  EXPECT_TRUE(std::isnan(g2.error[0]));
  EXPECT_TRUE(std::isfinite(g2.value[0]));
}

TEST(OneTime, RejectsNonsense) {
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(8, 8, 1), 50, 3, {}, 8);
  const FloatKernel f(copy(m), Normalization::plain);
  OneTimeOptions options;
  options.windows = {{10, 51}};
  EXPECT_THAT([&] { (void)make_one_time(f, options); },
              testing::ThrowsMessage<OptionError>(
                  "age window 10:51: must lie within 0:50 and not be empty"));
}
