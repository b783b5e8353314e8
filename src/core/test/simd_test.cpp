#include "vitrum/core/simd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"

using namespace vitrum;

TEST(Simd, NamesChooseWhatTheProcessorHas) {
  EXPECT_EQ(parse_simd_level(nullptr), simd_levels().back());
  for (const SimdLevel level : simd_levels())
    EXPECT_EQ(parse_simd_level(std::string(name_of(level)).c_str()), level);
  if (simd_levels().back() != SimdLevel::vnni) {
    EXPECT_THROW((void)parse_simd_level("vnni"), OptionError);
  }
}

TEST(Simd, UnknownNamesAreRefused) {
  EXPECT_THAT([] { (void)parse_simd_level("sse9"); },
              testing::ThrowsMessage<OptionError>(
                  "VITRUM_SIMD = sse9: must be baseline, avx2, avx512 or vnni"));
  EXPECT_THROW((void)parse_simd_level(""), OptionError);
}
