#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

TEST(FormatValue, RoundsTheErrorAndTheValueToOnePlace) {
  EXPECT_EQ(format_value(12.345, 0.42, "s"), "12.3 ± 0.4 s");
  EXPECT_EQ(format_value(12.345, 0.123, "s"), "12.35 ± 0.12 s");
  EXPECT_EQ(format_value(0.827, 0.119), "0.83 ± 0.12"); // the example of the Particle Data Group
  EXPECT_EQ(format_value(0.827, 0.367), "0.8 ± 0.4");
  EXPECT_EQ(format_value(0.0802, 0.000949), "0.0802 ± 0.0009");
  EXPECT_EQ(format_value(0.0802, 0.00096), "0.0802 ± 0.0010");
  EXPECT_EQ(format_value(-0.02, 0.354), "−0.02 ± 0.35");
  EXPECT_EQ(format_value(0.001, 2.0), "0.0 ± 2.0");
}

TEST(FormatValue, TakesOutPowersOfTenOfLargeAndSmallNumbers) {
  EXPECT_EQ(format_value(202500, 320, "s"), "(2.0250 ± 0.0032)×10⁵ s");
  EXPECT_EQ(format_value(9000, 900, "s"), "(9.0 ± 0.9)×10³ s");
  EXPECT_EQ(format_value(892, 12, "s"), "892 ± 12 s");
  EXPECT_EQ(format_value(5.5e-8, 2e-9, "1/s"), "(5.50 ± 0.20)×10⁻⁸ s⁻¹");
  EXPECT_EQ(format_value(1.00240, 0.00028), "1.00240 ± 0.00028");
}

TEST(FormatValue, WithoutAnError) {
  EXPECT_EQ(format_value(2.68, NAN, "1/angstrom"), "2.68 Å⁻¹");
  EXPECT_EQ(format_value(2.5, 0, "s"), "2.5 s");
  EXPECT_EQ(format_value(2.5, INFINITY, "s"), "2.5 s");
  EXPECT_EQ(format_value(NAN, 0.1, "s"), "–");
  EXPECT_EQ(format_value(45, NAN, "deg"), "45°");
  EXPECT_EQ(format_value(45, 1.5, "deg"), "(45.0 ± 1.5)°");
  EXPECT_EQ(format_value(0), "0");
}

TEST(ExactNumber, ReadsBack) {
  for (const double value : {0.1, 1.0 / 3, 6.02e23, -1e-300})
    EXPECT_EQ(std::stod(exact_number(value)), value);
  EXPECT_EQ(exact_number(NAN), "nan");
}

TEST(Display, Names) {
  EXPECT_EQ(display_name("kww_exponent"), "β (KWW)");
  EXPECT_EQ(display_name("something_new"), "something_new");
  EXPECT_EQ(display_model("ml"), "Mittag-Leffler");
  EXPECT_EQ(display_unit("1/angstrom"), "Å⁻¹");
  EXPECT_EQ(display_unit("px"), "px");
}

} // namespace
} // namespace vitrum::report
