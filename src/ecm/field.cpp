#include "vitrum/ecm/field.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

#include <fmt/format.h>

#include "shift_kernel.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/ecm/frame_values.hpp"

namespace vitrum::ecm {
namespace {

constexpr Index taps = shift_taps;
constexpr Index half_taps = taps / 2;

/// Weights of pixels floor(p) − 5 … floor(p) + 6 for the value at p; sinc times Kaiser's window,
/// sum one.
std::array<float, taps> sinc_taps(double fraction) {
  constexpr double kaiser = 6.5;
  std::array<double, taps> w{};
  double sum = 0;
  for (Index i = 0; i < taps; ++i) {
    const double u = fraction - static_cast<double>(i - half_taps + 1);
    const double v = u / static_cast<double>(half_taps);
    if (std::abs(v) >= 1)
      continue;
    const double sinc = u == 0 ? 1 : std::sin(std::numbers::pi * u) / (std::numbers::pi * u);
    w[static_cast<std::size_t>(i)] =
        sinc * std::cyl_bessel_i(0, kaiser * std::sqrt(1 - v * v)) / std::cyl_bessel_i(0, kaiser);
    sum += w[static_cast<std::size_t>(i)];
  }
  std::array<float, taps> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(w[i] / sum);
  return out;
}

/// Smoothed by a Gaussian, edges by what lies inside; [rows, columns] in place.
void smooth(std::vector<double>& image, Index rows, Index columns, double sigma) {
  const auto reach = static_cast<Index>(std::ceil(3 * sigma));
  std::vector<double> kernel;
  for (Index i = -reach; i <= reach; ++i)
    kernel.push_back(std::exp(-0.5 * std::pow(static_cast<double>(i) / sigma, 2)));
  const auto along = [&](Index lines, Index length, Index line_step, Index step) {
    parallel_for(0, lines, 16, [&](Index begin, Index end) {
      std::vector<double> line(static_cast<std::size_t>(length));
      for (Index l = begin; l < end; ++l) {
        for (Index i = 0; i < length; ++i) {
          double sum = 0, weight = 0;
          const Index from = std::max<Index>(0, i - reach), to = std::min(length - 1, i + reach);
          for (Index j = from; j <= to; ++j) {
            const double w = kernel[static_cast<std::size_t>(j - i + reach)];
            sum += w * image[static_cast<std::size_t>(l * line_step + j * step)];
            weight += w;
          }
          line[static_cast<std::size_t>(i)] = sum / weight;
        }
        for (Index i = 0; i < length; ++i)
          image[static_cast<std::size_t>(l * line_step + i * step)] =
              line[static_cast<std::size_t>(i)];
      }
    });
  };
  along(rows, columns, columns, 1);
  along(columns, rows, 1, columns);
}

/// exp of the quadratic in time through the logarithms of the means.
std::vector<double> trend_of(const std::vector<double>& mean, std::span<const std::uint8_t> valid) {
  double m[3][4] = {};
  const auto n = static_cast<double>(mean.size());
  for (std::size_t t = 0; t < mean.size(); ++t) {
    if (valid[t] == 0)
      continue;
    const double u = 2 * static_cast<double>(t) / n - 1;
    const double p[3] = {1, u, u * u};
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j)
        m[i][j] += p[i] * p[j];
      m[i][3] += p[i] * std::log(mean[t]);
    }
  }
  for (int i = 0; i < 3; ++i) // Gauss, the matrix is positive definite
    for (int j = 0; j < 3; ++j)
      if (i != j) {
        const double f = m[j][i] / m[i][i];
        for (int k = i; k < 4; ++k)
          m[j][k] -= f * m[i][k];
      }
  std::vector<double> trend;
  for (std::size_t t = 0; t < mean.size(); ++t) {
    const double u = 2 * static_cast<double>(t) / n - 1;
    trend.push_back(
        std::exp(m[0][3] / m[0][0] + u * m[1][3] / m[1][1] + u * u * m[2][3] / m[2][2]));
  }
  return trend;
}

} // namespace

