#include "vitrum/frames/partition.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "messages.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::frames {
namespace {

using Labels = std::vector<std::int32_t>;

QMap line_map(std::vector<double> q) { // one row, azimuth 0
  const auto width = static_cast<Index>(q.size());
  return {1, width, std::move(q), std::vector<double>(static_cast<std::size_t>(width), 0)};
}

std::vector<Index> pixels_per_bin(const Labels& labels, Index bins) {
  std::vector<Index> count(static_cast<std::size_t>(bins), 0);
  for (const auto label : labels)
    if (label > 0)
      ++count[static_cast<std::size_t>(label - 1)];
  return count;
}

TEST(Partition, LinearRings) {
  const QMap map = line_map({0, 1, 2, 3, 4});
  const Partition p = make_partition(map, make_mask(1, 5), {.q_bins = 2});
  EXPECT_EQ(p.dynamic_labels, (Labels{1, 1, 2, 2, 2})); // [0, 2) and [2, 4]
  EXPECT_EQ(p.static_labels, p.dynamic_labels);
  ASSERT_EQ(p.bin_count(), 2);
  EXPECT_DOUBLE_EQ(p.bins[0].q_inv_angstrom, 0.5);
  EXPECT_DOUBLE_EQ(p.bins[1].q_inv_angstrom, 3);
  EXPECT_DOUBLE_EQ(p.bins[0].q_low_inv_angstrom, 0);
  EXPECT_DOUBLE_EQ(p.bins[0].q_high_inv_angstrom, 2);
  EXPECT_TRUE(std::isnan(p.bins[0].phi_deg));
}

TEST(Partition, LogarithmicRingsAndLimits) {
  const QMap map = line_map({0, 0.5, 1, 5, 10, 50, 100, 200});
  const Partition p = make_partition(
      map, make_mask(1, 8), {.q_bins = 2, .q_min = 1, .q_max = 100, .logarithmic = true});
  EXPECT_EQ(p.dynamic_labels, (Labels{0, 0, 1, 1, 2, 2, 2, 0}));
  // without a limit the smallest positive q begins the first ring
  const Partition all = make_partition(map, make_mask(1, 8), {.q_bins = 1, .logarithmic = true});
  EXPECT_EQ(all.dynamic_labels, (Labels{0, 1, 1, 1, 1, 1, 1, 1}));
}

// The centre is chosen so that no two pixels have the same radius.
TEST(Partition, RingsOfEqualPixelNumbers) {
  const QMap map = make_radius_map(20.31415, 11.71828, 0.01, 50, 40);
  const Partition p = make_partition(
      map, make_mask(50, 40), {.q_bins = 7, .static_per_bin = 3, .equal_pixels = true});
  for (const Index n : pixels_per_bin(p.dynamic_labels, 7))
    EXPECT_NEAR(static_cast<double>(n), 2000.0 / 7, 1);
  for (const Index n : pixels_per_bin(p.static_labels, 21))
    EXPECT_NEAR(static_cast<double>(n), 2000.0 / 21, 2);
}

// Equal q never falls in two rings.
TEST(Partition, TiesStayTogether) {
  const QMap map = line_map({1, 1, 1, 1, 2, 3});
  const Partition p = make_partition(map, make_mask(1, 6), {.q_bins = 3, .equal_pixels = true});
  EXPECT_EQ(p.dynamic_labels, (Labels{1, 1, 1, 1, 2, 2}));
}

TEST(Partition, SectorsCountFromTheirStart) {
  const QMap map = make_radius_map(1, 1, 1, 3, 3);
  Mask mask = make_mask(3, 3);
  mask.use[4] = 0;
  const Partition p = make_partition(map, mask, {.phi_sectors = 4, .phi_start_deg = -45});
  // right with the corners at its start (315° counts to sector 1), then up, left, down
  EXPECT_EQ(p.dynamic_labels, (Labels{3, 2, 2, 3, 0, 1, 4, 4, 1}));
  EXPECT_DOUBLE_EQ(p.bins[0].phi_low_deg, 315);
  EXPECT_DOUBLE_EQ(p.bins[0].phi_high_deg, 405);
  EXPECT_DOUBLE_EQ(p.bins[0].phi_deg, 0);
  EXPECT_DOUBLE_EQ(p.bins[1].phi_deg, 90);
}

TEST(Partition, FriedelSectorsHoldBothHalves) {
  const QMap map = make_radius_map(10, 10, 1, 21, 21);
  const Partition p =
      make_partition(map, make_mask(21, 21), {.q_bins = 3, .phi_sectors = 4, .friedel = true});
  EXPECT_EQ(p.bin_count(), 12);
  Index differing = 0;
  for (Index y = 0; y < 21; ++y)
    for (Index x = 0; x < 21; ++x)
      differing += p.dynamic_labels[static_cast<std::size_t>(y * 21 + x)] !=
                   p.dynamic_labels[static_cast<std::size_t>((20 - y) * 21 + 20 - x)];
  EXPECT_EQ(differing, 0);
  EXPECT_DOUBLE_EQ(p.bins[3].phi_low_deg, 135);
  EXPECT_DOUBLE_EQ(p.bins[3].phi_high_deg, 180);
}

TEST(Partition, StaticBinsNestAndBinsAreCovered) {
  const QMap map = make_radius_map(-3.5, 12.25, 0.02, 40, 60);
  for (const bool logarithmic : {false, true})
    for (const Index sectors : {1, 5})
      for (const Index fine : {1, 4, 9}) {
        const Partition p = make_partition(map,
                                           make_mask(40, 60),
                                           {.q_bins = 6,
                                            .phi_sectors = sectors,
                                            .static_per_bin = fine,
                                            .logarithmic = logarithmic});
        validate(p); // labels, nesting, no empty bin
        EXPECT_EQ(std::count(p.dynamic_labels.begin(), p.dynamic_labels.end(), 0), 0);
        for (std::size_t i = 0; i < p.dynamic_labels.size(); ++i) {
          const Bin& ring = p.bins[static_cast<std::size_t>(p.dynamic_labels[i] - 1)];
          const Bin& part = p.static_bins[static_cast<std::size_t>(p.static_labels[i] - 1)];
          const double q = map.q_inv_angstrom[i];
          EXPECT_LE(ring.q_low_inv_angstrom, part.q_low_inv_angstrom);
          EXPECT_GE(ring.q_high_inv_angstrom, part.q_high_inv_angstrom);
          EXPECT_LE(part.q_low_inv_angstrom, q);
          EXPECT_GE(part.q_high_inv_angstrom, q);
        }
      }
}

// Slow twin: rings by comparing every pixel with every edge.
TEST(Partition, AgreesWithTheObviousLoop) {
  const QMap map = make_radius_map(12.1, 14.3, 0.1, 30, 25);
  const PartitionOptions options{.q_bins = 5, .phi_sectors = 3, .q_min = 0.3, .q_max = 1.1};
  const Partition p = make_partition(map, make_mask(30, 25), options);
  for (std::size_t i = 0; i < map.q_inv_angstrom.size(); ++i) {
    Index expected = 0;
    for (Index ring = 0; ring < 5; ++ring)
      for (Index sector = 0; sector < 3; ++sector) {
        const double low = 0.3 + 0.8 * static_cast<double>(ring) / 5;
        const double high = 0.3 + 0.8 * static_cast<double>(ring + 1) / 5;
        const double phi_low = 120.0 * static_cast<double>(sector);
        if (map.q_inv_angstrom[i] >= low && map.q_inv_angstrom[i] < high &&
            map.phi_deg[i] >= phi_low && map.phi_deg[i] < phi_low + 120)
          expected = ring * 3 + sector + 1;
      }
    EXPECT_EQ(p.dynamic_labels[i], expected) << i;
  }
}

TEST(Partition, LabelsWithGapsAreClosed) {
  const QMap map = line_map({1, 2, 3, 4, 5});
  const Partition p = make_partition_from_labels(1, 5, {7, 7, 0, 3, 3}, {20, 30, 99, 10, 10}, &map);
  EXPECT_EQ(p.dynamic_labels, (Labels{2, 2, 0, 1, 1}));
  EXPECT_EQ(p.static_labels, (Labels{2, 3, 0, 1, 1}));
  EXPECT_DOUBLE_EQ(p.bins[0].q_inv_angstrom, 4.5);
  EXPECT_DOUBLE_EQ(p.bins[1].q_low_inv_angstrom, 1);
  EXPECT_DOUBLE_EQ(p.bins[1].q_high_inv_angstrom, 2);
  const Partition bare = make_partition_from_labels(1, 5, {7, 7, 0, 3, 3}, {}, nullptr);
  EXPECT_EQ(bare.static_labels, (Labels{2, 2, 0, 1, 1}));
  EXPECT_EQ(bare.q_unit, "");
  EXPECT_TRUE(std::isnan(bare.bins[0].q_inv_angstrom));
}

TEST(Partition, MaskRemovesBinsThatBecomeEmpty) {
  const QMap map = line_map({0, 1, 2, 3, 4, 5});
  const Partition p = make_partition(map, make_mask(1, 6), {.q_bins = 3});
  Mask mask = make_mask(1, 6);
  exclude_rectangle(mask, 0, 1, 0, 2);
  const Partition rest = apply_mask(p, mask);
  EXPECT_EQ(rest.dynamic_labels, (Labels{0, 0, 1, 1, 2, 2}));
  EXPECT_DOUBLE_EQ(rest.bins[0].q_inv_angstrom, 2.5);
  validate(rest);
}

TEST(Partition, SingleBin) {
  Mask mask = make_mask(1, 3);
  mask.use[1] = 0;
  const Partition p = make_single_bin(mask);
  EXPECT_EQ(p.dynamic_labels, (Labels{1, 0, 1}));
  EXPECT_EQ(p.q_unit, "");
  validate(p);
}

TEST(Partition, ExactErrors) {
  const QMap map = line_map({1, 2, 3});
  const Mask mask = make_mask(1, 3);
  const auto option_error = [&](const PartitionOptions& options) {
    return message_of<OptionError>([&] { (void)make_partition(map, mask, options); });
  };
  EXPECT_EQ(option_error({.q_bins = 0}), "q_bins = 0: must be at least 1");
  EXPECT_EQ(option_error({.phi_sectors = -2}), "phi_sectors = -2: must be at least 1");
  EXPECT_EQ(option_error({.static_per_bin = 0}), "static_per_bin = 0: must be at least 1");
  EXPECT_EQ(option_error({.q_min = 2, .q_max = 1}), "q_min = 2: must be below q_max = 1");
  EXPECT_EQ(option_error({.q_min = 0, .logarithmic = true}),
            "q_min = 0: must be positive for logarithmic rings");
  EXPECT_EQ(option_error({.logarithmic = true, .equal_pixels = true}),
            "logarithmic and equal_pixels exclude each other");
  EXPECT_EQ(
      message_of<DataError>([&] { (void)make_partition(map, mask, {.q_min = 3.5, .q_max = 4}); }),
      "no pixel in use between q = 3.5 and 4");
  EXPECT_EQ(message_of<DataError>([&] { (void)make_partition(map, make_mask(3, 1), {}); }),
            "q map of 1 x 3 pixels does not fit the mask of 3 x 1");
  EXPECT_EQ(message_of<DataError>([&] {
              (void)make_partition_from_labels(1, 3, {1, 2, 2}, {5, 5, 6}, nullptr);
            }),
            "static bin 1 lies in the dynamic bins 1 and 2");
  EXPECT_EQ(message_of<DataError>([&] {
              (void)make_partition_from_labels(1, 3, {1, -2, 2}, {}, nullptr);
            }),
            "dynamic label of pixel (0, 1) is -2: must not be negative");
  EXPECT_EQ(message_of<DataError>([&] {
              (void)make_partition_from_labels(1, 3, {1, 2}, {}, nullptr);
            }),
            "2 dynamic labels for 1 x 3 pixels, expected 3");
  Mask none = mask;
  exclude_rectangle(none, 0, 1, 0, 3);
  EXPECT_EQ(message_of<DataError>([&] { (void)make_single_bin(none); }),
            "no pixel in use: the mask leaves out all of them");
  Partition p = make_partition(map, mask, {.q_bins = 3});
  p.dynamic_labels[1] = 3;
  EXPECT_EQ(message_of<DataError>([&] { validate(p); }), "dynamic bin 2 has no pixel");
}

} // namespace
} // namespace vitrum::frames
