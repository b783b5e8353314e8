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

class Pass final : public AngularPass {
public:
  Pass(PolarCells cells,
       std::span<const double> mean_image,
       Index patterns,
       const AngularOptions& options)
      : cells_(std::move(cells)), mean_image_(mean_image.begin(), mean_image.end()),
        options_(options), total_(patterns), most_(std::min(patterns, options.most_patterns)) {
    out_.angles = cells_.angles / 2 + 1;
    out_.rings = cells_.rings;
    out_.k = cells_.k;
    for (Index d = 0; d < out_.angles; ++d)
      out_.delta_phi_deg.push_back(360 * static_cast<double>(d) /
                                   static_cast<double>(cells_.angles));
    for (Index n = AngularCorrelation::first_order; n <= AngularCorrelation::last_order; ++n)
      out_.order.push_back(static_cast<double>(n));
    const auto size = static_cast<std::size_t>(cells_.rings * out_.angles);
    for (auto* one : {&sum_, &counted_, &correlation_})
      one->assign(size, 0);
    value_.resize(cells_.pixels.size());
  }

  /// Patterns j · total/most for j = 0, 1, …
  [[nodiscard]] bool wants(Index i) const override {
    return out_.patterns < most_ && i == out_.patterns * total_ / most_;
  }

  void add(Index, std::span<const double> pattern) override {
    average_cells(cells_, pattern, mean_image_, value_);
    parallel_for(0, cells_.rings, 4, [&](Index begin, Index end) {
      for (Index r = begin; r < end; ++r)
        correlate_ring(std::span(value_).subspan(static_cast<std::size_t>(r * cells_.angles),
                                                 static_cast<std::size_t>(cells_.angles)),
                       ring_of(correlation_, r));
    });
    for (std::size_t k = 0; k < correlation_.size(); ++k)
      if (std::isfinite(correlation_[k])) {
        sum_[k] += correlation_[k];
        ++counted_[k];
      }
    for (const double n : out_.order) {
      Moments mean;
      for (Index r = 0; r < cells_.rings; ++r)
        if (const double k = cells_.k[static_cast<std::size_t>(r)];
            k >= options_.k_low && k <= options_.k_high)
          if (const double one = cosine(ring_of(correlation_, r), static_cast<Index>(n));
              std::isfinite(one))
            mean.add(one);
      band_.push_back(mean.count > 0 ? mean.mean : unknown);
    }
    ++out_.patterns;
  }

  AngularCorrelation finish() override {
    for (std::size_t k = 0; k < sum_.size(); ++k)
      out_.correlation.push_back(counted_[k] > 0 ? sum_[k] / counted_[k] : unknown);
    for (Index r = 0; r < cells_.rings; ++r)
      for (const double n : out_.order)
        out_.ring_symmetry.push_back(cosine(ring_of(out_.correlation, r), static_cast<Index>(n)));
    Random random(options_.seed, 11);
    const auto orders = out_.order.size();
    for (std::size_t n = 0; n < orders; ++n) {
      std::vector<double> values;
      for (std::size_t i = n; i < band_.size(); i += orders)
        if (std::isfinite(band_[i]))
          values.push_back(band_[i]);
      Moments samples;
      for (Index b = 0; b < options_.replicates && !values.empty(); ++b) {
        double mean = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
          mean +=
              values[static_cast<std::size_t>(random.below(static_cast<Index>(values.size())))] /
              static_cast<double>(values.size());
        samples.add(mean);
      }
      out_.symmetry.push_back(values.empty() ? unknown : moments(values).mean);
      out_.symmetry_error.push_back(samples.deviation());
    }
    return std::move(out_);
  }

private:
  /// Of [ring, angle] over half a turn.
  [[nodiscard]] std::span<double> ring_of(std::vector<double>& values, Index ring) const {
    return std::span(values).subspan(static_cast<std::size_t>(ring * out_.angles),
                                     static_cast<std::size_t>(out_.angles));
  }

  PolarCells cells_;
  std::vector<double> mean_image_;
  AngularOptions options_;
  Index total_, most_; // patterns, and of those that are used
  AngularCorrelation out_;
  std::vector<double> sum_, counted_, correlation_; // [ring, angle]
  std::vector<double> value_;                       // of the cells of one pattern
  std::vector<double> band_;                        // [pattern, order]
};

} // namespace

std::unique_ptr<AngularPass> make_angular_pass(const RingShape& shape,
                                               const KScale& scale,
                                               const frames::Mask& mask,
                                               std::span<const double> mean_image,
                                               Index patterns,
                                               const AngularOptions& o) {
  if (o.angles < 24 || o.angles % 2 != 0)
    throw OptionError(fmt::format("--angles {}: expected an even number from 24 on", o.angles));
  // a pixel per cell in the innermost ring, or there are more cells than pixels
  const double inner = 0.5 * static_cast<double>(o.angles) / std::numbers::pi;
  return std::make_unique<Pass>(
      make_polar_cells(shape, scale, mask, mean_image, o.angles, o.ring_width_px, inner),
      mean_image,
      patterns,
      o);
}

} // namespace vitrum::fem