std::string_view name_of(Shift shift) {
  return shift == Shift::sinc ? "sinc" : "whole";
}
std::string_view name_of(DoseScheme scheme) {
  return scheme == DoseScheme::frame_mean ? "frame-mean"
         : scheme == DoseScheme::trend    ? "trend"
                                          : "none";
}
Shift parse_shift(std::string_view name) {
  for (const auto shift : {Shift::sinc, Shift::whole})
    if (name == name_of(shift))
      return shift;
  throw OptionError(fmt::format("shift {}: expected sinc or whole", name));
}
DoseScheme parse_dose_scheme(std::string_view name) {
  for (const auto scheme : {DoseScheme::frame_mean, DoseScheme::trend, DoseScheme::none})
    if (name == name_of(scheme))
      return scheme;
  throw OptionError(fmt::format("dose {}: expected frame-mean, trend or none", name));
}

void validate(const FieldOptions& o) {
  if (!std::isfinite(o.pedestal))
    throw OptionError(fmt::format("pedestal = {}: must be a number", o.pedestal));
  if (!(o.smooth_px == 0 || o.smooth_px >= 2))
    throw OptionError(fmt::format("smooth_px = {}: must be 0 or at least 2", o.smooth_px));
  if (o.bin < 1 || o.bin > 64)
    throw OptionError(fmt::format("bin = {}: must lie between 1 and 64", o.bin));
}

Field::Field(frames::FrameSource& source,
             std::span<const std::uint8_t> bad,
             DriftPath path,
             std::span<const double> frame_mean,
             std::span<const double> time_mean,
             FieldOptions options)
    : source_(source), path_(std::move(path)), options_(std::move(options)) {
  validate(options_);
  const auto& info = source_.info();
  const auto frames = static_cast<std::size_t>(info.frames);
  const auto pixels = static_cast<std::size_t>(info.pixels());
  if (path_.y_px.size() != frames || frame_mean.size() != frames || time_mean.size() != pixels ||
      (!bad.empty() && bad.size() != frames) ||
      (!options_.dark.empty() && options_.dark.size() != pixels) ||
      (!options_.use.empty() && options_.use.size() != pixels))
    throw DataError(
        fmt::format("{}: drift, means, dark or mask are not of this series", info.path));
  for (std::size_t t = 0; t < frames; ++t)
    valid_.push_back(bad.empty() || bad[t] == 0);

  // the field: where the sample of the first frame stays inside in all frames
  double low_y = 0, high_y = 0, low_x = 0, high_x = 0;
  for (std::size_t t = 0; t < frames; ++t)
    if (valid_[t] != 0) {
      low_y = std::min(low_y, path_.y_px[t]);
      high_y = std::max(high_y, path_.y_px[t]);
      low_x = std::min(low_x, path_.x_px[t]);
      high_x = std::max(high_x, path_.x_px[t]);
    }
  const bool moves = high_y > low_y || high_x > low_x;
  const Index margin = !moves ? 0 : options_.shift == Shift::sinc ? half_taps : 1;
  first_y_ = margin + static_cast<Index>(std::ceil(-low_y));
  first_x_ = margin + static_cast<Index>(std::ceil(-low_x));
  rows_ = (info.height - margin - static_cast<Index>(std::ceil(high_y)) - first_y_) / options_.bin;
  columns_ =
      (info.width - margin - static_cast<Index>(std::ceil(high_x)) - first_x_) / options_.bin;
  if (rows_ < 4 || columns_ < 4)
    throw DataError(
        fmt::format("{}: the sample drifts by {:.1f} px in y and {:.1f} px in x: frames of "
                    "{} x {} have no field in common; choose --frames",
                    info.path,
                    high_y - low_y,
                    high_x - low_x,
                    info.height,
                    info.width));

  double dark = 0;
  for (const float d : options_.dark)
    dark += static_cast<double>(d) / static_cast<double>(pixels);
  double mean = 0, good = 0;
  for (std::size_t t = 0; t < frames; ++t) {
    dose_.push_back(valid_[t] != 0 ? frame_mean[t] - options_.pedestal - dark : 1.0);
    if (valid_[t] != 0) {
      mean += dose_[t];
      ++good;
    }
  }
  mean /= good;
  if (!(mean > 0))
    throw DataError(fmt::format(
        "{}: the mean is {:.4g} counts{}: there is no intensity to compare fluctuations with; give "
        "the "
        "camera's zero with --pedestal or --dark",
        info.path,
        mean,
        options_.pedestal != 0 || !options_.dark.empty() ? " after pedestal and dark" : ""));
  for (std::size_t t = 0; t < frames; ++t)
    if (valid_[t] != 0 && !(dose_[t] > 0))
      throw DataError(
          fmt::format("{}: frame {}: the mean is {:.4g} counts, expected a positive number; "
                      "leave it out with --bad-frames, or give --pedestal or --dark",
                      info.path,
                      t,
                      dose_[t]));
  if (options_.dose == DoseScheme::trend && good >= 4)
    dose_ = trend_of(dose_, valid_);
  else if (options_.dose == DoseScheme::none)
    std::fill(dose_.begin(), dose_.end(), mean);

  // the background is that of the detector, moved to the middle of the path: smooth over far more
  // than the drift
  const Index height = rows_ * options_.bin, width = columns_ * options_.bin;
  inverse_background_.assign(static_cast<std::size_t>(height * width), 1.0F);
  if (options_.smooth_px > 0) {
    double shift_y = 0, shift_x = 0;
    for (std::size_t t = 0; t < frames; ++t)
      if (valid_[t] != 0) {
        shift_y += path_.y_px[t] / good;
        shift_x += path_.x_px[t] / good;
      }
    std::vector<float> raw(time_mean.begin(), time_mean.end());
    BadPixels(options_.use, info.height, info.width).fill(raw);
    std::vector<double> background;
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x) {
        const Index from = (y + first_y_ + static_cast<Index>(std::llround(shift_y))) * info.width +
                           x + first_x_ + static_cast<Index>(std::llround(shift_x));
        const auto i = static_cast<std::size_t>(from);
        background.push_back(static_cast<double>(raw[i]) - options_.pedestal -
                             (options_.dark.empty() ? 0.0 : static_cast<double>(options_.dark[i])));
      }
    smooth(background, height, width, options_.smooth_px);
    double whole = 0;
    for (const double b : background)
      whole += b / static_cast<double>(background.size());
    for (std::size_t i = 0; i < background.size(); ++i) {
      if (!(background[i] > 0.02 * whole))
        throw DataError(
            fmt::format("{}: y {}, x {}: the smoothed mean is {:.4g} counts, {:.4g} on "
                        "average; restrict the field with --mask, or give --pedestal or "
                        "--dark",
                        info.path,
                        static_cast<Index>(i) / width + first_y_,
                        static_cast<Index>(i) % width + first_x_,
                        background[i],
                        whole));
      inverse_background_[i] = static_cast<float>(whole / background[i]);
    }
  }
}

