#include "vitrum/fem/cell_variance.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "polar_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

/// Adds the means of the cells of one pattern, [cell, pattern].
void add_pattern(std::span<const double> pattern,
                 const PolarCells& cells,
                 Index number,
                 Index patterns,
                 std::vector<double>& sum,
                 std::vector<float>& out) {
  std::fill(sum.begin(), sum.end(), 0);
  for (std::size_t p = 0; p < pattern.size(); ++p)
    if (const auto cell = cells.of_pixel[p]; cell >= 0)
      sum[static_cast<std::size_t>(cell)] += pattern[p];
  for (std::size_t c = 0; c < sum.size(); ++c)
    if (cells.pixels[c] > 0)
      out[c * static_cast<std::size_t>(patterns) + static_cast<std::size_t>(number)] =
          static_cast<float>(sum[c] / cells.pixels[c]);
}

double median_of(std::vector<float>& values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  const auto upper = static_cast<double>(*half);
  if (values.size() % 2 == 1)
    return upper;
  return 0.5 * (upper + static_cast<double>(*std::max_element(values.begin(), half)));
}

struct Ring {
  double value = unknown, shot = unknown;
};

/// Of the patterns of the list, one as often as it stands there.
Ring ring_variance(const std::vector<float>& values,
                   const PolarCells& cells,
                   Index ring,
                   Index patterns,
                   std::span<const Index> list,
                   const DetectorNoise& noise) {
  std::vector<float> one(list.size());
  double squares = 0, level = 0, counted = 0, shot = 0;
  for (Index a = 0; a < cells.angles; ++a) {
    const auto cell = static_cast<std::size_t>(ring * cells.angles + a);
    if (!(cells.pixels[cell] > 0))
      continue;
    const float* all = values.data() + cell * static_cast<std::size_t>(patterns);
    for (std::size_t i = 0; i < list.size(); ++i)
      one[i] = all[list[i]];
    const double middle = median_of(one);
    double mean = 0;
    for (const float v : one) {
      const double d = static_cast<double>(v) - middle;
      squares += d * d / static_cast<double>(one.size());
      mean += static_cast<double>(v) / static_cast<double>(one.size());
    }
    shot += (noise.gain * mean + (noise.gain > 0 ? noise.read_noise * noise.read_noise : 0)) /
            cells.pixels[cell];
    level += middle;
    ++counted;
  }
  if (!(level > 0))
    return {};
  return {squares * counted / (level * level), shot * counted / (level * level)};
}

} // namespace

void validate(const CellOptions& o) {
  if (!(o.width_px >= 1) || !(o.angle_deg > 0) || o.angle_deg > 90)
    throw OptionError(fmt::format("--cells {},{}: expected a width of 1 px or more and an angle up "
                                  "to 90 degrees",
                                  o.width_px,
                                  o.angle_deg));
}

CellVariance compute_cell_variance(frames::FrameSource& source,
                                   const RingShape& shape,
                                   const KScale& scale,
                                   const frames::Mask& mask,
                                   std::span<const double> mean_image,
                                   const SumOptions& sums,
                                   const CellOptions& o,
                                   const Monitor& monitor) {
  validate(o);
  constexpr double turn = 360;
  const auto angles = std::max<Index>(1, std::lround(turn / o.angle_deg));
  const auto cells = make_polar_cells(shape, scale, mask, mean_image, angles, o.width_px, 0);
  const auto& info = source.info();
  std::vector<Index> list;
  for (Index i = 0; i < info.frames; ++i)
    if (sums.use.empty() || sums.use[static_cast<std::size_t>(i)] != 0)
      list.push_back(i);
  const auto n = static_cast<Index>(list.size());
  const Index bytes = n * cells.rings * angles * static_cast<Index>(sizeof(float));
  if (bytes > sums.memory_bytes)
    throw DataError(fmt::format("cells of {} patterns: {} MB, more than the {} MB of memory for "
                                "them; larger cells or fewer patterns",
                                n,
                                bytes >> 20,
                                sums.memory_bytes >> 20));
  std::vector<float> values(static_cast<std::size_t>(n * cells.rings * angles), 0);
  std::vector<std::byte> raw(static_cast<std::size_t>(info.frame_bytes()));
  std::vector<double> pattern(static_cast<std::size_t>(info.pixels())), sum(cells.pixels.size());
  Progress progress(monitor, "averaging over cells", "patterns", n);
  for (Index i = 0; i < n; ++i) {
    const auto number = list[static_cast<std::size_t>(i)];
    source.read(number, 1, raw.data());
    const double times = sums.scale.empty() ? 1 : sums.scale[static_cast<std::size_t>(number)];
    frames::visit(info.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* v = reinterpret_cast<const T*>(raw.data());
      for (std::size_t p = 0; p < pattern.size(); ++p) {
        double value = static_cast<double>(v[p]);
        if (!sums.dark.empty())
          value -= static_cast<double>(sums.dark[p]);
        if (!sums.factor.empty())
          value *= static_cast<double>(sums.factor[p]);
        pattern[p] = value * times;
      }
    });
    add_pattern(pattern, cells, i, n, sum, values);
    progress.advance();
  }
  CellVariance out;
  out.patterns = n;
  out.angles = angles;
  out.k = cells.k;
  // consecutive patterns go together, as in the other definitions
  const Index groups = std::min(n, sums.groups);
  std::vector<std::vector<Index>> samples(static_cast<std::size_t>(o.replicates) + 1);
  for (Index i = 0; i < n; ++i)
    samples[0].push_back(i);
  Random random(o.seed, 13);
  for (Index b = 1; b <= o.replicates; ++b)
    for (Index g = 0; g < groups; ++g) {
      const Index group = random.below(groups);
      for (Index i = group * n / groups; i < (group + 1) * n / groups; ++i)
        samples[static_cast<std::size_t>(b)].push_back(i);
    }
  const auto rings = static_cast<std::size_t>(cells.rings);
  for (auto* column : {&out.raw, &out.shot_noise, &out.value, &out.error})
    column->assign(rings, unknown);
  parallel_for(0, cells.rings, 1, [&](Index begin, Index end) {
    for (Index ring = begin; ring < end; ++ring) {
      const auto r = static_cast<std::size_t>(ring);
      const auto best = ring_variance(values, cells, ring, n, samples[0], o.noise);
      out.raw[r] = best.value;
      out.shot_noise[r] = best.shot;
      out.value[r] = best.value - best.shot;
      Moments spread;
      for (std::size_t b = 1; b < samples.size(); ++b) {
        const auto one = ring_variance(values, cells, ring, n, samples[b], o.noise);
        spread.add(one.value - one.shot);
      }
      out.error[r] = spread.deviation();
    }
  });
  return out;
}

} // namespace vitrum::fem
