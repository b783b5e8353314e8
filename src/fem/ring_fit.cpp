#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/fem/ring_center.hpp"
#include "vitrum/fit/curve_fit.hpp"

namespace vitrum::fem {
namespace {

struct Samples {
  std::vector<double> x, y, value;
};

enum Parameter { px, py, stretch, shear, radius, height, inner, outer, base, slope, level, count };

double model(std::span<const double> p, const RingShape& shape, double x, double y) {
  const double r = shape.radius_px(x, y);
  const double d = r - p[radius];
  const double width = d < 0 ? p[inner] : p[outer];
  return p[height] * std::exp(-0.5 * d * d / (width * width)) +
         p[base] * std::exp(-0.5 * r * r / (p[slope] * p[slope])) + p[level];
}

RingShape shape_of(std::span<const double> p) {
  RingShape shape;
  shape.center_x_px = p[px];
  shape.center_y_px = p[py];
  shape.stretch = p[stretch];
  shape.shear = p[shear];
  return shape;
}

/// Median of the pixels in use at each whole radius.
std::vector<double>
radial_profile(std::span<const double> image, const frames::Mask& mask, const RingShape& shape) {
  std::vector<std::vector<double>> rings;
  for (Index y = 0; y < mask.height; ++y)
    for (Index x = 0; x < mask.width; ++x) {
      const auto p = static_cast<std::size_t>(y * mask.width + x);
      if (mask.use[p] == 0)
        continue;
      const auto r = static_cast<std::size_t>(
          shape.radius_px(static_cast<double>(x), static_cast<double>(y)) + 0.5);
      if (r >= rings.size())
        rings.resize(r + 1);
      rings[r].push_back(image[p]);
    }
  std::vector<double> profile;
  constexpr double fewest = 12, share = 1.0 / 3; // of a ring that must be on the detector
  for (std::size_t r = 0; r < rings.size(); ++r) {
    const double whole = 2 * 3.14159 * static_cast<double>(r);
    const bool enough = static_cast<double>(rings[r].size()) >= std::max(fewest, share * whole);
    profile.push_back(enough ? median(rings[r]) : unknown);
  }
  return profile;
}

/// Radius of the most prominent crest of the profile beyond `first`; where there is none, of the
/// profile times the radius. NaN without any.
double find_crest(const std::vector<double>& profile, double first) {
  for (const int power : {0, 1, 2}) {
    std::vector<double> smooth;
    constexpr Index half = 3;
    const auto n = static_cast<Index>(profile.size());
    for (Index r = 0; r < n; ++r) {
      double sum = 0, weight = 0;
      for (Index j = std::max<Index>(0, r - half); j <= std::min(n - 1, r + half); ++j)
        if (const double v = profile[static_cast<std::size_t>(j)]; std::isfinite(v)) {
          const double w = static_cast<double>(half + 1 - std::abs(j - r));
          sum += w * v * std::pow(static_cast<double>(j), power);
          weight += w;
        }
      smooth.push_back(weight > 0 ? sum / weight : unknown);
    }
    double best = 0, crest = unknown;
    for (Index r = static_cast<Index>(first); r + 1 < n; ++r) {
      const double v = smooth[static_cast<std::size_t>(r)];
      if (!(v > smooth[static_cast<std::size_t>(r - 1)]) ||
          !(v >= smooth[static_cast<std::size_t>(r + 1)]))
        continue;
      double left = v, right = v; // deepest valleys before something higher
      for (Index j = r - 1; j >= 0 && !(smooth[static_cast<std::size_t>(j)] > v); --j)
        left = std::min(left, smooth[static_cast<std::size_t>(j)]);
      for (Index j = r + 1; j < n && !(smooth[static_cast<std::size_t>(j)] > v); ++j)
        right = std::min(right, smooth[static_cast<std::size_t>(j)]);
      // what stands out counts by its pixels: beside the stop are few, at the edge the noise is
      // small
      constexpr double clear = 0.03; // of the height
      const double prominence = v - std::max(left, right);
      const double score = prominence / v * std::pow(static_cast<double>(r), 1.5);
      if (v > 0 && prominence > clear * v && score > best) {
        best = score;
        crest = static_cast<double>(r);
      }
    }
    if (std::isfinite(crest))
      return crest;
  }
  return unknown;
}

Samples take_samples(std::span<const double> image,
                     const frames::Mask& mask,
                     const RingShape& shape,
                     double ring) {
  // blocks of pixels, so that a few thousand points are fitted
  constexpr double wanted = 6000;
  const double outer_radius = 1.6 * ring, inner_radius = 0.5 * ring;
  const double area = 3.14 * (outer_radius * outer_radius - inner_radius * inner_radius);
  const auto block = std::max<Index>(1, static_cast<Index>(std::sqrt(area / wanted) + 0.5));
  Samples out;
  for (Index y0 = 0; y0 < mask.height; y0 += block)
    for (Index x0 = 0; x0 < mask.width; x0 += block) {
      double sum = 0, n = 0, sx = 0, sy = 0;
      for (Index y = y0; y < std::min(y0 + block, mask.height); ++y)
        for (Index x = x0; x < std::min(x0 + block, mask.width); ++x) {
          const auto p = static_cast<std::size_t>(y * mask.width + x);
          if (mask.use[p] == 0)
            continue;
          sum += image[p];
          sx += static_cast<double>(x);
          sy += static_cast<double>(y);
          ++n;
        }
      if (2 * n < static_cast<double>(block * block))
        continue;
      const double r = shape.radius_px(sx / n, sy / n);
      if (r < inner_radius || r > outer_radius)
        continue;
      out.x.push_back(sx / n);
      out.y.push_back(sy / n);
      out.value.push_back(sum / n);
    }
  return out;
}

std::vector<double>
start_of(const RingShape& shape, double ring, const std::vector<double>& profile) {
  const auto at = [&](double r) {
    const auto i = std::min(static_cast<std::size_t>(std::max(r, 0.0)), profile.size() - 1);
    return std::isfinite(profile[i]) ? profile[i] : 0;
  };
  std::vector<double> p(count);
  p[px] = shape.center_x_px;
  p[py] = shape.center_y_px;
  p[stretch] = shape.stretch;
  p[shear] = shape.shear;
  p[radius] = ring;
  p[level] = std::max(0.0, at(1.6 * ring));
  p[height] = std::max(0.1 * at(ring), at(ring) - 0.5 * (at(0.6 * ring) + at(1.5 * ring)));
  p[inner] = p[outer] = 0.12 * ring;
  p[base] = std::max(0.0, at(0.6 * ring) - p[level]);
  p[slope] = ring;
  return p;
}

/// Squares up to 2 σ, linear beyond (Huber).
double tame(double r) {
  constexpr double limit = 2;
  const double a = std::abs(r);
  return a <= limit ? r : std::copysign(std::sqrt(2 * limit * a - limit * limit), r);
}

fit::CurveFit fit_samples(const Samples& samples, std::vector<double> start, bool ellipse) {
  fit::CurveFitOptions options;
  const double ring = start[radius];
  double top = 0; // the size of what is fitted
  for (const double v : samples.value)
    top = std::max(top, std::abs(v));
  if (!(top > 0))
    throw DataError("centre not found: nothing was counted around the ring");
  const double free = std::numeric_limits<double>::infinity();
  const double e = ellipse ? 0.4 : 0;
  options.low = {start[px] - ring,
                 start[py] - ring,
                 -e,
                 -e,
                 0.5 * ring,
                 0,
                 0.01 * ring,
                 0.01 * ring,
                 0,
                 0.2 * ring,
                 -free};
  options.high = {start[px] + ring,
                  start[py] + ring,
                  e,
                  e,
                  1.6 * ring,
                  free,
                  ring,
                  ring,
                  free,
                  10 * ring,
                  free};
  options.scale = {1, 1, 0.01, 0.01, 1, 0.1 * top, 1, 1, 0.1 * top, 0.1 * ring, 0.1 * top};
  options.scale_errors = true;
  options.max_iterations = 60;
  options.gain = 1e-6; // a change of the centre by thousandths of its error
  fit::CurveFit found;
  double sigma = 0.2 * top;
  for (int round = 0; round < 3; ++round) {
    const auto residuals = [&](std::span<const double> p, std::span<double> out) {
      const auto shape = shape_of(p);
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = tame((model(p, shape, samples.x[i], samples.y[i]) - samples.value[i]) / sigma);
    };
    found =
        fit::fit_curve(residuals, static_cast<Index>(samples.x.size()), std::move(start), options);
    start = found.value;
    std::vector<double> left;
    const auto shape = shape_of(start);
    for (std::size_t i = 0; i < samples.x.size(); ++i)
      left.push_back(model(start, shape, samples.x[i], samples.y[i]) - samples.value[i]);
    sigma = std::max(robust_deviation(left), 1e-9 * top);
  }
  return found;
}

RingFit result_of(const fit::CurveFit& f) {
  RingFit out;
  out.shape = shape_of(f.value);
  out.center_x_error_px = f.error[px];
  out.center_y_error_px = f.error[py];
  out.stretch_error = f.error[stretch];
  out.shear_error = f.error[shear];
  out.radius_px = f.value[radius];
  out.radius_error_px = f.error[radius];
  out.inner_width_px = f.value[inner];
  out.outer_width_px = f.value[outer];
  out.height = f.value[height];
  const double r = f.value[radius] / f.value[slope];
  out.background = f.value[base] * std::exp(-0.5 * r * r) + f.value[level];
  out.converged = f.converged;
  return out;
}

void require_on_detector(const RingFit& ring, const frames::Mask& mask) {
  Index on = 0;
  constexpr int points = 360;
  for (int i = 0; i < points; ++i) {
    const double phi = 2 * 3.14159265358979 * i / points;
    const double x = ring.shape.center_x_px + ring.radius_px * std::cos(phi);
    const double y = ring.shape.center_y_px + ring.radius_px * std::sin(phi);
    on += x >= 0 && y >= 0 && x <= static_cast<double>(mask.width - 1) &&
          y <= static_cast<double>(mask.height - 1);
  }
  if (on < points / 3)
    throw DataError(fmt::format("ring outside of the detector: {} of 360 degrees of the ring of "
                                "radius {:.1f} px about ({:.1f}, {:.1f}) lie on it, need 120",
                                on,
                                ring.radius_px,
                                ring.shape.center_x_px,
                                ring.shape.center_y_px));
}

/// The fit as a RingFit, and its parameters, from which those to parts of the series start.
struct Found {
  RingFit ring;
  std::vector<double> parameters;
};

Found find_ring(std::span<const double> image,
                const frames::Mask& mask,
                const RingShape& start,
                const RingOptions& options) {
  const auto profile = radial_profile(image, mask, start);
  const double ring =
      std::isnan(options.radius_px) ? find_crest(profile, options.smallest_px) : options.radius_px;
  if (std::isnan(ring))
    throw DataError("centre not found: the mean pattern has no ring; give --center-x and "
                    "--center-y, or --ring with its radius in pixels");
  RingFit found;
  found.shape = start;
  found.radius_px = ring;
  require_on_detector(found, mask);
  auto samples = take_samples(image, mask, start, ring);
  constexpr std::size_t fewest = 100;
  if (samples.x.size() < fewest)
    throw DataError(fmt::format("ring outside of the detector: {} points in use around the radius "
                                "{:.1f} px, need {}",
                                samples.x.size(),
                                ring,
                                fewest));
  const auto begin = start_of(start, ring, profile);
  if (!(begin[height] > 0))
    throw DataError(fmt::format("centre not found: no counts at the radius {:.1f} px about "
                                "({:.1f}, {:.1f}); give --center-x and --center-y",
                                ring,
                                start.center_x_px,
                                start.center_y_px));
  const auto first = fit_samples(samples, begin, options.ellipse);
  // again about the centre that was found
  samples = take_samples(image, mask, shape_of(first.value), first.value[radius]);
  if (samples.x.size() < fewest)
    throw DataError("centre not found: the fit of the ring ran away; give --center-x and "
                    "--center-y, or --ring with its radius in pixels");
  const auto last = fit_samples(samples, first.value, options.ellipse);
  found = result_of(last);
  require_on_detector(found, mask);
  constexpr double faint = 0.02;
  if (!(found.height > faint * (found.background + found.height)))
    throw DataError("centre not found: the mean pattern has no ring; give --center-x and "
                    "--center-y, or --ring with its radius in pixels");
  return {found, last.value};
}

} // namespace

RingFit fit_ring(std::span<const double> image,
                 const frames::Mask& mask,
                 const RingShape& start,
                 const RingOptions& options) {
  return find_ring(image, mask, start, options).ring;
}

RingFit fit_ring_parts(std::span<const double> images,
                       Index parts,
                       const frames::Mask& mask,
                       const RingShape& start,
                       const RingOptions& options) {
  const std::size_t pixels = mask.use.size();
  std::vector<double> mean(pixels, 0);
  for (Index part = 0; part < parts; ++part)
    for (std::size_t p = 0; p < pixels; ++p)
      mean[p] += images[static_cast<std::size_t>(part) * pixels + p] / static_cast<double>(parts);
  const auto found = find_ring(mean, mask, start, options);
  RingFit whole = found.ring;
  if (parts < 3)
    return whole;
  std::vector<RingFit> fits(static_cast<std::size_t>(parts));
  parallel_for(0, parts, 1, [&](Index begin, Index end) {
    for (Index part = begin; part < end; ++part)
      fits[static_cast<std::size_t>(part)] = result_of(
          fit_samples(take_samples(images.subspan(static_cast<std::size_t>(part) * pixels, pixels),
                                   mask,
                                   whole.shape,
                                   whole.radius_px),
                      found.parameters,
                      options.ellipse));
  });
  Moments x, y, a, b, r;
  for (const auto& one : fits) {
    x.add(one.shape.center_x_px);
    y.add(one.shape.center_y_px);
    a.add(one.shape.stretch);
    b.add(one.shape.shear);
    r.add(one.radius_px);
  }
  whole.center_x_error_px = x.error();
  whole.center_y_error_px = y.error();
  whole.stretch_error = a.error();
  whole.shear_error = b.error();
  whole.radius_error_px = r.error();
  return whole;
}

} // namespace vitrum::fem
