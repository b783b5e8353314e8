#include "vitrum/synth/fem.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "clusters.hpp"
#include "detector.hpp"
#include "ecm_sources.hpp"
#include "field.hpp"
#include "gamma_table.hpp"
#include "vitrum/atoms/kinematic.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::synth {
namespace {

void need(bool good, const char* name, double value, const char* expected) {
  if (!good)
    throw OptionError(fmt::format("{} = {}: must be {}", name, value, expected));
}

/// Pair persistence with its fall below the length.
double size_law(double probe, double length) {
  const double q2 = std::pow(0.61 / probe, 2);
  const double rise = std::pow(2 * std::numbers::pi * length, 2);
  return q2 / (1 + rise * q2) * std::min(1.0, std::pow(probe / length, 2));
}

/// What each pixel gets of the electrons of all; empty where nothing spreads. Edges are mirrors.
std::vector<double> spread_signal(const std::vector<std::uint32_t>& hits, const FemOptions& o) {
  if (!(o.point_spread_px > 0))
    return {};
  const auto reach = static_cast<Index>(6 * o.point_spread_px) + 1;
  std::vector<double> share;
  for (Index i = -reach; i <= reach; ++i) {
    const double root = o.point_spread_px * std::numbers::sqrt2;
    share.push_back(0.5 * (std::erf((static_cast<double>(i) + 0.5) / root) -
                           std::erf((static_cast<double>(i) - 0.5) / root)));
  }
  std::vector<double> from(hits.begin(), hits.begin() + o.height * o.width), to(from.size());
  const auto along = [&](Index lines, Index line_step, Index length, Index step) {
    for (Index line = 0; line < lines; ++line)
      for (Index i = 0; i < length; ++i) {
        double sum = 0;
        for (Index d = -reach; d <= reach; ++d) {
          Index j = i + d;
          j = j < 0 ? -1 - j : j >= length ? 2 * length - 1 - j : j;
          sum += share[static_cast<std::size_t>(d + reach)] *
                 from[static_cast<std::size_t>(line * line_step + j * step)];
        }
        to[static_cast<std::size_t>(line * line_step + i * step)] = sum;
      }
    std::swap(from, to);
  };
  along(o.height, o.width, o.width, 1);
  along(o.width, 1, o.height, o.width);
  return from;
}

} // namespace

void validate(const FemOptions& o) {
  need(o.rows >= 1, "rows", static_cast<double>(o.rows), "at least 1");
  need(o.columns >= 1, "columns", static_cast<double>(o.columns), "at least 1");
  need(o.height >= 32, "height", static_cast<double>(o.height), "at least 32");
  need(o.width >= 32, "width", static_cast<double>(o.width), "at least 32");
  need(o.k_per_pixel_inv_nm > 0, "k_per_pixel", o.k_per_pixel_inv_nm, "positive");
  need(o.probe_size_nm > 0, "probe_size_nm", o.probe_size_nm, "positive");
  need(o.length_nm > 0, "length_nm", o.length_nm, "positive");
  need(o.floor >= 0 && o.floor < 1, "floor", o.floor, "in [0, 1)");
  need(o.peak_height >= 0 && o.peak_height <= 1, "peak_height", o.peak_height, "in [0, 1]");
  need(o.height_ratio >= 0 && o.height_ratio <= 1, "height_ratio", o.height_ratio, "in [0, 1]");
  need(o.peak_width_inv_nm > 0, "peak_width", o.peak_width_inv_nm, "positive");
  need(o.broadening >= 0, "broadening", o.broadening, "zero or more");
  need(o.split_inv_nm >= 0, "split", o.split_inv_nm, "zero or more");
  need(o.mean_electrons > 0, "mean_electrons", o.mean_electrons, "positive");
  need(o.gain > 0, "gain", o.gain, "positive");
  need(o.read_noise >= 0, "read_noise", o.read_noise, "zero or more");
  need(o.cluster_fraction >= 0 && o.cluster_fraction <= 0.3,
       "cluster_fraction",
       o.cluster_fraction,
       "in [0, 0.3]");
  if (o.cluster_fraction > 0) {
    need(o.cluster_size_nm > 0 && o.cluster_size_nm <= o.layer_nm,
         "cluster_size",
         o.cluster_size_nm,
         "positive and at most the thickness of a layer");
    need(o.layers >= 1, "layers", static_cast<double>(o.layers), "at least 1");
  }
  need(o.point_spread_px >= 0 && o.point_spread_px < 10,
       "point_spread",
       o.point_spread_px,
       "zero or more, below 10");
  need(std::hypot(o.stretch, o.shear) < 0.3, "stretch", o.stretch, "below 0.3 with the shear");
  need(o.thickness_gradient > -1, "thickness_gradient", o.thickness_gradient, "above -1");
  need(o.crystals >= 0 && o.crystals <= o.rows * o.columns,
       "crystals",
       static_cast<double>(o.crystals),
       "at most the number of patterns");
}

