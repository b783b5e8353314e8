#include "tile_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <numbers>

#include <fftw3.h>

#include "vitrum/core/fft_lock.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::ecm {
namespace {

/// The largest even size up to n without prime factors beyond 7.
Index smooth_size(Index n) {
  for (Index size = n - n % 2; size > 2; size -= 2) {
    Index rest = size;
    for (const Index prime : {2, 3, 5, 7})
      while (rest % prime == 0)
        rest /= prime;
    if (rest == 1)
      return size;
  }
  return 2;
}

/// Pixels over which a tile falls to zero at either end, and by which it overlaps its neighbour.
/// Steeper ramps scatter the strong low frequencies into high ones, where they stand still while
/// the sample moves: of 32-pixel tiles, ramps of 8 pixels make drift 9 % too short, of 16 pixels
/// 2 %.
Index ramp_of(Index n) {
  return std::max<Index>(std::min<Index>(n / 2, 16), 4);
}

/// One in the middle, falling as sin²(π/2 sin²): with little at high frequencies, where whitening
/// would make much of it.
std::vector<float> taper(Index n) {
  std::vector<float> values;
  const auto ramp = static_cast<double>(ramp_of(n));
  for (Index i = 0; i < n; ++i) {
    const double edge = std::min(static_cast<double>(i) + 0.5, static_cast<double>(n - i) - 0.5);
    const double s = edge < ramp ? std::sin(0.5 * std::numbers::pi * edge / ramp) : 1.0;
    const double smooth = std::sin(0.5 * std::numbers::pi * s * s);
    values.push_back(static_cast<float>(smooth * smooth));
  }
  return values;
}

/// Of tiles that share their ramps.
Index tile_size(Index whole, Index tiles) {
  return smooth_size((whole + (tiles - 1) * ramp_of(whole / tiles)) / tiles);
}

std::vector<double> log_overlap(const std::vector<float>& taper) {
  std::vector<double> values;
  for (std::size_t shift = 0; 2 * shift < taper.size() + 8; ++shift) {
    double sum = 0;
    for (std::size_t i = 0; i + shift < taper.size(); ++i)
      sum += static_cast<double>(taper[i]) * static_cast<double>(taper[i + shift]);
    values.push_back(std::log(sum));
  }
  return values;
}

struct Released {
  void operator()(void* memory) const { fftwf_free(memory); }
};
template <class T>
using FftArray = std::unique_ptr<T[], Released>;

template <class T>
FftArray<T> make_fft_array(Index n) {
  return FftArray<T>(static_cast<T*>(fftwf_malloc(static_cast<std::size_t>(n) * sizeof(T))));
}

} // namespace

