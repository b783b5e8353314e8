// Pulls of measured against true correlations over many seeds: mean 0, width 1.
#include <cmath>

#include <gtest/gtest.h>

#include "reference.hpp"

namespace vitrum::synth {
namespace {

using models::DecayModel;

struct Pair {
  Index frame1, lag, last; // averaged over frame1 … last − 1
};

// The mean of n pulls has the error 1/√n; their width 1/√(2n), somewhat more for products of
// counts, whose distribution is skewed. Pairs of one experiment share its pixels, so n counts
// experiments.
void expect_calibrated(XpcsOptions o, const std::vector<Pair>& pairs, Index seeds) {
  std::vector<Moments> pulls(pairs.size());
  for (Index seed = 1; seed <= seeds; ++seed) {
    o.seed = static_cast<std::uint64_t>(seed);
    const XpcsExperiment experiment(o);
    const auto counts = all_counts(experiment);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const auto& [frame1, lag, last] = pairs[i];
      const Measured m = correlation(experiment, counts, 1, lag, frame1, last);
      // without aging and events the truth is the same at all times of the average
      const double pull = (m.value - experiment.true_g2(1, frame1, frame1 + lag)) / m.error;
      pulls[i].add(pull);
    }
  }
  const double error = 1 / std::sqrt(static_cast<double>(seeds));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_NEAR(pulls[i].mean, 0, 4 * error) << "pair " << i;
    EXPECT_NEAR(pulls[i].deviation(), 1, 4 * error) << "pair " << i;
  }
}

XpcsOptions base() {
  XpcsOptions o;
  o.frames = 128;
  o.height = 64;
  o.width = 64;
  o.partition.q_bins = 1;
  o.tau_s = 10;
  o.contrast = 0.5;
  o.mean_counts = 4;
  return o;
}

const std::vector<Pair> stationary{
    {0, 0, 128}, {0, 1, 127}, {0, 4, 124}, {0, 16, 112}, {0, 60, 68}};

TEST(Calibration, KwwByCirculant) {
  for (const double exponent : {0.3, 0.7, 1.2, 1.8}) {
    XpcsOptions o = base();
    o.exponent = exponent;
    expect_calibrated(o, stationary, 40);
  }
}

TEST(Calibration, KwwAndMittagLefflerByModes) {
  for (const auto model : {DecayModel::kww, DecayModel::ml_squared})
    for (const double exponent : {0.3, 0.6, 0.9}) {
      XpcsOptions o = base();
      o.model = model;
      o.exponent = exponent;
      o.method = FieldMethod::modes;
      expect_calibrated(o, stationary, 30);
    }
}

TEST(Calibration, MittagLefflerAndTwoProcesses) {
  XpcsOptions o = base();
  o.model = DecayModel::ml;
  expect_calibrated(o, stationary, 30);
  o.model = DecayModel::kww2;
  o.tau2_s = 60;
  expect_calibrated(o, stationary, 30);
}

TEST(Calibration, Aging) {
  for (const Aging aging : {Aging::exponential, Aging::power}) {
    XpcsOptions o = base();
    o.aging = aging;
    o.aging_time_s = 60;
    o.aging_power = 1.7;
    expect_calibrated(
        o, {{0, 3, 1}, {0, 20, 1}, {30, 20, 31}, {60, 20, 61}, {60, 60, 61}, {120, 5, 121}}, 150);
  }
}

TEST(Calibration, Events) {
  for (const FieldMethod method : {FieldMethod::modes, FieldMethod::circulant}) {
    XpcsOptions o = base();
    o.tau_s = 100;
    o.method = method;
    o.events = {{40, 0.7}, {80, 0.4}};
    expect_calibrated(
        o, {{39, 1, 40}, {40, 1, 41}, {20, 40, 21}, {60, 40, 61}, {10, 100, 11}}, 100);
  }
}

} // namespace
} // namespace vitrum::synth
