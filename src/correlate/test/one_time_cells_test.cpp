#include "../one_time_cells.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"

namespace vitrum::correlate {
namespace {

// Pairs, lags and shifts of every cell by going through all pairs of frames, from no gap to half
// of the frames.
TEST(OneTimeCells, CountsEqualThoseOfAllPairs) {
  for (const Index frames : {7, 60, 131})
    for (const Index gap_percent : {0, 3, 12, 50})
      for (const AgeConvention age : {AgeConvention::start, AgeConvention::mid})
        for (const bool linear : {false, true}) {
          Random random(5);
          const Index groups = 5;
          std::vector<std::uint8_t> valid(static_cast<std::size_t>(frames), 1);
          for (auto& flag : valid)
            flag = random.below(100) < gap_percent ? 0 : 1;
          std::vector<double> shift(static_cast<std::size_t>(frames * groups));
          for (double& h : shift)
            h = random.normal();
          OneTimeOptions options;
          options.age = age;
          options.lags.include_zero = frames == 60;
          if (linear)
            options.lags = {.spacing = LagSpacing::linear, .max_lag = frames / 2};
          options.windows = {{0, frames / 2}, {frames / 3, frames}};
          const std::vector<Index> edges = make_lag_edges(frames, options.lags);
          const detail::AgeBlocks blocks = detail::make_age_blocks(frames, options);
          detail::Cells cells(blocks.count(), static_cast<Index>(edges.size()) - 1, groups);
          detail::count_pairs(cells, blocks, edges, valid, shift);
          detail::Cells twin(cells.blocks, cells.bins, groups);
          for (Index t = 0; t < frames; ++t)
            for (Index k = 0; k < twin.bins; ++k)
              for (Index lag = edges[k]; lag < edges[k + 1] && t + lag < frames; ++lag) {
                if (valid[t] == 0 || valid[t + lag] == 0)
                  continue;
                const Index cell = twin.at(blocks.block_of_pair(t, lag), k);
                ++twin.pairs[cell];
                twin.lag_sum[cell] += static_cast<double>(lag);
                for (Index g = 0; g < groups; ++g)
                  twin.shift[cell * groups + g] +=
                      shift[g * frames + t] + shift[g * frames + t + lag];
              }
          EXPECT_EQ(cells.pairs, twin.pairs);
          EXPECT_EQ(cells.lag_sum, twin.lag_sum);
          for (std::size_t i = 0; i < twin.shift.size(); ++i)
            ASSERT_NEAR(cells.shift[i], twin.shift[i], 1e-9 * static_cast<double>(frames));
        }
}

TEST(OneTimeCells, RunsOfNumbers) {
  EXPECT_EQ(detail::runs_of(std::vector<Index>{3, 5, 6, 7, 9, 10}), "3, 5-7, 9-10");
  EXPECT_EQ(detail::runs_of({}), "");
}

// Two deviations of five lags; the second and third have none but rounding, at the last no two
// counts meet, and the fourth has a small error indeed.
TEST(OneTimeCells, LagsWithoutScatterHaveNoError) {
  std::vector<double> deviation{0.1, 0, 1e-13, 0, 1e-7, 0.2, 0, 0, 1e-7, 0};
  const std::vector<double> value{1.2, 1.1, 1, 1, 1e-8};
  EXPECT_EQ(
      detail::refuse_zero_errors(deviation, value),
      "lag bins 2-3, 5: no scatter between groups of pixels or times, so no error is known and "
      "fits leave them out");
  const auto errors = detail::errors_of(deviation, 5);
  EXPECT_DOUBLE_EQ(errors[0], std::hypot(0.1, 0.2));
  EXPECT_TRUE(std::isnan(errors[1]) && std::isnan(errors[2]));
  EXPECT_DOUBLE_EQ(errors[3], 1e-7);
  EXPECT_TRUE(std::isnan(errors[4]));
  EXPECT_EQ(detail::refuse_zero_errors(deviation, value), ""); // NaN is no zero
  EXPECT_EQ(detail::refuse_zero_errors({}, {}), "");
}

} // namespace
} // namespace vitrum::correlate
