#include "vitrum/synth/xpcs.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "reference.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::synth {
namespace {

using models::DecayModel;

XpcsOptions small() {
  XpcsOptions o;
  o.frames = 200;
  o.height = 64;
  o.width = 48;
  o.partition.q_bins = 2;
  o.tau_s = 12;
  o.contrast = 0.5;
  o.mean_counts = 2;
  return o;
}

// Every lag of every bin within 4.5 of its own standard errors (of some 200 in this file: a chance
// of 1e-3 that the fixed seeds would fail).
void expect_truth(const XpcsOptions& options) {
  const XpcsExperiment experiment(options);
  const auto counts = all_counts(experiment);
  for (Index bin = 1; bin <= experiment.partition().bin_count(); ++bin)
    for (const Index lag : {0, 1, 2, 5, 12, 30, 100}) {
      const Measured m = correlation(experiment, counts, bin, lag, 0, options.frames - lag);
      const double truth = experiment.true_g2(bin, static_cast<double>(lag) * options.frame_time_s);
      EXPECT_NEAR(m.value, truth, 4.5 * m.error)
          << models::name(options.model) << " exponent " << options.exponent << " bin " << bin
          << " lag " << lag << " pull " << (m.value - truth) / m.error;
      EXPECT_LT(m.error, 0.05);
    }
}

TEST(Xpcs, KwwOfEveryExponentByCirculant) {
  for (const double exponent : {0.3, 0.5, 0.7, 1.0, 1.5, 1.8, 2.0}) {
    XpcsOptions o = small();
    o.exponent = exponent;
    o.method = FieldMethod::circulant;
    o.seed = static_cast<std::uint64_t>(100 * exponent);
    expect_truth(o);
  }
}

TEST(Xpcs, MixturesOfExponentialsByModes) {
  for (const auto& [model, exponent] : {std::pair{DecayModel::exp, 1.0},
                                        {DecayModel::kww, 0.3},
                                        {DecayModel::kww, 0.6},
                                        {DecayModel::kww, 0.95},
                                        {DecayModel::ml_squared, 0.4},
                                        {DecayModel::ml_squared, 0.8}}) {
    XpcsOptions o = small();
    o.model = model;
    o.exponent = exponent;
    o.method = FieldMethod::modes;
    EXPECT_LT(XpcsExperiment(o).g1_error(), 1e-3);
    expect_truth(o);
  }
}

TEST(Xpcs, OtherModels) {
  XpcsOptions o = small();
  o.model = DecayModel::ml;
  o.exponent = 0.7;
  expect_truth(o);
  o.model = DecayModel::ml_squared;
  expect_truth(o);
  o.model = DecayModel::kww2;
  o.tau2_s = 80;
  o.exponent = 1.4;
  o.exponent2 = 0.6;
  o.tau_s = 5;
  expect_truth(o);
}

TEST(Xpcs, ContrastOfModesAndBackground) {
  XpcsOptions o = small();
  o.q_power = 0;
  for (const auto& [contrast, modes, background] : {std::tuple{1.0, Index{1}, 0.0},
                                                    {0.25, Index{4}, 0.0},
                                                    {0.2, Index{3}, 0.0},
                                                    {0.05, Index{1}, 0.0},
                                                    {0.8, Index{1}, 0.5}}) {
    o.contrast = contrast;
    o.modes = modes;
    o.background = background;
    EXPECT_DOUBLE_EQ(XpcsExperiment(o).contrast(), contrast * (1 - background) * (1 - background));
    expect_truth(o);
    o.method = FieldMethod::modes;
    o.partition.q_bins = 1;
    expect_truth(o);
    o.method = FieldMethod::automatic;
  }
}

TEST(Xpcs, SlopeDriftAndJitterLeaveTheTruth) {
  XpcsOptions o = small();
  o.sq_slope = 1.5;
  o.drift = 0.4;
  o.jitter = 0.1;
  expect_truth(o);
}

// Static pixels (τ → ∞) given their mean: counts are Poisson, of means that sum up exactly.
TEST(Xpcs, CountsArePoisson) {
  for (const double mean : {1e-3, 0.05, 1.0, 11.0, 13.0, 300.0}) {
    XpcsOptions o = small();
    o.contrast = 1e-9;
    o.mean_counts = mean;
    o.frames = 300;
    const XpcsExperiment experiment(o);
    const auto counts = all_counts(experiment);
    double n = 0, sum = 0, squares = 0, cubes = 0;
    for (const double value : counts) {
      n += 1;
      sum += value - mean;
      squares += (value - mean) * (value - mean);
      cubes += std::pow(value - mean, 3);
    }
    // central moments of Poisson: µ2 = µ, µ3 = µ, µ4 = µ + 3µ², µ6 = µ + 25µ² + 15µ³
    EXPECT_NEAR(sum / n, 0, 4 * std::sqrt(mean / n)) << mean;
    EXPECT_NEAR(squares / n, mean, 4 * std::sqrt((mean + 2 * mean * mean) / n)) << mean;
    EXPECT_NEAR(
        cubes / n, mean, 4 * std::sqrt((mean + 24 * mean * mean + 15 * mean * mean * mean) / n))
        << mean;
  }
}

TEST(Xpcs, EventDropsTheCorrelation) {
  for (const FieldMethod method : {FieldMethod::modes, FieldMethod::circulant}) {
    XpcsOptions o = small();
    o.q_power = 0;
    o.tau_s = 200;
    o.exponent = 0.8;
    o.partition.q_bins = 1;
    o.method = method;
    o.events = {{50, 0.6}, {120, 0.0}};
    const XpcsExperiment experiment(o);
    const auto counts = all_counts(experiment);
    const auto check = [&](Index frame1, Index frame2) {
      const Measured m = correlation(experiment, counts, 1, frame2 - frame1, frame1, frame1 + 1);
      EXPECT_NEAR(m.value, experiment.true_g2(1, frame1, frame2), 4 * m.error)
          << name(method) << " " << frame1 << " " << frame2;
    };
    check(48, 49);
    check(49, 50); // across the first
    check(30, 70);
    check(50, 51);
    check(119, 120); // across the second: nothing is left
    check(40, 130);
    check(150, 190);
    EXPECT_DOUBLE_EQ(experiment.true_g2(1, 119, 120), 1);
    EXPECT_NEAR(
        experiment.true_g2(1, 49, 50) - 1, 0.36 * (experiment.true_g2(1, 48, 49) - 1), 1e-12);
  }
}

TEST(Xpcs, AgingIsAWarpOfTime) {
  for (const Aging aging : {Aging::exponential, Aging::power}) {
    XpcsOptions o = small();
    o.aging = aging;
    o.aging_time_s = 60;
    o.aging_power = 1.7;
    o.frames = 250;
    o.tau_s = 8;
    const XpcsExperiment experiment(o);
    EXPECT_EQ(experiment.method(), FieldMethod::modes);
    const auto counts = all_counts(experiment);
    for (Index bin = 1; bin <= 2; ++bin)
      for (const auto& [frame1, lag] :
           {std::pair<Index, Index>{0, 3}, {0, 20}, {60, 20}, {130, 20}, {130, 100}, {240, 5}}) {
        const Measured m = correlation(experiment, counts, bin, lag, frame1, frame1 + 1);
        // products of counts are skewed, so the pulls of one pair of frames have a long tail
        EXPECT_NEAR(m.value, experiment.true_g2(bin, frame1, frame1 + lag), 5 * m.error)
            << name(aging) << " " << frame1 << " " << lag;
      }
    // τ grows, so later pairs of the same lag are more alike
    EXPECT_GT(experiment.true_g2(1, 130, 150), experiment.true_g2(1, 0, 20));
  }
  // ξ of the exponential by hand: from t = 0 to t' ln 2 half of t'
  XpcsOptions o = small();
  o.aging = Aging::exponential;
  o.frame_time_s = std::log(2.0);
  o.aging_time_s = 100;
  o.q_power = 0;
  o.exponent = 1;
  const XpcsExperiment experiment(o);
  EXPECT_NEAR(experiment.true_g2(1, 0, 100), 1 + 0.5 * std::exp(-2 * 50.0 / 12), 1e-12);
}

TEST(Xpcs, GapsHotAndDeadPixels) {
  XpcsOptions o = small();
  o.gaps = {{20, 30}, {100, 101}};
  o.hot_pixels = 5;
  o.dead_pixels = 3;
  o.hot_factor = 20;
  const XpcsExperiment experiment(o);
  const auto counts = all_counts(experiment);
  const Index pixels = o.height * o.width;
  for (Index f = 0; f < o.frames; ++f) {
    double sum = 0;
    for (Index p = 0; p < pixels; ++p)
      sum += counts[static_cast<std::size_t>(f * pixels + p)];
    if ((f >= 20 && f < 30) || f == 100)
      EXPECT_EQ(sum, 0);
    else
      EXPECT_GT(sum, static_cast<double>(pixels));
    EXPECT_EQ(experiment.beam_intensity()[static_cast<std::size_t>(f)] == 0, sum == 0);
  }
  ASSERT_EQ(experiment.hot_pixels().size(), 5U);
  ASSERT_EQ(experiment.dead_pixels().size(), 3U);
  const auto time_sum = [&](Index p) {
    double sum = 0;
    for (Index f = 0; f < o.frames; ++f)
      sum += counts[static_cast<std::size_t>(f * pixels + p)];
    return sum;
  };
  for (const Index p : experiment.hot_pixels())
    EXPECT_NEAR(time_sum(p), 189 * 40, 5 * std::sqrt(189.0 * 40));
  for (const Index p : experiment.dead_pixels())
    EXPECT_EQ(time_sum(p), 0);
  // the sample goes on during a gap, so later pairs are as without one
  const Measured m = correlation(experiment, counts, 1, 15, 18, 19);
  EXPECT_NEAR(m.value, experiment.true_g2(1, 18, 33), 4.5 * m.error);
}

TEST(Xpcs, DoesNotDependOnThreadsOrBlocks) {
  for (const FieldMethod method : {FieldMethod::modes, FieldMethod::circulant}) {
    XpcsOptions o = small();
    o.method = method;
    o.height = 65; // tiles do not fit rows, frames do not fit blocks
    o.width = 37;
    o.mean_counts = 9; // both ways of drawing counts
    o.frames = 403;
    o.events = {{217, 0.5}};
    o.modes = 2;
    set_thread_count(1);
    const auto one = all_counts(XpcsExperiment(o));
    set_thread_count(2);
    o.memory_bytes = Index{1} << 20;
    const auto two = all_counts(XpcsExperiment(o));
    set_thread_count(0);
    EXPECT_TRUE(one == two) << name(method);
    o.seed = 2;
    EXPECT_FALSE(one == all_counts(XpcsExperiment(o)));
  }
}

TEST(Xpcs, WideCounts) {
  XpcsOptions o = small();
  o.mean_counts = 50000;
  o.frames = 20;
  const XpcsExperiment narrow(o);
  try {
    narrow.generate([](Index, Index, const std::byte*) {});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("uint16 holds at most 65535, choose uint32"),
              std::string::npos);
  }
  o.type = frames::PixelType::u32;
  const auto counts = all_counts(XpcsExperiment(o));
  EXPECT_GT(*std::max_element(counts.begin(), counts.end()), 65535);
}

