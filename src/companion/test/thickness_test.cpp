#include "vitrum/companion/thickness.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::companion {
namespace {

/// Plural scattering: a zero-loss Gaussian and n-fold losses with Poisson weights
/// exp(−t/λ)(t/λ)ⁿ/n!. One loss follows the free-electron law E ΔE Ep²/((E² − Ep²)² + (E ΔE)²), cut
/// at the window.
struct VirtualSpectrum {
  double t_over_lambda = 0.65, width_ev = 0.9, dispersion_ev = 0.1, offset_ev = -12;
  double plasmon_ev = 17, plasmon_width_ev = 5, electrons = 2e6, pedestal = 0, gain = 1;
  Index channels = 2048;

  [[nodiscard]] std::vector<double> means() const {
    const auto n = static_cast<std::size_t>(channels);
    std::vector<double> single(n, 0.0), many(n, 0.0), out(n, 0.0);
    double norm = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double e = static_cast<double>(i) * dispersion_ev, pp = plasmon_ev * plasmon_ev;
      single[i] =
          e * plasmon_width_ev * pp / (std::pow(e * e - pp, 2) + std::pow(e * plasmon_width_ev, 2));
      norm += single[i];
    }
    for (double& v : single)
      v /= norm;
    many = single;
    std::vector<double> loss(n, 0.0); // of losses without the width of the beam
    double weight = std::exp(-t_over_lambda);
    const double zero = weight;
    for (int order = 1; order <= 8; ++order) {
      weight *= t_over_lambda / order;
      for (std::size_t i = 0; i < n; ++i)
        loss[i] += weight * many[i];
      std::vector<double> next(n, 0.0);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; i + j < n; ++j)
          next[i + j] += many[i] * single[j];
      many = next;
    }
    const double sigma = width_ev / 2.3548 / dispersion_ev, origin = -offset_ev / dispersion_ev;
    const auto reach = static_cast<Index>(6 * sigma + 1);
    for (Index i = 0; i < channels; ++i) {
      const auto spread = [&](double centre, double amount) {
        for (Index k = -reach; k <= reach; ++k) {
          const Index c = static_cast<Index>(std::lround(centre)) + k;
          const double z = (static_cast<double>(c) - centre) / sigma;
          if (c >= 0 && c < channels)
            out[static_cast<std::size_t>(c)] +=
                amount * std::exp(-0.5 * z * z) / (sigma * std::sqrt(2 * M_PI));
        }
      };
      if (i == 0)
        spread(origin, zero);
      spread(origin + static_cast<double>(i), loss[static_cast<std::size_t>(i)]);
    }
    return out;
  }

  [[nodiscard]] std::vector<float> draw(const std::vector<double>& mean, std::uint64_t seed) const {
    Random random(seed);
    std::vector<float> out;
    for (const double m : mean)
      out.push_back(
          static_cast<float>(pedestal + gain * static_cast<double>(random.poisson(electrons * m))));
    return out;
  }
  [[nodiscard]] ThicknessOptions options() const {
    ThicknessOptions o;
    o.dispersion_ev = dispersion_ev;
    o.offset_ev = offset_ev;
    o.gain = gain;
    return o;
  }
};

TEST(Thickness, LogRatioOfVirtualSpectra) {
  for (const double t : {0.1, 0.3, 0.65, 1.0, 2.0}) {
    VirtualSpectrum s;
    s.t_over_lambda = t;
    s.electrons = 1e8;
    const auto z = measure_zero_loss(s.draw(s.means(), 3), s.options());
    ASSERT_TRUE(z.found) << z.reason;
    EXPECT_NEAR(z.t_over_lambda, t, std::max(0.01 * t, 0.004)) << t;
    EXPECT_LT(std::abs(z.t_over_lambda - t), 2 * z.error()) << t;
    EXPECT_NEAR(z.position_ch, 120, 0.02);
    EXPECT_NEAR(z.width_ev, 0.9, 0.03);
  }
}

TEST(Thickness, ThePedestalOfTheCameraIsTakenOff) {
  VirtualSpectrum s;
  s.pedestal = 300;
  const auto means = s.means();
  const auto with = measure_zero_loss(s.draw(means, 5), s.options());
  EXPECT_NEAR(with.pedestal, 300, 1);
  EXPECT_NEAR(with.t_over_lambda, 0.65, 0.02);
  auto stated = s.options();
  stated.pedestal = 300;
  EXPECT_NEAR(measure_zero_loss(s.draw(means, 5), stated).t_over_lambda, 0.65, 0.01);
}

TEST(Thickness, TheOffsetNeedNotBeKnown) {
  VirtualSpectrum s;
  auto o = s.options();
  o.offset_ev = std::nan("");
  const auto z = measure_zero_loss(s.draw(s.means(), 5), o);
  EXPECT_NEAR(z.t_over_lambda, 0.65, 0.01);
}

