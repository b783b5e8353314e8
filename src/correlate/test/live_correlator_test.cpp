#include "vitrum/correlate/live_correlator.hpp"

#include <cmath>
#include <cstring>

#include "reference.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

/// Two bins of rows, three static bins each.
frames::Partition two_bins(Index height, Index width) {
  std::vector<std::int32_t> dynamic, fine;
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x) {
      const auto bin = static_cast<std::int32_t>(y < height / 2 ? 1 : 2);
      dynamic.push_back(x == 0 ? 0 : bin);
      fine.push_back(x == 0 ? 0 : static_cast<std::int32_t>(3 * (bin - 1) + 1 + x * 3 / width));
    }
  return frames::make_partition_from_labels(height, width, dynamic, fine, nullptr);
}

/// To the last bit.
void expect_same(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k)
    if (std::isnan(b[k]))
      EXPECT_TRUE(std::isnan(a[k])) << k;
    else
      EXPECT_EQ(a[k], b[k]) << k;
}

template <class T>
void equals_batch(Index frames, Index cells) {
  constexpr Index height = 12, width = 15;
  const auto partition = two_bins(height, width);
  Random random(static_cast<std::uint64_t>(frames) + sizeof(T));
  std::vector<T> values;
  for (Index i = 0; i < frames * height * width; ++i)
    values.push_back(static_cast<T>(random.poisson(4)));
  const auto is_gap = [](Index t) { return t % 29 == 3 || t == 0; };
  LiveOptions options;
  options.most_cells = cells;
  LiveCorrelator live(partition, frames::pixel_type_of<T>(), options);
  for (Index first = 0; first < frames; first += 31) {
    live.push(std::min<Index>(31, frames - first), [&](Index k, std::byte* out) -> Arrival {
      if (is_gap(first + k))
        return Arrival::damaged("lost");
      std::memcpy(out, values.data() + (first + k) * height * width, sizeof(T) * height * width);
      return {};
    });
    if (first == 93)
      (void)live.bin(1);
  }
  ASSERT_EQ(live.frames(), frames);
  EXPECT_EQ(live.reasons().at(0), "frame 0: lost");
  for (Index bin = 1; bin <= 2; ++bin) {
    auto all = make_pixel_matrix(
        frames, make_groups(partition.dynamic_labels, partition.static_labels, width, bin));
    for (Index t = 0; t < frames; ++t) {
      all.valid[t] = is_gap(t) ? 0 : 1;
      for (Index p = 0; p < all.pixels() && !is_gap(t); ++p)
        all.row(t)[p] = static_cast<float>(values[t * height * width + all.groups.position[p]]);
    }
    const auto now = live.bin(bin);
    const auto g2 = make_pixel_g2(all, {.lags = PixelLags::multi_tau});
    EXPECT_EQ(now.g2.lag_frames, g2.lag_frames);
    EXPECT_EQ(now.g2.pairs, g2.pairs);
    expect_same(now.g2.value, g2.value); // the counts are small integers: sums are exact
    expect_same(now.g2.error, g2.error);
    GrowingMap map(all.groups, options.normalization, cells);
    map.push(std::move(all));
    const auto expected = map.map();
    ASSERT_EQ(now.map.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(std::isnan(expected[i]) ? std::isnan(now.map[i]) : now.map[i] == expected[i]);
  }
}

TEST(LiveCorrelator, EqualsTheWholeSeries) {
  for (const Index frames : {5, 16, 17, 18, 47, 48, 49, 255, 256, 257, 600}) {
    SCOPED_TRACE(frames);
    equals_batch<std::uint16_t>(frames, 96);
    equals_batch<float>(frames, 192);
    equals_batch<std::uint32_t>(frames, 96);
  }
}

TEST(LiveCorrelator, MakesGapsOfFramesWithoutData) {
  const auto partition = two_bins(4, 6);
  LiveOptions options;
  options.marks = {65535, 65535};
  LiveCorrelator live(partition, frames::PixelType::u16, options);
  live.push(3, [](Index k, std::byte* out) -> Arrival {
    std::vector<std::uint16_t> frame(24);
    for (std::size_t p = 0; p < frame.size(); ++p)
      frame[p] = static_cast<std::uint16_t>(p + static_cast<std::size_t>(k));
    frame[0] = 65535; // of no bin
    if (k == 1)
      frame[9] = 65535;
    std::memcpy(out, frame.data(), 48);
    return {};
  });
  EXPECT_EQ(live.gaps(), (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_EQ(live.reasons(), (std::vector<std::string>{"frame 1: no data at y 1 x 3"}));
  EXPECT_EQ(live.bin(1).g2.pairs[0], 0);
}

/// Frames that hold their number in all pixels, but for what `change` does to some.
template <class T>
LiveCorrelator::Fetch frames_of(std::function<void(Index k, std::vector<T>& frame)> change) {
  return [change = std::move(change)](Index k, std::byte* out) -> Arrival {
    std::vector<T> frame(24);
    for (std::size_t p = 0; p < frame.size(); ++p)
      frame[p] = static_cast<T>(p % 5 + static_cast<std::size_t>(k) % 3);
    change(k, frame);
    std::memcpy(out, frame.data(), 24 * sizeof(T));
    return {};
  };
}

TEST(LiveCorrelator, KnowsMarksOfSignedPixels) {
  LiveOptions options;
  options.marks = frames::usual_marks(frames::PixelType::i32, 0);
  LiveCorrelator live(two_bins(4, 6), frames::PixelType::i32, options);
  live.push(5, frames_of<std::int32_t>([](Index k, std::vector<std::int32_t>& frame) {
              frame[8] = k < 3 ? -static_cast<std::int32_t>(k) : 3; // −1 and −2 are marks
              if (k == 4)
                frame[20] = -3; // is none
            }));
  EXPECT_EQ(live.gaps(), (std::vector<std::uint8_t>{0, 1, 1, 0, 0}));
}

TEST(LiveCorrelator, NamesDamageAfterAnyNumberOfLostFrames) {
  LiveCorrelator live(two_bins(4, 6), frames::PixelType::u16);
  const auto whole = frames_of<std::uint16_t>([](Index, std::vector<std::uint16_t>&) {});
  live.push(400, [&](Index k, std::byte* out) -> Arrival {
    if (k == 350)
      return Arrival::damaged("torn");
    return k % 2 == 1 ? Arrival::missing() : whole(k, out);
  });
  EXPECT_EQ(std::count(live.gaps().begin(), live.gaps().end(), 1), 201);
  EXPECT_EQ(live.reasons(), (std::vector<std::string>{"frame 350: torn"}));
}

TEST(LiveCorrelator, TakesNoMoreThanThereIsRoomFor) {
  LiveOptions options;
  options.longest = 100;
  LiveCorrelator live(two_bins(4, 6), frames::PixelType::u16, options);
  const auto whole = frames_of<std::uint16_t>([](Index, std::vector<std::uint16_t>&) {});
  live.push(60, whole);
  EXPECT_EQ(live.room(), 40);
  try {
    live.push(41, whole);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "101 frames, expected at most 100");
  }
  live.push(40, whole);
  EXPECT_EQ(live.room(), 0);
  EXPECT_EQ(live.bin(2).g2.pairs[0], 99);
}

TEST(LiveCorrelator, SaysWhetherBinsHoldSpeckle) {
  constexpr Index height = 4, width = 5;
  // of the upper and the lower rows of each frame: one value, the same picture, zeros
  using Picture = std::function<std::uint16_t(Index t, Index p)>;
  const Picture speckle = [](Index t, Index p) {
    return static_cast<std::uint16_t>((t * 7 + p * 3) % 5);
  };
  const Picture still = [](Index, Index p) { return static_cast<std::uint16_t>(p % 3); };
  const Picture flat = [](Index t, Index) { return static_cast<std::uint16_t>(1 + t); };
  const Picture zeros = [](Index, Index) { return std::uint16_t{0}; };
  const Picture late = [&](Index t, Index p) { return t < 70 ? still(t, p) : speckle(t, p); };
  struct Case {
    Picture upper, lower;
    LiveSignal one, two;
  };
  for (const auto& [upper, lower, one, two] :
       {Case{speckle, still, {true, false, false, 8}, {true, true, false, 8}},
        Case{flat, zeros, {true, false, true, 8}, {false, true, true, 8}},
        Case{late, speckle, {true, false, false, 8}, {true, false, false, 8}}}) {
    LiveCorrelator live(two_bins(height, width), frames::PixelType::u16);
    EXPECT_FALSE(live.signal(1).counts);
    live.push(100, [&](Index t, std::byte* out) -> Arrival {
      if (t % 10 == 0)
        return Arrival::missing();
      std::uint16_t frame[height * width];
      for (Index p = 0; p < height * width; ++p)
        frame[p] = p / width < height / 2 ? upper(t, p) : lower(t, p);
      std::memcpy(out, frame, sizeof frame);
      return {};
    });
    Index bin = 1;
    for (const auto& expected : {one, two}) {
      const auto signal = live.signal(bin++);
      EXPECT_EQ(signal.counts, expected.counts);
      EXPECT_EQ(signal.still, expected.still);
      EXPECT_EQ(signal.flat, expected.flat);
      EXPECT_EQ(signal.pixels, expected.pixels);
    }
  }
}

TEST(LiveCorrelator, IsWholeAfterAnInputThatThrew) {
  const auto whole = frames_of<std::uint16_t>([](Index, std::vector<std::uint16_t>&) {});
  LiveCorrelator live(two_bins(4, 6), frames::PixelType::u16);
  live.push(10, whole);
  EXPECT_THROW(live.push(10,
                         [&](Index k, std::byte* out) -> Arrival {
                           if (k == 7)
                             throw FileError("disk", "gone");
                           return whole(k, out);
                         }),
               FileError);
  EXPECT_EQ(live.frames(), 10);
  const auto bin = live.bin(1);
  EXPECT_EQ(bin.frame_means.size(), 10U);
  EXPECT_EQ(bin.map.size(), 100U);
  EXPECT_EQ(bin.g2.pairs[0], 9);
}

} // namespace
} // namespace vitrum::correlate
