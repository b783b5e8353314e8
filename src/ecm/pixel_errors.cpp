#include "vitrum/ecm/pixel_errors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/ecm/pixel_noise.hpp"

namespace vitrum::ecm {
namespace {

/// Mean and deviation without what lies more than four robust deviations off.
Moments clipped(const std::vector<double>& values) {
  const double middle = median(values), reach = 4 * robust_deviation(values);
  Moments m;
  for (const double v : values)
    if (std::abs(v - middle) <= reach)
      m.add(v);
  return m;
}

double mixed(double a, double b, double part) {
  return a + part * (b - a);
}

/// Numbers of few virtual pixels scatter; they change smoothly with ln τ, as a polynomial of degree
/// four (a parabola with few nodes), weighed by the pixels. A parabola alone is too stiff: its
/// slope in the middle is off by a twentieth, and so is the width of the population.
void smooth(std::vector<ErrorNode>& nodes, double ErrorNode::*member) {
  const std::size_t terms = nodes.size() >= 8 ? 5 : std::min<std::size_t>(3, nodes.size());
  const double middle = 0.5 * (nodes.front().log_tau + nodes.back().log_tau);
  const double half = 0.5 * (nodes.back().log_tau - nodes.front().log_tau);
  const auto powers = [&](const ErrorNode& node) {
    std::array<double, 5> p{1};
    for (std::size_t i = 1; i < p.size(); ++i)
      p[i] = p[i - 1] * (node.log_tau - middle) / half;
    return p;
  };
  std::array<std::array<double, 6>, 5> m{};
  for (const auto& node : nodes) {
    const auto p = powers(node);
    for (std::size_t i = 0; i < terms; ++i) {
      for (std::size_t j = 0; j < terms; ++j)
        m[i][j] += node.usable * p[i] * p[j];
      m[i][5] += node.usable * p[i] * node.*member;
    }
  }
  for (std::size_t i = 0; i < terms; ++i) // Gauss; the matrix is positive definite
    for (std::size_t j = 0; j < terms; ++j)
      if (i != j) {
        const double f = m[j][i] / m[i][i];
        for (std::size_t k = i; k < 6; ++k)
          m[j][k] -= f * m[i][k];
      }
  for (auto& node : nodes) {
    const auto p = powers(node);
    double sum = 0;
    for (std::size_t i = 0; i < terms; ++i)
      sum += p[i] * m[i][5] / m[i][i];
    node.*member = sum;
  }
}

struct Middle {
  double median = 0, half_width = 0;
};

/// Of values with weights, ordered by value.
Middle middle_of(const std::vector<std::pair<float, double>>& values, double total) {
  const double wanted[3] = {0.158655, 0.5, 0.841345};
  double found[3] = {};
  double sum = 0;
  std::size_t next = 0;
  for (const auto& [value, weight] : values) {
    sum += weight;
    while (next < 3 && sum >= wanted[next] * total)
      found[next++] = static_cast<double>(value);
  }
  return {found[1], 0.5 * (found[2] - found[0])};
}

/// What is seen of a population with this mean and width.
class SeenPopulation {
public:
  explicit SeenPopulation(const ErrorTable& table) {
    // between the nodes: samples of the nearest one, moved by the difference in true time and bias
    const double low = table.nodes.front().log_tau, high = table.nodes.back().log_tau;
    constexpr int steps = 160;
    for (int i = 0; i <= steps; ++i) {
      const double at = low + (high - low) * i / steps;
      std::size_t nearest = 0;
      for (std::size_t n = 1; n < table.nodes.size(); ++n)
        if (std::abs(table.nodes[n].log_tau - at) < std::abs(table.nodes[nearest].log_tau - at))
          nearest = n;
      const auto& node = table.nodes[nearest];
      if (node.found.empty())
        continue;
      const auto here = table.at(at);
      const double centre = node.log_tau + node.bias;
      const double stretch = node.sigma > 0 ? here.sigma / node.sigma : 1;
      const std::size_t skip = std::max<std::size_t>(1, node.found.size() / 200);
      for (std::size_t k = skip / 2; k < node.found.size(); k += skip)
        samples_.push_back(
            {static_cast<float>(at + here.bias +
                                stretch * (static_cast<double>(node.found[k]) - centre)),
             at,
             node.usable / static_cast<double>(node.found.size() / skip)});
    }
    std::sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) {
      return a.found < b.found;
    });
  }

  [[nodiscard]] Middle seen(double mean, double sigma) const {
    std::vector<std::pair<float, double>> values;
    double total = 0;
    const double width = std::max(sigma, 1e-6);
    // one true time only: the nearest step
    double closest = 1e9;
    for (const Sample& s : samples_)
      closest = std::min(closest, std::abs(s.truth - mean));
    for (const Sample& s : samples_) {
      const double u = (s.truth - mean) / std::max(width, closest / 2 + 1e-3);
      if (std::abs(u) > 5)
        continue;
      const double weight = s.weight * std::exp(-0.5 * u * u);
      values.emplace_back(s.found, weight);
      total += weight;
    }
    return middle_of(values, total);
  }

private:
  struct Sample {
    float found;
    double truth, weight;
  };
  std::vector<Sample> samples_; // by what is found
};

} // namespace

