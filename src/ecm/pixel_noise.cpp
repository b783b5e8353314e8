#include "vitrum/ecm/pixel_noise.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <mutex>

#include <fftw3.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::ecm {
namespace {

struct Released {
  void operator()(fftwf_complex* memory) const { fftwf_free(memory); }
};
using Spectrum = std::unique_ptr<fftwf_complex[], Released>;

Spectrum make_spectrum(Index n) {
  return Spectrum(static_cast<fftwf_complex*>(
      fftwf_malloc(static_cast<std::size_t>(n) * sizeof(fftwf_complex))));
}

Index fast_size(Index n) {
  for (;; ++n) {
    Index rest = n;
    for (const Index prime : {2, 3, 5, 7})
      while (rest % prime == 0)
        rest /= prime;
    if (rest == 1)
      return n;
  }
}

} // namespace

Strips
make_virtual_pixels(Index pixels, std::span<const std::uint8_t> valid, const VirtualPixels& o) {
  if (!(o.tau_frames > 0) || !(o.kww_exponent > 0) || !(o.contrast > 0) || !(o.white_variance >= 0))
    throw OptionError(
        fmt::format("virtual pixels of tau = {} frames, exponent {}, contrast {}, white "
                    "variance {}: must be positive",
                    o.tau_frames,
                    o.kww_exponent,
                    o.contrast,
                    o.white_variance));
  const auto frames = static_cast<Index>(valid.size());
  const Index n = fast_size(2 * frames);
  auto spectrum = make_spectrum(n);
  fftwf_plan plan = nullptr;
  {
    const std::lock_guard lock(fft_planner_mutex());
    plan = fftwf_plan_dft_1d(
        static_cast<int>(n), spectrum.get(), spectrum.get(), FFTW_FORWARD, FFTW_ESTIMATE);
  }
  // eigenvalues of the circulant matrix whose first row is g1 there and back
  for (Index k = 0; k < n; ++k) {
    const auto lag = static_cast<double>(std::min(k, n - k));
    spectrum[static_cast<std::size_t>(k)][0] =
        static_cast<float>(std::exp(-std::pow(lag / o.tau_frames, o.kww_exponent)));
    spectrum[static_cast<std::size_t>(k)][1] = 0;
  }
  fftwf_execute(plan);
  std::vector<float> scale;
  double negative = 0, total = 0;
  for (Index k = 0; k < n; ++k) {
    const auto value = static_cast<double>(spectrum[static_cast<std::size_t>(k)][0]);
    total += std::abs(value);
    negative += std::max(0.0, -value);
    scale.push_back(
        static_cast<float>(std::sqrt(std::max(0.0, value) / (2.0 * static_cast<double>(n)))));
  }
  if (negative > 1e-3 * total) {
    const std::lock_guard lock(fft_planner_mutex());
    fftwf_destroy_plan(plan);
    throw OptionError(
        fmt::format("a correlation of exponent {} and tau = {} frames cannot be embedded "
                    "in {} frames",
                    o.kww_exponent,
                    o.tau_frames,
                    frames));
  }
  Strips strips(pixels, frames);
  const auto size = static_cast<std::size_t>(frames);
  const auto amplitude = static_cast<float>(std::sqrt(o.contrast));
  const auto white = static_cast<float>(std::sqrt(o.white_variance));
  const Index words = (2 * n + random_chunk - 1) / random_chunk * random_chunk;
  parallel_for(0, pixels, 16, [&](Index begin, Index end) {
    auto field = make_spectrum(n);
    std::vector<float> normals(static_cast<std::size_t>(words)),
        noise(static_cast<std::size_t>(words));
    for (Index p = begin; p < end; ++p) {
      fill_normal(o.seed, static_cast<std::uint64_t>(p), 0, normals);
      if (white > 0)
        fill_normal(o.seed, static_cast<std::uint64_t>(p), words, noise);
      for (Index k = 0; k < n; ++k) {
        const auto i = static_cast<std::size_t>(k);
        field[i][0] = scale[i] * normals[2 * i];
        field[i][1] = scale[i] * normals[2 * i + 1];
      }
      fftwf_execute_dft(plan, field.get(), field.get());
      float* strip = strips.strip(p / strip_pixels) + p % strip_pixels;
      for (std::size_t t = 0; t < size; ++t)
        if (valid[t] != 0) {
          const float intensity = field[t][0] * field[t][0] + field[t][1] * field[t][1];
          strip[t * strip_pixels] = amplitude * (intensity - 1) + white * noise[t];
        }
    }
  });
  const std::lock_guard lock(fft_planner_mutex());
  fftwf_destroy_plan(plan);
  return strips;
}

} // namespace vitrum::ecm
