// The deviations against the covariance by its definition, from sums of cells made up at random.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../one_time_cells.hpp"
#include "reference.hpp"
#include "vitrum/core/error.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr Index time_blocks = 8;

/// Cells of 8 blocks: blocks of time scatter by `common`, groups of pixels by 0.05. The last bin
/// lacks pairs in all blocks, the one before in all but three.
detail::Cells random_cells(Index bins, Index groups, double common, std::uint64_t seed) {
  detail::Cells cells(time_blocks, bins, groups);
  Random random(seed);
  for (Index b = 0; b < time_blocks; ++b)
    for (Index k = 0; k < bins; ++k) {
      const Index cell = cells.at(b, k);
      if (k == bins - 1 || (k == bins - 2 && b >= 3))
        continue;
      cells.pairs[cell] = 5 + random.below(20);
      const auto pairs = double(cells.pairs[cell]);
      cells.lag_sum[cell] = pairs * double(k + 1);
      const double block_mean = 0.2 + common * random.normal();
      for (Index g = 0; g < groups; ++g) {
        const double mean = block_mean + 0.05 * random.normal();
        cells.by_group[cell * groups + g].add(double(10 + g) * pairs * mean);
        cells.shift[cell * groups + g] = pairs * 0.1 * random.normal();
        cells.total[cell].add(pairs * mean / double(groups));
      }
      if (groups == 0)
        cells.total[cell].add(pairs * block_mean);
    }
  return cells;
}

/// Σ_g w_g e_g(k) e_g(l) / (groups − 3) from sums over all blocks.
double
pixel_covariance(const detail::Cells& c, const std::vector<Index>& pixels, Index k, Index l) {
  const auto groups = Index(pixels.size());
  double all_pixels = 0, sum = 0;
  for (const Index n : pixels)
    all_pixels += double(n);
  const auto deviation = [&](Index g, Index bin) {
    double total = 0, own = 0, shift = 0, pairs = 0;
    for (Index b = 0; b < c.blocks; ++b) {
      total += c.total[c.at(b, bin)].value();
      pairs += double(c.pairs[c.at(b, bin)]);
      own += c.by_group[c.at(b, bin) * groups + g].value();
      shift += c.shift[c.at(b, bin) * groups + g];
    }
    return own / double(pixels[g]) / pairs - total / pairs * (1 + shift / pairs);
  };
  for (Index g = 0; g < groups; ++g)
    sum += double(pixels[g]) / all_pixels * deviation(g, k) * deviation(g, l);
  return sum / double(groups - 3);
}

/// Residuals of the blocks of one bin about a weighted straight line, by normal equations.
std::vector<double> residuals(const detail::Cells& c, Index k) {
  double pairs = 0, used = 0, s0 = 0, s1 = 0, s2 = 0, y0 = 0, y1 = 0;
  for (Index b = 0; b < c.blocks; ++b) {
    const auto w = double(c.pairs[c.at(b, k)]);
    pairs += w;
    used += w > 0 ? 1 : 0;
    s0 += w;
    s1 += w * double(b);
    s2 += w * double(b * b);
    y0 += c.total[c.at(b, k)].value();
    y1 += c.total[c.at(b, k)].value() * double(b);
  }
  const double offset = (y0 * s2 - y1 * s1) / (s0 * s2 - s1 * s1);
  const double slope = (s0 * y1 - s1 * y0) / (s0 * s2 - s1 * s1);
  std::vector<double> s;
  for (Index b = 0; b < c.blocks; ++b) {
    const auto w = double(c.pairs[c.at(b, k)]);
    s.push_back(std::sqrt(used / (used - 2)) *
                (c.total[c.at(b, k)].value() - w * (offset + slope * double(b))) / pairs);
  }
  return s;
}

double time_covariance(const detail::Cells& cells, Index k, Index l) {
  const auto a = residuals(cells, k), b = residuals(cells, l);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < b.size(); ++j)
      sum += i == j ? a[i] * b[j] : (i == j + 1 || j == i + 1) ? 0.5 * a[i] * b[j] : 0;
  return sum;
}

OneTime evaluate(const detail::Cells& cells,
                 const std::vector<Index>& pixels,
                 Index max_covariance_lags = 512) {
  OneTimeOptions options;
  options.time_blocks = time_blocks;
  options.max_covariance_lags = max_covariance_lags;
  const detail::AgeBlocks blocks = detail::make_age_blocks(8 * time_blocks, options);
  std::vector<Index> edges;
  for (Index k = 0; k <= cells.bins; ++k)
    edges.push_back(k + 1);
  return detail::evaluate(
      cells, blocks, edges, pixels, pixels.empty(), {0, 8 * time_blocks}, options);
}

