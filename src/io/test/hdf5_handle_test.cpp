// The lock around the HDF5 library.
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "../hdf5_handle.hpp"

namespace vitrum::io::h5 {
namespace {

/// Ends the program while another thread, whose last call of the library failed, is still there.
[[noreturn]] void exit_beside_a_failure() {
  std::mutex mutex;
  std::condition_variable changed;
  bool failed = false;
  std::thread([&] {
    {
      const Lock hold;
      failed = H5Fopen("/no/such/file", H5F_ACC_RDONLY, H5P_DEFAULT) < 0;
    }
    std::unique_lock lock(mutex);
    changed.notify_one();
    changed.wait(lock, [] { return false; });
  }).detach();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return failed; });
  std::exit(0);
}

TEST(Hdf5LockDeathTest, FailuresDoNotKeepTheLibraryFromClosing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(exit_beside_a_failure(), ::testing::ExitedWithCode(0), "^$"); // nothing printed
}

TEST(Hdf5Lock, KeepsTheReasonUntilTheOuterLockEnds) {
  const Lock outer;
  {
    const Lock inner;
    EXPECT_LT(H5Fopen("/no/such/file", H5F_ACC_RDONLY, H5P_DEFAULT), 0);
  }
  EXPECT_NE(reason(), "no reason given");
  EXPECT_EQ(reason(), "no reason given");
}

} // namespace
} // namespace vitrum::io::h5
