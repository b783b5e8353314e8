#include "vitrum/fem/polar_map.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::fem {

double RingShape::radius_px(double x, double y) const {
  const double dx = x - center_x_px, dy = y - center_y_px;
  const double norm = std::sqrt(1 - stretch * stretch - shear * shear);
  return std::sqrt(((1 + stretch) * dx * dx + 2 * shear * dx * dy + (1 - stretch) * dy * dy) /
                   norm);
}

double RingShape::axis_ratio() const {
  const double e = std::hypot(stretch, shear);
  return std::sqrt((1 + e) / (1 - e));
}

double RingShape::axis_angle_deg() const {
  // the form is largest, and the axis shortest, at half the angle of (stretch, shear)
  const double angle = 90 + std::atan2(shear, stretch) * 90 / std::numbers::pi;
  return angle > 90 ? angle - 180 : angle;
}

double KScale::k_inv_nm(double radius_px) const {
  const double flat = radius_px * k_per_pixel_inv_nm;
  if (std::isnan(wavelength_nm))
    return flat;
  return 2 * std::sin(0.5 * std::atan(wavelength_nm * flat)) / wavelength_nm;
}

double electron_wavelength_nm(double energy_kev) {
  if (!(energy_kev > 0))
    throw OptionError(fmt::format("electron energy {} keV: must be positive", energy_kev));
  constexpr double hc_kev_nm = 1.2398419843, rest_kev = 510.99895;
  return hc_kev_nm / std::sqrt(energy_kev * (energy_kev + 2 * rest_kev));
}

void validate(const PolarOptions& o) {
  if (!(o.k_min >= 0))
    throw OptionError(fmt::format("--k-min {}: must not be negative", o.k_min));
  if (!std::isnan(o.k_max) && !(o.k_max > o.k_min))
    throw OptionError(fmt::format("--k-max {}: must be above --k-min {}", o.k_max, o.k_min));
  if (!std::isnan(o.ring_width) && !(o.ring_width > 0))
    throw OptionError(fmt::format("--k-step {}: must be positive", o.ring_width));
}

double PolarMap::independent_pixels(Index ring) const {
  const auto r = static_cast<std::size_t>(ring);
  return squared_weights[r] > 0 ? area[r] * area[r] / squared_weights[r] : 0;
}

namespace {

constexpr int side = 8; // pieces along an edge of a pixel

void cut_pixel(PolarMap::Pixel& pixel,
               const RingShape& shape,
               const KScale& scale,
               double x,
               double y,
               const PolarMap& map,
               bool split) {
  int ring[PolarMap::pieces];
  int count = 0;
  const auto ring_at = [&](double px, double py) {
    const double k = scale.k_inv_nm(shape.radius_px(px, py));
    return static_cast<int>(std::floor((k - map.k_min) / map.ring_width));
  };
  if (!split) {
    const int r = ring_at(x, y);
    if (r >= 0 && r < map.rings) {
      pixel.first_ring = r;
      pixel.share[0] = PolarMap::pieces;
    }
    return;
  }
  int lowest = static_cast<int>(map.rings);
  for (int j = 0; j < side; ++j)
    for (int i = 0; i < side; ++i) {
      const int r = ring_at(x + (i + 0.5) / side - 0.5, y + (j + 0.5) / side - 0.5);
      if (r >= 0 && r < map.rings) {
        ring[count++] = r;
        lowest = std::min(lowest, r);
      }
    }
  if (count == 0)
    return;
  pixel.first_ring = lowest;
  for (int i = 0; i < count; ++i) {
    const int place = ring[i] - lowest;
    // a pixel's diagonal is 1.42 rings of one pixel: a fourth ring does not occur
    ++pixel.share[std::min<int>(place, PolarMap::spread - 1)];
  }
}

void sort_pixels(PolarMap& map) {
  struct Lists {
    std::vector<PolarMap::Entry> whole, shared, rest;
  };
  std::vector<Lists> lists(static_cast<std::size_t>(map.rings));
  std::vector<std::int32_t> touched;
  const auto list = [&](std::int32_t ring) -> Lists& {
    auto& one = lists[static_cast<std::size_t>(ring)];
    if (one.whole.empty() && one.shared.empty() && one.rest.empty())
      touched.push_back(ring);
    return one;
  };
  const auto pixels = static_cast<Index>(map.pixels.size());
  map.tile_runs.push_back(0);
  for (Index first = 0; first < pixels; first += PolarMap::tile) {
    touched.clear();
    for (Index p = first; p < std::min(pixels, first + PolarMap::tile); ++p) {
      const auto& pixel = map.pixels[static_cast<std::size_t>(p)];
      const std::int32_t r = pixel.first_ring;
      if (r < 0)
        continue;
      const auto entry = [&](int i) {
        return PolarMap::Entry{static_cast<std::uint16_t>(p - first), pixel.share[i]};
      };
      if (pixel.share[0] == PolarMap::pieces)
        list(r).whole.push_back(entry(0));
      else if (r + 1 < map.rings && pixel.share[0] + pixel.share[1] == PolarMap::pieces)
        list(r).shared.push_back(entry(0));
      else
        for (std::int32_t i = 0; i < PolarMap::spread; ++i)
          if (pixel.share[i] > 0)
            list(r + i).rest.push_back(entry(i));
    }
    std::sort(touched.begin(), touched.end());
    for (const auto ring : touched) {
      auto& one = lists[static_cast<std::size_t>(ring)];
      const auto append = [&](std::vector<PolarMap::Entry>& from) {
        map.entries.insert(map.entries.end(), from.begin(), from.end());
        from.clear();
        return static_cast<std::uint32_t>(map.entries.size());
      };
      PolarMap::Run run;
      run.ring = ring;
      run.first = static_cast<std::uint32_t>(map.entries.size());
      run.whole_end = append(one.whole);
      run.shared_end = append(one.shared);
      run.end = append(one.rest);
      map.runs.push_back(run);
    }
    map.tile_runs.push_back(static_cast<Index>(map.runs.size()));
  }
}

double largest_k(const RingShape& shape, const KScale& scale, const frames::Mask& mask) {
  double largest = 0;
  for (Index y = 0; y < mask.height; ++y)
    for (Index x = 0; x < mask.width; ++x)
      if (mask.use[static_cast<std::size_t>(y * mask.width + x)] != 0)
        largest = std::max(
            largest,
            scale.k_inv_nm(shape.radius_px(static_cast<double>(x), static_cast<double>(y))));
  return largest;
}

} // namespace

