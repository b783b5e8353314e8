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

bool near_or_both_nan(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : std::abs(a - b) < 1e-6;
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
    live.push(std::min<Index>(31, frames - first), [&](Index k, std::byte* out) -> std::string {
      if (is_gap(first + k))
        return "lost";
      std::memcpy(out, values.data() + (first + k) * height * width, sizeof(T) * height * width);
      return "";
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
    ASSERT_EQ(now.g2.value.size(), g2.value.size());
    for (std::size_t k = 0; k < g2.value.size(); ++k) {
      // sums of integers are exact; those of floats are rounded in chunks
      EXPECT_TRUE(near_or_both_nan(now.g2.value[k], g2.value[k])) << k;
      EXPECT_TRUE(near_or_both_nan(now.g2.error[k], g2.error[k])) << k;
    }
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
  options.invalid_value = 65535;
  LiveCorrelator live(partition, frames::PixelType::u16, options);
  live.push(3, [](Index k, std::byte* out) -> std::string {
    std::vector<std::uint16_t> frame(24);
    for (std::size_t p = 0; p < frame.size(); ++p)
      frame[p] = static_cast<std::uint16_t>(p + static_cast<std::size_t>(k));
    frame[0] = 65535; // of no bin
    if (k == 1)
      frame[9] = 65535;
    std::memcpy(out, frame.data(), 48);
    return "";
  });
  EXPECT_EQ(live.gaps(), (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_EQ(live.reasons(), (std::vector<std::string>{"frame 1: no data at y 1 x 3"}));
  EXPECT_EQ(live.bin(1).g2.pairs[0], 0);
}

} // namespace
} // namespace vitrum::correlate
