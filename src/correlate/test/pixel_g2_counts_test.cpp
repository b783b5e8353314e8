// Per-pixel g2 of integer counts: exact, in memory and as frames come in.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pixel_reference.hpp"
#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

using namespace vitrum;
using namespace vitrum::correlate;

namespace {

constexpr PixelNormalization all_normalizations[] = {
    PixelNormalization::plain, PixelNormalization::symmetric, PixelNormalization::symmetric_bin};

/// The same counts as integers, frames `stride` apart; what is in gaps must not matter.
template <class T>
struct Counts {
  std::vector<T> values;
  Index frames, stride;

  explicit Counts(const PixelMatrix& m)
      : values(std::size_t(m.frames * (m.pixels() + 3)), T(77)), frames(m.frames),
        stride(m.pixels() + 3) {
    for (Index t = 0; t < frames; ++t)
      for (Index p = 0; p < m.pixels() && m.valid[t] != 0; ++p)
        values[t * stride + p] = T(m.row(t)[p]);
  }
  [[nodiscard]] PixelRows rows(Index first = 0, Index count = -1) const {
    return {values.data() + first * stride, count < 0 ? frames : count, stride};
  }
};

PixelMatrix scaled(PixelMatrix m, float scale) {
  for (Index t = 0; t < m.frames; ++t)
    for (Index p = 0; p < m.pixels(); ++p)
      m.row(t)[p] *= scale;
  return m;
}

template <class T>
PixelG2 streamed(const PixelMatrix& m, const PixelG2Options& options, std::vector<Index> blocks) {
  const Counts<T> counts(m);
  PixelG2Accumulator sums(m.groups, m.frames, options);
  std::size_t turn = 0;
  for (Index t = 0; t < m.frames;) {
    const Index n = std::min(blocks[turn++ % blocks.size()], m.frames - t);
    sums.push(counts.rows(t, n), std::span(m.valid).subspan(std::size_t(t), std::size_t(n)));
    t += n;
  }
  (void)sums.result(); // asking twice changes nothing
  return sums.result();
}

void expect_same(const PixelG2& a, const PixelG2& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.deviation, b.deviation);
  EXPECT_EQ(a.pairs, b.pairs);
  EXPECT_EQ(a.lag_frames, b.lag_frames);
  EXPECT_EQ(a.skipped_pixels, b.skipped_pixels);
  EXPECT_EQ(a.exact, b.exact);
}

} // namespace

TEST(PixelG2Counts, IntegersEqualDefinition) {
  std::uint64_t seed = 400;
  for (const Index frames : {40, 256, 600})
    for (const Index width : {3})
      for (const bool gaps : {false, true})
        for (const PixelNormalization n : all_normalizations) {
          SCOPED_TRACE(testing::Message() << frames << " frames, width " << width << " "
                                          << name_of(n) << " gaps " << gaps);
          // Counts to 65535 take the sums in doubles; those to 20 stay in floats.
          for (const float scale : {1.0F, 1000.0F}) {
            const PixelMatrix m =
                scaled(reference::random_counts(reference::stripe_groups(5, width, 2),
                                                frames,
                                                6,
                                                gaps ? std::vector<Index>{0, 3, 4, 17, frames - 1}
                                                     : std::vector<Index>{},
                                                ++seed),
                       scale);
            const PixelG2Options options{
                .normalization = n, .lags = PixelLags::multi_tau, .channels_per_level = 8};
            const PixelG2 g2 =
                make_pixel_g2(Counts<std::uint16_t>(m).rows(), m.valid, m.groups, options);
            EXPECT_TRUE(g2.exact);
            Index entry = 0;
            for (Index level = 0; entry < Index(g2.value.size()); ++level)
              for (Index lag = level == 0 ? 1 : 5; lag <= 8 && entry < Index(g2.value.size());
                   ++lag, ++entry) {
                if (g2.pairs[entry] == 0 || (lag != 1 && lag != 5 && lag != 8))
                  continue;
                // Sums are exact; what is left is the rounding of ratios, 1e-16 of terms of
                // mean²/variance ≈ 6 of the fluctuations.
                ASSERT_NEAR(
                    g2.value[entry], reference::pixel_g2(m, n, true, lag, lag + 1, level), 1e-13)
                    << "level " << level << " lag " << lag << " scale " << scale;
              }
          }
        }
}

TEST(PixelG2Counts, TypesOfTheSameCountsAgree) {
  const PixelMatrix m = reference::random_counts(
      reference::stripe_groups(30, 37, 3), 600, 2, {0, 5, 256, 300, 599}, 8);
  for (const PixelNormalization n : all_normalizations)
    for (const Index channels : {2, 6, 16, 20}) {
      const PixelG2Options options{
          .normalization = n, .lags = PixelLags::multi_tau, .channels_per_level = channels};
      const PixelG2 bytes =
          make_pixel_g2(Counts<std::uint8_t>(m).rows(), m.valid, m.groups, options);
      const PixelG2 words =
          make_pixel_g2(Counts<std::uint16_t>(m).rows(), m.valid, m.groups, options);
      const PixelG2 floats = make_pixel_g2(m, options);
      EXPECT_TRUE(bytes.exact);
      EXPECT_FALSE(floats.exact);
      expect_same(bytes, words);
      ASSERT_EQ(bytes.value.size(), floats.value.size());
      for (std::size_t k = 0; k < bytes.value.size(); ++k) {
        if (bytes.pairs[k] == 0)
          continue;
        EXPECT_NEAR(bytes.value[k], floats.value[k], 1e-7); // floats are rounded
        EXPECT_NEAR(bytes.error[k], floats.error[k], 1e-6 * bytes.error[k]);
      }
    }
}

