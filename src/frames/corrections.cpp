#include "vitrum/frames/corrections.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "least_squares.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::frames {
namespace {

struct Entry {
  StaticCorrection kind;
  std::string_view name, formula;
};

constexpr std::array<Entry, 5> entries{
    {{StaticCorrection::none, "none", "frames as they are"},
     {StaticCorrection::polynomial,
      "polynomial",
      "2-D polynomial in x and y of a total degree, fitted to block means of the time mean"},
     {StaticCorrection::azimuthal,
      "azimuthal",
      "mean of the time mean over each static bin, I(q), linear in q between them"},
     {StaticCorrection::smooth,
      "smooth",
      "time mean smoothed by a Gaussian over the pixels in use"},
     {StaticCorrection::pixel_mean, "pixel-mean", "time mean of each pixel"}}};

const Entry& entry_of(StaticCorrection kind) {
  return *std::find_if(
      entries.begin(), entries.end(), [&](const Entry& entry) { return entry.kind == kind; });
}

using Image = std::vector<double>;

bool used(const Partition& p, std::size_t i) {
  return p.dynamic_labels[i] > 0;
}

// Legendre polynomials P_0 … P_degree at x in [−1, 1].
std::vector<double> legendre(double x, Index degree) {
  std::vector<double> p{1, x};
  for (Index k = 2; k <= degree; ++k) {
    const auto n = static_cast<double>(k);
    p.push_back(((2 * n - 1) * x * p[static_cast<std::size_t>(k - 1)] -
                 (n - 1) * p[static_cast<std::size_t>(k - 2)]) /
                n);
  }
  return p;
}

// Products of total degree up to `degree` at a place of the frame.
std::vector<double> terms(double y, double x, const Partition& p, Index degree) {
  const auto scaled = [](double at, Index size) {
    return size > 1 ? 2 * at / static_cast<double>(size - 1) - 1 : 0.0;
  };
  const auto py = legendre(scaled(y, p.height), degree);
  const auto px = legendre(scaled(x, p.width), degree);
  std::vector<double> all;
  for (Index i = 0; i <= degree; ++i)
    for (Index j = 0; i + j <= degree; ++j)
      all.push_back(py[static_cast<std::size_t>(i)] * px[static_cast<std::size_t>(j)]);
  return all;
}

Image polynomial_surface(std::span<const double> mean,
                         const Partition& p,
                         const StaticSurfaceOptions& options) {
  std::vector<double> rows, values;
  Index columns = 0;
  for (Index y0 = 0; y0 < p.height; y0 += options.block_px)
    for (Index x0 = 0; x0 < p.width; x0 += options.block_px) {
      double sum = 0, sum_y = 0, sum_x = 0, n = 0;
      for (Index y = y0; y < std::min(y0 + options.block_px, p.height); ++y)
        for (Index x = x0; x < std::min(x0 + options.block_px, p.width); ++x) {
          const auto i = static_cast<std::size_t>(y * p.width + x);
          if (!used(p, i))
            continue;
          sum += mean[i];
          sum_y += static_cast<double>(y);
          sum_x += static_cast<double>(x);
          n += 1;
        }
      if (n == 0)
        continue;
      const double weight = std::sqrt(n); // the error of a block mean is 1/√n
      const auto row = terms(sum_y / n, sum_x / n, p, options.degree);
      columns = static_cast<Index>(row.size());
      for (const double term : row)
        rows.push_back(weight * term);
      values.push_back(weight * sum / n);
    }
  if (static_cast<Index>(values.size()) < columns)
    throw DataError(fmt::format(
        "polynomial of degree {} has {} terms, but only {} blocks of {} x {} pixels are in use",
        options.degree,
        columns,
        values.size(),
        options.block_px,
        options.block_px));
  const std::vector<double> x = solve_least_squares(std::move(rows), std::move(values), columns);
  Image surface(mean.size(), 1);
  parallel_for(0, p.height, 16, [&](Index begin, Index end) {
    for (Index row = begin; row < end; ++row)
      for (Index column = 0; column < p.width; ++column) {
        const auto i = static_cast<std::size_t>(row * p.width + column);
        if (!used(p, i))
          continue;
        const auto t =
            terms(static_cast<double>(row), static_cast<double>(column), p, options.degree);
        double value = 0;
        for (std::size_t k = 0; k < t.size(); ++k)
          value += x[k] * t[k];
        surface[i] = value;
      }
  });
  return surface;
}

// Means per label; entry 0 unused.
std::vector<double> label_means(std::span<const double> image,
                                const std::vector<std::int32_t>& labels,
                                std::size_t bins) {
  std::vector<double> sum(bins + 1, 0), n(bins + 1, 0);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] > 0) {
      sum[static_cast<std::size_t>(labels[i])] += image[i];
      n[static_cast<std::size_t>(labels[i])] += 1;
    }
  for (std::size_t b = 1; b <= bins; ++b)
    sum[b] /= n[b];
  return sum;
}

