#include "pixel_transform.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "vitrum/core/memory.hpp"

namespace vitrum::correlate {
namespace {

/// Σ over pixels of what makes the sums of pairs, y = I − s: power spectra of y, y, s y, s and s².
struct Cell {
  std::vector<double> spectrum;       // [complex_length]
  std::vector<double> trace, shifted; // [frame]: Σ y, Σ s y
  double shift = 0, square = 0;
  double energy = 0; // Σ y²
  Index pixels = 0;

  Cell(Index frequencies, Index frames)
      : spectrum(static_cast<std::size_t>(frequencies), 0.0),
        trace(static_cast<std::size_t>(frames), 0.0),
        shifted(static_cast<std::size_t>(frames), 0.0) {}
};

void round_all(std::span<double> values) {
  for (double& x : values)
    x = std::rint(x);
}

/// What one thread works with.
class Worker {
public:
  Worker(const SumRules& rules,
         const LagPlan& plan,
         const RealTransform& transform,
         std::span<const std::uint8_t> valid,
         bool integers)
      : rules_(rules), level_(plan.levels.front()), transform_(transform), valid_(valid),
        integers_(integers), gaps_(rules.valid_frames < plan.frames), y_(transform.length()),
        back_(transform.length()), spectrum_(2 * transform.complex_length()),
        product_spectrum_(2 * transform.complex_length()) {
    if (gaps_) {
      valid_spectrum_ = Buffer<double>(2 * transform.complex_length());
      std::fill_n(y_.data(), y_.size(), 0.0);
      for (std::size_t t = 0; t < valid_.size(); ++t)
        y_[static_cast<Index>(t)] = valid_[t] != 0 ? 1.0 : 0.0;
      transform_.forward(y_.data(), valid_spectrum_.data());
    }
  }

  bool exact = true;
  double shift = 0, mean = 0, energy = 0; // of the pixel last loaded

  /// y of a pixel, and its spectrum.
  template <class T>
  void load(const T* series) {
    const auto frames = static_cast<Index>(valid_.size());
    double sum = 0;
    for (Index t = 0; t < frames; ++t)
      sum += valid_[t] != 0 ? static_cast<double>(series[t]) : 0.0;
    mean = sum / static_cast<double>(rules_.valid_frames);
    shift = integers_ ? std::rint(mean) : mean;
    energy = 0;
    total_ = 0;
    for (Index t = 0; t < frames; ++t) {
      const double y = valid_[t] != 0 ? static_cast<double>(series[t]) - shift : 0.0;
      y_[t] = y;
      energy += y * y;
      total_ += y;
    }
    std::fill(y_.data() + frames, y_.data() + y_.size(), 0.0);
    // The transform there keeps its input.
    transform_.forward(y_.data(), spectrum_.data());
  }

  void add_to(Cell& cell, double weight) const {
    for (std::size_t f = 0; f < cell.spectrum.size(); ++f) {
      const double re = spectrum_[static_cast<Index>(2 * f)];
      const double im = spectrum_[static_cast<Index>(2 * f + 1)];
      cell.spectrum[f] += weight * (re * re + im * im);
    }
    for (std::size_t t = 0; t < cell.trace.size(); ++t) {
      cell.trace[t] += weight * y_[static_cast<Index>(t)];
      cell.shifted[t] += weight * shift * y_[static_cast<Index>(t)];
    }
    cell.shift += weight * shift;
    cell.square += weight * shift * shift;
    cell.energy += energy;
    ++cell.pixels;
  }

  /// Σ_t y(t) y(t + lag) of each lag from a power spectrum; whole numbers are made whole.
  void correlate(const double* power, Index series, double total_energy, bool whole, double* out) {
    for (Index f = 0; f < transform_.complex_length(); ++f) {
      product_spectrum_[2 * f] = power[f];
      product_spectrum_[2 * f + 1] = 0;
    }
    back(out, 1, whole && transform_error(transform_.length(), series, total_energy) < 0.25);
  }

