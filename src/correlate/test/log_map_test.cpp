#include "vitrum/correlate/log_map.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

TEST(LogMap, IsTheMeanOfTheFullMapOverEachCell) {
  for (const Index frames : {2, 40, 150})
    for (const bool gaps : {false, true})
      for (const Index max_lag : {0, 30}) {
        const std::vector<Index> missing =
            gaps && frames > 30 ? std::vector<Index>{0, 7, 8, frames - 1} : std::vector<Index>{};
        const PixelMatrix m = reference::random_counts(
            reference::stripe_groups(24, 24, 2), frames, 3, missing, std::uint64_t(frames));
        const std::vector<double> full = reference::two_time(m, Normalization::static_bin);
        const FloatKernel kernel(copy(m), Normalization::static_bin);
        LogMapAccumulator sums(kernel, {.per_decade = 4, .max_lag = max_lag});
        TileConsumer* consumers[] = {&sums};
        correlate_two_time(kernel, consumers, {.tile = 32});
        const LogMap map = sums.result();
        Index pairs = 0, valid_pairs = 0;
        for (const LogMapRow& row : map.rows) {
          ASSERT_EQ(row.age_width, row.last_lag - row.first_lag);
          ASSERT_EQ(Index(row.value.size()), (frames + row.age_width - 1) / row.age_width);
          for (Index j = 0; j < Index(row.value.size()); ++j) {
            double sum = 0;
            Index count = 0;
            for (Index t = j * row.age_width; t < std::min((j + 1) * row.age_width, frames); ++t)
              for (Index lag = row.first_lag; lag < row.last_lag && t + lag < frames; ++lag)
                if (const double c = full[t * frames + t + lag]; !std::isnan(c)) {
                  sum += c;
                  ++count;
                }
            ASSERT_EQ(row.pairs[j], count);
            pairs += count;
            if (count == 0)
              EXPECT_TRUE(std::isnan(row.value[j]) && std::isnan(row.error[j]));
            else // float products of 576 pixels
              EXPECT_NEAR(row.value[j], sum / double(count), 2e-6);
          }
        }
        for (Index t = 0; t < frames; ++t)
          for (Index s = std::max<Index>(max_lag > 0 ? t - max_lag : 0, 0); s < t; ++s)
            valid_pairs += m.valid[t] != 0 && m.valid[s] != 0;
        EXPECT_EQ(pairs, valid_pairs); // every pair is in one cell
      }
}

TEST(LogMap, CellThatHoldsAllPairsOfALagBinHasTheErrorOfTheOneTimeFunction) {
  // Lags 25 … 39 of 40 frames are in one bin; all pairs begin before frame 15, in its first cell.
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(40, 40, 1), 40, 3, {}, 5);
  const FloatKernel kernel(copy(m), Normalization::plain);
  LogMapAccumulator sums(kernel);
  OneTimeOptions options;
  options.remove_bias = false;
  OneTimeAccumulator one_time(kernel, options);
  TileConsumer* consumers[] = {&sums, &one_time};
  correlate_two_time(kernel, consumers);
  const LogMapRow row = sums.result().rows.back();
  const OneTime g2 = one_time.result().whole;
  ASSERT_EQ(row.first_lag, 26);
  ASSERT_EQ(row.last_lag, 40);
  ASSERT_EQ(row.pairs[0], g2.pairs.back());
  EXPECT_NEAR(row.value[0], g2.value.back(), 1e-9);
  double groups = 0; // the deviations of groups alone
  for (Index g = 0; g < g2.error_groups; ++g)
    groups += std::pow(g2.deviation[g * g2.lags() + g2.lags() - 1], 2);
  EXPECT_NEAR(row.error[0], std::sqrt(groups), 1e-9);
}

TEST(LogMap, MemoryIsLinear) {
  for (const Index frames : {1000, 4000}) {
    const PixelMatrix m = make_pixel_matrix(frames, reference::stripe_groups(2, 2, 1));
    const FloatKernel kernel(copy(m), Normalization::plain);
    const LogMap map = LogMapAccumulator(kernel).result();
    Index cells = 0;
    for (const LogMapRow& row : map.rows)
      cells += Index(row.value.size());
    EXPECT_LT(cells, 6 * frames);
  }
}

TEST(LogMap, RejectsNonsense) {
  EXPECT_THAT([] { validate(LogMapOptions{.per_decade = 0}); },
              testing::ThrowsMessage<OptionError>("per_decade = 0: must be positive"));
}

TEST(LogMap, SumsOfPartsAddUpToTheLastBit) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(24, 24, 2), 150, 3, {7, 8}, 4);
  const FloatKernel kernel(copy(m), Normalization::static_bin);
  const TilePlan plan = make_tile_plan(150, {.tile = 32});
  LogMapAccumulator whole(kernel), first(kernel), second(kernel);
  std::vector<Index> some, others;
  for (Index tile = 0; tile < plan.count(); ++tile)
    (tile % 3 == 0 ? some : others).push_back(tile);
  const auto make = [&](LogMapAccumulator& sums, const std::vector<Index>& tiles) {
    TileConsumer* consumers[] = {&sums};
    correlate_tiles(kernel, plan, tiles, consumers);
  };
  make(whole, plan.all());
  make(first, some);
  make(second, others);
  EXPECT_NE(first.sums(), whole.sums());
  first.add_sums(second.sums());
  EXPECT_EQ(first.sums(), whole.sums());
  auto more = second.sums();
  more.push_back(0);
  EXPECT_THROW(first.add_sums(more), DataError);
  EXPECT_THROW(first.add_sums(std::vector<Index>{1, 2, 3}), DataError);
}
