#include "vitrum/frames/event_list.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/frames/series_statistics.hpp"

namespace vitrum::frames {
namespace {

template <class T>
std::vector<T> sparse_values(Index n, double mean, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values;
  for (Index i = 0; i < n; ++i)
    values.push_back(static_cast<T>(random.poisson(mean)));
  return values;
}

/// A series in memory that can say that it is sparse and mark a value as invalid.
class Dressed final : public FrameSource {
public:
  Dressed(std::unique_ptr<FrameSource> inner, bool sparse, double invalid)
      : inner_(std::move(inner)), info_(inner_->info()), sparse_(sparse) {
    info_.invalid_value = invalid;
  }
  const SeriesInfo& info() const override { return info_; }
  bool sparse() const override { return sparse_; }
  void read(Index first, Index count, std::byte* out) override {
    if (sparse_ && !inner_->sparse())
      ++dense_reads;
    inner_->read(first, count, out);
  }
  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   EventList& out) override {
    inner_->read_events(first, count, used, out);
  }
  Index dense_reads = 0;

private:
  std::unique_ptr<FrameSource> inner_;
  SeriesInfo info_;
  bool sparse_;
};

template <class T>
EventList slow_events(const std::vector<T>& values,
                      Index pixels,
                      Index first,
                      Index count,
                      const std::vector<std::uint8_t>& used) {
  EventList list;
  list.frame_begin = {0};
  for (Index f = first; f < first + count; ++f) {
    for (Index p = 0; p < pixels; ++p)
      if (values[static_cast<std::size_t>(f * pixels + p)] != 0 &&
          (used.empty() || used[static_cast<std::size_t>(p)] != 0)) {
        list.pixel.push_back(static_cast<std::uint32_t>(p));
        list.count.push_back(
            static_cast<std::uint32_t>(values[static_cast<std::size_t>(f * pixels + p)]));
      }
    list.frame_begin.push_back(static_cast<Index>(list.pixel.size()));
  }
  return list;
}

void expect_equal(const EventList& a, const EventList& b) {
  EXPECT_EQ(a.frame_begin, b.frame_begin);
  EXPECT_EQ(a.pixel, b.pixel);
  EXPECT_EQ(a.count, b.count);
}

template <class T>
class EventsOf : public testing::Test {};
using Integers = testing::Types<std::uint8_t,
                                std::uint16_t,
                                std::uint32_t,
                                std::uint64_t,
                                std::int8_t,
                                std::int16_t,
                                std::int32_t,
                                std::int64_t>;
TYPED_TEST_SUITE(EventsOf, Integers);

TYPED_TEST(EventsOf, AgreeWithDenseFramesBothWays) {
  using T = TypeParam;
  for (const auto& [frames, height, width] :
       {std::array<Index, 3>{9, 5, 3}, {4, 16, 8}, {6, 31, 33}})
    for (const double mean : {0.0, 0.01, 0.7}) {
      const Index pixels = height * width;
      const auto values = sparse_values<T>(frames * pixels, mean, 5);
      std::vector<std::uint8_t> used(static_cast<std::size_t>(pixels), 1);
      for (std::size_t p = 0; p < used.size(); p += 3)
        used[p] = 0;
      for (const auto& mask : {std::vector<std::uint8_t>{}, used}) {
        EventList list;
        auto dense = make_memory_source(values, frames, height, width);
        EXPECT_FALSE(dense->sparse());
        dense->read_events(1, frames - 2, mask, list);
        expect_equal(list, slow_events(values, pixels, 1, frames - 2, mask));
        dense->read_events(0, frames, {}, list);
        auto sparse = make_event_source(list, height, width, pixel_type_of<T>());
        EXPECT_TRUE(sparse->sparse());
        std::vector<T> back(values.size(), T{1});
        sparse->read(0, frames, reinterpret_cast<std::byte*>(back.data()));
        EXPECT_EQ(back, values);
        sparse->read_events(2, 1, mask, list);
        expect_equal(list, slow_events(values, pixels, 2, 1, mask));
      }
    }
}

TEST(EventList, SelectionOfFramesFollows) {
  const auto values = sparse_values<std::uint16_t>(Index{12} * 20, 0.3, 6);
  EventList list;
  make_memory_source(values, 12, 4, 5)->read_events(0, 12, {}, list);
  for (const Range range : {Range{2, 11, 1}, Range{1, 12, 3}}) {
    auto chosen = select_frames(make_event_source(list, 4, 5), range);
    auto twin = select_frames(make_memory_source(values, 12, 4, 5), range);
    EXPECT_TRUE(chosen->sparse());
    EventList a, b;
    chosen->read_events(1, 2, {}, a);
    twin->read_events(1, 2, {}, b);
    EXPECT_EQ(a.frames(), 2);
    expect_equal(a, b);
  }
}

template <class A>
void expect_same_numbers(const A& a, const A& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i]))
      continue;
    ASSERT_EQ(a[i], b[i]) << i;
  }
}

void expect_same(const SeriesStatistics& a, const SeriesStatistics& b) {
  EXPECT_EQ(a.good_frames, b.good_frames);
  EXPECT_EQ(a.counts, b.counts);
  expect_same_numbers(a.mean, b.mean);
  expect_same_numbers(a.variance, b.variance);
  expect_same_numbers(a.maximum, b.maximum);
  EXPECT_EQ(a.invalid, b.invalid);
  EXPECT_EQ(a.hash, b.hash);
  expect_same_numbers(a.segment_mean, b.segment_mean);
  EXPECT_EQ(a.segment_frames, b.segment_frames);
  expect_same_numbers(a.frame_mean, b.frame_mean);
  expect_same_numbers(a.frame_minimum, b.frame_minimum);
  expect_same_numbers(a.frame_maximum, b.frame_maximum);
  EXPECT_EQ(a.zero_frames, b.zero_frames);
}