TEST(Thickness, SpectraWithoutAZeroLossPeakAreRefusedWithAReason) {
  VirtualSpectrum s;
  const auto means = s.means();
  const auto reason_of = [&](std::vector<double> mean, double offset) {
    auto o = s.options();
    o.offset_ev = offset;
    const auto z = measure_zero_loss(s.draw(mean, 7), o);
    EXPECT_FALSE(z.found);
    EXPECT_TRUE(std::isnan(z.t_over_lambda));
    return z.reason;
  };
  // from 5 eV on, calibrated and not
  const std::vector<double> losses(means.begin() + 170, means.end());
  EXPECT_EQ(reason_of(losses, 5).substr(0, 18), "the first peak, at");
  // a core-loss spectrum
  std::vector<double> core;
  for (int i = 0; i < 500; ++i)
    core.push_back(1e-3 * std::pow(1 + i / 300.0, -3));
  EXPECT_EQ(reason_of(core, 400), "the counts fall from the first channel on: no peak");
  EXPECT_EQ(reason_of(std::vector<double>(500, 0.0), 0), "no counts");
  // a narrow peak far from zero
  std::vector<double> shifted(means);
  EXPECT_EQ(reason_of(shifted, 90).substr(0, 27), "the first peak is at 102.0 ");
  EXPECT_EQ(reason_of({1, 2, 3}, 0), "3 channels, expected 16 or more");
}

TEST(Thickness, MapsFollowTheSpectraAndTheirDrift) {
  constexpr Index rows = 6, columns = 5;
  std::vector<float> image;
  VirtualSpectrum s;
  s.channels = 1024;
  s.electrons = 1e6;
  for (Index p = 0; p < rows * columns; ++p) {
    s.t_over_lambda = 0.4 + 0.02 * static_cast<double>(p);
    s.offset_ev = -12 - 0.1 * static_cast<double>(p % 7);
    const auto one = s.draw(s.means(), static_cast<std::uint64_t>(p) + 1);
    image.insert(image.end(), one.begin(), one.end());
  }
  for (std::size_t c = 0; c < 1024; ++c)
    image[7 * 1024 + c] = 0; // a spectrum without counts
  s.offset_ev = -12;
  const auto map = map_thickness(image, rows, columns, s.options(), silent());
  EXPECT_EQ(map.without_peak, 1);
  EXPECT_EQ(map.reason, "spectrum [1, 2]: no counts");
  EXPECT_TRUE(std::isnan(map.t_over_lambda[7]));
  for (const std::size_t p : {std::size_t{0}, std::size_t{13}, std::size_t{29}})
    EXPECT_NEAR(map.t_over_lambda[p], 0.4 + 0.02 * static_cast<double>(p), 0.02);
  EXPECT_NEAR(map.median, 0.7, 0.03);
  EXPECT_TRUE(map.of_sum.found);
  EXPECT_NEAR(map.of_sum.width_ev, 0.9, 0.05); // the drift is taken out
  EXPECT_EQ(message_of([&] {
              static_cast<void>(map_thickness(image, 7, columns, s.options(), silent()));
            }),
            "30720 values are no image of 7 x 5 spectra");
}

TEST(Thickness, OptionsThatMakeNoSense) {
  ThicknessOptions o;
  EXPECT_EQ(message_of([&] { validate(o); }), "dispersion_ev = 0: must be positive");
}

TEST(ThicknessCalibration, PullsOfCountingErrors) {
  for (const double gain : {1.0, 30.0}) {
    VirtualSpectrum s;
    s.gain = gain;
    s.electrons = 1e5;
    const auto means = s.means();
    Moments pulls, position;
    double exact = 0; // with a bias of the method that counting noise does not show
    {
      VirtualSpectrum many = s;
      many.electrons = 1e10;
      exact = measure_zero_loss(many.draw(means, 1), many.options()).t_over_lambda;
    }
    for (std::uint64_t k = 0; k < 600; ++k) {
      const auto z = measure_zero_loss(s.draw(means, k + 10), s.options());
      pulls.add((z.t_over_lambda - exact) / z.noise_error);
      position.add((z.position_ch - 120) / z.position_error_ch);
    }
    std::printf(
        "  gain %g: t/lambda at many electrons %.4f, pulls %+.3f width %.3f; position %+.3f "
        "width %.3f\n",
        gain,
        exact,
        pulls.mean,
        pulls.deviation(),
        position.mean,
        position.deviation());
    EXPECT_NEAR(exact, 0.65, 0.006);
    EXPECT_NEAR(pulls.mean, 0, 0.3);
    EXPECT_NEAR(pulls.deviation(), 1, 0.12);
    EXPECT_NEAR(position.deviation(), 1, 0.2);
  }
}

} // namespace
} // namespace vitrum::companion
