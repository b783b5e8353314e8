#include <cmath>
#include <cstdio>
#include <numbers>

#include <gtest/gtest.h>

#include "drift_bound.hpp"
#include "speckle.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/ecm/drift.hpp"

namespace vitrum::ecm {
namespace {

void add_path(SpeckleMovie& m, double total_px) {
  for (Index t = 0; t < m.frames; ++t) {
    const double u = static_cast<double>(t) / static_cast<double>(m.frames - 1);
    m.drift_y.push_back(total_px * 0.6 * u + 0.4 * std::sin(7 * u));
    m.drift_x.push_back(-total_px * 0.8 * u + 0.3 * std::sin(5 * u));
  }
}

/// Root mean square distance of each coordinate about the mean.
double rms_error(const DriftPath& path, const SpeckleMovie& m) {
  double sum = 0;
  for (const auto& [found, truth] :
       {std::pair(&path.y_px, &m.drift_y), std::pair(&path.x_px, &m.drift_x)}) {
    double mean = 0;
    for (std::size_t t = 0; t < truth->size(); ++t)
      mean += ((*found)[t] - (*truth)[t]) / static_cast<double>(truth->size());
    for (std::size_t t = 0; t < truth->size(); ++t)
      sum += std::pow((*found)[t] - (*truth)[t] - mean, 2);
  }
  return std::sqrt(sum / 2 / static_cast<double>(m.frames));
}

TEST(Drift, OfStillSpeckleIsFoundToAFewHundredthsOfAPixel) {
  SpeckleMovie m;
  m.frames = 40;
  m.height = m.width = 128;
  m.noise = 0.1;
  add_path(m, 6);
  auto source = speckle_source(m);
  const auto path = measure_drift(*source, {}, {});
  EXPECT_LT(rms_error(path, m), 0.03);
  EXPECT_NEAR(
      path.total_px(), std::hypot(6 * 0.6 + 0.4 * std::sin(7), 6 * 0.8 - 0.3 * std::sin(5)), 0.35);
  EXPECT_NEAR(path.speckle_px, 4, 0.6);
}

// Tapers stand still: what they scatter into high frequencies draws displacements towards zero,
// the more the smaller the tiles are.
TEST(Drift, OfSmallFramesIsNotTooShort) {
  double slope = 0;
  constexpr int seeds = 6;
  for (int seed = 1; seed <= seeds; ++seed) {
    SpeckleMovie m;
    m.frames = 30;
    m.height = m.width = 64;
    m.noise = 0.1;
    m.seed = static_cast<std::uint64_t>(seed);
    for (Index t = 0; t < m.frames; ++t) {
      m.drift_y.push_back(0.3 * std::sin(seed) * static_cast<double>(t));
      m.drift_x.push_back(0.3 * std::cos(seed) * static_cast<double>(t));
    }
    auto source = speckle_source(m);
    const auto path = measure_drift(*source, {}, {});
    double products = 0, squares = 0;
    for (std::size_t t = 0; t < path.y_px.size(); ++t) {
      products += path.y_px[t] * m.drift_y[t] + path.x_px[t] * m.drift_x[t];
      squares += m.drift_y[t] * m.drift_y[t] + m.drift_x[t] * m.drift_x[t];
    }
    slope += products / squares / seeds;
  }
  EXPECT_NEAR(slope, 1, 0.03);
}

TEST(Drift, OfDecorrelatingSpeckle) {
  SpeckleMovie m;
  m.frames = 60;
  m.height = m.width = 256;
  m.tau = 8;
  m.noise = 0.1;
  add_path(m, 5);
  auto source = speckle_source(m);
  const auto path = measure_drift(*source, {}, {});
  const double error = rms_error(path, m);
  EXPECT_LT(error, 0.1);
  EXPECT_GT(path.residual_rms_px, error / 3); // the stated error is that of this size
  EXPECT_LT(path.residual_rms_px, error * 3);
}

TEST(Drift, IsNotHeldByBadPixels) {
  SpeckleMovie m;
  m.frames = 20;
  m.noise = 0.1;
  add_path(m, 6);
  auto movie = make_speckle(m);
  DriftOptions options;
  options.use.assign(96 * 96, 1);
  for (const std::size_t hot :
       {30U * 96U + 40U, 30U * 96U + 41U, 70U * 96U + 12U, 8U * 96U + 80U}) {
    options.use[hot] = 0;
    for (std::size_t t = 0; t < 20; ++t)
      movie[t * 96 * 96 + hot] = 3000;
  }
  auto source = frames::make_memory_source(std::move(movie), 20, 96, 96);
  EXPECT_LT(rms_error(measure_drift(*source, {}, options), m), 0.1);
  EXPECT_GT(rms_error(measure_drift(*source, {}, {}), m), 0.5);
}

TEST(Drift, OfAStepAndAGap) {
  SpeckleMovie m;
  m.frames = 30;
  m.noise = 0.1;
  add_path(m, 0);
  for (std::size_t t = 15; t < 30; ++t)
    m.drift_x[t] += 9.3;
  auto movie = make_speckle(m);
  std::vector<std::uint8_t> bad(30, 0);
  bad[7] = bad[8] = 1;
  for (std::size_t i = 7 * 96 * 96; i < 9 * 96 * 96; ++i)
    movie[i] = 0;
  auto source = frames::make_memory_source(std::move(movie), 30, 96, 96);
  const auto path = measure_drift(*source, bad, {});
  m.drift_y[7] = path.y_px[7] + m.drift_y[6] - path.y_px[6]; // between its neighbours: not compared
  m.drift_x[7] = path.x_px[7] + m.drift_x[6] - path.x_px[6];
  m.drift_y[8] = path.y_px[8] + m.drift_y[9] - path.y_px[9];
  m.drift_x[8] = path.x_px[8] + m.drift_x[9] - path.x_px[9];
  EXPECT_LT(rms_error(path, m), 0.05);
  EXPECT_GT(path.x_px[7], std::min(path.x_px[6], path.x_px[9]) - 1e-9);
  EXPECT_LT(path.x_px[7], std::max(path.x_px[6], path.x_px[9]) + 1e-9);
}

/// 5 px over 120 frames of speckle whose τ is a twentieth of the series.
TEST(DriftCalibration, OfDecorrelatingSpeckleInNoise) {
  for (const double speckle : {3.0, 4.0})
    for (const double noise : {0.0, 0.1, 0.2}) {
      SpeckleMovie m;
      m.frames = 120;
      m.height = m.width = 256;
      m.tau = 6;
      m.speckle_px = speckle;
      m.noise = noise;
      add_path(m, 5);
      double error = 0, stated = 0;
      constexpr int seeds = 4;
      for (int seed = 1; seed <= seeds; ++seed) {
        m.seed = static_cast<std::uint64_t>(seed);
        auto source = speckle_source(m);
        const auto path = measure_drift(*source, {}, {});
        error += std::pow(rms_error(path, m), 2) / seeds;
        stated += std::pow(path.residual_rms_px, 2) / seeds;
      }
      error = std::sqrt(error);
      stated = std::sqrt(stated);
      std::printf("speckle %g px, noise %g: rms error %.3f px, stated %.3f px, bound %.3f px\n",
                  speckle,
                  noise,
                  error,
                  stated,
                  drift_bound_px(m));
      EXPECT_LE(error, 0.1) << speckle << " px, noise " << noise;
      // four series of some independent stretches each
      EXPECT_NEAR(std::log(stated / error), 0, 0.35) << speckle << " px, noise " << noise;
    }
}

std::string message_of(frames::FrameSource& source, std::vector<std::uint8_t> bad = {}) {
  try {
    (void)measure_drift(source, bad, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Drift, SaysWhyItCannotBeFound) {
  auto small = frames::make_memory_source(std::vector<float>(4 * 20 * 20, 1.0F), 4, 20, 20);
  EXPECT_EQ(message_of(*small).substr(0, 53),
            "memory: frames of 20 x 20 are too small to find a dri");
  Random random(3);
  std::vector<float> noise(6 * 64 * 64);
  for (float& value : noise)
    value = static_cast<float>(random.normal());
  auto nothing = frames::make_memory_source(std::move(noise), 6, 64, 64);
  EXPECT_EQ(message_of(*nothing),
            "memory: no two frames within 24 have anything in common that could show a drift; take "
            "--no-drift, or frames with more signal");
  SpeckleMovie m;
  m.frames = 8;
  auto movie = make_speckle(m);
  m.seed = 2; // another place
  const auto other = make_speckle(m);
  movie.insert(movie.end(), other.begin(), other.end());
  auto two = frames::make_memory_source(std::move(movie), 16, 96, 96);
  EXPECT_EQ(message_of(*two),
            "memory: frame 8 has nothing in common with those near it: the drift cannot be "
            "followed; leave "
            "it out with --bad-frames, choose --frames, or a longer --drift-window");
}

} // namespace
} // namespace vitrum::ecm
