#include "vitrum/correlate/tile_plan.hpp"

#include <cstring>
#include <numeric>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

PixelMatrix counts(Index frames, const std::vector<Index>& gaps = {}) {
  return reference::random_counts(reference::stripe_groups(24, 20, 3), frames, 2, gaps, 7);
}

void expect_same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(double)), 0);
}

void expect_same_bits(const OneTimeFunctions& a, const OneTimeFunctions& b) {
  const auto compare = [](const OneTime& x, const OneTime& y) {
    expect_same_bits(x.value, y.value);
    expect_same_bits(x.error, y.error);
    expect_same_bits(x.bias, y.bias);
    expect_same_bits(x.deviation, y.deviation);
    EXPECT_EQ(x.pairs, y.pairs);
  };
  compare(a.whole, b.whole);
  ASSERT_EQ(a.windows.size(), b.windows.size());
  for (std::size_t w = 0; w < a.windows.size(); ++w)
    compare(a.windows[w], b.windows[w]);
}

} // namespace

TEST(TilePlan, CoversEveryPairOnce) {
  for (const Index frames : {1, 2, 63, 64, 65, 130, 400, 1025})
    for (const Index max_lag : {0, 1, 30, 200, 5000}) {
      const TilePlan plan = make_tile_plan(frames, {.max_lag = max_lag});
      std::vector<int> seen(static_cast<std::size_t>(frames * frames), 0);
      Index pairs = 0;
      for (const TilePlace& place : plan.places) {
        pairs += place.pairs();
        for (Index i = 0; i < place.rows; ++i)
          for (Index j = 0; j < (place.diagonal() ? i + 1 : place.cols); ++j)
            ++seen[static_cast<std::size_t>((place.row0 + i) * frames + place.col0 + j)];
      }
      EXPECT_EQ(pairs, std::accumulate(seen.begin(), seen.end(), Index{0}));
      for (Index t1 = 0; t1 < frames; ++t1)
        for (Index t2 = 0; t2 < frames; ++t2) {
          const int times = seen[static_cast<std::size_t>(t1 * frames + t2)];
          if (t2 > t1)
            ASSERT_EQ(times, 0);
          else if (max_lag == 0 || t1 - t2 <= max_lag)
            ASSERT_EQ(times, 1) << t1 << " " << t2;
          else
            ASSERT_LE(times, 1);
        }
    }
  EXPECT_LT(make_tile_plan(20000, {.max_lag = 100}).count(), 2 * 20000 / 480 + 2);
  EXPECT_THROW((void)make_tile_plan(10, {.max_lag = -1}), OptionError);
}

TEST(TilePlan, PartsOfTheTilesAddUpToTheWholeBitForBit) {
  const FloatKernel kernel(counts(500, {3, 77, 410}), Normalization::static_bin);
  OneTimeOptions options;
  options.windows = {{0, 200}, {150, 500}};
  options.age = AgeConvention::mid;
  const OneTimeFunctions whole = make_one_time(kernel, options);
  const TilePlan plan = make_tile_plan(500);
  ASSERT_GT(plan.count(), 8);
  for (const Index parts : {2, 3, 8}) {
    OneTimeAccumulator sum(kernel, options);
    for (Index part = parts; part-- > 0;) {
      std::vector<Index> tiles;
      for (Index t = part; t < plan.count(); t += parts)
        tiles.push_back(t);
      set_thread_count(1 + part % 3);
      OneTimeAccumulator own(kernel, options);
      TileConsumer* consumers[] = {&own};
      correlate_tiles(kernel, plan, tiles, consumers);
      sum.add_sums(own.sums());
    }
    set_thread_count(0);
    expect_same_bits(sum.result(), whole);
  }
}

TEST(TilePlan, BandGivesTheSameFunctionsAsTheWholeTriangle) {
  const FloatKernel kernel(counts(700, {5}), Normalization::plain);
  for (const Index max_lag : {1, 40, 300}) {
    OneTimeOptions options;
    options.lags.max_lag = max_lag;
    options.windows = {{100, 400}};
    expect_same_bits(make_one_time(kernel, options, {.max_lag = max_lag}),
                     make_one_time(kernel, options));
  }
}

TEST(TilePlan, SumsOfAnotherShapeAreRefused) {
  const FloatKernel kernel(counts(100), Normalization::plain);
  OneTimeAccumulator one(kernel, {});
  OneTimeOptions other;
  other.lags.per_decade = 7;
  OneTimeAccumulator two(kernel, other);
  EXPECT_THROW(one.add_sums(two.sums()), DataError);
}

TEST(TilePlan, ReportsEachTileOnceAndKeepsItsSumsWithIt) {
  const FloatKernel kernel(counts(400), Normalization::plain);
  const TilePlan plan = make_tile_plan(400);
  OneTimeAccumulator sums(kernel, {});
  TileConsumer* consumers[] = {&sums};
  std::vector<Index> done;
  std::vector<Index> half; // sums when half of the tiles were reported
  TileEvents events;
  events.finished = [&](Index tile) {
    done.push_back(tile);
    if (static_cast<Index>(done.size()) == plan.count() / 2)
      half = sums.sums();
  };
  const auto all = plan.all();
  correlate_tiles(kernel, plan, all, consumers, events);
  ASSERT_EQ(static_cast<Index>(done.size()), plan.count());
  OneTimeAccumulator resumed(kernel, {});
  resumed.add_sums(half);
  TileConsumer* again[] = {&resumed};
  correlate_tiles(kernel, plan, std::span(done).subspan(done.size() / 2), again);
  expect_same_bits(resumed.result(), sums.result());
}

TEST(TilePlan, MapReadInStripsGivesTheSameBits) {
  const FloatKernel kernel(counts(300, {9}), Normalization::plain);
  const TwoTimeMap map = make_two_time_map(kernel);
  OneTimeOptions options;
  options.windows = {{0, 100}, {50, 300}};
  const OneTimeFunctions whole = one_time_from_map(map.values.span(), 300, options);
  MapOneTime strips(300, options);
  for (const Index row : {200, 0, 100})
    strips.add_rows(row, 100, map.values.data() + row * 300, 300);
  expect_same_bits(strips.result(), whole);
}
