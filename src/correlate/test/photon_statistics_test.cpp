#include "vitrum/correlate/photon_statistics.hpp"

#include <map>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

using reference::random_counts;
using reference::stripe_groups;

/// The obvious way: every exposure of every pixel by itself.
std::map<Index, Index>
brute_force(const CountMatrix& counts, Index length, Index group, Index set) {
  std::map<Index, Index> numbers;
  for (Index p = counts.groups.group_begin[group]; p < counts.groups.group_begin[group + 1]; ++p)
    for (Index begin = 0; begin + length <= counts.frames; begin += length) {
      Index sum = 0;
      bool gap = counts.groups.static_bin[p] != set;
      for (Index t = begin; t < begin + length; ++t) {
        gap = gap || counts.valid[t] == 0;
        sum += counts.at(t, p);
      }
      if (!gap)
        ++numbers[sum];
    }
  return numbers;
}

TEST(PhotonStatistics, EqualsEveryExposureByItself) {
  for (const Index frames : {17, 64, 131})
    for (const double mean : {0.05, 1.0, 700.0}) // the last has counts beyond the dense part
      for (const auto& gaps : {std::vector<Index>{}, {0, 9, 10, 16}}) {
        const CountMatrix counts =
            make_count_matrix(random_counts(stripe_groups(16, 20, 2, 8), frames, mean, gaps, 5));
        const auto got = make_photon_statistics(counts, {.fewest_exposures = 3});
        EXPECT_EQ(got.groups, counts.groups.groups());
        EXPECT_EQ(got.static_bins, counts.groups.static_bins);
        Index length = 1;
        for (const auto& one : got.exposures) {
          EXPECT_EQ(one.frames, length);
          EXPECT_EQ(one.exposures + one.left_out, frames / length);
          EXPECT_EQ(one.left_out > 0, !gaps.empty());
          for (Index g = 0; g < got.groups; ++g)
            for (Index s = 0; s < got.static_bins; ++s) {
              const auto& h = one.histograms[static_cast<std::size_t>(g * got.static_bins + s)];
              const auto expected = make_histogram(brute_force(counts, length, g, s));
              EXPECT_EQ(h.count, expected.count);
              EXPECT_EQ(h.number, expected.number);
            }
          length *= 2;
        }
        EXPECT_LT(frames / length, 3 + (gaps.empty() ? 0 : 4)); // it went on as long as it could
      }
}

TEST(PhotonStatistics, CountsEveryPhotonOnceWhateverTheThreads) {
  const CountMatrix counts =
      make_count_matrix(random_counts(stripe_groups(16, 20, 2, 8), 64, 2.0, {}, 6));
  set_thread_count(1);
  const auto one = make_photon_statistics(counts);
  set_thread_count(3);
  const auto three = make_photon_statistics(counts);
  set_thread_count(0);
  ASSERT_EQ(one.exposures.size(), 4U); // 1, 2, 4, 8 frames: 8 exposures at least
  Index photons = -1;
  for (std::size_t k = 0; k < one.exposures.size(); ++k) {
    Index total = 0;
    for (std::size_t i = 0; i < one.exposures[k].histograms.size(); ++i) {
      total += one.exposures[k].histograms[i].total();
      EXPECT_EQ(one.exposures[k].histograms[i].number, three.exposures[k].histograms[i].number);
    }
    EXPECT_EQ(total, photons < 0 ? total : photons); // 64 is divided by all lengths
    photons = total;
  }
}

TEST(PhotonStatistics, RefusesNonsenseAndTooFewExposures) {
  const CountMatrix counts =
      make_count_matrix(random_counts(stripe_groups(8, 8, 1, 4), 8, 1.0, {2, 3}, 7));
  EXPECT_THROW((void)make_photon_statistics(counts, {.max_exposure = -1}), OptionError);
  EXPECT_THROW((void)make_photon_statistics(counts, {.fewest_exposures = 1}), OptionError);
  try {
    (void)make_photon_statistics(counts);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "6 frames without gaps, expected at least 8 exposures");
  }
  const auto few = make_photon_statistics(counts, {.max_exposure = 2, .fewest_exposures = 2});
  ASSERT_EQ(few.exposures.size(), 2U);
  EXPECT_EQ(few.exposures[1].exposures, 3);
  EXPECT_EQ(few.exposures[1].left_out, 1);
}

} // namespace
} // namespace vitrum::correlate