void Field::rows_of(const float* raw, Index frame, Index first, Index count, float* out) const {
  const auto& info = source_.info();
  const auto t = static_cast<std::size_t>(frame);
  const Index width = columns_ * options_.bin;
  const double shift_y = path_.y_px[t], shift_x = path_.x_px[t];
  const auto pedestal = static_cast<float>(options_.pedestal);
  const auto per_dose = static_cast<float>(1 / dose_[t]);
  const bool whole = options_.shift == Shift::whole;
  const auto row0 = static_cast<Index>(whole ? std::round(shift_y) : std::floor(shift_y));
  const auto column0 = static_cast<Index>(whole ? std::round(shift_x) : std::floor(shift_x));
  const double part_y = whole ? 0 : shift_y - static_cast<double>(row0);
  const double part_x = whole ? 0 : shift_x - static_cast<double>(column0);
  const auto wy = sinc_taps(part_y), wx = sinc_taps(part_x);
  const Index before_y = part_y > 0 ? half_taps - 1 : 0, after_y = part_y > 0 ? half_taps : 0;
  const Index before_x = part_x > 0 ? half_taps - 1 : 0, after_x = part_x > 0 ? half_taps : 0;
  const auto kernel = shift_kernel(simd_level());
  const auto long_row = static_cast<Index>(width + before_x + after_x);
  std::vector<float> line(static_cast<std::size_t>(long_row)), dark(line.size()),
      moved(static_cast<std::size_t>(width));
  std::fill_n(out, count * columns_, 0.0F);
  const float share = 1.0F / static_cast<float>(options_.bin * options_.bin);
  const Index rows_used = before_y + after_y + 1;
  const float one = 1;
  const float* weights_y = part_y > 0 ? wy.data() : &one;
  std::array<const float*, taps> rows{};
  for (Index r = 0; r < count * options_.bin; ++r) {
    const Index field_row = first * options_.bin + r;
    const Index corner =
        (field_row + first_y_ + row0 - before_y) * info.width + first_x_ + column0 - before_x;
    const auto blend = [&](const float* image, std::vector<float>& to) {
      for (Index i = 0; i < rows_used; ++i)
        rows[static_cast<std::size_t>(i)] = image + corner + i * info.width;
      kernel.blend(rows.data(), weights_y, rows_used, to.data(), long_row);
    };
    blend(raw, line);
    if (!options_.dark.empty()) {
      blend(options_.dark.data(), dark);
      for (std::size_t k = 0; k < line.size(); ++k)
        line[k] -= dark[k];
    }
    if (part_x > 0)
      kernel.convolve(line.data(), wx.data(), moved.data(), width);
    else
      std::copy_n(line.begin(), width, moved.begin());
    const float* background = inverse_background_.data() + field_row * width;
    for (std::size_t k = 0; k < moved.size(); ++k)
      moved[k] = (moved[k] - pedestal) * per_dose * background[k] - 1.0F; // weights add up to one
    float* to = out + r / options_.bin * columns_;
    if (options_.bin == 1)
      std::copy(moved.begin(), moved.end(), to);
    else
      for (Index k = 0; k < width; ++k)
        to[k / options_.bin] += share * moved[static_cast<std::size_t>(k)];
  }
}

