#include "vitrum/fem/angular.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "polar_cells.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fem {
namespace {

/// One ring of one pattern: C at Δφ = 0 … half a turn. `value` NaN: masked.
void correlate_ring(std::span<const double> value, std::span<double> out) {
  const auto n = value.size();
  for (std::size_t d = 0; d < out.size(); ++d) {
    double product = 0, a = 0, b = 0, pairs = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double u = value[i], v = value[i + d < n ? i + d : i + d - n];
      if (std::isnan(u) || std::isnan(v))
        continue;
      product += u * v;
      a += u;
      b += v;
      ++pairs;
    }
    const double fewest = 0.1 * static_cast<double>(n);
    out[d] = pairs > fewest && a > 0 && b > 0 ? product * pairs / (a * b) - 1 : unknown;
  }
  if (out.size() > 2) // counting noise is there alone: even parabola through the next two
    out[0] = (4 * out[1] - out[2]) / 3;
}

/// Cosine coefficient of an even function given over half a turn; gaps are left out.
double cosine(std::span<const double> c, Index order) {
  double sum = 0, weight = 0;
  const double step = std::numbers::pi / static_cast<double>(c.size() - 1);
  for (std::size_t d = 0; d < c.size(); ++d) {
    if (std::isnan(c[d]))
      continue;
    const double w = d == 0 || d + 1 == c.size() ? 0.5 : 1;
    sum += w * c[d] * std::cos(static_cast<double>(order) * step * static_cast<double>(d));
    weight += w;
  }
  return weight > 0 ? 2 * sum / weight : unknown;
}

} // namespace

AngularCorrelation correlate_angles(frames::FrameSource& source,
                                    const RingShape& shape,
                                    const KScale& scale,
                                    const frames::Mask& mask,
                                    std::span<const double> mean_image,
                                    std::span<const std::uint8_t> use,
                                    const AngularOptions& o,
                                    const Monitor& monitor) {
  if (o.angles < 24 || o.angles % 2 != 0)
    throw OptionError(fmt::format("--angles {}: expected an even number from 24 on", o.angles));
  // a pixel per cell in the innermost ring, or there are more cells than pixels
  const double inner = 0.5 * static_cast<double>(o.angles) / std::numbers::pi;
  const auto cells =
      make_polar_cells(shape, scale, mask, mean_image, o.angles, o.ring_width_px, inner);
  const auto& info = source.info();
  std::vector<Index> list;
  for (Index i = 0; i < info.frames; ++i)
    if (use.empty() || use[static_cast<std::size_t>(i)] != 0)
      list.push_back(i);
  const auto total = static_cast<Index>(list.size());
  const Index number = std::min(total, o.most_patterns);
  AngularCorrelation out;
  out.angles = o.angles / 2 + 1;
  out.rings = cells.rings;
  out.patterns = number;
  out.k = cells.k;
  for (Index d = 0; d < out.angles; ++d)
    out.delta_phi_deg.push_back(360 * static_cast<double>(d) / static_cast<double>(o.angles));
  for (Index n = AngularCorrelation::first_order; n <= AngularCorrelation::last_order; ++n)
    out.order.push_back(static_cast<double>(n));
  const auto orders = out.order.size();
  const auto size = static_cast<std::size_t>(cells.rings * out.angles);
  std::vector<double> sum(size, 0), counted(size, 0);
  std::vector<double> band(static_cast<std::size_t>(number) * orders, unknown);
  std::vector<std::byte> raw(static_cast<std::size_t>(info.frame_bytes()));
  const auto all_cells = static_cast<std::size_t>(cells.rings * cells.angles);
  std::vector<double> value(all_cells), pixels(all_cells), c(size);
  Progress progress(monitor, "correlating angles", "patterns", number);
  for (Index i = 0; i < number; ++i) {
    source.read(list[static_cast<std::size_t>(i * total / number)], 1, raw.data());
    std::fill(value.begin(), value.end(), 0);
    std::fill(pixels.begin(), pixels.end(), 0);
    frames::visit(info.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T* v = reinterpret_cast<const T*>(raw.data());
      for (std::size_t p = 0; p < cells.of_pixel.size(); ++p)
        if (const auto cell = cells.of_pixel[p]; cell >= 0) {
          value[static_cast<std::size_t>(cell)] += static_cast<double>(v[p]) / mean_image[p];
          pixels[static_cast<std::size_t>(cell)] += 1;
        }
    });
    for (std::size_t k = 0; k < all_cells; ++k)
      value[k] = pixels[k] > 0 ? value[k] / pixels[k] : unknown;
    parallel_for(0, cells.rings, 4, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r)
        correlate_ring(std::span(value).subspan(static_cast<std::size_t>(r * cells.angles),
                                                static_cast<std::size_t>(cells.angles)),
                       std::span(c).subspan(static_cast<std::size_t>(r * out.angles),
                                            static_cast<std::size_t>(out.angles)));
    });
    for (std::size_t k = 0; k < size; ++k)
      if (std::isfinite(c[k])) {
        sum[k] += c[k];
        ++counted[k];
      }
    for (std::size_t n = 0; n < orders; ++n) {
      Moments mean;
      for (Index r = 0; r < cells.rings; ++r)
        if (const double k = cells.k[static_cast<std::size_t>(r)]; k >= o.k_low && k <= o.k_high)
          if (const double one =
                  cosine(std::span(c).subspan(static_cast<std::size_t>(r * out.angles),
                                              static_cast<std::size_t>(out.angles)),
                         static_cast<Index>(out.order[n]));
              std::isfinite(one))
            mean.add(one);
      if (mean.count > 0)
        band[static_cast<std::size_t>(i) * orders + n] = mean.mean;
    }
    progress.advance();
  }
  for (std::size_t k = 0; k < size; ++k)
    out.correlation.push_back(counted[k] > 0 ? sum[k] / counted[k] : unknown);
  for (Index r = 0; r < cells.rings; ++r)
    for (const double n : out.order)
      out.ring_symmetry.push_back(cosine(std::span(out.correlation)
                                             .subspan(static_cast<std::size_t>(r * out.angles),
                                                      static_cast<std::size_t>(out.angles)),
                                         static_cast<Index>(n)));
  Random random(o.seed, 11);
  for (std::size_t n = 0; n < orders; ++n) {
    std::vector<double> values;
    for (Index i = 0; i < number; ++i)
      if (const double v = band[static_cast<std::size_t>(i) * orders + n]; std::isfinite(v))
        values.push_back(v);
    Moments samples;
    for (Index b = 0; b < o.replicates && !values.empty(); ++b) {
      double mean = 0;
      for (std::size_t i = 0; i < values.size(); ++i)
        mean += values[static_cast<std::size_t>(random.below(static_cast<Index>(values.size())))] /
                static_cast<double>(values.size());
      samples.add(mean);
    }
    out.symmetry.push_back(values.empty() ? unknown : moments(values).mean);
    out.symmetry_error.push_back(samples.deviation());
  }
  return out;
}

} // namespace vitrum::fem