struct Knot {
  double q, value;
};

double interpolate(const std::vector<Knot>& knots, double q) {
  const auto above = std::upper_bound(
      knots.begin(), knots.end(), q, [](double at, const Knot& knot) { return at < knot.q; });
  if (above == knots.begin())
    return knots.front().value;
  if (above == knots.end())
    return knots.back().value;
  const Knot& low = *(above - 1);
  return low.value + (above->value - low.value) * (q - low.q) / (above->q - low.q);
}

Image azimuthal_surface(std::span<const double> mean,
                        const Partition& p,
                        const QMap* map,
                        const StaticSurfaceOptions& options) {
  const auto bin_mean = label_means(mean, p.static_labels, p.static_bins.size());
  Image surface(mean.size(), 1);
  for (std::size_t i = 0; i < mean.size(); ++i)
    if (used(p, i))
      surface[i] = bin_mean[static_cast<std::size_t>(p.static_labels[i])];
  if (map == nullptr || !options.interpolate_q)
    return surface;
  const auto bin_q = label_means(map->q_inv_angstrom, p.static_labels, p.static_bins.size());
  std::vector<std::vector<Knot>> knots(p.bins.size() + 1);
  std::vector<std::uint8_t> seen(p.static_bins.size() + 1, 0);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const auto label = static_cast<std::size_t>(p.static_labels[i]);
    if (label == 0 || seen[label] != 0)
      continue;
    seen[label] = 1;
    knots[static_cast<std::size_t>(p.dynamic_labels[i])].push_back({bin_q[label], bin_mean[label]});
  }
  for (auto& list : knots)
    std::sort(list.begin(), list.end(), [](const Knot& a, const Knot& b) { return a.q < b.q; });
  for (std::size_t i = 0; i < mean.size(); ++i)
    if (used(p, i))
      surface[i] =
          interpolate(knots[static_cast<std::size_t>(p.dynamic_labels[i])], map->q_inv_angstrom[i]);
  return surface;
}

// One pass of a Gaussian along rows (step 1) or columns; lines are independent.
void blur_lines(const Image& in,
                Image& out,
                Index lines,
                Index line_step,
                Index size,
                Index step,
                const std::vector<double>& kernel) {
  const auto radius = static_cast<Index>(kernel.size()) - 1;
  parallel_for(0, lines, 8, [&](Index begin, Index end) {
    for (Index line = begin; line < end; ++line)
      for (Index at = 0; at < size; ++at) {
        double sum = 0;
        for (Index k = std::max(-radius, -at); k <= std::min(radius, size - 1 - at); ++k)
          sum += kernel[static_cast<std::size_t>(std::abs(k))] *
                 in[static_cast<std::size_t>(line * line_step + (at + k) * step)];
        out[static_cast<std::size_t>(line * line_step + at * step)] = sum;
      }
  });
}

void blur(Image& image, const Partition& p, const std::vector<double>& kernel) {
  Image half(image.size());
  blur_lines(image, half, p.height, p.width, p.width, 1, kernel);
  blur_lines(half, image, p.width, 1, p.height, p.width, kernel);
}

Image smooth_surface(std::span<const double> mean,
                     const Partition& p,
                     const StaticSurfaceOptions& options) {
  std::vector<double> kernel;
  const auto radius = static_cast<Index>(std::ceil(4 * options.smooth_px));
  for (Index k = 0; k <= radius; ++k) {
    const double z = static_cast<double>(k) / options.smooth_px;
    kernel.push_back(std::exp(-0.5 * z * z));
  }
  Image sum(mean.size(), 0), weight(mean.size(), 0);
  for (std::size_t i = 0; i < mean.size(); ++i)
    if (used(p, i)) {
      sum[i] = mean[i];
      weight[i] = 1;
    }
  blur(sum, p, kernel);
  blur(weight, p, kernel);
  for (std::size_t i = 0; i < mean.size(); ++i)
    sum[i] = used(p, i) ? sum[i] / weight[i] : 1;
  return sum;
}

void check_size(std::span<const float> values, const Mask& mask, const char* what) {
  if (!values.empty() && values.size() != mask.use.size())
    throw DataError(fmt::format(
        "{} has {} values, expected {} x {} pixels", what, values.size(), mask.height, mask.width));
}

template <class Sound>
void check_values(std::span<const float> values,
                  const Mask& mask,
                  const char* what,
                  const char* expected,
                  const Sound& sound) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (mask.use[i] != 0 && !sound(values[i]))
      throw DataError(fmt::format("{} is {} at pixel ({}, {}), expected {}",
                                  what,
                                  values[i],
                                  static_cast<Index>(i) / mask.width,
                                  static_cast<Index>(i) % mask.width,
                                  expected));
}

} // namespace

