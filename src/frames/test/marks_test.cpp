#include "vitrum/frames/marks.hpp"

#include <gtest/gtest.h>

namespace vitrum::frames {
namespace {

TEST(Marks, AreWhatDetectorsWrite) {
  EXPECT_TRUE(usual_marks(PixelType::u16, 0).contain(65535));
  EXPECT_FALSE(usual_marks(PixelType::u16, 0).contain(65534));
  EXPECT_TRUE(usual_marks(PixelType::u32, 0).contain(4294967295.0));
  EXPECT_FALSE(usual_marks(PixelType::u8, 0).any()); // 255 counts are nothing unusual
  EXPECT_FALSE(usual_marks(PixelType::f32, 0).any());
  for (const auto type : {PixelType::i8, PixelType::i16, PixelType::i32, PixelType::i64}) {
    const auto marks = usual_marks(type, -2);
    EXPECT_TRUE(marks.contain(-1) && marks.contain(-2));
    EXPECT_FALSE(marks.contain(0) || marks.contain(-3));
    EXPECT_FALSE(usual_marks(type, -3).any()); // a camera
  }
}

TEST(Marks, AreWhatTheFileSays) {
  SeriesInfo info;
  info.type = PixelType::u16;
  EXPECT_TRUE(marks_of(info, 0).contain(65535));
  info.invalid_value = 1000;
  EXPECT_TRUE(marks_of(info, 0).contain(1000));
  EXPECT_FALSE(marks_of(info, 0).contain(65535));
  EXPECT_FALSE(marks_of(info, 0).contain(unknown));
}

} // namespace
} // namespace vitrum::frames
