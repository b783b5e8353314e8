#include "vitrum/fem/variance.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "resample_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

struct Named {
  std::string_view name, formula;
};
constexpr std::array<Named, variances> names{{
    {"image", "<<I^2>r/<I>r^2 - 1>phi"},
    {"annular-mean", "<<I>phi^2>r/<<I>phi>r^2 - 1"},
    {"ring-mean", "<<I^2>phi/<I>phi^2 - 1>r"},
    {"ring-ensemble", "<I^2>phi,r/<I>phi,r^2 - 1"},
    {"mean-ratio", "<Var_r I>phi/<<I>r>phi^2"},
}};

std::size_t at(Variance v) {
  return static_cast<std::size_t>(v);
}

/// Values and shot noise of all definitions [definition, ring] for one weighting of the groups.
struct Sample {
  explicit Sample(Index rings) {
    for (auto* part : {&raw, &shot})
      for (auto& one : *part)
        one.assign(static_cast<std::size_t>(rings), unknown);
    intensity.assign(static_cast<std::size_t>(rings), unknown);
  }
  std::array<std::vector<double>, variances> raw, shot;
  std::vector<double> intensity;
};

/// The definitions that are made of rings of single patterns. `weight` [used pattern].
void from_rings(const PatternSums& sums,
                const PolarMap& map,
                const DetectorNoise& noise,
                std::span<const double> weight,
                Sample& out) {
  const auto rings = static_cast<std::size_t>(sums.rings);
  std::vector<double> n(rings, 0), mean(rings, 0), square(rings, 0), within(rings, 0),
      within_shot(rings, 0);
  for (Index i = 0; i < sums.patterns; ++i) {
    const double w = weight[static_cast<std::size_t>(i)];
    if (w == 0)
      continue;
    const auto row = static_cast<std::size_t>(i) * rings;
    for (std::size_t r = 0; r < rings; ++r) {
      if (!(map.area[r] > 0))
        continue;
      const double m = sums.ring_sum[row + r] / map.area[r];
      const double q = sums.ring_squares[row + r] / map.area[r];
      mean[r] += w * m;
      square[r] += w * m * m;
      if (m > 0) {
        n[r] += w;
        within[r] += w * (q / (m * m) - 1);
        within_shot[r] += w * noise.of_pixel(m);
      }
    }
  }
  double total = 0;
  for (const double w : weight)
    total += w;
  for (std::size_t r = 0; r < rings; ++r) {
    if (!(map.area[r] > 0) || !(mean[r] > 0))
      continue;
    const double m = mean[r] / total;
    out.intensity[r] = m;
    // weights make the noise of the ring's mean that of Σw²/(Σw)² pixels, all of it: what spreads
    // to neighbours stays in the ring
    const double share = map.squared_weights[r] / (map.area[r] * map.area[r]);
    out.raw[at(Variance::annular_mean)][r] = square[r] / total / (m * m) - 1;
    out.shot[at(Variance::annular_mean)][r] =
        share * (noise.gain / m + noise.read_noise * noise.read_noise / (m * m));
    if (n[r] > 0) {
      out.raw[at(Variance::ring_mean)][r] = within[r] / n[r];
      out.shot[at(Variance::ring_mean)][r] = within_shot[r] / n[r];
    }
  }
}

/// What the sums over a ring's pixels say.
void set_pixel_definitions(
    const PixelMoments& m, double area, const DetectorNoise& noise, std::size_t r, Sample& out) {
  if (!(m.weight > 0) || !(m.mean > 0))
    return;
  const double mean = m.mean / area;
  const double square = (m.variance + m.mean_square) / area;
  const double read2 = noise.read_noise * noise.read_noise;
  const double single = noise.of_pixel(mean);
  out.raw[at(Variance::image)][r] = m.relative / m.weight;
  out.shot[at(Variance::image)][r] =
      (noise.noise_share * noise.gain * m.inverse + read2 * m.inverse_square) / m.weight;
  out.raw[at(Variance::ring_ensemble)][r] = square / (mean * mean) - 1;
  out.shot[at(Variance::ring_ensemble)][r] = single;
  out.raw[at(Variance::mean_ratio)][r] = m.variance / area / (mean * mean);
  out.shot[at(Variance::mean_ratio)][r] = single;
}

