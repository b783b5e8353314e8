// Walkers against the exact two-time correlation.
#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/synth/ctrw.hpp"

namespace vitrum::synth {
namespace {

std::vector<std::uint16_t> counts_of(const CtrwExperiment& experiment) {
  std::vector<std::uint16_t> counts(
      static_cast<std::size_t>(experiment.info().frames * experiment.info().pixels()));
  auto* out = reinterpret_cast<std::byte*>(counts.data());
  experiment.generate([&](Index first, Index count, const std::byte* bytes) {
    const Index size = experiment.info().frame_bytes();
    std::memcpy(out + first * size, bytes, static_cast<std::size_t>(count * size));
  });
  return counts;
}

// C of pairs of frames and its error from the scatter of the pixels.
TEST(Ctrw, MoviesHaveTheExactCorrelation) {
  for (const double kept : {0.0, 0.7}) {
    CtrwOptions o;
    o.frames = 200;
    o.tau_s = 5;
    o.kept = kept;
    o.walkers = 8; // few: the correlation is exact for any number
    o.seed = 12;
    const CtrwExperiment experiment(o);
    const auto counts = counts_of(experiment);
    const Index pixels = experiment.info().pixels();
    Moments pulls;
    for (const auto& [i, k] : std::vector<std::pair<Index, Index>>{
             {0, 1}, {0, 20}, {3, 9}, {20, 25}, {20, 190}, {100, 101}, {100, 180}}) {
      double a = 0, b = 0;
      for (Index p = 0; p < pixels; ++p) {
        a += counts[static_cast<std::size_t>(i * pixels + p)];
        b += counts[static_cast<std::size_t>(k * pixels + p)];
      }
      a /= static_cast<double>(pixels);
      b /= static_cast<double>(pixels);
      Moments product; // to first order of the means in the denominator too
      for (Index p = 0; p < pixels; ++p) {
        const double x = counts[static_cast<std::size_t>(i * pixels + p)] / a;
        const double y = counts[static_cast<std::size_t>(k * pixels + p)] / b;
        const double c = experiment.true_c(i, k);
        product.add(x * y - c * (x - 1 + y - 1));
      }
      const double pull = (product.mean - experiment.true_c(i, k)) / product.error();
      EXPECT_LT(std::abs(pull), 4) << kept << " frames " << i << ", " << k;
      pulls.add(pull);
    }
    EXPECT_LT(std::abs(pulls.mean), 2);
  }
}

TEST(Ctrw, KnowsItsTruthAndRefusesNonsense) {
  CtrwOptions o;
  o.frames = 30;
  o.height = o.width = 4;
  o.start_s = 100;
  const CtrwExperiment experiment(o);
  EXPECT_EQ(counts_of(experiment), counts_of(CtrwExperiment(o)));
  const Tree truth = experiment.truth();
  EXPECT_EQ(truth.at("two_time").shape, (std::vector<Index>{30, 30}));
  EXPECT_EQ(truth.numbers("two_time")[5 * 30 + 2], experiment.true_c(2, 5));
  EXPECT_EQ(truth.numbers("frame_age_s")[3], 103);
  EXPECT_NEAR(experiment.true_c(7, 7), 1 + 0.98, 1e-15);
  o.exponent = 1.2;
  EXPECT_THROW(CtrwExperiment{o}, OptionError);
}

} // namespace
} // namespace vitrum::synth
