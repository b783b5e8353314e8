#include "vitrum/correlate/kernel_choice.hpp"

#include <gtest/gtest.h>

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr KernelRates rates{.float_product = 4e-12,
                            .byte_product = 1e-12,
                            .word_product = 2e-12,
                            .bit_product = 3e-13,
                            .element = 1e-10,
                            .bit_extra = 2e-9,
                            .event_pair = 4e-10,
                            .event = 1e-8};
constexpr KernelTask task{
    .frames = 5000, .pixels = 50000, .integer_counts = true, .largest_count = 20};

} // namespace

TEST(KernelChoice, FollowsCountsAndCorrections) {
  EXPECT_EQ(choose_kernel(task, rates).kind, KernelKind::bytes);
  KernelTask other = task;
  other.largest_count = 128;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::words);
  other.largest_count = 6000;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::floats);
  other = task;
  other.corrected = true;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::floats);
  other.events = 0.001 * 5000 * 50000;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::floats);
  other.only_weighted = true; // which events take
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::events);
  other = task;
  other.events = 0.001 * 5000 * 50000;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::events);
  other.events = 0.2 * 5000 * 50000;
  other.above_one = 0.0;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::bits);
  other.above_one = other.events; // no bits any more
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::bytes);
  other.events = 5000 * 50000;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::bytes);
  other.integer_counts = false;
  EXPECT_EQ(choose_kernel(other, rates).kind, KernelKind::floats);
}

TEST(KernelChoice, PredictsAndTellsTheOthers) {
  const KernelChoice choice = choose_kernel(task, rates);
  const double pairs = 5000.0 * 5001 / 2;
  // 50000 pixels and 2 lost in each of 32 groups; 32 groups rescaled, added and summed.
  EXPECT_NEAR(choice.predicted_s, pairs * (50064 * 1e-12 + 64 * 1e-10), 1e-9);
  const auto refusal = [&](KernelKind kind) {
    for (const auto& one : choice.candidates)
      if (one.kind == kind)
        return one.refused;
    return std::string("not there");
  };
  EXPECT_EQ(refusal(KernelKind::bytes), "");
  EXPECT_EQ(refusal(KernelKind::floats), "");
  EXPECT_EQ(refusal(KernelKind::events), "the number of events is not known");
}