struct FemExperiment::State {
  FemOptions options;
  frames::SeriesInfo info;
  double center_x = 0, center_y = 0, height = 0, width = 0, speckle = 0;
  std::vector<std::uint8_t> kind; // [pixel] 0 sound, 1 hot, 2 dead, 3 behind the stop

  [[nodiscard]] double variance(double k) const {
    const auto& o = options;
    const auto gaussian = [&](double center) {
      const double d = (k - center) / width;
      return std::exp(-0.5 * d * d);
    };
    const double first = o.split_inv_nm > 0
                             ? 0.5 * (gaussian(o.peak_k_inv_nm - 0.5 * o.split_inv_nm) +
                                      gaussian(o.peak_k_inv_nm + 0.5 * o.split_inv_nm))
                             : gaussian(o.peak_k_inv_nm);
    return o.floor + height * (first + o.height_ratio * gaussian(o.second_k_inv_nm));
  }

  static double bell(double x, double c, double w) {
    return std::exp(-0.5 * (x - c) * (x - c) / (w * w));
  }
  /// Electrons of a pixel on average: a halo, its second order and inelastic ones.
  [[nodiscard]] double halo(double k) const {
    const auto& o = options;
    const double sum = bell(k, o.peak_k_inv_nm, k < o.peak_k_inv_nm ? 0.45 : 0.7) +
                       0.25 * bell(k, o.second_k_inv_nm, 0.9) + 0.6 * std::exp(-k / 2.2) + 0.04;
    const double crest = 1 + 0.6 * std::exp(-o.peak_k_inv_nm / 2.2) + 0.04;
    return o.mean_electrons * sum / crest;
  }
  /// And the direct beam.
  [[nodiscard]] double intensity(double k) const {
    const auto& o = options;
    return halo(k) + o.mean_electrons * 40 * bell(k, 0, 3 * o.k_per_pixel_inv_nm);
  }

  /// Of atoms, relative to as many that do not interfere [pixel].
  [[nodiscard]] std::vector<double> scatter(std::uint64_t seed, double cx) const {
    const auto& o = options;
    ClusterOptions clusters;
    clusters.size_nm = o.cluster_size_nm;
    clusters.fraction = o.cluster_fraction;
    clusters.spacing_nm = 1 / o.peak_k_inv_nm;
    clusters.layer_nm = o.layer_nm;
    const double q = atoms::aperture_of_fwhm(o.probe_size_nm);           // 1/nm
    const double reach = 7.015586669815619 / (2 * std::numbers::pi * q); // second dark ring
    ClusterPattern pattern(o.height, o.width, o.k_per_pixel_inv_nm);
    std::vector<double> sum(static_cast<std::size_t>(o.height * o.width), 0);
    double squares = 0;
    // an ellipse is a linear map of k, whose square has the quadratic form of the ring; on the
    // atoms it does the same
    const double norm = std::sqrt(1 - o.stretch * o.stretch - o.shear * o.shear);
    const double root = std::sqrt(2 / norm + 2), xx = ((1 + o.stretch) / norm + 1) / root,
                 yy = ((1 - o.stretch) / norm + 1) / root, xy = o.shear / norm / root;
    for (Index layer = 0; layer < o.layers; ++layer) {
      Random random(seed, stream_of(Stream::detector, 8, static_cast<std::uint64_t>(layer)));
      auto lit = make_layer(clusters, reach, random);
      for (std::size_t i = 0; i < lit.x.size(); ++i) {
        const auto x = static_cast<double>(lit.x[i]), y = static_cast<double>(lit.y[i]);
        lit.amplitude[i] =
            static_cast<float>(atoms::probe_amplitude(2 * std::numbers::pi * q * std::hypot(x, y)));
        lit.x[i] = static_cast<float>(xx * x + xy * y);
        lit.y[i] = static_cast<float>(xy * x + yy * y);
      }
      squares += pattern.add(lit, cx, center_y, sum);
    }
    constexpr double brightest = 40; // the direct beam is that of all atoms in step
    for (double& v : sum)
      v = std::min(v / squares, brightest);
    return sum;
  }