/// The same for all patterns once, from the exact sums instead of the floats of the groups.
void from_exact_pixels(const PatternSums& sums,
                       const PolarMap& map,
                       const DetectorNoise& noise,
                       Sample& out) {
  std::vector<PixelMoments> moments(static_cast<std::size_t>(map.rings));
  const auto n = static_cast<double>(sums.patterns);
  for (std::size_t p = 0; p < map.pixels.size(); ++p) {
    const double mean = sums.sum[p] / n;
    add_pixel(map.pixels[p], mean, sums.squares[p] / n - mean * mean, moments.data());
  }
  for (std::size_t r = 0; r < moments.size(); ++r)
    set_pixel_definitions(moments[r], map.area[r], noise, r, out);
}

/// The definitions that are made of pixels, for many weightings at once. `weights` [sample, group].
void from_pixels(const PatternSums& sums,
                 const PolarMap& map,
                 const DetectorNoise& noise,
                 const std::vector<float>& weights,
                 std::vector<Sample>& out,
                 const Monitor& monitor) {
  const auto rings = static_cast<std::size_t>(map.rings);
  const auto samples = out.size();
  std::vector<double> patterns(samples, 0);
  for (std::size_t s = 0; s < samples; ++s)
    for (Index g = 0; g < sums.groups; ++g)
      patterns[s] +=
          static_cast<double>(
              weights[s * static_cast<std::size_t>(sums.groups) + static_cast<std::size_t>(g)]) *
          static_cast<double>(sums.group_patterns[static_cast<std::size_t>(g)]);
  const auto pixels = static_cast<Index>(map.pixels.size());
  // Rows of pixels go to fixed pieces, whose sums are joined in order: the same for any number of
  // threads.
  constexpr Index tile = 256;
  const Index tiles = (pixels + tile - 1) / tile;
  const Index pieces = std::min<Index>(tiles, 16);
  std::vector<std::vector<PixelMoments>> partial(static_cast<std::size_t>(pieces),
                                                 std::vector<PixelMoments>(samples * rings));
  Progress progress(monitor, "resampling", "pixels", pixels);
  parallel_for(0, pieces, 1, [&](Index begin, Index end) {
    std::vector<float> sum(samples * tile), squares(samples * tile);
    std::vector<float> group_sum(static_cast<std::size_t>(sums.groups * tile)),
        group_squares(group_sum.size());
    for (Index piece = begin; piece < end; ++piece)
      for (Index t = piece * tiles / pieces; t < (piece + 1) * tiles / pieces; ++t) {
        const Index first = t * tile, count = std::min(tile, pixels - first);
        sums.read_groups(first, count, group_sum.data(), group_squares.data());
        combine_groups(group_sum.data(),
                       group_squares.data(),
                       count,
                       count,
                       weights.data(),
                       sums.groups,
                       static_cast<Index>(samples),
                       sum.data(),
                       squares.data(),
                       tile);
        for (std::size_t s = 0; s < samples; ++s)
          add_moments(sum.data() + static_cast<Index>(s) * tile,
                      squares.data() + static_cast<Index>(s) * tile,
                      sums.center.data() + first,
                      map.pixels.data() + first,
                      count,
                      patterns[s],
                      partial[static_cast<std::size_t>(piece)].data() + s * rings);
        progress.advance(count);
      }
  });
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t r = 0; r < rings; ++r) {
      PixelMoments m;
      for (const auto& one : partial)
        m.add(one[s * rings + r]);
      set_pixel_definitions(m, map.area[r], noise, r, out[s]);
    }
}

