#include "vitrum/correlate/event_kernel.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/float_kernel.hpp"
#include "vitrum/correlate/one_time.hpp"
#include "vitrum/correlate/two_time.hpp"

namespace vitrum::correlate {
namespace {

using reference::random_counts;
using reference::stripe_groups;

constexpr Normalization all_normalizations[] = {
    Normalization::plain, Normalization::static_bin, Normalization::corrcoef};

/// Divides the pixels by something that is not flat, in both forms.
void weigh(PixelMatrix& counts, EventMatrix& events) {
  for (Index p = 0; p < counts.pixels(); ++p) {
    const float weight = 0.5F + static_cast<float>(p % 7) * 0.21F;
    events.weight.push_back(weight);
    for (Index t = 0; t < counts.frames; ++t)
      counts.row(t)[p] *= weight;
  }
}

struct Case {
  Index frames, height, width, statics, groups;
  double mean;
  std::vector<Index> gaps;
  bool weighted;
};

const Case cases[] = {
    {70, 12, 9, 1, 5, 0.5, {}, false},
    {70, 12, 9, 3, 5, 0.9, {3}, false},
    {90, 20, 20, 1, 8, 0.05, {0, 17, 18, 89}, false},
    {90, 20, 20, 2, 8, 0.08, {0, 17, 18, 89}, true},
    {150, 30, 11, 1, 4, 0.02, {}, true},
    {130, 40, 40, 1, 32, 0.01, {64}, false},
    {40, 3, 2, 1, 4, 2.0, {}, false},
    {300, 12, 10, 1, 4, 0.3, {}, false}, // several blocks, padded
    {300, 12, 10, 1, 4, 0.3, {100}, true},
    {50, 16, 16, 1, 6, 400, {5}, false}, // far above 255 and nothing empty
};

PixelMatrix make_counts(const Case& c) {
  PixelMatrix counts = random_counts(
      stripe_groups(c.height, c.width, c.statics, c.groups), c.frames, c.mean, c.gaps, 3);
  for (Index p = 0; p < counts.pixels(); ++p)
    counts.row(c.frames / 2)[p] = 0; // a frame without counts
  if (c.mean < 1)
    counts.row(7)[1] = 3000;
  return counts;
}

// Sums over the pixels of every group, for tiles of every place, equal those of floats.
TEST(EventKernel, GroupSumsEqualThoseOfFloats) {
  for (const Case& c : cases)
    for (const Normalization normalization : all_normalizations) {
      PixelMatrix counts = make_counts(c);
      EventMatrix events = make_event_matrix(counts);
      if (c.weighted)
        weigh(counts, events);
      const EventKernel kernel(events, normalization);
      const FloatKernel twin(copy(counts), normalization);
      ASSERT_TRUE(std::equal(kernel.valid().begin(), kernel.valid().end(), twin.valid().begin()));
      ASSERT_EQ(kernel.rejected().size(), twin.rejected().size());
      for (std::size_t r = 0; r < kernel.rejected().size(); ++r) {
        EXPECT_EQ(kernel.rejected()[r].frame, twin.rejected()[r].frame);
        EXPECT_EQ(kernel.rejected()[r].reason, twin.rejected()[r].reason);
      }
      for (std::size_t i = 0; i < twin.group_shift().size(); ++i)
        ASSERT_NEAR(kernel.group_shift()[i], twin.group_shift()[i], 1e-5 * (1 + 1 / c.mean));
      const Index n = counts.pixels();
      std::vector<float> u(static_cast<std::size_t>(n * c.frames)), v(u);
      for (Index t = 0; t < c.frames; ++t) {
        kernel.fluctuations(t, {u.data() + t * n, static_cast<std::size_t>(n)});
        twin.fluctuations(t, {v.data() + t * n, static_cast<std::size_t>(n)});
      }
      for (std::size_t i = 0; i < u.size(); ++i)
        ASSERT_NEAR(u[i], v[i], 1e-5 * (1 + std::abs(v[i])));
      std::vector<double> norm(static_cast<std::size_t>(c.frames), 0.0); // Σ|δδ'| is not larger
      for (Index t = 0; t < c.frames; ++t) {
        for (Index p = 0; p < n; ++p)
          norm[t] += double(v[t * n + p]) * double(v[t * n + p]);
        norm[t] = std::sqrt(norm[t]);
      }
      for (const Index edge : {16, 64, 33, 80})
        for (Index row0 = 0; row0 < c.frames; row0 += edge)
          for (Index col0 = 0; col0 <= row0; col0 += edge)
            for (Index g = 0; g < kernel.group_count(); ++g) {
              const Index rows = std::min(edge, c.frames - row0);
              const Index cols = std::min(edge, c.frames - col0);
              std::vector<float> a(static_cast<std::size_t>(rows * 80), 7.0F), b(a);
              kernel.product(g, row0, rows, col0, cols, a.data(), 80);
              twin.product(g, row0, rows, col0, cols, b.data(), 80);
              for (Index i = 0; i < rows; ++i)
                for (Index j = 0; j < (row0 == col0 ? i + 1 : cols); ++j) {
                  // A few tens of roundings of floats: of δδ', and of what x/<x> x'/<x'> and
                  // means sum to, of the order of pixels (or counts, for corrcoef).
                  const double size =
                      static_cast<double>(n) * (1 + c.mean) + norm[row0 + i] * norm[col0 + j];
                  ASSERT_NEAR(a[i * 80 + j], b[i * 80 + j], 2e-6 * size)
                      << c.frames << " " << g << " " << row0 + i << " " << col0 + j;
                }
            }
    }
}

TEST(EventKernel, OneTimeFunctionsEqualThoseOfFloats) {
  PixelMatrix counts = random_counts(stripe_groups(24, 24, 2, 16), 300, 0.2, {5, 6, 100}, 9);
  const EventMatrix events = make_event_matrix(counts);
  for (const Normalization normalization : all_normalizations) {
    const EventKernel kernel(events, normalization);
    const FloatKernel twin(copy(counts), normalization);
    OneTimeOptions options;
    options.windows = {{0, 150}, {100, 290}};
    const OneTimeFunctions a = make_one_time(kernel, options);
    const OneTimeFunctions b = make_one_time(twin, options);
    for (Index k = 0; k < a.whole.lags(); ++k) {
      EXPECT_NEAR(a.whole.value[k], b.whole.value[k], 1e-5);
      EXPECT_NEAR(a.whole.error[k], b.whole.error[k], 1e-4 * b.whole.error[k]);
      ASSERT_EQ(a.windows[1].pairs[k], b.windows[1].pairs[k]);
      if (b.windows[1].pairs[k] == 0)
        continue;
      EXPECT_NEAR(a.windows[1].value[k], b.windows[1].value[k], 1e-5);
    }
  }
}

// Repeated calls, and threads, give the same bits.
TEST(EventKernel, RepeatsBitForBit) {
  const PixelMatrix counts = random_counts(stripe_groups(30, 30, 2, 8), 400, 0.05, {}, 4);
  const EventMatrix events = make_event_matrix(counts);
  for (const Normalization normalization : {Normalization::plain, Normalization::static_bin}) {
    const EventKernel kernel(events, normalization);
    set_thread_count(1);
    const TwoTimeMap one = make_two_time_map(kernel, {.tile = 64});
    set_thread_count(3);
    const TwoTimeMap two = make_two_time_map(kernel, {.tile = 64});
    set_thread_count(0);
    for (Index i = 0; i < one.values.size(); ++i)
      ASSERT_EQ(one.values[i], two.values[i]);
  }
}

} // namespace
} // namespace vitrum::correlate