TEST(Xpcs, TruthHoldsWhatWasAskedFor) {
  XpcsOptions o = small();
  o.events = {{50, 0.6}};
  o.gaps = {{3, 5}};
  const XpcsExperiment experiment(o);
  const Tree truth = experiment.truth({0.0, 5.0});
  EXPECT_EQ(truth.text("model"), "kww");
  EXPECT_EQ(truth.at("g2").shape, (std::vector<Index>{2, 2}));
  EXPECT_DOUBLE_EQ(truth.numbers("g2")[0], 1.5);
  EXPECT_DOUBLE_EQ(truth.numbers("g2")[3], experiment.true_g2(2, 5.0));
  EXPECT_EQ(truth.numbers("event_frame"), (std::vector<double>{50}));
  EXPECT_EQ(truth.numbers("gap_last"), (std::vector<double>{5}));
  // τ ∝ q^−2, averaged over the pixels of a bin; classes of τ are 1 % wide
  const auto tau = truth.numbers("tau_s");
  const double reference = truth.number("q_reference_inv_angstrom");
  for (std::int32_t bin = 1; bin <= 2; ++bin) {
    Moments over_pixels;
    for (std::size_t i = 0; i < experiment.q_map().q_inv_angstrom.size(); ++i)
      if (experiment.partition().dynamic_labels[i] == bin)
        over_pixels.add(12 * std::pow(experiment.q_map().q_inv_angstrom[i] / reference, -2));
    EXPECT_NEAR(tau[static_cast<std::size_t>(bin - 1)], over_pixels.mean, 1e-3 * over_pixels.mean);
  }
}