TEST(PixelG2Counts, BlocksOfFramesMakeTheSameSums) {
  for (const std::vector<Index>& gaps :
       {std::vector<Index>{}, std::vector<Index>{0, 1, 255, 256, 400, 777}}) {
    const PixelMatrix m =
        reference::random_counts(reference::stripe_groups(20, 31, 2), 778, 3, gaps, 11);
    for (const PixelG2Options& options :
         {PixelG2Options{.lags = PixelLags::multi_tau},
          PixelG2Options{.normalization = PixelNormalization::symmetric,
          .lags = PixelLags::multi_tau,
          .channels_per_level = 4,
          .levels = 3}})
      for (const std::vector<Index>& blocks : {std::vector<Index>{1},
                                               std::vector<Index>{7, 300, 1, 0},
                                               std::vector<Index>{256},
                                               std::vector<Index>{778}}) {
        expect_same(make_pixel_g2(m, options), streamed<float>(m, options, blocks));
        expect_same(make_pixel_g2(Counts<std::uint8_t>(m).rows(), m.valid, m.groups, options),
                    streamed<std::uint8_t>(m, options, blocks));
        expect_same(make_pixel_g2(Counts<std::uint16_t>(m).rows(), m.valid, m.groups, options),
                    streamed<std::uint16_t>(m, options, blocks));
      }
  }
}

TEST(PixelG2Counts, ThreadsMakeTheSameSums) {
  const PixelMatrix m =
      reference::random_counts(reference::stripe_groups(80, 110, 3), 300, 2, {7}, 3);
  const PixelG2Options options{.lags = PixelLags::multi_tau};
  set_thread_count(1);
  const PixelG2 one = streamed<std::uint8_t>(m, options, {100});
  set_thread_count(4);
  expect_same(one, streamed<std::uint8_t>(m, options, {100}));
  expect_same(one, make_pixel_g2(Counts<std::uint8_t>(m).rows(), m.valid, m.groups, options));
  set_thread_count(0);
}

TEST(PixelG2Counts, FirstAndLastFramesAndEmptyOnesCount) {
  // A pixel pattern that is bright in one frame only: the product of that frame with another one is
  // in exactly the pairs that hold it.
  for (const Index bright : {0, 1, 255, 256, 519}) {
    PixelMatrix m = make_pixel_matrix(520, reference::stripe_groups(6, 6, 1));
    for (Index p = 0; p < 36; ++p) {
      m.row(bright)[p] = 255;
      m.row(bright < 500 ? bright + 3 : bright - 3)[p] = 2;
    }
    const PixelG2 g2 = make_pixel_g2(
        Counts<std::uint8_t>(m).rows(),
        m.valid,
        m.groups,
        {.normalization = PixelNormalization::plain, .lags = PixelLags::multi_tau, .levels = 1});
    const double mean = 257.0 / 520;
    for (Index lag = 1; lag <= 16; ++lag)
      EXPECT_NEAR(
          g2.value[lag - 1], lag == 3 ? 510 / double(520 - lag) / (mean * mean) : 0.0, 1e-13)
          << bright << " " << lag;
  }
}

TEST(PixelG2Counts, SaturatedCountsStayExact) {
  PixelMatrix m = make_pixel_matrix(600, reference::stripe_groups(5, 8, 1));
  for (Index t = 0; t < 600; ++t)
    for (Index p = 0; p < 40; ++p)
      m.row(t)[p] = t < 300 ? 0 : 65535 - float((t * 7 + p * 3) % 5); // the shift of the start is 0
  const PixelG2Options options{.lags = PixelLags::multi_tau, .levels = 6};
  const PixelG2 g2 = make_pixel_g2(Counts<std::uint16_t>(m).rows(), m.valid, m.groups, options);
  EXPECT_TRUE(g2.exact);
  for (Index lag = 1; lag <= 16; ++lag)
    EXPECT_NEAR(g2.value[lag - 1],
                reference::pixel_g2(m, PixelNormalization::symmetric_bin, true, lag, lag + 1, 0),
                1e-12);
}

TEST(PixelG2Counts, RejectsNonsense) {
  const PixelMatrix m = reference::random_counts(reference::stripe_groups(4, 4, 1), 10, 2, {}, 3);
  const Counts<std::uint8_t> counts(m);
  const auto flags = std::span(m.valid);
  EXPECT_THAT([&] { (void)make_pixel_g2(counts.rows(), flags.first(9), m.groups); },
              testing::ThrowsMessage<DataError>("flags of 9 frames, expected 10"));
  PixelRows narrow = counts.rows();
  narrow.stride = 15;
  EXPECT_THAT(
      [&] { (void)make_pixel_g2(narrow, m.valid, m.groups); },
      testing::ThrowsMessage<DataError>("frames 15 values apart, expected at least 16 pixels"));
  PixelG2Accumulator sums(m.groups, 10, {.lags = PixelLags::multi_tau});
  sums.push(counts.rows(0, 4), flags.first(4));
  EXPECT_THAT([&] { (void)sums.result(); },
              testing::ThrowsMessage<DataError>("4 frames, expected 10"));
  EXPECT_THAT([&] { sums.push(counts.rows(), flags); },
              testing::ThrowsMessage<DataError>("14 frames, expected 10"));
  EXPECT_THAT(
      [&] {
        sums.push({m.row(4), 1, m.stride}, flags.first(1));
      },
      testing::ThrowsMessage<DataError>("the type of the counts changes between blocks of frames"));
  EXPECT_GT(PixelG2Accumulator::predicted_bytes(1000, 5000, {.lags = PixelLags::multi_tau}), 0);
}
