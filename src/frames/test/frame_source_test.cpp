#include "vitrum/frames/frame_source.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

std::vector<std::uint16_t> counting(Index n) {
  std::vector<std::uint16_t> values;
  for (Index i = 0; i < n; ++i)
    values.push_back(static_cast<std::uint16_t>(i));
  return values;
}

template <class T>
std::vector<T> read_all(FrameSource& source, Index first, Index count) {
  std::vector<T> values(static_cast<std::size_t>(count * source.info().pixels()));
  source.read(first, count, reinterpret_cast<std::byte*>(values.data()));
  return values;
}

// Adds stamps to a series, as a reader does.
class Stamped final : public FrameSource {
public:
  Stamped() : inner_(make_memory_source(counting(60), 10, 2, 3)), info_(inner_->info()) {
    info_.path = "run.h5";
    info_.frame_time_s = 0.5;
    for (Index i = 0; i < 10; ++i)
      info_.timestamps_s.push_back(static_cast<double>(i * i));
  }
  const SeriesInfo& info() const override { return info_; }
  void read(Index first, Index count, std::byte* out) override { inner_->read(first, count, out); }

private:
  std::unique_ptr<FrameSource> inner_;
  SeriesInfo info_;
};

TEST(FrameSource, MemoryHoldsEveryType) {
  auto source = make_memory_source(counting(24), 4, 2, 3);
  EXPECT_EQ(source->info().type, PixelType::u16);
  EXPECT_EQ(source->info().frames, 4);
  EXPECT_EQ(source->info().frame_bytes(), 12);
  EXPECT_TRUE(std::isnan(source->info().frame_time_s));
  EXPECT_EQ(read_all<std::uint16_t>(*source, 1, 2),
            (std::vector<std::uint16_t>{6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}));
  auto real = make_memory_source(std::vector<double>{0.5, 1.5}, 1, 1, 2);
  EXPECT_EQ(read_all<double>(*real, 0, 1), (std::vector<double>{0.5, 1.5}));
}

TEST(FrameSource, SelectionFollowsFramesTimesAndStamps) {
  auto chosen = select_frames(std::make_unique<Stamped>(), {1, 9, 3}); // frames 1, 4, 7
  EXPECT_EQ(chosen->info().frames, 3);
  EXPECT_DOUBLE_EQ(chosen->info().frame_time_s, 1.5);
  EXPECT_EQ(chosen->info().timestamps_s, (std::vector<double>{0, 16 - 1, 49 - 1}));
  EXPECT_EQ(read_all<std::uint16_t>(*chosen, 1, 2),
            (std::vector<std::uint16_t>{24, 25, 26, 27, 28, 29, 42, 43, 44, 45, 46, 47}));
  auto plain = select_frames(std::make_unique<Stamped>(), {8, 10, 1});
  EXPECT_EQ(read_all<std::uint16_t>(*plain, 1, 1),
            (std::vector<std::uint16_t>{54, 55, 56, 57, 58, 59}));
}

TEST(FrameSource, ExactErrors) {
  EXPECT_EQ(message_of<DataError>([] { (void)make_memory_source(counting(5), 2, 1, 3); }),
            "series of 2 x 1 x 3: 5 values, expected 6");
  EXPECT_EQ(message_of<DataError>([] { (void)make_memory_source(counting(0), 0, 1, 3); }),
            "series of 0 x 1 x 3: every side must be at least 1");
  auto source = make_memory_source(counting(6), 2, 1, 3);
  EXPECT_EQ(message_of<OptionError>([&] { (void)read_all<std::uint16_t>(*source, 1, 2); }),
            "frames 1:3 of memory: the series has 2 frames");
  EXPECT_EQ(message_of<OptionError>([] {
              (void)select_frames(std::make_unique<Stamped>(), {0, 11, 1});
            }),
            "frames 0:11:1 of run.h5: the series has 10 frames");
}

} // namespace
} // namespace vitrum::frames