/// Rows: everything once, each group left out, bootstrap samples. [sample, group]
std::vector<float> make_weights(Index groups, Index replicates, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(groups);
  std::vector<float> weights(n, 1.0F);
  for (std::size_t g = 0; g < n; ++g) {
    const std::size_t row = weights.size();
    weights.resize(row + n, 1.0F);
    weights[row + g] = 0;
  }
  for (Index b = 0; b < replicates; ++b) {
    const std::size_t row = weights.size();
    weights.resize(row + n, 0.0F);
    Random random(seed, static_cast<std::uint64_t>(b));
    for (Index g = 0; g < groups; ++g)
      weights[row + static_cast<std::size_t>(random.below(groups))] += 1;
  }
  return weights;
}

std::vector<Sample> make_samples(const PatternSums& sums,
                                 const PolarMap& map,
                                 const DetectorNoise& noise,
                                 const std::vector<float>& weights,
                                 const Monitor& monitor) {
  const auto groups = static_cast<std::size_t>(sums.groups);
  std::vector<Sample> samples(weights.size() / groups, Sample(map.rings));
  parallel_for(0, static_cast<Index>(samples.size()), 4, [&](Index begin, Index end) {
    std::vector<double> weight(static_cast<std::size_t>(sums.patterns));
    for (Index s = begin; s < end; ++s) {
      for (std::size_t g = 0; g < groups; ++g)
        for (Index i = sums.group_first[g]; i < sums.group_first[g + 1]; ++i)
          weight[static_cast<std::size_t>(i)] =
              static_cast<double>(weights[static_cast<std::size_t>(s) * groups + g]);
      from_rings(sums, map, noise, weight, samples[static_cast<std::size_t>(s)]);
    }
  });
  from_pixels(sums, map, noise, weights, samples, monitor);
  return samples;
}

/// A variance of N patterns with weights w is low by Σw²/(Σw)². In a bootstrap sample that differs
/// from one to the next, for all rings alike, which would look like an error that rings share: each
/// gets the bias of N equal weights.
void level_bias(Sample& sample, const PatternSums& sums, std::span<const float> weight) {
  double squares = 0, total = 0;
  for (std::size_t g = 0; g < weight.size(); ++g) {
    const auto patterns = static_cast<double>(sums.group_first[g + 1] - sums.group_first[g]);
    const double w = static_cast<double>(weight[g]);
    squares += w * w * patterns;
    total += w * patterns;
  }
  const double kept = 1 - squares / (total * total);
  const double factor = (1 - 1 / static_cast<double>(sums.patterns)) / kept;
  if (!(kept > 0)) // one pattern alone
    return;
  for (const Variance v : {Variance::image, Variance::annular_mean, Variance::mean_ratio})
    for (double& raw : sample.raw[at(v)])
      raw *= factor;
}

double deviation(const std::vector<double>& values) {
  Moments m;
  for (const double v : values)
    if (std::isfinite(v))
      m.add(v);
  return m.count > 1 ? m.deviation() : unknown;
}

} // namespace

std::string_view name_of(Variance v) {
  return names[at(v)].name;
}

std::string_view formula_of(Variance v) {
  return names[at(v)].formula;
}

Variance parse_variance(std::string_view name) {
  std::string list;
  for (const Variance v : all_variances) {
    if (name_of(v) == name)
      return v;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", name_of(v));
  }
  throw OptionError(fmt::format("--variance {}: expected one of {}", name, list));
}

void validate(const DetectorNoise& noise) {
  if (!(noise.gain >= 0))
    throw OptionError(fmt::format("--gain {}: must be positive", noise.gain));
  if (!(noise.read_noise >= 0))
    throw OptionError(fmt::format("--read-noise {}: must not be negative", noise.read_noise));
  if (!(noise.noise_share > 0 && noise.noise_share <= 1))
    throw OptionError(
        fmt::format("share of white noise {}: must lie between 0 and 1", noise.noise_share));
}