TileTransform::TileTransform(Index height, Index width, Index tiles)
    : frame_height_(height), frame_width_(width), tiles_(tiles), height_(tile_size(height, tiles)),
      width_(tile_size(width, tiles)), taper_y_(taper(height_)), taper_x_(taper(width_)),
      overlap_y_(log_overlap(taper_y_)), overlap_x_(log_overlap(taper_x_)) {
  auto in = make_fft_array<float>(height_ * width_);
  auto out = make_fft_array<fftwf_complex>(height_ * (width_ / 2 + 1));
  const std::lock_guard lock(fft_planner_mutex());
  plan_ = fftwf_plan_dft_r2c_2d(static_cast<int>(height_),
                                static_cast<int>(width_),
                                in.get(),
                                out.get(),
                                FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  rows_ = height_ - 1;
  columns_ = width_ / 2;
  weight_.assign(static_cast<std::size_t>(rows_ * columns_), 1.0F);
}

TileTransform::~TileTransform() {
  const std::lock_guard lock(fft_planner_mutex());
  fftwf_destroy_plan(static_cast<fftwf_plan>(plan_));
}

double TileTransform::row_frequency(Index row) const {
  return 2 * std::numbers::pi * static_cast<double>(row - rows_ / 2) / static_cast<double>(height_);
}
double TileTransform::column_frequency(Index column) const {
  return 2 * std::numbers::pi * static_cast<double>(column) / static_cast<double>(width_);
}

double TileTransform::overlap_at(const std::vector<double>& log_overlap, double shift) {
  const auto last = static_cast<Index>(log_overlap.size()) - 2;
  const double place = std::min(std::abs(shift), static_cast<double>(last) - 1e-6);
  const auto cell = static_cast<Index>(place);
  const auto value = [&](Index i) { return log_overlap[static_cast<std::size_t>(std::abs(i))]; };
  const auto first = [&](Index i) { return 0.5 * (value(i + 1) - value(i - 1)); };
  const double part = place - static_cast<double>(cell);
  const double slope = first(cell) + part * (first(cell + 1) - first(cell));
  return shift < 0 ? -slope : slope;
}

void TileTransform::transform_tile(std::span<const float> frame,
                                   Index tile,
                                   std::complex<float>* out) const {
  static thread_local FftArray<float> in;
  static thread_local FftArray<fftwf_complex> spectrum;
  static thread_local Index size = 0;
  if (size < height_ * (width_ + 2)) {
    size = height_ * (width_ + 2);
    in = make_fft_array<float>(size);
    spectrum = make_fft_array<fftwf_complex>(size);
  }
  const auto place = [](Index part, Index parts, Index whole, Index length) {
    return parts == 1 ? (whole - length) / 2 : part * (whole - length) / (parts - 1);
  };
  const Index y0 = place(tile / tiles_, tiles_, frame_height_, height_);
  const Index x0 = place(tile % tiles_, tiles_, frame_width_, width_);
  double sum = 0, weights = 0;
  for (Index y = 0; y < height_; ++y) {
    const float* row = frame.data() + (y0 + y) * frame_width_ + x0;
    float line = 0;
    for (Index x = 0; x < width_; ++x)
      line += row[x] * taper_x_[static_cast<std::size_t>(x)];
    sum += static_cast<double>(line * taper_y_[static_cast<std::size_t>(y)]);
    weights += static_cast<double>(taper_y_[static_cast<std::size_t>(y)]);
  }
  double across = 0;
  for (const float t : taper_x_)
    across += static_cast<double>(t);
  const auto mean = static_cast<float>(sum / (weights * across));
  for (Index y = 0; y < height_; ++y) {
    const float* row = frame.data() + (y0 + y) * frame_width_ + x0;
    const float t = taper_y_[static_cast<std::size_t>(y)];
    for (Index x = 0; x < width_; ++x)
      in[static_cast<std::size_t>(y * width_ + x)] =
          (row[x] - mean) * t * taper_x_[static_cast<std::size_t>(x)];
  }
  fftwf_execute_dft_r2c(static_cast<fftwf_plan>(plan_), in.get(), spectrum.get());
  const Index half = width_ / 2 + 1;
  for (Index r = 0; r < rows_; ++r) {
    const Index ky = r - rows_ / 2;
    const Index from = (ky + height_) % height_ * half;
    for (Index c = 0; c < columns_; ++c) {
      const auto& value = spectrum[static_cast<std::size_t>(from + c)];
      const float w = weight_[static_cast<std::size_t>(r * columns_ + c)];
      out[r * columns_ + c] = {w * value[0], w * value[1]};
    }
  }
}

namespace {

/// Means over blocks of pixels, the last of each row and column taking what is over.
struct Blocks {
  Index edge, rows, columns;
  std::vector<float> value, square;

  Blocks(Index edge_px, Index height, Index width)
      : edge(edge_px), rows(height / edge_px), columns(width / edge_px),
        value(static_cast<std::size_t>(rows * columns)), square(value.size()) {}

  void fill(std::span<const float> frame, Index height, Index width, float less) {
    for (Index r = 0; r < rows; ++r) {
      const Index last = r + 1 == rows ? height : (r + 1) * edge;
      float* a = value.data() + r * columns;
      float* q = square.data() + r * columns;
      for (Index y = r * edge; y < last; ++y) {
        const float* row = frame.data() + y * width;
        for (Index c = 0; c < columns; ++c) {
          const Index end = c + 1 == columns ? width : (c + 1) * edge;
          float sum = 0, squares = 0;
          for (Index x = c * edge; x < end; ++x) {
            const float v = row[x] - less;
            sum += v;
            squares += v * v;
          }
          a[c] += sum;
          q[c] += squares;
        }
      }
      for (Index c = 0; c < columns; ++c) {
        const Index end = c + 1 == columns ? width : (c + 1) * edge;
        const float share = 1 / static_cast<float>((last - r * edge) * (end - c * edge));
        a[c] *= share;
        q[c] *= share;
      }
    }
  }
};

/// Mean over 2 reach + 1 rows, fewer at the ends.
std::vector<float>
mean_of_rows(const std::vector<float>& values, Index rows, Index columns, Index reach) {
  std::vector<float> out(values.size()), sums(static_cast<std::size_t>(columns));
  float* sum = sums.data();
  const auto add = [&](Index r, float sign) {
    const float* row = values.data() + r * columns;
    for (Index c = 0; c < columns; ++c)
      sum[c] += sign * row[c];
  };
  for (Index r = 0; r < std::min(reach, rows); ++r)
    add(r, 1);
  for (Index r = 0; r < rows; ++r) {
    if (r + reach < rows)
      add(r + reach, 1);
    if (r > reach)
      add(r - reach - 1, -1);
    const Index inside = std::min(rows - 1, r + reach) - std::max<Index>(0, r - reach) + 1;
    const float share = 1 / static_cast<float>(inside);
    float* to = out.data() + r * columns;
    for (Index c = 0; c < columns; ++c)
      to[c] = share * sum[c];
  }
  return out;
}

std::vector<float> transposed(const std::vector<float>& values, Index rows, Index columns) {
  std::vector<float> out(values.size());
  constexpr Index tile = 16; // of which both copies stay in the cache
  for (Index r0 = 0; r0 < rows; r0 += tile)
    for (Index c0 = 0; c0 < columns; c0 += tile)
      for (Index r = r0; r < std::min(rows, r0 + tile); ++r)
        for (Index c = c0; c < std::min(columns, c0 + tile); ++c)
          out[static_cast<std::size_t>(c * rows + r)] =
              values[static_cast<std::size_t>(r * columns + c)];
  return out;
}

/// Mean around each block, twice over a square of 2 reach + 1.
void mean_around(std::vector<float>& values, Index rows, Index columns, Index reach) {
  for (int twice = 0; twice < 2; ++twice)
    values = mean_of_rows(values, rows, columns, reach);
  values = transposed(values, rows, columns);
  for (int twice = 0; twice < 2; ++twice)
    values = mean_of_rows(values, columns, rows, reach);
  values = transposed(values, columns, rows);
}

/// Where pixel i lies between the middles of two blocks.
struct Between {
  Index low, high;
  float part;
  Between(Index i, Index edge, Index blocks) {
    const float at = std::clamp((static_cast<float>(i) + 0.5F) / static_cast<float>(edge) - 0.5F,
                                0.0F,
                                static_cast<float>(blocks - 1));
    low = static_cast<Index>(at);
    high = std::min(low + 1, blocks - 1);
    part = at - static_cast<float>(low);
  }
};

} // namespace

/// y/√(mean of y² around + a share of that of all), y the frame less its mean over a wider
/// surrounding: illumination and thickness are not speckle. Both means are smooth: they are made of
/// blocks half as large as speckle, and lie on lines between their middles.
std::vector<float> TileTransform::level(std::span<const float> frame) const {
  const Index height = frame_height_, width = frame_width_;
  Blocks blocks(std::max<Index>(1, level_reach_ / 2), height, width);
  const Index reach = level_reach_ / blocks.edge;
  double whole = 0;
  for (const float v : frame)
    whole += static_cast<double>(v);
  const auto mean = static_cast<float>(whole / static_cast<double>(frame.size()));
  blocks.fill(frame, height, width, mean);
  auto wide = blocks.value;
  constexpr Index wider = 4;
  mean_around(wide, blocks.rows, blocks.columns, wider * reach);
  auto& gain = blocks.square;
  double squares = 0;
  for (std::size_t i = 0; i < gain.size(); ++i) {
    gain[i] = std::max(0.0F, gain[i] - 2 * wide[i] * blocks.value[i] + wide[i] * wide[i]);
    squares += static_cast<double>(gain[i]);
  }
  if (!(squares > 0))
    return {frame.begin(), frame.end()};
  mean_around(gain, blocks.rows, blocks.columns, reach);
  constexpr double share = 0.3; // places darker than this gain nothing: they are noise
  const auto least = static_cast<float>(share * squares / static_cast<double>(gain.size()));
  for (float& g : gain)
    g = 1 / std::sqrt(std::max(g, 0.0F) + least);
  std::vector<float> y(frame.size());
  std::vector<Between> across;
  for (Index x = 0; x < width; ++x)
    across.emplace_back(x, blocks.edge, blocks.columns);
  std::vector<float> less(static_cast<std::size_t>(blocks.columns)), times(less.size());
  for (Index row = 0; row < height; ++row) {
    const Between down(row, blocks.edge, blocks.rows);
    for (Index c = 0; c < blocks.columns; ++c) {
      const auto i = static_cast<std::size_t>(c);
      const auto low = static_cast<std::size_t>(down.low * blocks.columns) + i;
      const auto high = static_cast<std::size_t>(down.high * blocks.columns) + i;
      less[i] = mean + wide[low] + down.part * (wide[high] - wide[low]);
      times[i] = gain[low] + down.part * (gain[high] - gain[low]);
    }
    const float* from = frame.data() + row * width;
    float* to = y.data() + row * width;
    for (Index x = 0; x < width; ++x) {
      const Between& at = across[static_cast<std::size_t>(x)];
      const auto low = static_cast<std::size_t>(at.low), high = static_cast<std::size_t>(at.high);
      to[x] = (from[x] - less[low] - at.part * (less[high] - less[low])) *
              (times[low] + at.part * (times[high] - times[low]));
    }
  }
  return y;
}

TileSpectrum TileTransform::transform(std::span<const float> frame) const {
  return level_reach_ > 0 ? transform_levelled(level(frame)) : transform_levelled(frame);
}

TileSpectrum TileTransform::transform_levelled(std::span<const float> frame) const {
  TileSpectrum spectrum;
  spectrum.values.resize(static_cast<std::size_t>(tiles() * rows_ * columns_));
  for (Index tile = 0; tile < tiles(); ++tile)
    transform_tile(frame, tile, spectrum.values.data() + tile * rows_ * columns_);
  return spectrum;
}

void TileTransform::calibrate(const std::vector<std::vector<float>>& frames) {
  level_reach_ = 0;
  choose_frequencies(frames);
  if (std::isnan(speckle_px_))
    return;
  const double size = speckle_px_; // of the intensity, not of what is made of it
  level_reach_ = std::max<Index>(2, std::llround(size));
  choose_frequencies(frames);
  speckle_px_ = size;
}

void TileTransform::choose_frequencies(const std::vector<std::vector<float>>& frames) {
  rows_ = height_ - 1;
  columns_ = width_ / 2;
  weight_.assign(static_cast<std::size_t>(rows_ * columns_), 1.0F);
  // power against the modulus of the frequency, in steps of one over the smaller edge
  const Index bins = std::min(height_, width_) / 2;
  std::vector<double> power(static_cast<std::size_t>(bins)), weight(power.size());
  const auto bin_of = [&](Index r, Index c) {
    const double fy = static_cast<double>(r - rows_ / 2) / static_cast<double>(height_);
    const double fx = static_cast<double>(c) / static_cast<double>(width_);
    return static_cast<Index>(std::sqrt(fy * fy + fx * fx) * 2 * static_cast<double>(bins) + 0.5);
  };
  for (const auto& frame : frames) {
    const auto spectrum = transform(frame);
    for (Index tile = 0; tile < tiles(); ++tile)
      for (Index r = 0; r < rows_; ++r)
        for (Index c = 0; c < columns_; ++c)
          if (const Index b = bin_of(r, c); b < bins) {
            power[static_cast<std::size_t>(b)] += static_cast<double>(std::norm(
                spectrum.values[static_cast<std::size_t>((tile * rows_ + r) * columns_ + c)]));
            weight[static_cast<std::size_t>(b)] += 1;
          }
  }
  for (std::size_t b = 0; b < power.size(); ++b)
    power[b] /= std::max(weight[b], 1.0);
  // counting noise is white: what the highest frequencies hold
  const double noise =
      median(std::span(power).subspan(static_cast<std::size_t>(0.85 * static_cast<double>(bins))));
  // what the taper scatters into frequencies without speckle does not move with the sample
  constexpr double leakage = 1e-6;
  const double most = *std::max_element(power.begin() + 2, power.end());
  std::vector<double> signal(power.size());
  Index last = 0;
  for (Index b = 2; b < bins; ++b) { // the lowest are those of the background
    const auto i = static_cast<std::size_t>(b);
    signal[i] = std::max(0.0, 1 - (1.0 * noise + leakage * most) / power[i]);
    if (signal[i] > 0.03)
      last = b;
  }
  last = std::max<Index>(last, 4);
  // the radius at which the transform of the power, the spatial correlation, has fallen to 1/e
  const auto correlation = [&](double radius) {
    double sum = 0;
    for (Index b = 1; b <= last; ++b) {
      const auto i = static_cast<std::size_t>(b);
      const double k = std::numbers::pi * static_cast<double>(b) / static_cast<double>(bins);
      sum += static_cast<double>(b) * std::max(0.0, power[i] - noise) *
             std::cyl_bessel_j(0, k * radius);
    }
    return sum;
  };
  const double whole = correlation(0);
  // tapered tiles show the sample's correlation times the overlap of their tapers
  const auto overlap = [&](double radius) {
    double sum = 0;
    for (const auto* log_overlap : {&overlap_y_, &overlap_x_}) {
      const double place = std::min(radius, static_cast<double>(log_overlap->size()) - 1.001);
      const auto i = static_cast<std::size_t>(place);
      sum += std::lerp((*log_overlap)[i], (*log_overlap)[i + 1], place - std::floor(place)) -
             log_overlap->front();
    }
    return std::exp(0.5 * sum);
  };
  speckle_px_ = std::numeric_limits<double>::quiet_NaN();
  if (whole > 0)
    for (double radius = 0.05; radius < static_cast<double>(bins); radius *= 1.02)
      if (correlation(radius) < whole * std::exp(-1.0) * overlap(radius)) {
        speckle_px_ = radius;
        break;
      }
  const double cut =
      static_cast<double>(last) / (2 * static_cast<double>(bins)); // cycles per pixel
  const Index old_rows = rows_;
  const auto half_rows = std::min<Index>(
      old_rows / 2, static_cast<Index>(std::ceil(cut * static_cast<double>(height_))));
  rows_ = 2 * half_rows + 1;
  columns_ = std::min<Index>(columns_,
                             static_cast<Index>(std::ceil(cut * static_cast<double>(width_))) + 1);
  weight_.assign(static_cast<std::size_t>(rows_ * columns_), 0.0F);
  shell_.assign(weight_.size(), 0);
  for (Index r = 0; r < rows_; ++r)
    for (Index c = 0; c < columns_; ++c) {
      const Index b = bin_of(r, c);
      if (b < 2 || b > last)
        continue;
      const auto i = static_cast<std::size_t>(r * columns_ + c);
      weight_[i] = static_cast<float>(1 / std::sqrt(power[static_cast<std::size_t>(b)]));
      shell_[i] = b;
    }
  signal.resize(static_cast<std::size_t>(last + 1));
  signal_ = std::move(signal);
}

} // namespace vitrum::ecm