  /// Σ over the valid pairs of a lag of the earlier and of the later frame's value.
  void pair_sums(std::span<const double> trace, bool whole, double* left, double* right) {
    const auto frames = static_cast<Index>(trace.size());
    if (!gaps_) {
      double all = 0;
      for (const double x : trace)
        all += x;
      double before = all, after = all;
      for (Index i = 0; i < level_.lags; ++i) { // lags begin at 1
        before -= trace[static_cast<std::size_t>(frames - 1 - i)];
        after -= trace[static_cast<std::size_t>(i)];
        left[i] = before;
        right[i] = after;
      }
      return;
    }
    double square = 0;
    for (Index t = 0; t < frames; ++t) {
      y_[t] = trace[static_cast<std::size_t>(t)];
      square += y_[t] * y_[t];
    }
    std::fill(y_.data() + frames, y_.data() + y_.size(), 0.0);
    transform_.forward(y_.data(), spectrum_.data());
    for (Index f = 0; f < transform_.complex_length(); ++f) { // conj(trace) · valid
      const double a = spectrum_[2 * f], b = -spectrum_[2 * f + 1];
      const double c = valid_spectrum_[2 * f], d = valid_spectrum_[2 * f + 1];
      product_spectrum_[2 * f] = a * c - b * d;
      product_spectrum_[2 * f + 1] = a * d + b * c;
    }
    const double norms = std::sqrt(square * static_cast<double>(rules_.valid_frames));
    const bool rounds = whole && transform_error(transform_.length(), 1, norms) < 0.25;
    back(left, 1, rounds);
    for (Index i = 0; i < level_.lags; ++i)
      right[i] = back_[transform_.length() - 1 - i] / static_cast<double>(transform_.length());
    if (rounds)
      round_all({right, static_cast<std::size_t>(level_.lags)});
  }

  [[nodiscard]] std::span<const double> series() const { return {y_.data(), valid_.size()}; }
  [[nodiscard]] const double* spectrum() const { return spectrum_.data(); }

private:
  void back(double* out, Index first_lag, bool rounds) {
    transform_.inverse(product_spectrum_.data(), back_.data());
    const auto n = static_cast<double>(transform_.length());
    for (Index i = 0; i < level_.lags; ++i)
      out[i] = back_[first_lag + i] / n;
    if (rounds)
      round_all({out, static_cast<std::size_t>(level_.lags)});
    exact = exact && rounds;
  }