TEST(Xpcs, ExactErrors) {
  const auto message = [](auto change) -> std::string {
    XpcsOptions o = small();
    change(o);
    try {
      (void)XpcsExperiment(o);
    } catch (const OptionError& error) {
      return error.what();
    }
    return "(nothing thrown)";
  };
  EXPECT_EQ(message([](auto& o) { o.frames = 0; }), "frames = 0: must lie in 1 … 10000000");
  EXPECT_EQ(message([](auto& o) { o.tau_s = -1; }), "tau_s = -1: must be positive");
  EXPECT_EQ(message([](auto& o) { o.exponent = 2.5; }), "exponent = 2.5: must lie in (0, 2]");
  EXPECT_EQ(message([](auto& o) {
              o.model = DecayModel::ml;
              o.exponent = 1.2;
            }),
            "exponent = 1.2: must lie in (0, 1]");
  EXPECT_EQ(message([](auto& o) { o.contrast = 1.5; }),
            "contrast = 1.5: must lie in (0, 1/modes] = (0, 1]");
  EXPECT_EQ(message([](auto& o) { o.modes = 4; }),
            "contrast = 0.5: must lie in (0, 1/modes] = (0, 0.25]");
  EXPECT_EQ(message([](auto& o) { o.mean_counts = 0; }),
            "mean_counts = 0: must lie in [1e-4, 1e6]");
  EXPECT_EQ(message([](auto& o) { o.background = 1; }), "background = 1: must lie in [0, 1)");
  EXPECT_EQ(message([](auto& o) { o.gaps = {{5, 500}}; }), "gap 5:500: must lie in the 200 frames");
  EXPECT_EQ(message([](auto& o) {
              o.events = {{5, 0.5}, {5, 0.5}};
            }),
            "event at frame 5: must lie in 1 … 199, events in order");
  EXPECT_EQ(message([](auto& o) {
              o.aging = Aging::power;
              o.method = FieldMethod::circulant;
            }),
            "method circulant makes no aging: use modes");
  EXPECT_EQ(message([](auto& o) {
              o.exponent = 1.5;
              o.aging = Aging::power;
            }),
            "model kww with exponent 1.5 is no mixture of exponentials: it can be made by the "
            "method circulant only, without aging");
  EXPECT_EQ(message([](auto& o) { o.type = frames::PixelType::f32; }),
            "type = float32: must be uint16 or uint32");
  EXPECT_EQ(message([](auto& o) { o.sq_slope = -3; }).substr(0, 52),
            "sq_slope = -3: the intensity is not positive at q = ");
  EXPECT_THROW((void)parse_field_method("fft"), OptionError);
}

} // namespace
} // namespace vitrum::synth
