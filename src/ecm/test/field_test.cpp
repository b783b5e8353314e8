#include <cmath>

#include <gtest/gtest.h>

#include "speckle.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/correlate_field.hpp"
#include "vitrum/ecm/field.hpp"
#include "vitrum/ecm/field_source.hpp"
#include "vitrum/ecm/frame_values.hpp"

namespace vitrum::ecm {
namespace {

/// Still speckle in a few frames, moved as told.
struct Moved {
  std::vector<float> values;
  std::unique_ptr<frames::FrameSource> source;
  DriftPath path;
  std::vector<double> frame_mean, time_mean;
};

Moved move(std::vector<double> y, std::vector<double> x, double offset = 0) {
  SpeckleMovie m;
  m.frames = static_cast<Index>(y.size());
  m.height = 64;
  m.width = 72;
  m.drift_y = y;
  m.drift_x = x;
  Moved out;
  out.values = make_speckle(m);
  for (float& v : out.values)
    v = 10 + 3 * v + static_cast<float>(offset);
  const std::size_t pixels = 64 * 72;
  out.time_mean.assign(pixels, 0);
  for (Index t = 0; t < m.frames; ++t) {
    Moments mean;
    for (std::size_t p = 0; p < pixels; ++p) {
      const auto v = static_cast<double>(out.values[static_cast<std::size_t>(t) * pixels + p]);
      mean.add(v);
      out.time_mean[p] += v / static_cast<double>(m.frames);
    }
    out.frame_mean.push_back(mean.mean);
  }
  out.path = no_drift(m.frames);
  out.path.y_px = std::move(y);
  out.path.x_px = std::move(x);
  out.source = frames::make_memory_source(out.values, m.frames, m.height, m.width);
  return out;
}

FieldOptions plain(Shift shift) {
  FieldOptions o;
  o.shift = shift;
  o.dose = DoseScheme::none;
  o.smooth_px = 0;
  return o;
}

std::vector<std::vector<float>> frames_of(const Field& field, Index count) {
  std::vector<std::vector<float>> out(static_cast<std::size_t>(count));
  field.frames(0, count, [&](Index frame, std::span<const float> values) {
    out[static_cast<std::size_t>(frame)].assign(values.begin(), values.end());
  });
  return out;
}

TEST(Field, SincBringsFractionsOfAPixelBack) {
  auto m = move({0, 1.37, -2.5, 3.81}, {0, -0.42, 2.5, 4.2});
  const Field field(*m.source, {}, m.path, m.frame_mean, m.time_mean, plain(Shift::sinc));
  EXPECT_EQ(field.rows(), 64 - (6 + 3) - (6 + 4));
  EXPECT_EQ(field.columns(), 72 - (6 + 1) - (6 + 5));
  const auto frames = frames_of(field, 4);
  double power = 0;
  for (const float v : frames[0])
    power += static_cast<double>(v * v);
  for (std::size_t t = 1; t < 4; ++t) {
    double off = 0;
    for (std::size_t i = 0; i < frames[0].size(); ++i)
      off += std::pow(static_cast<double>(frames[t][i] - frames[0][i]), 2);
    EXPECT_LT(std::sqrt(off / power), 0.01)
        << t; // speckle of 4 px is far from the highest frequency
  }
}

TEST(Field, WholePixelsKeepTheirValues) {
  auto m = move({0, 2, -3, 0.4}, {0, -1, 5, -0.3});
  const Field field(*m.source, {}, m.path, m.frame_mean, m.time_mean, plain(Shift::whole));
  const auto frames = frames_of(field, 4);
  double dose = 0;
  for (const double v : m.frame_mean)
    dose += v / 4;
  const Index at[4][2] = {{0, 0}, {2, -1}, {-3, 5}, {0, 0}};
  for (std::size_t t = 0; t < 4; ++t)
    for (Index y = 0; y < field.rows(); y += 7)
      for (Index x = 0; x < field.columns(); x += 5) {
        const Index from = ((static_cast<Index>(t) * 64) + y + field.first_y() + at[t][0]) * 72 +
                           x + field.first_x() + at[t][1];
        const double wanted =
            static_cast<double>(m.values[static_cast<std::size_t>(from)]) / dose - 1;
        EXPECT_NEAR(
            static_cast<double>(frames[t][static_cast<std::size_t>(y * field.columns() + x)]),
            wanted,
            1e-6);
      }
  // the same through strips, and as a series of frames
  const auto strips = field.load(3, 4);
  EXPECT_EQ(strips.strip(0)[1 * strip_pixels + 5],
            frames[1][static_cast<std::size_t>(3 * field.columns() + 5)]);
  const auto source = make_field_source(field, 2);
  std::vector<float> thin(static_cast<std::size_t>(source->info().pixels()));
  source->read(2, 1, reinterpret_cast<std::byte*>(thin.data()));
  EXPECT_EQ(thin[1], 1 + frames[2][2]);
}

TEST(Field, BinsPixelsAndFillsBadOnes) {
  auto m = move({0, 0}, {0, 0});
  auto o = plain(Shift::sinc);
  o.use.assign(64 * 72, 1);
  o.use[72 + 1] = 0;
  m.values[72 + 1] = 1e6F;
  auto source = frames::make_memory_source(m.values, 2, 64, 72);
  const Field whole(*source, {}, m.path, m.frame_mean, m.time_mean, o);
  const auto fine = frames_of(whole, 1)[0];
  EXPECT_LT(fine[static_cast<std::size_t>(whole.columns() + 1)], 10);
  o.bin = 2;
  const Field binned(*source, {}, m.path, m.frame_mean, m.time_mean, o);
  EXPECT_EQ(binned.rows(), 32);
  const auto coarse = frames_of(binned, 1)[0];
  const auto w = static_cast<std::size_t>(whole.columns());
  EXPECT_NEAR(coarse[3], 0.25F * (fine[6] + fine[7] + fine[w + 6] + fine[w + 7]), 1e-6);
}

TEST(Field, OfIntensityThatFallsIsNormalised) {
  auto m = move({0, 0, 0, 0, 0}, {0, 0, 0, 0, 0});
  for (std::size_t t = 0; t < 5; ++t) {
    const auto factor = static_cast<float>(std::exp(-0.2 * static_cast<double>(t)));
    for (std::size_t p = 0; p < 64 * 72; ++p)
      m.values[t * 64 * 72 + p] *= factor;
    m.frame_mean[t] *= static_cast<double>(factor);
  }
  auto source = frames::make_memory_source(m.values, 5, 64, 72);
  for (const auto scheme : {DoseScheme::frame_mean, DoseScheme::trend}) {
    auto o = plain(Shift::sinc);
    o.dose = scheme;
    const Field field(*source, {}, m.path, m.frame_mean, m.time_mean, o);
    const auto frames = frames_of(field, 5);
    for (std::size_t i = 0; i < frames[0].size(); i += 11)
      EXPECT_NEAR(frames[4][i], frames[0][i], 1e-5) << name_of(scheme);
  }
}

TEST(BadPixels, AreFilledFromAroundOrWithTheMean) {
  std::vector<std::uint8_t> use(20 * 40, 0);
  std::vector<float> frame(use.size(), 99.0F);
  for (const auto& [pixel, value] :
       {std::pair(0, 2.0F), std::pair(1, 4.0F), std::pair(5 * 40 + 4, 9.0F)}) {
    use[static_cast<std::size_t>(pixel)] = 1;
    frame[static_cast<std::size_t>(pixel)] = value;
  }
  BadPixels(use, 20, 40).fill(frame);
  EXPECT_EQ(frame[0], 2);
  EXPECT_EQ(frame[40], 3);         // two good ones touch
  EXPECT_EQ(frame[4 * 40 + 3], 9); // one does
  EXPECT_EQ(frame[19 * 40 + 39], 5);
}

std::string message_of(const Moved& m, const FieldOptions& options) {
  try {
    const Field field(*m.source, {}, m.path, m.frame_mean, m.time_mean, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Field, SaysWhatIsWrong) {
  EXPECT_EQ(message_of(move({0, 50}, {0, 10}), plain(Shift::sinc)),
            "memory: the sample drifts by 50.0 px in y and 10.0 px in x: frames of 64 x 72 have no "
            "field in "
            "common; choose --frames");
  const auto empty = message_of(move({0, 0}, {0, 0}, -100), plain(Shift::sinc));
  EXPECT_TRUE(empty.starts_with("memory: the mean is -8")) << empty;
  EXPECT_TRUE(
      empty.ends_with("there is no intensity to compare fluctuations with; give the camera's zero "
                      "with --pedestal or --dark"));
  auto o = plain(Shift::sinc);
  o.bin = 0;
  EXPECT_EQ(message_of(move({0, 0}, {0, 0}), o), "bin = 0: must lie between 1 and 64");
}

TEST(ShiftLoss, IsSmallForTheSincAndKnownForWholePixels) {
  for (const double speckle : {3.0, 4.0, 8.0}) {
    EXPECT_LT(std::abs(shift_loss(Shift::sinc, speckle)), 2e-3);
    // displacements differ by 1/6 px² along each axis on average
    EXPECT_NEAR(
        shift_loss(Shift::whole, speckle), 1 / (3 * speckle * speckle), 0.1 / (speckle * speckle));
  }
}

TEST(CorrelateField, GivesTheSameInAnyNumberOfBlocks) {
  auto m = move({0, 0.5, 1, 1.5, 2, 1}, {0, 0, 0.3, 0.3, 1, 1});
  const Field field(*m.source, {}, m.path, m.frame_mean, m.time_mean, plain(Shift::sinc));
  const std::vector<Index> lags{1, 2, 4};
  const auto all = correlate_field(field, lags, Estimator::pixel_mean, Index{1} << 30, 1);
  const Index little =
      correlation_bytes(field.rows(), field.columns(), 3) + 5 * row_bytes(field.columns(), 6);
  const auto parts = correlate_field(field, lags, Estimator::pixel_mean, little, 1);
  for (Index i = 0; i < all.g2.size(); ++i)
    ASSERT_EQ(all.g2[i], parts.g2[i]);
  for (std::size_t k = 0; k < 3; ++k) {
    double mean = 0;
    for (Index p = 0; p < all.pixels(); ++p)
      mean += static_cast<double>(all.lag(k)[p]) / static_cast<double>(all.pixels());
    EXPECT_NEAR(all.image.value[k], mean, 1e-9);
    EXPECT_NEAR(parts.image.value[k], mean, 1e-9);
    EXPECT_GT(all.image.error[k], 0);
  }
  EXPECT_THROW((void)correlate_field(field, lags, Estimator::pixel_mean, 1000, 1), OptionError);
}

} // namespace
} // namespace vitrum::ecm