Variances compute_variances(const PatternSums& sums,
                            const PolarMap& map,
                            const VarianceOptions& options,
                            const Monitor& monitor) {
  validate(options.noise);
  if (options.replicates < 2)
    throw OptionError(fmt::format("--replicates {}: need at least 2", options.replicates));
  const auto rings = static_cast<std::size_t>(map.rings);
  const auto groups = static_cast<std::size_t>(sums.groups);
  const auto weights = make_weights(sums.groups, options.replicates, options.seed);
  auto samples = make_samples(sums, map, options.noise, weights, monitor);
  for (std::size_t s = 1 + groups; s < samples.size(); ++s)
    level_bias(samples[s], sums, std::span(weights).subspan(s * groups, groups));
  Variances out;
  out.patterns = sums.patterns;
  out.groups = sums.groups;
  out.replicates = options.replicates;
  // biases compare samples of floats with each other, values are exact
  auto exact = samples[0];
  from_exact_pixels(sums, map, options.noise, exact);
  out.intensity = exact.intensity;
  out.intensity_error.assign(rings, unknown);
  const auto bootstrap = [&](auto&& value) {
    std::vector<double> values;
    for (std::size_t s = 1 + groups; s < samples.size(); ++s)
      values.push_back(value(samples[s]));
    return values;
  };
  for (std::size_t r = 0; r < rings; ++r)
    out.intensity_error[r] = deviation(bootstrap([&](const Sample& s) { return s.intensity[r]; }));
  for (std::size_t v = 0; v < variances; ++v) {
    auto& curve = out.curve[v];
    curve.raw = exact.raw[v];
    curve.shot_noise = exact.shot[v];
    curve.replicate.resize(static_cast<std::size_t>(options.replicates) * rings);
    for (std::size_t r = 0; r < rings; ++r) {
      const auto value_of = [&](const Sample& s) { return s.raw[v][r] - s.shot[v][r]; };
      curve.value.push_back(value_of(exact));
      double left_out = 0;
      for (std::size_t g = 0; g < groups; ++g)
        left_out += value_of(samples[1 + g]) / static_cast<double>(groups);
      curve.bias.push_back(static_cast<double>(groups - 1) * (left_out - value_of(samples[0])));
      const auto values = bootstrap(value_of);
      for (std::size_t b = 0; b < values.size(); ++b)
        curve.replicate[b * rings + r] = values[b];
      // a bootstrap of n units is too narrow by (n − 1)/n in the variance
      const double few = static_cast<double>(groups) / static_cast<double>(groups - 1);
      curve.error.push_back(deviation(values) * std::sqrt(few));
    }
  }
  return out;
}

std::vector<float>
variance_image(const PatternSums& sums, const PolarMap& map, const DetectorNoise& noise) {
  std::vector<float> image(map.pixels.size(), static_cast<float>(unknown));
  const auto n = static_cast<double>(sums.patterns);
  for (std::size_t p = 0; p < image.size(); ++p) {
    const double m = sums.sum[p] / n;
    if (map.pixels[p].first_ring < 0 || !(m > 0))
      continue;
    image[p] = static_cast<float>(sums.squares[p] / n / (m * m) - 1 - noise.of_pixel(m));
  }
  return image;
}

std::vector<double> local_variance(const PatternSums& sums,
                                   const PolarMap& map,
                                   const DetectorNoise& noise,
                                   Index first,
                                   Index last) {
  std::vector<double> out;
  for (Index i = 0; i < sums.patterns; ++i) {
    double total = 0, weight = 0;
    for (Index r = first; r < last; ++r) {
      const auto ring = static_cast<std::size_t>(r);
      const auto k = static_cast<std::size_t>(i * sums.rings + r);
      if (!(map.area[ring] > 0) || !(sums.ring_sum[k] > 0))
        continue;
      const double m = sums.ring_sum[k] / map.area[ring];
      total += map.area[ring] *
               (sums.ring_squares[k] / map.area[ring] / (m * m) - 1 - noise.of_pixel(m));
      weight += map.area[ring];
    }
    out.push_back(weight > 0 ? total / weight : unknown);
  }
  return out;
}

} // namespace vitrum::fem
