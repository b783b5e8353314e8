#include "vitrum/fem/cell_variance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "polar_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

/// Sums over the cells of a ring for one weighting of the patterns.
struct RingSums {
  double squares = 0, level = 0, noise = 0; // about the medians, of the medians, of counting
  Index cells = 0;

  [[nodiscard]] double over_level(double sum) const {
    return level > 0 ? sum * static_cast<double>(cells) / (level * level) : unknown;
  }
};

/// How often each pattern counts: once, and in each bootstrap sample. [sample, pattern]
std::vector<std::uint16_t> make_counts(Index patterns, Index groups, const CellOptions& o) {
  std::vector<std::uint16_t> counts(static_cast<std::size_t>((o.replicates + 1) * patterns), 0);
  std::fill_n(counts.begin(), patterns, std::uint16_t{1});
  Random random(o.seed, 13);
  for (Index b = 1; b <= o.replicates; ++b)
    for (Index g = 0; g < groups; ++g) {
      const Index group = random.below(groups);
      for (Index i = group * patterns / groups; i < (group + 1) * patterns / groups; ++i)
        ++counts[static_cast<std::size_t>(b * patterns + i)];
    }
  return counts;
}

class Pass final : public CellPass {
public:
  Pass(PolarCells cells, Index patterns, Index groups, const CellOptions& options)
      : cells_(std::move(cells)), patterns_(patterns), groups_(std::min(patterns, groups)),
        options_(options),
        values_(static_cast<std::size_t>(patterns * cells_.rings * cells_.angles), 0),
        mean_(cells_.pixels.size()) {}

  [[nodiscard]] bool wants(Index) const override { return true; }

  void add(Index i, std::span<const double> pattern) override {
    average_cells(cells_, pattern, {}, mean_);
    for (std::size_t c = 0; c < mean_.size(); ++c)
      values_[c * static_cast<std::size_t>(patterns_) + static_cast<std::size_t>(i)] =
          static_cast<float>(mean_[c]);
  }

  CellVariance finish() override {
    const auto counts = make_counts(patterns_, groups_, options_);
    const auto share = cell_noise_shares(cells_, options_.spread);
    CellVariance out;
    out.patterns = patterns_;
    out.angles = cells_.angles;
    out.k = cells_.k;
    for (auto* column : {&out.raw, &out.shot_noise, &out.value, &out.error, &out.bias})
      column->assign(static_cast<std::size_t>(cells_.rings), unknown);
    // a bootstrap of n units is too narrow by (n − 1)/n in the variance
    const double few = std::sqrt(static_cast<double>(groups_) /
                                 static_cast<double>(std::max<Index>(groups_ - 1, 1)));
    parallel_for(0, cells_.rings, 1, [&](Index begin, Index end) {
      for (Index ring = begin; ring < end; ++ring) {
        const auto r = static_cast<std::size_t>(ring);
        const auto samples = ring_sums(ring, counts, share);
        const auto value = [](const RingSums& one) {
          return one.over_level(one.squares) - one.over_level(one.noise);
        };
        out.raw[r] = samples[0].over_level(samples[0].squares);
        out.shot_noise[r] = samples[0].over_level(samples[0].noise);
        out.value[r] = value(samples[0]);
        Moments spread;
        for (std::size_t b = 1; b < samples.size(); ++b)
          spread.add(value(samples[b]));
        out.error[r] = spread.deviation() * few;
        out.bias[r] = (spread.mean - out.value[r]) * few * few;
      }
    });
    return out;
  }

private:
  /// Sums of a ring for each sample.
  [[nodiscard]] std::vector<RingSums> ring_sums(Index ring,
                                                const std::vector<std::uint16_t>& counts,
                                                const std::vector<double>& share) const {
    const auto n = static_cast<std::size_t>(patterns_);
    std::vector<RingSums> out(counts.size() / n);
    std::vector<std::size_t> order(n);
    for (Index a = 0; a < cells_.angles; ++a) {
      const auto cell = static_cast<std::size_t>(ring * cells_.angles + a);
      if (!(cells_.pixels[cell] > 0))
        continue;
      const float* value = values_.data() + cell * n;
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
        return value[i] < value[j];
      });
      for (std::size_t s = 0; s < out.size(); ++s)
        add_cell(value, order, counts.data() + s * n, cells_.pixels[cell], share[cell], out[s]);
    }
    return out;
  }

  /// Adds a cell whose patterns count so often, in ascending order of their values.
  void add_cell(const float* value,
                const std::vector<std::size_t>& order,
                const std::uint16_t* count,
                double pixels,
                double share,
                RingSums& to) const {
    double total = 0, sum = 0, sum2 = 0;
    const auto about = static_cast<double>(value[order[order.size() / 2]]);
    for (const auto i : order) {
      const auto w = static_cast<double>(count[i]);
      const double d = static_cast<double>(value[i]) - about;
      total += w;
      sum += w * d;
      sum2 += w * d * d;
    }
    // the two in the middle, which are one where their number is odd
    double middle = 0, below = 0, want = std::floor(0.5 * (total - 1));
    for (std::size_t j = 0, found = 0; j < order.size() && found < 2; ++j) {
      below += static_cast<double>(count[order[j]]);
      for (; found < 2 && below > want; ++found, want = std::floor(0.5 * total))
        middle += 0.5 * (static_cast<double>(value[order[j]]) - about);
    }
    const double mean = about + sum / total;
    to.squares += (sum2 - 2 * middle * sum) / total + middle * middle;
    to.level += about + middle;
    const auto& noise = options_.noise;
    to.noise += (share * noise.gain * mean + noise.read_noise * noise.read_noise) / pixels;
    ++to.cells;
  }

  PolarCells cells_;
  Index patterns_, groups_;
  CellOptions options_;
  std::vector<float> values_; // [cell, pattern]
  std::vector<double> mean_;  // of the cells of one pattern
};

} // namespace

void validate(const CellOptions& o) {
  if (!(o.width_px >= 1) || !(o.angle_deg > 0) || o.angle_deg > 90)
    throw OptionError(fmt::format("--cells {},{}: expected a width of 1 px or more and an angle up "
                                  "to 90 degrees",
                                  o.width_px,
                                  o.angle_deg));
}

std::unique_ptr<CellPass> make_cell_pass(const frames::SeriesInfo& info,
                                         const RingShape& shape,
                                         const KScale& scale,
                                         const frames::Mask& mask,
                                         std::span<const double> mean_image,
                                         const SumOptions& sums,
                                         const CellOptions& o) {
  validate(o);
  constexpr double turn = 360;
  const auto angles = std::max<Index>(1, std::lround(turn / o.angle_deg));
  auto cells = make_polar_cells(shape, scale, mask, mean_image, angles, o.width_px, 0);
  const auto n = static_cast<Index>(used_patterns(sums.use, info.frames).size());
  const Index bytes = n * cells.rings * angles * static_cast<Index>(sizeof(float));
  if (bytes > sums.memory_bytes)
    throw DataError(fmt::format("cells of {} patterns: {} MB, more than the {} MB of memory for "
                                "them; larger cells or fewer patterns",
                                n,
                                bytes >> 20,
                                sums.memory_bytes >> 20));
  return std::make_unique<Pass>(std::move(cells), n, sums.groups, o);
}

} // namespace vitrum::fem