// Every number that dense frames give, events give bit for bit, and no dense frame is made.
TYPED_TEST(EventsOf, GiveTheStatisticsOfDenseFrames) {
  using T = TypeParam;
  for (const auto& [frames, height, width] :
       {std::array<Index, 3>{23, 5, 3}, {7, 50, 60}, {40, 1, 17}})
    for (const double mean : {0.01, 0.4, 3.0})
      for (const double invalid : {unknown, 2.0})
        for (const Index block_bytes : {Index{1}, Index{1} << 26}) {
          auto values = sparse_values<T>(frames * height * width, mean, 8);
          std::fill_n(values.begin() + 3 * height * width, height * width, T{0});
          std::fill_n(values.begin() + 4 * height * width, height * width, T{2});
          Mask mask = make_mask(height, width);
          for (std::size_t i = 0; i < mask.use.size(); i += 7)
            mask.use[i] = 0;
          const MeasureOptions options{.bad_frames = {2, 5}, .block_bytes = block_bytes};
          Dressed dense(make_memory_source(values, frames, height, width), false, invalid);
          Dressed sparse(make_memory_source(values, frames, height, width), true, invalid);
          const SeriesStatistics a = measure_series(dense, mask, options);
          for (const Index threads : {1, 3}) {
            set_thread_count(threads);
            const SeriesStatistics b = measure_series(sparse, mask, options);
            set_thread_count(0);
            expect_same(a, b);
            EXPECT_EQ(find_duplicate_pixels(a, mask).pairs, find_duplicate_pixels(b, mask).pairs);
          }
        }
}

TEST(EventList, StatisticsNeverReadDenseFrames) {
  class NoDense final : public FrameSource {
  public:
    NoDense() {
      EventList list;
      list.clear();
      for (Index f = 0; f < 20; ++f) {
        list.add(static_cast<std::uint32_t>(f), 300000);
        list.end_frame();
      }
      inner_ = make_event_source(list, 5, 5, PixelType::u32);
    }
    const SeriesInfo& info() const override { return inner_->info(); }
    bool sparse() const override { return true; }
    void read(Index, Index, std::byte*) override { throw DataError("dense"); }
    void read_events(Index f, Index n, std::span<const std::uint8_t> u, EventList& o) override {
      inner_->read_events(f, n, u, o);
    }

  private:
    std::unique_ptr<FrameSource> inner_;
  } source;
  const SeriesStatistics s = measure_series(source, make_mask(5, 5));
  EXPECT_EQ(s.maximum[7], 300000);
  EXPECT_EQ(s.mean[7], 300000.0 / 20);
  EXPECT_EQ(s.mean[22], 0);
}

TEST(EventList, ExactErrors) {
  EventList list;
  auto real = make_memory_source(std::vector<float>(6, 1.0F), 1, 2, 3);
  EXPECT_EQ(message_of<DataError>([&] { real->read_events(0, 1, {}, list); }),
            "memory: frames of float32, expected integers to make events");
  auto minus =
      make_memory_source(std::vector<std::int16_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0}, 2, 2, 3);
  EXPECT_EQ(message_of<DataError>([&] { minus->read_events(0, 2, {}, list); }),
            "memory: frame 1 y 1 x 1: -1, expected counts between 0 and 4294967295");
  const std::vector<std::uint8_t> used{1, 1, 1, 1, 0, 1};
  minus->read_events(0, 2, used, list); // the pixel is not looked at
  EXPECT_EQ(list.events(), 0);
  EXPECT_EQ(message_of<DataError>(
                [&] { minus->read_events(0, 1, std::vector<std::uint8_t>(5, 1), list); }),
            "memory: mask of 5 pixels, expected 6");
  EXPECT_EQ(message_of<OptionError>([&] {
              EventList three{{0, 0, 0, 0}, {}, {}};
              make_event_source(three, 1, 1)->read_events(2, 2, {}, list);
            }),
            "frames 2:4 of memory: the series has 3 frames");
  EXPECT_EQ(message_of<DataError>([] {
              (void)make_event_source({{0, 2}, {3, 3}, {1, 1}}, 2, 3);
            }),
            "events: frame 0: pixel 3, expected ascending and below 6");
  EXPECT_EQ(message_of<DataError>([] {
              (void)make_event_source({{0, 1}, {6}, {1}}, 2, 3);
            }),
            "events: frame 0: pixel 6, expected ascending and below 6");
  EXPECT_EQ(message_of<DataError>([] {
              (void)make_event_source({{0, 1}, {5}, {0}}, 2, 3);
            }),
            "events: frame 0: pixel 5 holds no count");
  EXPECT_EQ(message_of<DataError>([] {
              (void)make_event_source({{0, 2}, {5}, {1}}, 2, 3);
            }),
            "events: 1 pixels and 1 counts do not fit 1 frames");
  EXPECT_EQ(message_of<DataError>([] {
              (void)make_event_source({{0, 1}, {5}, {256}}, 2, 3, PixelType::u8);
            }),
            "events of uint8: 256 does not fit");
}

} // namespace
} // namespace vitrum::frames
