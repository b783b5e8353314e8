// The environment of the BLAS is put right once and then left alone.
#include <cstdlib>

#include <gtest/gtest.h>

#include "vitrum/correlate/blas.hpp"

namespace vitrum::correlate {
namespace {

TEST(BlasEnvironment, IsPutRightOnce) {
  setenv("OPENBLAS_L2_SIZE", "512", 1);
  setenv("OPENBLAS_CORETYPE", "Prescott", 1);
  EXPECT_TRUE(set_blas_environment());
  EXPECT_EQ(std::getenv("OPENBLAS_L2_SIZE"), nullptr);
  const char* core = std::getenv("OPENBLAS_CORETYPE");
  if (core != nullptr) {
    EXPECT_STRNE(core, "Prescott");
  }
  EXPECT_FALSE(set_blas_environment()); // else a program would execute itself for ever
}

} // namespace
} // namespace vitrum::correlate
