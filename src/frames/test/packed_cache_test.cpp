#include "vitrum/frames/packed_cache.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"

namespace vitrum::frames {
namespace {

/// Counts how many frames are read from it.
class Counting final : public FrameSource {
public:
  Counting(std::unique_ptr<FrameSource> inner, Index& frames_read)
      : inner_(std::move(inner)), frames_read_(frames_read) {}
  const SeriesInfo& info() const override { return inner_->info(); }
  bool sparse() const override { return inner_->sparse(); }
  void read(Index first, Index count, std::byte* out) override {
    frames_read_ += count;
    inner_->read(first, count, out);
  }
  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   EventList& out) override {
    frames_read_ += count;
    inner_->read_events(first, count, used, out);
  }

private:
  std::unique_ptr<FrameSource> inner_;
  Index& frames_read_;
};

constexpr Index frame_count = 12, height = 9, width = 11, pixels = height * width;

/// Frames of every kind: empty, sparse, dense, with marks for no data, with large values.
template <class T>
std::vector<T> mixed_values() {
  Random random(3);
  std::vector<T> values;
  constexpr double means[] = {0, 0.01, 0.5, 20, 0.01, 0.5, 20, 0.02};
  for (Index f = 0; f < frame_count; ++f)
    for (Index p = 0; p < pixels; ++p) {
      T value = static_cast<T>(random.poisson(means[f % 8]));
      if (f % 8 >= 4 && p % 10 == 0) {
        if constexpr (std::is_floating_point_v<T>)
          value = T(0.25);
        else
          value = std::is_signed_v<T> ? static_cast<T>(-1) : std::numeric_limits<T>::max();
      }
      if (f == 9 && p == 5)
        value = std::is_floating_point_v<T> ? T(1e30) : std::numeric_limits<T>::max();
      if (f == 10 && p < 4)
        value = static_cast<T>(p == 0 ? 127 : 100);
      if (f == 11 && p < 3 && sizeof(T) > 1)
        value = static_cast<T>(p == 0 ? 255 : 300);
      values.push_back(value);
    }
  return values;
}

template <class T>
std::vector<T> read_all(FrameSource& source, Index first, Index count) {
  std::vector<T> values(static_cast<std::size_t>(count * pixels));
  source.read(first, count, reinterpret_cast<std::byte*>(values.data()));
  return values;
}

template <class T>
class PackedCacheOf : public testing::Test {};
using Types = testing::Types<std::uint8_t,
                             std::uint16_t,
                             std::uint32_t,
                             std::uint64_t,
                             std::int8_t,
                             std::int16_t,
                             std::int32_t,
                             std::int64_t,
                             float,
                             double>;
TYPED_TEST_SUITE(PackedCacheOf, Types);

TYPED_TEST(PackedCacheOf, GivesTheSameValuesWithinAnyBudget) {
  using T = TypeParam;
  const std::vector<T> values = mixed_values<T>();
  for (const Index budget : {Index{0}, Index{900}, Index{3000}, Index{1} << 20}) {
    Index reads = 0;
    auto cache = make_packed_cache(
        std::make_unique<Counting>(make_memory_source(values, frame_count, height, width), reads),
        budget);
    const std::vector<T> part = read_all<T>(*cache, 3, 4);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + 3 * pixels));
    for (int pass = 0; pass < 3; ++pass)
      EXPECT_EQ(read_all<T>(*cache, 0, frame_count), values);
    if (budget == Index{1} << 20) {
      EXPECT_EQ(reads, frame_count);
    }
    if (budget == 0) {
      EXPECT_EQ(reads, 4 + 3 * frame_count);
    }
  }
}

// Pixels that are not needed are there when a frame comes from the source, and zero from memory.
TYPED_TEST(PackedCacheOf, KeepsThePixelsThatAreNeeded) {
  using T = TypeParam;
  const std::vector<T> values = mixed_values<T>();
  for (const int every : {1, 2, 3, 7}) {
    std::vector<std::uint8_t> needed(pixels);
    for (Index p = 0; p < pixels; ++p)
      needed[p] = p / 5 % every == 0;
    std::vector<T> few = values;
    for (Index i = 0; i < frame_count * pixels; ++i)
      if (needed[i % pixels] == 0)
        few[i] = T{0};
    Index reads = 0;
    auto cache = make_packed_cache(
        std::make_unique<Counting>(make_memory_source(values, frame_count, height, width), reads),
        1 << 20,
        needed);
    EXPECT_EQ(read_all<T>(*cache, 0, frame_count), values);
    EXPECT_EQ(read_all<T>(*cache, 0, frame_count), few);
    EXPECT_EQ(reads, frame_count);
    EXPECT_EQ(read_all<T>(cache->source(), 0, frame_count), values);
  }
}