  void make(Index pattern, const GammaTable& table, std::uint16_t* counts) const;
};

FemExperiment::FemExperiment(const FemOptions& options) : state_(std::make_unique<State>()) {
  validate(options);
  auto& s = *state_;
  s.options = options;
  s.info.path = "virtual";
  s.info.format = "virtual";
  s.info.frames = options.rows * options.columns;
  s.info.height = options.height;
  s.info.width = options.width;
  s.info.type = frames::PixelType::u16;
  s.info.scale = {options.k_per_pixel_inv_nm, options.k_per_pixel_inv_nm, "1/nm"};
  s.center_x =
      options.center_x_px < 0 ? 0.5 * static_cast<double>(options.width - 1) : options.center_x_px;
  s.center_y =
      options.center_y_px < 0 ? 0.5 * static_cast<double>(options.height - 1) : options.center_y_px;
  s.height = options.peak_height * size_law(options.probe_size_nm, options.length_nm) /
             size_law(options.length_nm, options.length_nm);
  s.width = std::hypot(options.peak_width_inv_nm, options.broadening / options.probe_size_nm);
  s.speckle = options.speckle_px > 0 ? options.speckle_px
                                     : 0.35 / options.probe_size_nm / options.k_per_pixel_inv_nm;
  s.kind.assign(static_cast<std::size_t>(s.info.pixels()), 0);
  Random random(options.seed, stream_of(Stream::detector, 5, 0));
  for (const auto& [number, kind] : {std::pair(options.hot_pixels, 1), {options.dead_pixels, 2}})
    for (Index i = 0; i < number; ++i)
      s.kind[static_cast<std::size_t>(random.below(s.info.pixels()))] =
          static_cast<std::uint8_t>(kind);
  if (options.beam_stop)
    for (Index y = 0; y < options.height; ++y)
      for (Index x = 0; x < options.width; ++x)
        if (std::abs(static_cast<double>(y) - s.center_y) <
                0.02 * static_cast<double>(options.height) + 3 &&
            static_cast<double>(x) < s.center_x + 0.06 * static_cast<double>(options.width))
          s.kind[static_cast<std::size_t>(y * options.width + x)] = 3;
}

FemExperiment::~FemExperiment() = default;
FemExperiment::FemExperiment(FemExperiment&&) noexcept = default;

const frames::SeriesInfo& FemExperiment::info() const {
  return state_->info;
}
double FemExperiment::variance(double k) const {
  return state_->variance(k);
}
double FemExperiment::peak_height() const {
  return state_->height;
}
double FemExperiment::peak_width_inv_nm() const {
  return state_->width;
}

