#include "vitrum/ecm/four_point.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <mutex>

#include <fftw3.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::ecm {
namespace {

struct Released {
  void operator()(void* memory) const { fftwf_free(memory); }
};
using Spectrum = std::unique_ptr<fftwf_complex[], Released>;

/// Transforms of the overlap of a square of the field, padded so that nothing wraps up to the
/// longest distance.
class Squares {
public:
  Squares(const Field& field, Index largest_edge, Index longest)
      : rows_(std::min(field.rows(), largest_edge)),
        columns_(std::min(field.columns(), largest_edge)), y0_((field.rows() - rows_) / 2),
        x0_((field.columns() - columns_) / 2), field_columns_(field.columns()),
        padded_rows_(rows_ + longest), padded_columns_(columns_ + longest),
        half_(padded_columns_ / 2 + 1) {
    const auto room = make();
    const std::lock_guard lock(fft_planner_mutex());
    auto* real = reinterpret_cast<float*>(room.get());
    forward_ = fftwf_plan_dft_r2c_2d(static_cast<int>(padded_rows_),
                                     static_cast<int>(padded_columns_),
                                     real,
                                     room.get(),
                                     FFTW_ESTIMATE);
    backward_ = fftwf_plan_dft_c2r_2d(static_cast<int>(padded_rows_),
                                      static_cast<int>(padded_columns_),
                                      room.get(),
                                      real,
                                      FFTW_ESTIMATE);
  }
  ~Squares() {
    const std::lock_guard lock(fft_planner_mutex());
    fftwf_destroy_plan(forward_);
    fftwf_destroy_plan(backward_);
  }
  Squares(const Squares&) = delete;
  Squares& operator=(const Squares&) = delete;

  [[nodiscard]] Spectrum make() const {
    return Spectrum(static_cast<fftwf_complex*>(
        fftwf_malloc(static_cast<std::size_t>(padded_rows_ * half_) * sizeof(fftwf_complex))));
  }
  [[nodiscard]] Index pixels() const { return rows_ * columns_; }

  /// The square of a whole frame of the field.
  [[nodiscard]] std::vector<float> cut(std::span<const float> frame) const {
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(pixels()));
    for (Index y = 0; y < rows_; ++y) {
      const float* row = frame.data() + (y0_ + y) * field_columns_ + x0_;
      values.insert(values.end(), row, row + columns_);
    }
    return values;
  }

  /// Of q − its mean over the square.
  [[nodiscard]] Spectrum transform(const std::vector<float>& q, double mean) const {
    auto out = make();
    auto* real = reinterpret_cast<float*>(out.get());
    const Index stride = 2 * half_;
    std::fill_n(real, padded_rows_ * stride, 0.0F);
    for (Index y = 0; y < rows_; ++y)
      for (Index x = 0; x < columns_; ++x)
        real[y * stride + x] =
            q[static_cast<std::size_t>(y * columns_ + x)] - static_cast<float>(mean);
    fftwf_execute_dft_r2c(forward_, real, out.get());
    return out;
  }

  /// Means over pairs of places against distance, 1 … longest, of two transforms.
  [[nodiscard]] std::vector<double>
  correlate(const Spectrum& a, const Spectrum& b, Index longest) const {
    auto room = make();
    for (Index i = 0; i < padded_rows_ * half_; ++i) {
      const float ar = a[static_cast<std::size_t>(i)][0], ai = a[static_cast<std::size_t>(i)][1];
      const float br = b[static_cast<std::size_t>(i)][0], bi = b[static_cast<std::size_t>(i)][1];
      room[static_cast<std::size_t>(i)][0] = ar * br + ai * bi;
      room[static_cast<std::size_t>(i)][1] = ai * br - ar * bi;
    }
    auto* real = reinterpret_cast<float*>(room.get());
    fftwf_execute_dft_c2r(backward_, room.get(), real);
    const Index stride = 2 * half_;
    std::vector<double> sum(static_cast<std::size_t>(longest)), pairs(sum.size());
    const double scale = static_cast<double>(padded_rows_) * static_cast<double>(padded_columns_);
    for (Index dy = -longest; dy <= longest; ++dy)
      for (Index dx = -longest; dx <= longest; ++dx) {
        const auto r = static_cast<Index>(
            std::lround(std::hypot(static_cast<double>(dy), static_cast<double>(dx))));
        if (r < 1 || r > longest)
          continue;
        const Index y = (dy + padded_rows_) % padded_rows_;
        const Index x = (dx + padded_columns_) % padded_columns_;
        sum[static_cast<std::size_t>(r - 1)] += static_cast<double>(real[y * stride + x]) / scale;
        pairs[static_cast<std::size_t>(r - 1)] +=
            static_cast<double>((rows_ - std::abs(dy)) * (columns_ - std::abs(dx)));
      }
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] /= pairs[i];
    return sum;
  }

private:
  Index rows_, columns_, y0_, x0_, field_columns_, padded_rows_, padded_columns_, half_;
  fftwf_plan forward_ = nullptr, backward_ = nullptr;
};

/// The length of amplitude·exp(−(r/length)²), by least squares over a fine grid; NaN unless the
/// amplitude stands out.
double fit_length(const std::vector<double>& distance, const double* value, const double* error) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  double best = 0, best_length = nan, significance = 0;
  const auto fall = [&](double length) {
    double vg = 0, gg = 0;
    for (std::size_t i = 0; i < distance.size(); ++i) {
      const double g = std::exp(-std::pow(distance[i] / length, 2));
      // distances near each other say the same: weighed alike, by the mean error
      vg += value[i] * g;
      gg += g * g;
    }
    return std::pair(vg > 0 ? vg * vg / gg : 0.0, vg / gg);
  };
  for (double length = 1; length < 0.7 * distance.back(); length *= 1.02)
    if (const auto [gain, amplitude] = fall(length); gain > best) {
      best = gain;
      best_length = length;
      significance = amplitude;
    }
  double noise = 0;
  for (std::size_t i = 0; i < distance.size(); ++i)
    noise += error[i] / static_cast<double>(distance.size());
  if (std::isnan(best_length) || !(significance > 3 * noise))
    return nan;
  return best_length;
}

} // namespace