  const SumRules& rules_;
  const LagLevel& level_;
  const RealTransform& transform_;
  std::span<const std::uint8_t> valid_;
  bool integers_, gaps_;
  double total_ = 0;
  Buffer<double> y_, back_, spectrum_, product_spectrum_, valid_spectrum_;
};

/// Sums over the lags of each entry.
void fold_lags(const LagLevel& level,
               const std::vector<double>& lags,
               std::vector<double>& entries) {
  std::fill(entries.begin(), entries.end(), 0.0);
  for (Index i = 0; i < level.lags; ++i)
    entries[level.entry[i]] += lags[i];
}

} // namespace

template <class T>
bool add_by_transform(PixelSums& sums,
                      const SumRules& rules,
                      const LagPlan& plan,
                      const RealTransform& transform,
                      const T* counts,
                      Index stride,
                      std::span<const std::uint8_t> valid,
                      const PixelGroups& groups,
                      const Piece& piece) {
  constexpr bool integers = !std::is_same_v<T, float>;
  constexpr Index block = 64 / sizeof(T); // pixels of one cache line
  const LagLevel& level = plan.levels.front();
  const Index frames = plan.frames;
  const bool bins = rules.normalization == PixelNormalization::symmetric_bin;
  const bool plain = rules.normalization == PixelNormalization::plain;
  Worker worker(rules, plan, transform, valid, integers);
  std::vector<Cell> cells;
  if (bins || plain)
    cells.assign(static_cast<std::size_t>(bins ? rules.static_bins : 1),
                 Cell(transform.complex_length(), frames));
  std::vector<double> power(static_cast<std::size_t>(transform.complex_length()));
  std::vector<double> product(static_cast<std::size_t>(level.lags)), left(product), right(product);
  std::vector<double> shift_left(product), shift_right(product);
  std::vector<double> products(static_cast<std::size_t>(plan.entries)), lefts(products),
      rights(products);
  Buffer<T> columns(block * frames);

  const auto add_symmetric = [&] {
    for (std::size_t f = 0; f < power.size(); ++f) {
      const double* s = worker.spectrum() + 2 * f;
      power[f] = s[0] * s[0] + s[1] * s[1];
    }
    worker.correlate(power.data(), 1, worker.energy, integers, product.data());
    const std::vector<double> y(worker.series().begin(), worker.series().end());
    worker.pair_sums(y, integers, left.data(), right.data());
    fold_lags(level, product, products);
    fold_lags(level, left, lefts);
    fold_lags(level, right, rights);
    bool whole = true;
    for (Index k = 0; k < plan.entries; ++k)
      if (rules.lags.pairs[k] > 0)
        whole =
            add_ratio(
                sums, rules, k, {products[k], lefts[k], rights[k]}, worker.shift, worker.mean) &&
            whole;
    sums.skipped += whole ? 0 : 1;
  };

  for (Index p0 = piece.first; p0 < piece.last; p0 += block) {
    const Index pixels = std::min(block, piece.last - p0);
    for (Index t = 0; t < frames; ++t)
      for (Index p = 0; p < pixels; ++p)
        columns[p * frames + t] = counts[t * stride + p0 + p];
    for (Index p = 0; p < pixels; ++p) {
      worker.load(columns.data() + p * frames);
      if (bins) {
        worker.add_to(cells[groups.static_bin[p0 + p]], 1);
      } else if (!(worker.mean > 0)) {
        ++sums.skipped;
      } else if (plain) {
        worker.add_to(cells.front(), 1 / (worker.mean * worker.mean));
      } else {
        add_symmetric();
      }
    }
  }

  for (std::size_t c = 0; c < cells.size(); ++c) {
    const Cell& cell = cells[c];
    if (cell.pixels == 0)
      continue;
    worker.correlate(
        cell.spectrum.data(), cell.pixels, cell.energy, bins && integers, product.data());
    worker.pair_sums(cell.trace, bins && integers, left.data(), right.data());
    worker.pair_sums(cell.shifted, bins && integers, shift_left.data(), shift_right.data());
    for (Index i = 0; i < level.lags; ++i)
      product[i] += shift_left[i] + shift_right[i];
    fold_lags(level, product, products);
    fold_lags(level, left, lefts);
    fold_lags(level, right, rights);
    if (bins)
      sums.pixels[c] += static_cast<double>(cell.pixels);
    for (Index k = 0; k < plan.entries; ++k) {
      const auto pairs = static_cast<double>(rules.lags.pairs[k]);
      if (bins) {
        const Index at = static_cast<Index>(c) * plan.entries + k;
        sums.product[at] += products[k] + cell.square * pairs;
        sums.left[at] += lefts[k] + cell.shift * pairs;
        sums.right[at] += rights[k] + cell.shift * pairs;
      } else if (pairs > 0) { // Σ (<II'> − mean²) / mean²
        sums.ratio[k] += products[k] / pairs + cell.square - static_cast<double>(cell.pixels);
        sums.used[k] += static_cast<double>(cell.pixels);
      }
    }
  }
  return integers && !plain && worker.exact;
}

#define VITRUM_FOR_TYPE(T)                                                                         \
  template bool add_by_transform(PixelSums&,                                                       \
                                 const SumRules&,                                                  \
                                 const LagPlan&,                                                   \
                                 const RealTransform&,                                             \
                                 const T*,                                                         \
                                 Index,                                                            \
                                 std::span<const std::uint8_t>,                                    \
                                 const PixelGroups&,                                               \
                                 const Piece&);
VITRUM_FOR_TYPE(std::uint8_t)
VITRUM_FOR_TYPE(std::uint16_t)
VITRUM_FOR_TYPE(float)

} // namespace vitrum::correlate
