#include "ecm_sources.hpp"

#include <algorithm>
#include <cmath>

#include "field.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random_fill.hpp"

namespace vitrum::synth {
namespace {

constexpr Index padded(Index n) {
  return (n + random_chunk - 1) / random_chunk * random_chunk;
}

} // namespace

EcmSources::EcmSources(std::uint64_t seed,
                       Index rows,
                       Index columns,
                       const std::vector<double>& tau,
                       const RateSpectrum& spectrum)
    : seed_(seed), rows_(rows), columns_(columns), sites_(rows * columns),
      processes_(static_cast<Index>(spectrum.rate.size())), loss_(sites_ * processes_),
      gain_(sites_ * processes_), state_(2 * sites_ * processes_), field_(2 * sites_) {
  for (const double weight : spectrum.weight)
    scale_.push_back(static_cast<float>(std::sqrt(weight / 2)));
  parallel_for(0, rows_, 8, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y)
      for (Index k = 0; k < processes_; ++k) {
        const double rate = spectrum.rate[static_cast<std::size_t>(k)];
        for (Index x = 0; x < columns_; ++x) {
          const double step = rate / tau[static_cast<std::size_t>(y * columns_ + x)];
          const Index at = (y * processes_ + k) * columns_ + x;
          loss_[at] = static_cast<float>(-std::expm1(-step));
          gain_[at] = static_cast<float>(std::sqrt(-std::expm1(-2 * step))) *
                      scale_[static_cast<std::size_t>(k)];
        }
      }
  });
}

void EcmSources::advance(Index frame) {
  parallel_for(0, rows_, 4, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y)
      advance_row(y, frame);
  });
}

void EcmSources::advance_row(Index y, Index frame) {
  const Index size = 2 * processes_ * columns_;
  static thread_local std::vector<float> normals; // reused for every row
  normals.resize(static_cast<std::size_t>(padded(size)));
  fill_normal(seed_, stream_of(Stream::step, 0, y), frame * padded(size), normals);
  for (Index part = 0; part < 2; ++part) {
    float* sum = field_.data() + part * sites_ + y * columns_;
    std::fill_n(sum, columns_, 0.0F);
    for (Index k = 0; k < processes_; ++k) {
      const Index place = (part * processes_ + k) * columns_;
      const float* noise = normals.data() + place;
      float* state = state_.data() + y * size + place;
      const float* loss = loss_.data() + (y * processes_ + k) * columns_;
      const float* gain = gain_.data() + (y * processes_ + k) * columns_;
      const float scale = scale_[static_cast<std::size_t>(k)];
      if (frame == 0)
        for (Index x = 0; x < columns_; ++x)
          state[x] = scale * noise[x];
      else
        for (Index x = 0; x < columns_; ++x)
          state[x] += gain[x] * noise[x] - loss[x] * state[x];
      for (Index x = 0; x < columns_; ++x)
        sum[x] += state[x];
    }
  }
}

std::vector<double>
make_smooth_field(std::uint64_t seed, Index rows, Index columns, double length_px) {
  // white noise blurred with exp(−2 (r/length)²), whose correlation with itself is
  // exp(−(r/length)²)
  const auto reach = static_cast<Index>(std::ceil(2.5 * length_px)) + 1;
  const Index wide = columns + 2 * reach, high = rows + 2 * reach;
  std::vector<double> kernel;
  double power = 0;
  for (Index i = -reach; i <= reach; ++i) {
    const double u = static_cast<double>(i) / length_px;
    kernel.push_back(std::exp(-2 * u * u));
    power += kernel.back() * kernel.back();
  }
  std::vector<double> along(static_cast<std::size_t>(high * columns));
  parallel_for(0, high, 8, [&](Index begin, Index end) {
    std::vector<float> noise(static_cast<std::size_t>(padded(wide)));
    for (Index y = begin; y < end; ++y) {
      fill_normal(seed, stream_of(Stream::detector, 1, y), 0, noise);
      for (Index x = 0; x < columns; ++x) {
        double sum = 0;
        for (std::size_t i = 0; i < kernel.size(); ++i)
          sum += kernel[i] * static_cast<double>(noise[static_cast<std::size_t>(x) + i]);
        along[static_cast<std::size_t>(y * columns + x)] = sum / power;
      }
    }
  });
  std::vector<double> field(static_cast<std::size_t>(rows * columns));
  parallel_for(0, rows, 8, [&](Index begin, Index end) {
    for (Index y = begin; y < end; ++y)
      for (std::size_t i = 0; i < kernel.size(); ++i)
        for (Index x = 0; x < columns; ++x)
          field[static_cast<std::size_t>(y * columns + x)] +=
              kernel[i] *
              along[static_cast<std::size_t>((y + static_cast<Index>(i)) * columns + x)];
  });
  return field;
}

} // namespace vitrum::synth
