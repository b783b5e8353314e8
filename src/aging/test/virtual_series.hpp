// A small virtual experiment for the analyses of age: one speckle per pixel whose field is a
// complex Ornstein–Uhlenbeck process of any relaxation time from frame to frame, with events, bad
// frames, intensity jumps and shifts; Poisson counts. The two-time map is made where it is read.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "vitrum/aging/map_rows.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::aging::testing {

struct SeriesPlan {
  Index frames = 1000, height = 20, width = 20;
  std::function<double(Index)> tau = [](Index) { return 100.0; }; // frames; g1 = exp(−∫dt/τ)
  double mean_counts = 1;
  double contrast = 1;    // modes are not needed: the rest of the light does not fluctuate
  Index event_frame = -1; // C across it is multiplied by 1 − event_drop
  double event_drop = 0;
  Index bad_first = -1, bad_last = -1; // frames of another, unrelated pattern
  Index gap_first = -1, gap_last = -1; // frames without light
  Index jump_frame = -1;               // from here the intensity is times `jump`
  double jump = 1.2;
  Index shift_frame = -1; // from here the pattern is moved by shift_px columns
  Index shift_px = 1;
};

/// Frames and the map of them, computed element by element from the definition (R24 eq. 1).
class VirtualSeries final : public MapRows {
public:
  VirtualSeries(const SeriesPlan& plan, std::uint64_t seed)
      : plan_(plan), pixels_(plan.height * plan.width),
        counts_(static_cast<std::size_t>(plan.frames * pixels_)),
        mean_(static_cast<std::size_t>(plan.frames)) {
    const Index wide = plan.width + plan.shift_px;
    const auto cells = static_cast<std::size_t>(plan.height * wide * 2);
    const std::size_t padded = (cells + 63) / 64 * 64;
    std::vector<float> field(padded), kick(padded), strange(padded);
    fill_normal(seed, 1, 0, field);
    fill_normal(seed, 2, 0, strange);
    Random random(seed, 7);
    const double share = std::sqrt(plan.contrast);
    for (Index t = 0; t < plan.frames; ++t) {
      if (t > 0) {
        double keep = std::exp(-1 / plan.tau(t));
        if (t == plan.event_frame)
          keep *= std::sqrt(1 - plan.event_drop);
        fill_normal(seed, static_cast<std::uint64_t>(t + 10), 0, kick);
        const auto stay = static_cast<float>(keep);
        const auto push = static_cast<float>(std::sqrt(1 - keep * keep));
        for (std::size_t i = 0; i < padded; ++i)
          field[i] = stay * field[i] + push * kick[i];
      }
      const auto& e = t >= plan.bad_first && t < plan.bad_last ? strange : field;
      const bool dark = t >= plan.gap_first && t < plan.gap_last;
      const Index offset = plan.shift_frame >= 0 && t >= plan.shift_frame ? plan.shift_px : 0;
      const double beam = plan.jump_frame >= 0 && t >= plan.jump_frame ? plan.jump : 1;
      double sum = 0;
      for (Index p = 0; p < pixels_; ++p) {
        const auto cell = static_cast<std::size_t>(p / plan.width * wide + p % plan.width + offset);
        const double speckle =
            0.5 * double(e[2 * cell] * e[2 * cell] + e[2 * cell + 1] * e[2 * cell + 1]);
        const double rate = beam * (1 + share * (speckle - 1));
        const double count =
            plan.mean_counts > 0 ? double(random.poisson(plan.mean_counts * rate)) : rate;
        counts_[static_cast<std::size_t>(t * pixels_ + p)] =
            dark ? 0.0F : static_cast<float>(count);
        sum += count;
      }
      mean_[static_cast<std::size_t>(t)] =
          dark ? std::numeric_limits<double>::quiet_NaN() : sum / double(pixels_);
    }
  }

  [[nodiscard]] Index frames() const override { return plan_.frames; }
  [[nodiscard]] std::span<const float> frame(Index t) const {
    return std::span(counts_).subspan(static_cast<std::size_t>(t * pixels_),
                                      static_cast<std::size_t>(pixels_));
  }
  [[nodiscard]] const std::vector<double>& mean_counts() const { return mean_; }

  void read(Index t1, Index first, std::span<float> out) const override {
    read_part(t1, first, 0, pixels_, out);
  }

  /// The same from pixels begin … end − 1 alone.
  void read_part(Index t1, Index first, Index begin, Index end, std::span<float> out) const {
    const auto part = [&](Index t) {
      return frame(t).subspan(static_cast<std::size_t>(begin),
                              static_cast<std::size_t>(end - begin));
    };
    const auto a = part(t1);
    for (std::size_t j = 0; j < out.size(); ++j) {
      // sixteen sums side by side, for speed
      float product[16] = {}, sum_a[16] = {}, sum_b[16] = {};
      const auto b = part(first + static_cast<Index>(j));
      for (std::size_t p = 0; p < a.size(); p += 16)
        for (std::size_t i = 0; i < std::min<std::size_t>(16, a.size() - p); ++i) {
          product[i] += a[p + i] * b[p + i];
          sum_a[i] += a[p + i];
          sum_b[i] += b[p + i];
        }
      for (std::size_t i = 1; i < 16; ++i) {
        product[0] += product[i];
        sum_a[0] += sum_a[i];
        sum_b[0] += sum_b[i];
      }
      out[j] = product[0] * static_cast<float>(end - begin) / (sum_a[0] * sum_b[0]); // NaN in gaps
    }
  }

private:
  SeriesPlan plan_;
  Index pixels_;
  std::vector<float> counts_;
  std::vector<double> mean_;
};

/// The whole map [t1, t2] in memory, symmetric, its diagonal replaced by nonsense.
inline std::vector<float> full_map(const MapRows& rows) {
  const Index n = rows.frames();
  std::vector<float> map(static_cast<std::size_t>(n * n), 99.0F);
  for (Index t = 1; t < n; ++t) {
    rows.read(
        t, 0, std::span(map).subspan(static_cast<std::size_t>(t * n), static_cast<std::size_t>(t)));
    for (Index s = 0; s < t; ++s)
      map[static_cast<std::size_t>(s * n + t)] = map[static_cast<std::size_t>(t * n + s)];
  }
  return map;
}

} // namespace vitrum::aging::testing