bool usable(const fit::BatchKwwFits<float>& fits,
            std::size_t i,
            double shortest_lag_s,
            double longest_lag_s) {
  const auto tau = static_cast<double>(fits.tau_s[i]);
  const auto exponent = static_cast<double>(fits.kww_exponent[i]);
  return fits.good(i) && tau > 0.5 * shortest_lag_s && tau < longest_lag_s && exponent > 0.3 &&
         exponent < 1.7;
}

ErrorNode ErrorTable::at(double log_tau) const {
  const auto above = std::find_if(
      nodes.begin(), nodes.end(), [&](const ErrorNode& node) { return node.log_tau > log_tau; });
  if (above == nodes.begin())
    return nodes.front();
  if (above == nodes.end())
    return nodes.back();
  const ErrorNode &a = *(above - 1), &b = *above;
  const double part = (log_tau - a.log_tau) / (b.log_tau - a.log_tau);
  ErrorNode out;
  out.log_tau = log_tau;
  out.bias = mixed(a.bias, b.bias, part);
  out.sigma = mixed(a.sigma, b.sigma, part);
  out.exponent_bias = mixed(a.exponent_bias, b.exponent_bias, part);
  out.exponent_sigma = mixed(a.exponent_sigma, b.exponent_sigma, part);
  out.contrast_bias = mixed(a.contrast_bias, b.contrast_bias, part);
  out.contrast_sigma = mixed(a.contrast_sigma, b.contrast_sigma, part);
  out.usable = mixed(a.usable, b.usable, part);
  return out;
}

ErrorTable make_error_table(std::span<const Index> lags,
                            std::span<const std::uint8_t> valid,
                            const PixelErrorOptions& o,
                            const Monitor& monitor) {
  if (o.nodes < 3 || o.pixels < 64 || !(o.tau_low_s > 0) || !(o.tau_high_s > o.tau_low_s))
    throw OptionError(
        "errors of pixels: need three true times or more, 64 virtual pixels, and a range "
        "of positive times");
  std::vector<double> lag_s;
  for (const Index lag : lags)
    lag_s.push_back(static_cast<double>(lag) * o.frame_time_s);
  const std::vector<double> sigma(lags.size(), 1.0);
  ErrorTable table;
  Progress progress(monitor, "virtual pixels", "pixels", o.nodes * o.pixels);
  for (Index n = 0; n < o.nodes; ++n) {
    ErrorNode node;
    const double share = static_cast<double>(n) / static_cast<double>(o.nodes - 1);
    const double tau = o.tau_low_s * std::pow(o.tau_high_s / o.tau_low_s, share);
    node.log_tau = std::log(tau);
    VirtualPixels pixels;
    pixels.tau_frames = tau / o.frame_time_s;
    pixels.kww_exponent = o.kww_exponent;
    pixels.contrast = o.contrast;
    pixels.white_variance = o.white_variance;
    pixels.seed = o.seed + static_cast<std::uint64_t>(n);
    const auto strips = make_virtual_pixels(o.pixels, valid, pixels);
    std::vector<float> g2(lags.size() * static_cast<std::size_t>(o.pixels));
    correlate_pixels(strips, valid, lags, o.estimator, g2, o.pixels);
    const auto fits = fit::fit_kww_batch<float>(
        lag_s, sigma, std::span<const float>(g2), o.pixels, o.pixels, o.fit);
    std::vector<double> off, exponent, contrast;
    for (std::size_t i = 0; i < static_cast<std::size_t>(o.pixels); ++i)
      if (usable(fits, i, lag_s.front(), lag_s.back())) {
        node.found.push_back(std::log(fits.tau_s[i]));
        off.push_back(static_cast<double>(node.found.back()) - node.log_tau);
        exponent.push_back(static_cast<double>(fits.kww_exponent[i]) - o.kww_exponent);
        contrast.push_back(static_cast<double>(fits.contrast[i]) / o.contrast - 1);
      }
    progress.advance(o.pixels);
    node.usable = static_cast<double>(off.size()) / static_cast<double>(o.pixels);
    if (off.size() < 32)
      continue; // nothing can be said of such pixels
    const auto a = clipped(off), b = clipped(exponent), c = clipped(contrast);
    node.bias = a.mean;
    node.sigma = a.deviation();
    node.exponent_bias = b.mean;
    node.exponent_sigma = b.deviation();
    node.contrast_bias = c.mean;
    node.contrast_sigma = c.deviation();
    std::sort(node.found.begin(), node.found.end());
    table.nodes.push_back(std::move(node));
  }
  if (table.nodes.size() < 2)
    throw DataError(
        "no virtual pixel with the contrast and noise of the measured ones can be fitted: "
        "bin pixels, or use more frames");
  for (double ErrorNode::*member : {&ErrorNode::bias,
                                    &ErrorNode::sigma,
                                    &ErrorNode::exponent_bias,
                                    &ErrorNode::exponent_sigma,
                                    &ErrorNode::contrast_bias,
                                    &ErrorNode::contrast_sigma})
    smooth(table.nodes, member);
  return table;
}

