#include "vitrum/stream/order.hpp"

namespace vitrum::stream {
namespace {

/// What comes out for numbers that come in; −1 is a gap.
std::vector<Index> out_of(Order<Index>& order, const std::vector<Index>& numbers, bool end = true) {
  std::vector<Index> out;
  std::optional<Index> value;
  const auto drain = [&] {
    while (order.pop(value))
      out.push_back(value ? *value : -1);
  };
  for (const Index n : numbers) {
    order.push(n, n);
    drain();
  }
  if (end)
    order.end();
  drain();
  return out;
}

TEST(Order, KeepsWhatIsInOrder) {
  Order<Index> order(4);
  EXPECT_EQ(out_of(order, {0, 1, 2, 3}), (std::vector<Index>{0, 1, 2, 3}));
  EXPECT_EQ(order.counts().reordered + order.counts().missing + order.counts().repeated, 0);
}

TEST(Order, SortsWithinTheWindow) {
  Order<Index> order(4);
  EXPECT_EQ(out_of(order, {2, 0, 1, 5, 4, 3}), (std::vector<Index>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(order.counts().reordered, 4);
  EXPECT_EQ(order.counts().missing, 0);
}

TEST(Order, GivesUpWhatStaysAway) {
  Order<Index> order(2);
  EXPECT_EQ(out_of(order, {0, 2, 3, 4, 1, 5, 5, 8}),
            (std::vector<Index>{0, -1, 2, 3, 4, 5, -1, -1, 8}));
  EXPECT_EQ(order.counts().missing, 3);
  EXPECT_EQ(order.counts().late, 1);
  EXPECT_EQ(order.counts().repeated, 1);
}

TEST(Order, WaitsForTheEndOfTheWindow) {
  Order<Index> order(3);
  EXPECT_EQ(out_of(order, {1, 2, 3}, false), (std::vector<Index>{}));
  EXPECT_EQ(out_of(order, {4}, false), (std::vector<Index>{-1, 1, 2, 3, 4}));
}

TEST(Order, DoesNotBelieveNumbersFarAhead) {
  Order<Index> order(1);
  EXPECT_EQ(out_of(order, {0, Index{1} << 50, 1}), (std::vector<Index>{0, 1}));
  EXPECT_EQ(order.counts().astray, 1);
}

TEST(Order, BeginsWhereTheFirstImageIs) {
  Order<Index> order(2);
  order.begin_at(100);
  EXPECT_EQ(out_of(order, {100, 99, 101, 98, 101}), (std::vector<Index>{100, 101}));
  EXPECT_EQ(order.counts().early, 2);
  EXPECT_EQ(order.counts().repeated, 1);
  EXPECT_EQ(order.counts().missing + order.counts().late + order.counts().reordered, 0);
}

TEST(Order, CountsWhatComesTwiceOnce) {
  Order<Index> order(8);
  EXPECT_EQ(out_of(order, {3, 1, 1, 3, 0, 2, 2}), (std::vector<Index>{0, 1, 2, 3}));
  EXPECT_EQ(order.counts().repeated, 3); // of 1 and 3 that wait, and of 2 that is gone
  EXPECT_EQ(order.counts().reordered, 3);
}

TEST(Order, GivesUpBeforeTheFirstThatWaits) {
  Order<Index> order(100);
  EXPECT_EQ(out_of(order, {2, 3, 6}, false), (std::vector<Index>{}));
  order.give_up();
  EXPECT_EQ(out_of(order, {}, false), (std::vector<Index>{-1, -1, 2, 3}));
  EXPECT_EQ(out_of(order, {0, 4, 5}, false), (std::vector<Index>{4, 5, 6}));
  EXPECT_EQ(order.counts().missing, 2);
  EXPECT_EQ(order.counts().late, 1);
}

} // namespace
} // namespace vitrum::stream
