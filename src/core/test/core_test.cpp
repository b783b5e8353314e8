// Ranges, errors, progress, parallel loops, memory.
#include <atomic>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum {
namespace {

TEST(Range, ReadsEveryForm) {
  const auto all = resolve(parse_range(":"), 10);
  EXPECT_EQ(all.first, 0);
  EXPECT_EQ(all.last, 10);
  const auto some = resolve(parse_range("2:9:3"), 10);
  EXPECT_EQ(length(some), 3); // 2, 5, 8
  EXPECT_EQ(length(resolve(parse_range("2:8:3"), 10)), 2);
  const auto tail = resolve(parse_range("-3:"), 10);
  EXPECT_EQ(tail.first, 7);
  EXPECT_EQ(tail.last, 10);
  EXPECT_EQ(resolve(parse_range(":-1"), 10).last, 9);
  EXPECT_EQ(resolve(parse_range(":-2"), 10).last, 8);
}

TEST(Range, RefusesNonsense) {
  for (const char* bad : {"", "5", "a:b", "1:2:3:4", "1:5:0", "1:5:-1", "1.5:3"})
    EXPECT_EQ(message_of([&] { (void)parse_range(bad); }),
              std::string("range '") + bad +
                  "': expected first:last[:step] in whole numbers, step > 0");
  EXPECT_EQ(
      message_of([] { (void)resolve(parse_range("5:20"), 10); }),
      "range 5:20: selects nothing valid of 10 (indices run from 0, the end is not included)");
  EXPECT_THROW((void)resolve(parse_range("4:4"), 10), OptionError);
}

TEST(Errors, SayWhereWhatAndWhatWasExpected) {
  EXPECT_STREQ(FormatError("scan.h5", "/entry/data/data", "3 frames", "at least 4").what(),
               "scan.h5:/entry/data/data: 3 frames, expected at least 4");
  EXPECT_STREQ(FormatError("a.npy", "", "empty file", "").what(), "a.npy: empty file");
  EXPECT_STREQ(FileError("x", "cannot open", 2).what(),
               "x: cannot open (No such file or directory)");
  EXPECT_STREQ(FileError("x", "exists").what(), "x: exists");
}

TEST(Parallel, CoversEveryIndexOnceInFixedPieces) {
  for (const Index threads : {1, 2, 5}) {
    set_thread_count(threads);
    for (const Index n : {0, 1, 7, 64, 1000}) {
      std::vector<std::atomic<int>> hits(static_cast<std::size_t>(n));
      parallel_for(0, n, 8, [&](Index begin, Index end) {
        EXPECT_EQ(begin % 8, 0);
        EXPECT_LE(end - begin, 8);
        for (Index i = begin; i < end; ++i)
          ++hits[static_cast<std::size_t>(i)];
      });
      for (const auto& hit : hits)
        EXPECT_EQ(hit.load(), 1);
    }
  }
  set_thread_count(0);
  EXPECT_THROW(set_thread_count(-1), OptionError);
}

TEST(Parallel, AnExceptionReachesTheCaller) {
  EXPECT_THROW(parallel_for(0,
                            100,
                            1,
                            [](Index begin, Index) {
                              if (begin == 57)
                                throw DataError("frame 57");
                            }),
               DataError);
}

TEST(Progress, ReportsOnceAtTheEndAndStopsWhenCancelled) {
  std::vector<ProgressState> states;
  Monitor monitor;
  monitor.on_progress = [&](const ProgressState& state) { states.push_back(state); };
  {
    Progress progress(monitor, "correlating", "frames", 10);
    for (int i = 0; i < 10; ++i)
      progress.advance();
  }
  ASSERT_FALSE(states.empty());
  EXPECT_TRUE(states.back().finished);
  EXPECT_EQ(states.back().done, 10);
  EXPECT_EQ(states.back().total, 10);

  std::atomic<bool> cancel{true};
  monitor.cancel = &cancel;
  Progress progress(monitor, "correlating", "frames", 10);
  EXPECT_THROW(progress.advance(), Interrupted);
}

TEST(Buffer, IsAlignedAndMoves) {
  for (const Index size : {1, 1000, 3'000'000}) {
    Buffer<float> buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    std::iota(buffer.span().begin(), buffer.span().end(), 0.0F);
    const float* place = buffer.data();
    const Buffer<float> moved = std::move(buffer);
    EXPECT_EQ(moved.data(), place);
    EXPECT_EQ(moved[size - 1], static_cast<float>(size - 1));
  }
  EXPECT_EQ(Buffer<float>(0).size(), 0);
}

} // namespace
} // namespace vitrum