Population
find_population(std::span<const double> found, const ErrorTable& table, double independent) {
  Population p;
  p.pixels = static_cast<Index>(found.size());
  const double nan = std::nan("");
  p.log_mean = p.log_mean_error = p.sigma = p.sigma_error = p.seen_log_mean = p.seen_sigma =
      p.noise_sigma = nan;
  if (found.size() < 16)
    return p;
  p.seen_log_mean = median(found);
  p.seen_sigma = 0.5 * (quantile(found, 0.841345) - quantile(found, 0.158655));
  const SeenPopulation population(table);
  const double low = table.nodes.front().log_tau, high = table.nodes.back().log_tau;
  double mean = std::clamp(p.seen_log_mean, low, high), sigma = 0.5 * p.seen_sigma;
  for (int round = 0; round < 60; ++round) {
    const auto seen = population.seen(mean, sigma);
    const double step = p.seen_log_mean - seen.median;
    mean = std::clamp(mean + 0.8 * step, low, high);
    const double square =
        sigma * sigma + 0.7 * (p.seen_sigma * p.seen_sigma - seen.half_width * seen.half_width);
    const double next = square > 0 ? std::sqrt(square) : 0;
    const double change = std::abs(next - sigma) + std::abs(step);
    sigma = next;
    if (change < 1e-4)
      break;
  }
  p.log_mean = mean;
  p.sigma = sigma < 0.01 ? 0 : sigma;
  p.noise_sigma = population.seen(mean, 0).half_width;
  // of a median and of half a central width (asymptotic variances of the normal law)
  const double n = std::max(2.0, independent);
  p.log_mean_error = 1.2533 * p.seen_sigma / std::sqrt(n);
  double drawn = 0; // virtual pixels near the mean: the noise is known to this
  for (const auto& node : table.nodes)
    if (std::abs(node.log_tau - mean) < 1)
      drawn += static_cast<double>(node.found.size());
  const double seen_error = std::hypot(0.93 * p.seen_sigma / std::sqrt(n),
                                       0.93 * p.noise_sigma / std::sqrt(std::max(drawn, 2.0)));
  p.sigma_error =
      p.sigma > 0 ? seen_error * p.seen_sigma / p.sigma : std::sqrt(2 * p.seen_sigma * seen_error);
  return p;
}

double width_of_places(double seen, double log_mean, const ErrorTable& table) {
  // pixels that can be fitted, about the mean
  const auto variance = [&](double sigma) {
    double weight = 0, sum = 0, square = 0;
    for (double z = -4; z <= 4; z += 0.05) {
      const auto node = table.at(log_mean + sigma * z);
      const double w = node.usable * std::exp(-0.5 * z * z), v = sigma * z + node.bias;
      weight += w;
      sum += w * v;
      square += w * v * v;
    }
    return square / weight - std::pow(sum / weight, 2);
  };
  double low = 0, high = 0.01;
  constexpr double widest = 5;
  while (variance(high) < seen && high < widest)
    high *= 2;
  for (int round = 0; round < 40; ++round) {
    const double middle = 0.5 * (low + high);
    (variance(middle) < seen ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double exponent_of_parts(double whole, double sigma) {
  const double square =
      1 / (whole * whole) - 6 * sigma * sigma / (std::numbers::pi * std::numbers::pi);
  return square > 0 ? 1 / std::sqrt(square) : std::nan("");
}

PixelEstimate correct_pixel(double found_log_tau,
                            double found_exponent,
                            double found_contrast,
                            const ErrorTable& table,
                            const Population& population) {
  // the true time for which the found one would be the mean, drawn towards the population
  double likely = found_log_tau;
  for (int round = 0; round < 3; ++round) {
    const auto node = table.at(likely);
    const double noise = node.sigma * node.sigma, spread = population.sigma * population.sigma;
    const double corrected = found_log_tau - node.bias;
    likely = (spread * corrected + noise * population.log_mean) / (spread + noise);
  }
  const auto node = table.at(likely);
  return {found_log_tau - node.bias,
          node.sigma,
          found_exponent - node.exponent_bias,
          node.exponent_sigma,
          found_contrast / (1 + node.contrast_bias),
          node.contrast_sigma * found_contrast / (1 + node.contrast_bias)};
}

} // namespace vitrum::ecm