void FemExperiment::State::make(Index pattern,
                                const GammaTable& table,
                                std::uint16_t* counts) const {
  const auto& o = options;
  const auto number = static_cast<std::uint64_t>(pattern);
  const bool white = speckle < 0.5; // every pixel its own speckle
  const bool atoms = o.cluster_fraction > 0;
  const auto padded = (info.pixels() + random_chunk - 1) / random_chunk * random_chunk;
  std::vector<double> field;
  std::vector<float> noise;
  const std::uint64_t own_seed = o.seed * 1000003U + number * 7919U + 17U;
  if (atoms) {
    field.clear();
  } else if (white) {
    noise.resize(static_cast<std::size_t>(padded));
    fill_normal(own_seed, stream_of(Stream::detector, 1, 0), 0, noise);
    field.assign(noise.begin(), noise.end());
  } else {
    field = make_smooth_field(own_seed, o.height, o.width, speckle);
  }
  const auto column = static_cast<double>(pattern % o.columns);
  const double across = o.columns > 1 ? column / static_cast<double>(o.columns - 1) : 0;
  const double along =
      info.frames > 1 ? static_cast<double>(pattern) / static_cast<double>(info.frames - 1) : 0;
  const double cx = center_x + o.descan_px * (across - 0.5);
  const double thickness = 1 + o.thickness_gradient * (along - 0.5);
  const double norm = std::sqrt(1 - o.stretch * o.stretch - o.shear * o.shear);
  std::vector<float> rate(static_cast<std::size_t>(padded), 0.0F);
  std::vector<double> scattered;
  if (atoms)
    scattered = scatter(own_seed, cx);
  for (Index y = 0; y < o.height; ++y)
    for (Index x = 0; x < o.width; ++x) {
      const auto p = static_cast<std::size_t>(y * o.width + x);
      const double dx = static_cast<double>(x) - cx, dy = static_cast<double>(y) - center_y;
      const double r = std::sqrt(
          ((1 + o.stretch) * dx * dx + 2 * o.shear * dx * dy + (1 - o.stretch) * dy * dy) / norm);
      const double k = r * o.k_per_pixel_inv_nm;
      double mean = thickness * (atoms ? halo(k) * scattered[p]
                                       : intensity(k) * table.value(field[p], variance(k)));
      if (kind[p] == 1)
        mean = 30 * o.mean_electrons;
      else if (kind[p] == 2)
        mean = 0;
      else if (kind[p] == 3)
        mean *= 0.02;
      rate[p] = static_cast<float>(mean);
    }
  if (pattern < o.crystals) { // a pair of Friedel spots on the ring
    Random random(own_seed, stream_of(Stream::detector, 6, 0));
    const double phi = std::numbers::pi * random.uniform();
    const double radius = o.peak_k_inv_nm / o.k_per_pixel_inv_nm;
    for (const double side : {1.0, -1.0})
      for (Index dy = -2; dy <= 2; ++dy)
        for (Index dx = -2; dx <= 2; ++dx) {
          const auto y = static_cast<Index>(center_y + side * radius * std::sin(phi)) + dy;
          const auto x = static_cast<Index>(cx + side * radius * std::cos(phi)) + dx;
          if (y >= 0 && x >= 0 && y < o.height && x < o.width)
            rate[static_cast<std::size_t>(y * o.width + x)] += static_cast<float>(
                40 * o.mean_electrons * std::exp(-0.5 * static_cast<double>(dx * dx + dy * dy)));
        }
  }
  std::vector<std::uint32_t> words(rate.size()), hits(rate.size());
  fill_words(own_seed, stream_of(Stream::count, 0, 0), 0, words);
  draw_counts(rate, words, own_seed, stream_of(Stream::large_count, 0, 0), hits);
  if (o.read_noise > 0) {
    noise.resize(rate.size());
    fill_normal(own_seed, stream_of(Stream::circulant, 0, 0), 0, noise);
  }
  const auto spread = spread_signal(hits, o);
  for (std::size_t p = 0; p < static_cast<std::size_t>(info.pixels()); ++p) {
    double value = o.gain * (spread.empty() ? static_cast<double>(hits[p]) : spread[p]);
    if (o.read_noise > 0)
      value += o.read_noise * static_cast<double>(noise[p]);
    value = std::nearbyint(std::max(value, 0.0));
    if (value > std::numeric_limits<std::uint16_t>::max())
      throw DataError(fmt::format("pattern {}: {} counts do not fit into 16 bits: choose fewer "
                                  "electrons or a smaller gain",
                                  pattern,
                                  value));
    counts[p] = static_cast<std::uint16_t>(value);
  }
}