FourPoint
correlate_four_points(const Field& field, const FourPointOptions& options, const Monitor& monitor) {
  if (options.lags.empty())
    throw OptionError("no lag is given for the four-point correlation");
  if (options.origins < 4 || options.largest_edge < 16)
    throw OptionError(fmt::format("origins = {}, largest_edge = {}: must be at least 4 and 16",
                                  options.origins,
                                  options.largest_edge));
  const Index frames = static_cast<Index>(field.valid().size());
  const Index longest =
      std::max<Index>(4, std::min({field.rows(), field.columns(), options.largest_edge}) / 4);
  const Squares squares(field, options.largest_edge, longest);
  FourPoint out;
  for (Index r = 1; r <= longest; ++r)
    out.distance_px.push_back(static_cast<double>(r));
  Progress progress(monitor,
                    "four-point correlation",
                    "overlaps",
                    static_cast<Index>(options.lags.size()) * options.origins);
  for (const Index lag : options.lags) {
    if (lag < 1 || lag >= frames)
      throw OptionError(fmt::format("lag {}: the series has {} frames", lag, frames));
    // pairs of valid frames, evenly spread; an even number of them
    std::vector<Index> origins;
    for (Index k = 0; k < options.origins; ++k) {
      const Index t = k * (frames - lag - 1) / std::max<Index>(options.origins - 1, 1);
      for (Index u = t; u < std::min(t + 8, frames - lag); ++u)
        if (field.valid()[static_cast<std::size_t>(u)] != 0 &&
            field.valid()[static_cast<std::size_t>(u + lag)] != 0) {
          if (origins.empty() || u > origins.back())
            origins.push_back(u);
          break;
        }
    }
    if (origins.size() % 2 == 1)
      origins.pop_back();
    if (origins.size() < 2)
      throw DataError(fmt::format(
          "{}: fewer than two times have valid frames {} apart", field.source().info().path, lag));
    std::vector<Spectrum> spectra(origins.size());
    std::vector<double> means(origins.size());
    for (std::size_t k = 0; k < origins.size(); ++k) {
      std::vector<float> q;
      const auto load = [&](Index frame) {
        std::vector<float> values;
        field.frames(frame, 1, [&](Index, std::span<const float> y) { values = squares.cut(y); });
        return values;
      };
      q = load(origins[k]);
      const auto later = load(origins[k] + lag);
      double sum = 0;
      for (std::size_t i = 0; i < q.size(); ++i) {
        q[i] *= later[i];
        sum += static_cast<double>(q[i]);
      }
      means[k] = sum / static_cast<double>(q.size());
      spectra[k] = squares.transform(q, means[k]);
      progress.advance();
    }
    const double mean = moments(means).mean;
    const std::size_t half = origins.size() / 2;
    std::vector<Moments> together(out.distance_px.size()), apart(out.distance_px.size());
    std::vector<std::vector<double>> same(origins.size()), other(half);
    parallel_for(0, static_cast<Index>(origins.size()), 1, [&](Index begin, Index) {
      const auto k = static_cast<std::size_t>(begin);
      same[k] = squares.correlate(spectra[k], spectra[k], longest);
      if (k < half)
        other[k] = squares.correlate(spectra[k], spectra[k + half], longest);
    });
    for (std::size_t r = 0; r < out.distance_px.size(); ++r) {
      for (const auto& one : same)
        together[r].add(one[r] / (mean * mean));
      for (const auto& one : other)
        apart[r].add(one[r] / (mean * mean));
    }
    out.lags.push_back(lag);
    const auto put = [](std::vector<double>& value,
                        std::vector<double>& error,
                        const std::vector<Moments>& all,
                        std::size_t n) {
      for (const auto& m : all) {
        value.push_back(m.mean);
        error.push_back(n > 1 ? std::sqrt(m.variance() / static_cast<double>(n))
                              : std::numeric_limits<double>::quiet_NaN());
      }
    };
    put(out.together, out.together_error, together, same.size());
    put(out.apart, out.apart_error, apart, other.size());
    const auto at = out.apart.size() - out.distance_px.size();
    const double length =
        fit_length(out.distance_px, out.apart.data() + at, out.apart_error.data() + at);
    // the error of the length from halves of the pairs of origins, jack-knifed in eight parts
    const std::size_t parts = std::min<std::size_t>(8, half);
    Moments spread;
    for (std::size_t part = 0; part < parts && std::isfinite(length) && parts > 1; ++part) {
      std::vector<double> rest(out.distance_px.size());
      double n = 0;
      for (std::size_t k = 0; k < half; ++k)
        if (k % parts != part) {
          ++n;
          for (std::size_t r = 0; r < rest.size(); ++r)
            rest[r] += other[k][r] / (mean * mean);
        }
      for (double& v : rest)
        v /= n;
      if (const double one = fit_length(out.distance_px, rest.data(), out.apart_error.data() + at);
          std::isfinite(one))
        spread.add(one);
    }
    out.length_px.push_back(length);
    out.length_error_px.push_back(
        spread.count > 2
            ? std::sqrt(spread.variance() * static_cast<double>(spread.count - 1) *
                        static_cast<double>(spread.count - 1) / static_cast<double>(spread.count))
            : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

} // namespace vitrum::ecm
