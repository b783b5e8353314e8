#include "vitrum/frames/pixel_type.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pixel_types.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

TEST(PixelType, NamesSizesAndVisitAgree) {
  for (const PixelType type : all_pixel_types) {
    EXPECT_EQ(parse_pixel_type(name_of(type)), type);
    visit(type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      EXPECT_EQ(pixel_type_of<T>(), type);
      EXPECT_EQ(size_of(type), static_cast<Index>(sizeof(T)));
      EXPECT_EQ(is_integer(type), std::is_integral_v<T>);
    });
  }
  EXPECT_EQ(parse_pixel_type("u2"), PixelType::u16);
  EXPECT_EQ(parse_pixel_type("f4"), PixelType::f32);
  EXPECT_EQ(parse_pixel_type("i8"), PixelType::i64);
}

TEST(PixelType, UnknownNameListsTheKnownOnes) {
  try {
    (void)parse_pixel_type("half");
    FAIL();
  } catch (const OptionError& error) {
    EXPECT_STREQ(error.what(),
                 "pixel type 'half' is not known, expected one of uint8 (u1), uint16 (u2), uint32 "
                 "(u4), uint64 (u8), int8 (i1), int16 (i2), int32 (i4), int64 (i8), float32 (f4), "
                 "float64 (f8)");
  }
}

} // namespace
} // namespace vitrum::frames
