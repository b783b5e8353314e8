// Biases and products of blocks from the events of two frames equal those from fluctuations.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/event_kernel.hpp"

namespace vitrum::correlate {
namespace {

using reference::random_counts;
using reference::stripe_groups;

std::vector<FramePair> some_pairs(const TileKernel& kernel) {
  std::vector<FramePair> pairs;
  for (Index t1 = 0; t1 < kernel.frames(); ++t1)
    for (const Index t2 : {t1 / 2, Index{1}})
      if (t1 != t2 && kernel.valid()[t1] != 0 && kernel.valid()[t2] != 0)
        pairs.push_back({t1, t2});
  return pairs;
}

TEST(EventBias, EqualsTheLoopsOverFluctuations) {
  for (const Index edge : {12, 40}) // static bins of fewer than 1000 pixels, and bins of more
    for (const Index static_bins : {1, 2})
      for (const double mean : {0.02, 0.6})
        for (const bool weights : {false, true})
          for (const Normalization normalization :
               {Normalization::plain, Normalization::static_bin, Normalization::corrcoef}) {
            EventMatrix events = make_event_matrix(
                random_counts(stripe_groups(edge, 2 * edge, static_bins), 40, mean, {3}, 7));
            for (Index p = 0; p < events.pixels() && weights; ++p)
              events.weight.push_back(1.0F + 0.02F * static_cast<float>(p % 11));
            const EventKernel kernel(events, normalization);
            const auto pairs = some_pairs(kernel);
            ASSERT_FALSE(pairs.empty());
            const auto found = kernel.pair_bias(pairs);
            const auto expected = kernel.TileKernel::pair_bias(pairs);
            double size = 0;
            for (const double bias : expected)
              size = std::max(size, std::abs(bias));
            // fluctuations of up to 1 / mean are rounded to floats, and what is summed of them
            // cancels
            for (std::size_t i = 0; i < pairs.size(); ++i)
              ASSERT_NEAR(found[i], expected[i], 2e-5 * size + 1e-7)
                  << kernel.name() << " " << edge << " " << static_bins << " " << mean;
            const BlockProducts blocks = kernel.block_products(pairs);
            const BlockProducts other = kernel.TileKernel::block_products(pairs);
            const double scale = std::abs(other.observed) + std::abs(other.independent);
            EXPECT_NEAR(blocks.observed, other.observed, 1e-5 * scale);
            EXPECT_NEAR(blocks.independent, other.independent, 1e-5 * scale);
          }
}

TEST(EventBias, ThreadsChangeNoBit) {
  const EventMatrix events =
      make_event_matrix(random_counts(stripe_groups(24, 40, 2), 200, 0.05, {3}, 7));
  const EventKernel kernel(events, Normalization::static_bin);
  const auto pairs = some_pairs(kernel);
  set_thread_count(1);
  const auto one = kernel.pair_bias(pairs);
  const BlockProducts one_blocks = kernel.block_products(pairs);
  set_thread_count(3);
  const auto three = kernel.pair_bias(pairs);
  const BlockProducts three_blocks = kernel.block_products(pairs);
  set_thread_count(0);
  EXPECT_EQ(one, three);
  EXPECT_EQ(one_blocks.observed, three_blocks.observed);
  EXPECT_EQ(one_blocks.independent, three_blocks.independent);
}

TEST(EventBias, RefusesGaps) {
  const EventMatrix events =
      make_event_matrix(random_counts(stripe_groups(8, 8, 1), 20, 1, {3}, 1));
  const EventKernel kernel(events, Normalization::plain);
  const std::vector<FramePair> pairs{{5, 3}};
  EXPECT_THAT([&] { (void)kernel.pair_bias(pairs); },
              testing::ThrowsMessage<DataError>("bias of a pair with frame 3, which is a gap"));
  EXPECT_THAT([&] { (void)kernel.block_products(pairs); },
              testing::ThrowsMessage<DataError>("bias of a pair with frame 3, which is a gap"));
}

} // namespace
} // namespace vitrum::correlate