void Field::walk(
    Index first,
    Index count,
    Index row,
    Index rows,
    const std::function<void(Index frame, std::span<const float> values)>& take) const {
  constexpr Index together = 16;
  FrameReader reader(source_, options_.use);
  std::vector<std::vector<float>> raw(together);
  for (Index t = first; t < first + count; t += together) {
    const Index here = std::min(together, first + count - t);
    for (Index i = 0; i < here; ++i)
      if (valid_[static_cast<std::size_t>(t + i)] != 0) {
        reader.frame(t + i, raw[static_cast<std::size_t>(i)]);
      }
    parallel_for(0, here, 1, [&](Index begin, Index) {
      std::vector<float> values(static_cast<std::size_t>(rows * columns_));
      if (valid_[static_cast<std::size_t>(t + begin)] != 0)
        rows_of(raw[static_cast<std::size_t>(begin)].data(), t + begin, row, rows, values.data());
      take(t + begin, values);
    });
  }
}

Strips Field::load(Index first, Index count, const Monitor& monitor) const {
  const Index frames = source_.info().frames;
  Strips strips(count * columns_, frames);
  Progress progress(monitor, "loading pixels", "frames", frames);
  walk(0, frames, first, count, [&](Index frame, std::span<const float> values) {
    strips.put(frame, 0, values);
    progress.advance();
  });
  return strips;
}

void Field::frames(Index first,
                   Index count,
                   const std::function<void(Index, std::span<const float>)>& take) const {
  walk(first, count, 0, rows_, take);
}

double shift_loss(Shift shift, double speckle_px) {
  // power spectrum of the intensity ∝ exp(−k² s² / 4) in each direction
  const double s = speckle_px;
  double loss = 0;
  constexpr int fractions = 40, frequencies = 400;
  if (shift == Shift::whole) { // displacements of two frames, each even in (−1/2, 1/2), both axes
    double kept = 0;
    for (int i = 0; i < fractions; ++i)
      for (int j = 0; j < fractions; ++j) {
        const double d = static_cast<double>(i - j) / fractions;
        kept += std::exp(-d * d / (s * s));
      }
    kept /= fractions * fractions;
    return 1 - kept * kept;
  }
  for (int i = 0; i < fractions; ++i) {
    const double fraction = (i + 0.5) / fractions;
    const auto w = sinc_taps(fraction);
    double passed = 0, whole = 0;
    for (int j = 0; j < frequencies; ++j) {
      const double k = std::numbers::pi * (j + 0.5) / frequencies;
      double re = 0, im = 0;
      for (Index n = 0; n < taps; ++n) {
        const double at = static_cast<double>(n - half_taps + 1) - fraction;
        re += static_cast<double>(w[static_cast<std::size_t>(n)]) * std::cos(k * at);
        im += static_cast<double>(w[static_cast<std::size_t>(n)]) * std::sin(k * at);
      }
      const double power = std::exp(-k * k * s * s / 4);
      passed += power * re; // of the correlation with an unmoved frame; the imaginary part cancels
      whole += power;
    }
    loss += (1 - passed * passed / (whole * whole)) / fractions;
  }
  return 1 - (1 - loss) * (1 - loss);
}

} // namespace vitrum::ecm
