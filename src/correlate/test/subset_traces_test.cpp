// C at fixed lag of subsets of pixels, beside a slow twin.
#include <cmath>

#include <gtest/gtest.h>

#include "vitrum/core/random.hpp"
#include "vitrum/correlate/subset_traces.hpp"

namespace vitrum::correlate {
namespace {

struct Case {
  Index width, height, frames, block;
};

TEST(SubsetTraces, EqualTheSlowTwin) {
  for (const Case c : {Case{8, 8, 12, 1}, Case{23, 17, 30, 2}, Case{40, 40, 9, 4}}) {
    const auto pixels = static_cast<std::size_t>(c.width * c.height);
    std::vector<std::int32_t> labels(pixels, 1), rings(pixels);
    for (std::size_t p = 0; p < pixels; ++p)
      rings[p] = static_cast<std::int32_t>(1 + p % static_cast<std::size_t>(c.width) / 8);
    const auto groups = make_groups(labels, rings, c.width, 1, {.groups = 12, .block_px = c.block});
    ASSERT_GE(groups.groups(), 2);
    const Index stride = c.width * c.height + 3;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(c.frames * stride));
    Random random(11);
    for (auto& b : bytes)
      b = static_cast<std::uint8_t>(random.poisson(2));
    std::vector<std::uint8_t> valid(static_cast<std::size_t>(c.frames), 1);
    valid[4] = 0;
    const std::vector<float> floats(bytes.begin(), bytes.end());
    const Index lags[] = {1, 3};
    const auto traces =
        make_subset_traces({bytes.data(), c.frames, stride}, valid, groups, lags, 5);
    const auto again =
        make_subset_traces({floats.data(), c.frames, stride}, valid, groups, lags, 5);
    ASSERT_EQ(traces.values.size(), 2U);
    const auto some =
        make_subset_traces({bytes.data(), c.frames, stride}, valid, groups, lags, 5, 2);
    for (std::size_t l = 0; l < 2; ++l)
      for (std::size_t s = 0; s < some.values[l].size(); ++s) {
        ASSERT_EQ(some.values[l][s].size(), (traces.values[l][s].size() + 1) / 2);
        for (std::size_t i = 0; i < some.values[l][s].size(); ++i)
          if (!std::isnan(some.values[l][s][i])) {
            EXPECT_EQ(some.values[l][s][i], traces.values[l][s][2 * i]);
          }
      }
    const auto at = [&](Index t, Index p) { return double(bytes[std::size_t(t * stride + p)]); };
    std::vector<double> mean(std::size_t(groups.static_bins), 0), count = mean;
    for (Index t = 0; t < c.frames; ++t)
      for (Index p = 0; p < groups.pixels() && t != 4; ++p) {
        mean[std::size_t(groups.static_bin[std::size_t(p)])] += at(t, p);
        count[std::size_t(groups.static_bin[std::size_t(p)])] += 1;
      }
    const auto subsets = static_cast<Index>(traces.values[0].size());
    EXPECT_EQ(subsets, std::min<Index>(5, groups.groups()));
    for (std::size_t l = 0; l < 2; ++l)
      for (Index s = 0; s < subsets; ++s) {
        const Index first = groups.group_begin[std::size_t(s * groups.groups() / subsets)],
                    last = groups.group_begin[std::size_t((s + 1) * groups.groups() / subsets)];
        ASSERT_EQ(Index(traces.values[l][std::size_t(s)].size()), c.frames - lags[l]);
        for (Index t = 0; t + lags[l] < c.frames; ++t) {
          const float found = traces.values[l][std::size_t(s)][std::size_t(t)];
          if (t == 4 || t + lags[l] == 4) {
            EXPECT_TRUE(std::isnan(found));
            continue;
          }
          double product = 0, a = 0, b = 0;
          for (Index p = first; p < last; ++p) {
            const auto k = std::size_t(groups.static_bin[std::size_t(p)]);
            const double w = count[k] / mean[k];
            product += w * at(t, p) * w * at(t + lags[l], p);
            a += w * at(t, p);
            b += w * at(t + lags[l], p);
          }
          EXPECT_NEAR(double(found), product * double(last - first) / (a * b), 1e-5);
          EXPECT_NEAR(double(again.values[l][std::size_t(s)][std::size_t(t)]), double(found), 1e-6);
        }
      }
  }
}

TEST(SubsetTraces, OneGroupHasNone) {
  const std::vector<std::int32_t> labels(12, 1);
  const auto groups = make_groups(labels, labels, 4, 1);
  const std::vector<float> counts(24, 1);
  const std::vector<std::uint8_t> valid(2, 1);
  const Index lags[] = {1};
  EXPECT_TRUE(make_subset_traces({counts.data(), 2, 12}, valid, groups, lags).values.empty());
}

} // namespace
} // namespace vitrum::correlate