double product(const OneTime& g2, Index k, Index l) {
  double sum = 0;
  for (Index r = 0; r < g2.deviation_rank(); ++r)
    sum += g2.deviation[r * g2.lags() + k] * g2.deviation[r * g2.lags() + l];
  return sum;
}

} // namespace

TEST(OneTimeDeviation, ProductsAreTheCovarianceByDefinition) {
  Index with_excess = 0, without_excess = 0;
  for (const Index groups : {0, 4, 7, 32})
    for (const double common : {0.0, 0.02, 0.2}) {
      if (groups == 0 && common == 0)
        continue; // nothing scatters
      SCOPED_TRACE(testing::Message() << groups << " groups, common " << common);
      const Index bins = 9;
      const detail::Cells cells =
          random_cells(bins, groups, common, 10 + std::uint64_t(groups * 10 + int(common * 100)));
      std::vector<Index> pixels;
      for (Index g = 0; g < groups; ++g)
        pixels.push_back(10 + g);
      const OneTime g2 = evaluate(cells, pixels);
      ASSERT_EQ(g2.deviation_rank(), groups + time_blocks + 1);
      // Which share of the residuals counts is a decision of its own: read back from the variance.
      std::vector<double> factor(static_cast<std::size_t>(bins), 0.0);
      for (Index k = 0; k < bins - 2; ++k) {
        const double excess =
            g2.error[k] * g2.error[k] - (groups > 0 ? pixel_covariance(cells, pixels, k, k) : 0);
        if (groups == 0 || g2.common_mode[k] != 0)
          factor[k] = std::sqrt(excess / time_covariance(cells, k, k));
        else
          EXPECT_NEAR(excess, 0, 1e-12 * g2.error[k] * g2.error[k]);
        (factor[k] > 0 ? with_excess : without_excess) += 1;
        if (groups == 0) {
          EXPECT_NEAR(factor[k], 1, 1e-12);
        }
      }
      for (Index k = 0; k < bins; ++k)
        for (Index l = 0; l < bins; ++l) {
          const double value = g2.covariance[k * bins + l];
          const bool none = k == bins - 1 || l == bins - 1;
          const bool few = k == bins - 2 || l == bins - 2; // of the time blocks
          if (none || (few && groups == 0)) {
            EXPECT_TRUE(std::isnan(value)) << k << " " << l;
            EXPECT_TRUE(std::isnan(product(g2, k, l))) << k << " " << l;
            continue;
          }
          const double pixel = groups > 0 ? pixel_covariance(cells, pixels, k, l) : 0;
          const double time = few ? 0 : factor[k] * factor[l] * time_covariance(cells, k, l);
          const double size = 1e-12 * g2.error[k] * g2.error[l];
          EXPECT_NEAR(value, pixel + time, size) << k << " " << l;
          EXPECT_NEAR(value, product(g2, k, l), size) << k << " " << l;
        }
    }
  EXPECT_GT(with_excess, 30);
  EXPECT_GT(without_excess, 20);
}

TEST(OneTimeDeviation, StaysWithMoreLagsThanTheMatrixIsWrittenFor) {
  const detail::Cells cells = random_cells(700, 4, 0.1, 3);
  const OneTime g2 = evaluate(cells, {10, 11, 12, 13});
  EXPECT_TRUE(g2.covariance.empty());
  ASSERT_EQ(g2.deviation.size(), std::size_t((4 + time_blocks + 1) * 700));
  const OneTime written = evaluate(cells, {10, 11, 12, 13}, 700);
  ASSERT_EQ(written.covariance.size(), std::size_t(700 * 700));
  for (Index k = 0; k < 698; k += 31)
    for (Index l = 0; l < 698; l += 17)
      EXPECT_NEAR(
          written.covariance[k * 700 + l], product(g2, k, l), 1e-13 * g2.error[k] * g2.error[l]);
}

TEST(OneTimeDeviation, ManyWindowsKeepTheirTimeBlocks) {
  // 5000 windows a frame apart: every frame is a range of its own.
  OneTimeOptions options;
  for (Index first = 0; first < 5000; ++first)
    options.windows.push_back({first, first + 1000});
  const detail::AgeBlocks blocks = detail::make_age_blocks(6000, options);
  EXPECT_GT(blocks.count(), 5900);
  for (const AgeWindow window : {options.windows[0], options.windows[4321]})
    for (Index c = 0; c <= options.time_blocks; ++c) {
      const Index edge = window.first + 1000 * c / options.time_blocks;
      EXPECT_EQ(blocks.edges[blocks.block_at(edge)], edge);
    }
  EXPECT_THAT(([] { const detail::Cells cells(100'000, 6000, 32); }),
              testing::ThrowsMessage<OptionError>(
                  "age windows: they and their time blocks cut the series into 100000 ranges of "
                  "age; with 6000 lag bins and 32 groups of pixels the sums take 447.0 GiB, more "
                  "than 4 GiB: choose fewer windows, time blocks or lags"));
}
