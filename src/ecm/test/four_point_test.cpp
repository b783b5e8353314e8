#include <cmath>

#include <gtest/gtest.h>

#include "speckle.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/four_point.hpp"

namespace vitrum::ecm {
namespace {

struct Still {
  std::unique_ptr<frames::FrameSource> source;
  std::unique_ptr<Field> field;
  std::vector<std::vector<double>> y; // [frame][pixel]
  Index rows = 0, columns = 0;
};

Still make(Index height, Index width, double tau) {
  SpeckleMovie m;
  m.frames = 40;
  m.height = height;
  m.width = width;
  m.tau = tau;
  m.speckle_px = 2;
  const auto movie = make_speckle(m);
  Still out;
  std::vector<double> frame_mean, time_mean(static_cast<std::size_t>(height * width));
  for (Index t = 0; t < m.frames; ++t) {
    Moments mean;
    for (std::size_t p = 0; p < time_mean.size(); ++p) {
      const auto v = static_cast<double>(movie[static_cast<std::size_t>(t) * time_mean.size() + p]);
      mean.add(v);
      time_mean[p] += v / static_cast<double>(m.frames);
    }
    frame_mean.push_back(mean.mean);
  }
  out.source = frames::make_memory_source(movie, m.frames, height, width);
  FieldOptions options;
  options.smooth_px = 0;
  out.field = std::make_unique<Field>(
      *out.source, std::vector<std::uint8_t>{}, no_drift(m.frames), frame_mean, time_mean, options);
  out.rows = out.field->rows();
  out.columns = out.field->columns();
  out.y.resize(static_cast<std::size_t>(m.frames));
  out.field->frames(0, m.frames, [&](Index t, std::span<const float> values) {
    out.y[static_cast<std::size_t>(t)].assign(values.begin(), values.end());
  });
  return out;
}

/// The definition, place by place.
std::vector<double>
direct(const Still& s, Index t, Index u, Index lag, double mean, Index longest) {
  const auto q = [&](Index frame) {
    std::vector<double> values;
    double middle = 0;
    for (std::size_t p = 0; p < s.y[0].size(); ++p) {
      values.push_back(s.y[static_cast<std::size_t>(frame)][p] *
                       s.y[static_cast<std::size_t>(frame + lag)][p]);
      middle += values.back() / static_cast<double>(s.y[0].size());
    }
    for (double& v : values)
      v -= middle;
    return values;
  };
  const auto a = q(t), b = q(u);
  std::vector<double> sum(static_cast<std::size_t>(longest)), pairs(sum.size());
  for (Index y = 0; y < s.rows; ++y)
    for (Index x = 0; x < s.columns; ++x)
      for (Index v = 0; v < s.rows; ++v)
        for (Index w = 0; w < s.columns; ++w) {
          const auto r = static_cast<Index>(
              std::lround(std::hypot(static_cast<double>(v - y), static_cast<double>(w - x))));
          if (r < 1 || r > longest || std::abs(v - y) > longest || std::abs(w - x) > longest)
            continue;
          sum[static_cast<std::size_t>(r - 1)] += a[static_cast<std::size_t>(y * s.columns + x)] *
                                                  b[static_cast<std::size_t>(v * s.columns + w)];
          pairs[static_cast<std::size_t>(r - 1)] += 1;
        }
  for (std::size_t r = 0; r < sum.size(); ++r)
    sum[r] /= pairs[r] * mean * mean;
  return sum;
}

TEST(FourPoint, AgreesWithItsDefinition) {
  for (const auto& [height, width] : {std::pair<Index, Index>{20, 24}, {17, 31}}) {
    const auto s = make(height, width, 10);
    FourPointOptions options;
    options.lags = {3};
    options.origins = 4;
    const auto found = correlate_four_points(*s.field, options);
    const Index origins[4] = {0, 12, 24, 36};
    double mean = 0;
    for (const Index t : origins)
      for (std::size_t p = 0; p < s.y[0].size(); ++p)
        mean += s.y[static_cast<std::size_t>(t)][p] * s.y[static_cast<std::size_t>(t + 3)][p] /
                static_cast<double>(4 * s.y[0].size());
    const auto longest = static_cast<Index>(found.distance_px.size());
    std::vector<double> together(found.distance_px.size()), apart(together.size());
    for (int k = 0; k < 4; ++k) {
      const auto same = direct(s, origins[k], origins[k], 3, mean, longest);
      for (std::size_t r = 0; r < same.size(); ++r)
        together[r] += same[r] / 4;
      if (k < 2) {
        const auto other = direct(s, origins[k], origins[k + 2], 3, mean, longest);
        for (std::size_t r = 0; r < other.size(); ++r)
          apart[r] += other[r] / 2;
      }
    }
    for (std::size_t r = 0; r < together.size(); ++r) {
      EXPECT_NEAR(found.together[r], together[r], 2e-4 * std::abs(together[0])) << r;
      EXPECT_NEAR(found.apart[r], apart[r], 2e-4 * std::abs(together[0])) << r;
    }
  }
}

TEST(FourPoint, OfAlikePlacesIsNothingApart) {
  const auto s = make(96, 96, 3);
  FourPointOptions options;
  options.lags = {2};
  options.origins = 36;
  const auto found = correlate_four_points(*s.field, options);
  EXPECT_GT(found.together[0], 5 * found.together_error[0]); // the speckle itself
  for (std::size_t r = 0; r < found.distance_px.size(); ++r)
    EXPECT_LT(std::abs(found.apart[r]), 4.5 * found.apart_error[r]) << r;
  EXPECT_TRUE(std::isnan(found.length_px[0]));
}

TEST(FourPoint, RefusesWhatCannotBe) {
  const auto s = make(20, 20, 10);
  FourPointOptions options;
  EXPECT_THROW((void)correlate_four_points(*s.field, options), OptionError);
  options.lags = {40};
  EXPECT_THROW((void)correlate_four_points(*s.field, options), OptionError);
}

} // namespace
} // namespace vitrum::ecm
