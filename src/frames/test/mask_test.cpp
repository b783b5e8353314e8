#include "vitrum/frames/mask.hpp"

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

using Pixels = std::vector<std::uint8_t>;

TEST(Mask, RectangleAndIntersection) {
  Mask a = make_mask(3, 4);
  exclude_rectangle(a, 0, 2, 1, 3);
  EXPECT_EQ(a.use, (Pixels{1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(a.count(), 8);
  Mask b = make_mask(3, 4);
  exclude_rectangle(b, 2, 3, 0, 4);
  EXPECT_EQ(intersect(a, b).use, (Pixels{1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0}));
}

TEST(Mask, DiscsCoverTheFrameTogether) {
  Mask inside = make_mask(5, 5);
  exclude_disc(inside, 2, 2, 1);
  EXPECT_EQ(inside.count(), 25 - 5); // the centre and its four neighbours
  Mask outside = make_mask(5, 5);
  exclude_outside_disc(outside, 2, 2, 1);
  EXPECT_EQ(outside.count(), 5);
  EXPECT_EQ(intersect(inside, outside).count(), 0);
}

TEST(Mask, FriedelHalfKeepsOneOfEachPair) {
  Mask mask = make_mask(5, 7);
  exclude_friedel_half(mask, 2, 3);
  EXPECT_EQ(mask.count(), (35 - 1) / 2);
  for (Index y = 0; y < 5; ++y)
    for (Index x = 0; x < 7; ++x) {
      const auto here = mask.use[static_cast<std::size_t>(y * 7 + x)];
      const auto there = mask.use[static_cast<std::size_t>((4 - y) * 7 + 6 - x)];
      EXPECT_EQ(here + there, y == 2 && x == 3 ? 0 : 1);
    }
}

// Rows below 2 have no partner above when the centre is row 1 of a frame of 5: rows 3 and 4 stay.
TEST(Mask, FriedelHalfKeepsPixelsWithoutPartner) {
  Mask mask = make_mask(5, 3);
  mask.use[0] = 0; // so does the partner of (2, 2), which is masked
  exclude_friedel_half(mask, 1, 1);
  EXPECT_EQ(mask.use, (Pixels{0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(Mask, DilationIsADisc) {
  Mask mask = make_mask(5, 5);
  mask.use[12] = 0;
  Mask disc = make_mask(5, 5);
  exclude_disc(disc, 2, 2, 2);
  dilate_excluded(mask, 2);
  EXPECT_EQ(mask.use, disc.use);
}

TEST(Mask, ExactErrors) {
  Mask mask = make_mask(3, 4);
  EXPECT_EQ(message_of<DataError>([&] { (void)intersect(mask, make_mask(4, 3)); }),
            "masks of 3 x 4 and 4 x 3 pixels do not agree");
  EXPECT_EQ(message_of<OptionError>([&] { exclude_rectangle(mask, 0, 4, 0, 4); }),
            "rectangle 0:4, 0:4: must lie in the 3 x 4 pixels");
  EXPECT_EQ(message_of<OptionError>([&] { exclude_disc(mask, 0, 0, -1); }),
            "radius_px = -1: must not be negative");
  EXPECT_EQ(message_of<OptionError>([] { (void)make_mask(0, 4); }),
            "mask of 0 x 4 pixels: both sides must be at least 1");
}

} // namespace
} // namespace vitrum::frames
