// The virtual experiment after R24: its course, its stretches, and profiles of relaxation.
#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/synth/presets.hpp"

namespace vitrum::synth {
namespace {

TEST(R24, HasTheStretchesOfThePaper) {
  EXPECT_EQ(r24_mean_time_s(0), 400);
  EXPECT_NEAR(r24_mean_time_s(r24_event_s - 1e-6), 12000, 1e-3);
  EXPECT_NEAR(r24_mean_time_s(r24_event_s), 24000, 1e-3); // doubles
  for (const Stretch& s : r24_stretches()) {
    const double a = r24_mean_time_s(s.first_s), b = r24_mean_time_s(s.last_s - 1e-3);
    if (s.kind == Stretch::Kind::stationary) {
      EXPECT_NEAR(a, b, 1e-6);
    } else {
      const double middle = r24_mean_time_s((s.first_s + s.last_s) / 2);
      EXPECT_NEAR(middle, std::sqrt(a * b), 1e-3 * middle); // exponential
      EXPECT_NEAR(std::log(b / a) * s.aging_time_s, s.last_s - s.first_s, 1);
    }
  }
}

TEST(R24, FewerFramesAreLonger) {
  const auto whole = r24_preset();
  EXPECT_EQ(whole.frame_time_s, 2.5);
  validate(whole);
  const auto tenth = r24_preset(12000);
  EXPECT_EQ(tenth.frame_time_s, 25);
  EXPECT_EQ(tenth.events.at(0).frame, 8100);
  EXPECT_EQ(message_of([] { (void)r24_preset(10); }),
            "frames = 10: the preset r24 is made of 1000 to 120000");
}

TEST(R24, PlateausAreThoseOfThePaper) {
  auto o = r24_preset(12000);
  o.height = o.width = 64;
  const XpcsExperiment experiment(o);
  // 140,000 s are enough to forget everything that moves
  EXPECT_NEAR(experiment.true_g2(1, 0, 5600), r24_long_time_plateau, 1e-5);
  double sum = 0, squares = 0;
  for (Index p = 0; p < 64 * 64; ++p) {
    sum += experiment.expected_counts(p);
    squares += std::pow(experiment.expected_counts(p), 2);
  }
  // the two kinds of pixels are not exactly as many: 2 √v/64 of v
  EXPECT_NEAR(squares * 64 * 64 / (sum * sum) - 1, 0.0024, 1e-5);
  EXPECT_NEAR(sum / (64 * 64), o.mean_counts, 1e-3);
  const double tau = 9000 / (std::pow(2, -1 / 0.7) * std::tgamma(1 / 0.7) / 0.7);
  const double kept = std::exp(-2 * std::pow(25 / tau, 0.7)); // over one frame
  const double line = 0.035 + 0.0165 * 155000 / 300000 - 0.005 * std::log(9000.0 / 6000);
  EXPECT_NEAR(experiment.true_g2(1, 6200, 6201) - 1, 0.0024 + kept * (line - 0.0024), 1e-3 * line);
}

TEST(Profile, TimeRunsAsFastAsItSays) {
  XpcsOptions o;
  o.frames = 400;
  o.height = o.width = 8;
  o.partition.q_bins = 1;
  o.q_power = 0;
  o.tau_s = 20;
  o.exponent = 1;
  o.aging = Aging::profile;
  o.aging_profile = {{50, 1}, {150, 4}, {150, 8}, {300, 2}};
  const XpcsExperiment experiment(o);
  // midpoint sum of dt/(τ a(t))
  const auto factor = [](double t) {
    if (t < 50)
      return 1.0;
    if (t < 150)
      return std::pow(4, (t - 50) / 100);
    return t < 300 ? 8 * std::pow(0.25, (t - 150) / 150) : 2.0;
  };
  for (const auto& [from, to] :
       {std::pair<Index, Index>{0, 40}, {20, 120}, {100, 320}, {310, 350}}) {
    double xi = 0;
    for (double t = double(from) + 0.005; t < double(to); t += 0.01)
      xi += 0.01 / (20 * factor(t));
    EXPECT_NEAR(experiment.true_g2(1, from, to), 1 + o.contrast * std::exp(-2 * xi), 1e-4);
  }
  o.aging_profile = {};
  EXPECT_EQ(message_of([&] { validate(o); }), "aging_profile: no points");
}

TEST(Profile, FramesBlurTheContrast) {
  XpcsOptions o;
  o.frames = 300;
  o.height = o.width = 64;
  o.partition.q_bins = 1;
  o.q_power = 0;
  o.tau_s = 1e6;
  o.mean_counts = 20;
  for (Index f = 0; f < o.frames; ++f)
    o.frame_contrast.push_back(f < 150 ? 1.0 : 0.5);
  const XpcsExperiment experiment(o);
  EXPECT_NEAR(experiment.true_g2(1, 0, 10) - 1, 0.3, 0.01);
  EXPECT_NEAR(experiment.true_g2(1, 0, 200) - 1, 0.15, 0.01);
  EXPECT_NEAR(experiment.true_g2(1, 200, 210) - 1, 0.075, 0.005);
  o.frame_contrast.pop_back();
  EXPECT_EQ(message_of([&] { validate(o); }), "frame_contrast: 299 factors for 300 frames");
}

} // namespace
} // namespace vitrum::synth