std::string_view name(StaticCorrection correction) {
  return entry_of(correction).name;
}

std::string_view formula(StaticCorrection correction) {
  return entry_of(correction).formula;
}

StaticCorrection parse_static_correction(std::string_view text) {
  std::string known;
  for (const Entry& entry : entries) {
    if (entry.name == text)
      return entry.kind;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.name);
  }
  throw OptionError(
      fmt::format("static correction '{}' is not known, expected one of {}", text, known));
}

void validate(const StaticSurfaceOptions& o) {
  if (o.degree < 0 || o.degree > 8)
    throw OptionError(fmt::format("degree = {}: must lie between 0 and 8", o.degree));
  if (o.block_px < 1)
    throw OptionError(fmt::format("block_px = {}: must be at least 1", o.block_px));
  if (!(o.smooth_px > 0) || o.smooth_px > 1e4)
    throw OptionError(
        fmt::format("smooth_px = {}: must be positive and at most 10000", o.smooth_px));
}

std::vector<float> make_static_surface(std::span<const double> mean_image,
                                       const Partition& p,
                                       const QMap* map,
                                       const StaticSurfaceOptions& options) {
  validate(options);
  const auto pixels = static_cast<std::size_t>(p.height * p.width);
  if (mean_image.size() != pixels || (map != nullptr && map->q_inv_angstrom.size() != pixels))
    throw DataError(
        fmt::format("mean image of {} values does not fit the partition of {} x {} pixels",
                    mean_image.size(),
                    p.height,
                    p.width));
  for (std::size_t i = 0; i < pixels; ++i)
    if (used(p, i) && !std::isfinite(mean_image[i]))
      throw DataError(fmt::format("time mean is {} at pixel ({}, {}): mask the pixel",
                                  mean_image[i],
                                  static_cast<Index>(i) / p.width,
                                  static_cast<Index>(i) % p.width));
  Image surface;
  switch (options.kind) {
  case StaticCorrection::none:
    surface.assign(pixels, 1);
    break;
  case StaticCorrection::polynomial:
    surface = polynomial_surface(mean_image, p, options);
    break;
  case StaticCorrection::azimuthal:
    surface = azimuthal_surface(mean_image, p, map, options);
    break;
  case StaticCorrection::smooth:
    surface = smooth_surface(mean_image, p, options);
    break;
  case StaticCorrection::pixel_mean:
    surface.assign(mean_image.begin(), mean_image.end());
    break;
  }
  for (std::size_t i = 0; i < pixels; ++i)
    if (used(p, i) && !(surface[i] > 0))
      throw DataError(fmt::format("static correction {} is {:.6g} at pixel ({}, {}): must be "
                                  "positive; mask the pixel or choose another correction",
                                  name(options.kind),
                                  surface[i],
                                  static_cast<Index>(i) / p.width,
                                  static_cast<Index>(i) % p.width));
  const auto level = label_means(surface, p.dynamic_labels, p.bins.size());
  std::vector<float> scaled(pixels, 1.0F);
  for (std::size_t i = 0; i < pixels; ++i)
    if (used(p, i))
      scaled[i] =
          static_cast<float>(surface[i] / level[static_cast<std::size_t>(p.dynamic_labels[i])]);
  return scaled;
}

PixelTransform make_pixel_transform(const Mask& mask,
                                    std::span<const float> dark,
                                    std::span<const float> flat,
                                    std::span<const float> surface) {
  check_size(dark, mask, "dark");
  check_size(flat, mask, "flat field");
  check_size(surface, mask, "static surface");
  check_values(dark, mask, "dark", "a finite number", [](float v) { return std::isfinite(v); });
  const auto positive = [](float v) { return v > 0 && std::isfinite(v); };
  check_values(flat, mask, "flat field", "a positive number", positive);
  check_values(surface, mask, "static surface", "a positive number", positive);
  PixelTransform transform;
  transform.offset.assign(dark.begin(), dark.end());
  if (flat.empty() && surface.empty())
    return transform;
  transform.factor.assign(mask.use.size(), 0.0F);
  for (std::size_t i = 0; i < mask.use.size(); ++i)
    if (mask.use[i] != 0)
      transform.factor[i] =
          1.0F / ((flat.empty() ? 1.0F : flat[i]) * (surface.empty() ? 1.0F : surface[i]));
  for (std::size_t i = 0; i < mask.use.size() && !transform.offset.empty(); ++i)
    if (mask.use[i] == 0)
      transform.offset[i] = 0;
  return transform;
}

void correct_image(std::span<double> image, const PixelTransform& transform) {
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (!transform.offset.empty())
      image[i] -= static_cast<double>(transform.offset[i]);
    if (!transform.factor.empty())
      image[i] *= static_cast<double>(transform.factor[i]);
  }
}

} // namespace vitrum::frames