void FemExperiment::generate(const Sink& sink, const Monitor& monitor) const {
  const auto& s = *state_;
  const double largest = s.options.floor + s.height * (1 + s.options.height_ratio);
  const GammaTable table(std::max(largest, 1e-3));
  Progress progress(monitor, "making patterns", "patterns", s.info.frames);
  const Index block = std::min<Index>(16, s.info.frames);
  std::vector<std::uint16_t> counts(static_cast<std::size_t>(block * s.info.pixels()));
  for (Index first = 0; first < s.info.frames; first += block) {
    const Index count = std::min(block, s.info.frames - first);
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        s.make(first + i, table, counts.data() + i * s.info.pixels());
    });
    sink(first, count, counts.data());
    progress.advance(count);
  }
}

std::unique_ptr<frames::FrameSource>
FemExperiment::generate_in_memory(const Monitor& monitor) const {
  const auto& info = state_->info;
  std::vector<std::uint16_t> all;
  generate(
      [&](Index, Index count, const std::uint16_t* counts) {
        all.insert(all.end(), counts, counts + count * info.pixels());
      },
      monitor);
  return frames::make_memory_source(std::move(all), info.frames, info.height, info.width);
}

Tree FemExperiment::truth() const {
  const auto& s = *state_;
  const auto& o = s.options;
  Tree tree;
  tree.set("probe_size_nm", make_scalar(o.probe_size_nm, "nm"));
  tree.set("length_nm", make_scalar(o.length_nm, "nm"));
  tree.set("peak_k_inv_nm", make_scalar(o.peak_k_inv_nm, "1/nm"));
  tree.set("second_k_inv_nm", make_scalar(o.second_k_inv_nm, "1/nm"));
  tree.set("split_inv_nm", make_scalar(o.split_inv_nm, "1/nm"));
  tree.set("peak_height", make_scalar(s.height));
  tree.set("peak_width_inv_nm", make_scalar(s.width, "1/nm"));
  tree.set("floor", make_scalar(o.floor));
  tree.set("speckle_px", make_scalar(s.speckle, "px"));
  tree.set("gain", make_scalar(o.gain));
  tree.set("read_noise", make_scalar(o.read_noise));
  tree.set("center_x_px", make_scalar(s.center_x, "px"));
  tree.set("center_y_px", make_scalar(s.center_y, "px"));
  if (o.cluster_fraction > 0) { // V is not known beforehand
    tree = Tree();
    tree.set("probe_size_nm", make_scalar(o.probe_size_nm, "nm"));
    tree.set("cluster_size_nm", make_scalar(o.cluster_size_nm, "nm"));
    tree.set("cluster_fraction", make_scalar(o.cluster_fraction));
    tree.set("peak_k_inv_nm", make_scalar(o.peak_k_inv_nm, "1/nm"));
    tree.set("layers", make_scalar(o.layers));
    tree.set("layer_nm", make_scalar(o.layer_nm, "nm"));
    tree.set("gain", make_scalar(o.gain));
    tree.set("center_x_px", make_scalar(s.center_x, "px"));
    tree.set("center_y_px", make_scalar(s.center_y, "px"));
    return tree;
  }
  std::vector<double> k, variance, intensity;
  const double corner = 0.5 *
                        std::hypot(static_cast<double>(o.height), static_cast<double>(o.width)) *
                        o.k_per_pixel_inv_nm;
  for (double at = 0; at < corner; at += 0.5 * o.k_per_pixel_inv_nm) {
    k.push_back(at);
    variance.push_back(s.variance(at));
    intensity.push_back(s.intensity(at) * o.gain);
  }
  tree.set("k", make_array(k, "1/nm"));
  tree.set("variance", make_array(variance));
  tree.set("intensity", make_array(intensity, "counts"));
  return tree;
}

} // namespace vitrum::synth