PolarMap make_polar_map(const RingShape& shape,
                        const KScale& scale,
                        const frames::Mask& mask,
                        const PolarOptions& options) {
  validate(options);
  PolarMap map;
  map.height = mask.height;
  map.width = mask.width;
  map.k_min = options.k_min;
  const double pixel = scale.k_inv_nm(1);
  map.ring_width = std::isnan(options.ring_width) ? pixel : options.ring_width;
  constexpr double rounding = 1e-9;
  if (map.ring_width < pixel * (1 - rounding))
    throw OptionError(fmt::format("--k-step {}: narrower than a pixel, {}", map.ring_width, pixel));
  const double last =
      std::isnan(options.k_max) ? largest_k(shape, scale, mask) + 0.5 * pixel : options.k_max;
  map.rings = std::max<Index>(
      1, static_cast<Index>(std::ceil((last - map.k_min) / map.ring_width * (1 - rounding))));
  map.pixels.resize(mask.use.size());
  parallel_for(0, map.height, 8, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y)
      for (Index x = 0; x < map.width; ++x) {
        const auto p = static_cast<std::size_t>(y * map.width + x);
        if (mask.use[p] != 0)
          cut_pixel(map.pixels[p],
                    shape,
                    scale,
                    static_cast<double>(x),
                    static_cast<double>(y),
                    map,
                    options.split);
      }
  });
  const auto rings = static_cast<std::size_t>(map.rings);
  map.k.assign(rings, 0);
  map.area.assign(rings, 0);
  map.squared_weights.assign(rings, 0);
  for (std::size_t p = 0; p < map.pixels.size(); ++p) {
    const auto& one = map.pixels[p];
    if (one.first_ring < 0)
      continue;
    const auto x = static_cast<double>(static_cast<Index>(p) % map.width);
    const auto y = static_cast<double>(static_cast<Index>(p) / map.width);
    const double k = scale.k_inv_nm(shape.radius_px(x, y));
    for (Index i = 0; i < PolarMap::spread; ++i) {
      if (one.share[i] == 0)
        continue;
      const auto r = static_cast<std::size_t>(one.first_ring + i);
      const double w = one.share[i] / static_cast<double>(PolarMap::pieces);
      const double low = map.k_min + map.ring_width * static_cast<double>(r);
      map.k[r] += w * std::clamp(k, low, low + map.ring_width);
      map.area[r] += w;
      map.squared_weights[r] += w * w;
    }
  }
  bool any = false;
  for (std::size_t r = 0; r < rings; ++r) {
    any = any || map.area[r] > 0;
    map.k[r] = map.area[r] > 0 ? map.k[r] / map.area[r] : unknown;
  }
  if (!any)
    throw DataError(
        fmt::format("no pixel in use lies between k = {:.4g} and {:.4g}", map.k_min, last));
  sort_pixels(map);
  return map;
}

std::vector<double> ring_means(const PolarMap& map, std::span<const double> image) {
  const auto rings = static_cast<std::size_t>(map.rings);
  std::vector<double> sum(rings, 0), weight(rings, 0);
  for (std::size_t p = 0; p < map.pixels.size(); ++p) {
    const auto& one = map.pixels[p];
    if (one.first_ring < 0 || std::isnan(image[p]))
      continue;
    for (Index i = 0; i < PolarMap::spread; ++i)
      if (one.share[i] > 0) {
        const auto r = static_cast<std::size_t>(one.first_ring + i);
        sum[r] += one.share[i] * image[p];
        weight[r] += one.share[i];
      }
  }
  for (std::size_t r = 0; r < rings; ++r)
    sum[r] = weight[r] > 0 ? sum[r] / weight[r] : unknown;
  return sum;
}

} // namespace vitrum::fem