TEST(PackedCache, ForgetsWhatWasReadLast) {
  const auto values = mixed_values<std::uint16_t>();
  Index reads = 0;
  auto cache = make_packed_cache(
      std::make_unique<Counting>(make_memory_source(values, frame_count, height, width), reads),
      1 << 20);
  EXPECT_EQ(cache->bytes(), packed_cache_overhead(frame_count));
  EXPECT_EQ(read_all<std::uint16_t>(*cache, 0, frame_count), values);
  EXPECT_LE(cache->bytes(), 1 << 20);
  cache->keep_within(cache->bytes());
  EXPECT_EQ(read_all<std::uint16_t>(*cache, 0, frame_count), values);
  EXPECT_EQ(reads, frame_count);
  cache->keep_within(0);
  EXPECT_EQ(cache->bytes(), packed_cache_overhead(frame_count));
  for (int pass = 0; pass < 2; ++pass)
    EXPECT_EQ(read_all<std::uint16_t>(*cache, 0, frame_count), values);
  Index empty = 0; // these take no memory
  for (Index f = 0; f < frame_count; ++f)
    empty += std::all_of(values.begin() + f * pixels,
                         values.begin() + (f + 1) * pixels,
                         [](std::uint16_t value) { return value == 0; });
  EXPECT_EQ(reads, frame_count + 2 * (frame_count - empty));
}

TEST(PackedCache, EventsComeFromMemoryToo) {
  const auto values = mixed_values<std::uint16_t>();
  std::vector<std::uint8_t> used(pixels, 1);
  used[0] = used[7] = 0;
  EventList all, some, list;
  auto plain = make_memory_source(values, frame_count, height, width);
  plain->read_events(0, frame_count, {}, all);
  plain->read_events(2, 9, used, some);
  for (const bool sparse : {false, true})
    for (const bool first_dense : {false, true}) {
      Index reads = 0;
      std::unique_ptr<FrameSource> inner =
          sparse ? make_event_source(all, height, width)
                 : make_memory_source(values, frame_count, height, width);
      auto cache = make_packed_cache(std::make_unique<Counting>(std::move(inner), reads), 1 << 20);
      EXPECT_EQ(cache->sparse(), sparse);
      if (first_dense)
        (void)read_all<std::uint16_t>(*cache, 0, 5);
      cache->read_events(0, frame_count, {}, list);
      EXPECT_EQ(list.pixel, all.pixel);
      EXPECT_EQ(list.count, all.count);
      EXPECT_EQ(list.frame_begin, all.frame_begin);
      EXPECT_EQ(reads, frame_count);
      cache->read_events(2, 9, used, list);
      EXPECT_EQ(list.pixel, some.pixel);
      EXPECT_EQ(list.count, some.count);
      EXPECT_EQ(list.frame_begin, some.frame_begin);
      EXPECT_EQ(read_all<std::uint16_t>(*cache, 0, frame_count), values);
      EXPECT_EQ(reads, frame_count);
      auto few = make_packed_cache(sparse ? make_event_source(all, height, width)
                                          : make_memory_source(values, frame_count, height, width),
                                   1 << 20,
                                   used);
      few->read_events(0, frame_count, {}, list);
      EXPECT_EQ(list.pixel, all.pixel);
      few->read_events(2, 9, {}, list); // from memory
      EXPECT_EQ(list.pixel, some.pixel);
      EXPECT_EQ(list.count, some.count);
    }
}

// What is read with some pixels left out is not the frame and is not kept.
TEST(PackedCache, PartialFramesAreNotKept) {
  const auto values = mixed_values<std::uint16_t>();
  Index reads = 0;
  auto cache = make_packed_cache(
      std::make_unique<Counting>(make_memory_source(values, frame_count, height, width), reads),
      1 << 20);
  std::vector<std::uint8_t> used(pixels, 0);
  EventList list;
  cache->read_events(0, frame_count, used, list);
  EXPECT_EQ(list.events(), 0);
  EXPECT_EQ(read_all<std::uint16_t>(*cache, 0, frame_count), values);
  EXPECT_EQ(reads, 2 * frame_count);
}

} // namespace
} // namespace vitrum::frames
