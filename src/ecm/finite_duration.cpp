#include "vitrum/ecm/finite_duration.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/correlate/pixel_g2.hpp"

namespace vitrum::ecm {
namespace {

void check(std::span<const Index> lags, Index frames) {
  for (const Index lag : lags)
    if (lag < 1 || lag >= frames)
      throw DataError(
          fmt::format("lag {} of {} frames: must lie between 1 and {}", lag, frames, frames - 1));
}

std::vector<double> decay_of(double tau_frames, double exponent, Index frames) {
  std::vector<double> decay;
  for (Index k = 0; k < frames; ++k)
    decay.push_back(std::exp(-2 * std::pow(static_cast<double>(k) / tau_frames, exponent)));
  return decay;
}

/// D̄ at the lags.
std::vector<double>
taken_away(double tau_frames, double exponent, std::span<const Index> lags, Index frames) {
  const auto bias = correlate::expected_bias(decay_of(tau_frames, exponent, frames),
                                             correlate::PixelNormalization::symmetric);
  std::vector<double> values;
  for (const Index lag : lags)
    values.push_back(-bias[static_cast<std::size_t>(lag)]);
  return values;
}

double dot(const std::vector<double>& a, const double* b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

/// Orthonormal vectors that span the rows [row, columns] to `accuracy`: always the row that is
/// worst described becomes the next one.
std::vector<std::vector<double>>
greedy_basis(std::vector<double> rows, std::size_t columns, double accuracy, std::size_t most) {
  std::vector<std::vector<double>> basis;
  const std::size_t count = rows.size() / columns;
  while (basis.size() < most) {
    std::size_t worst = 0;
    double norm = 0;
    for (std::size_t r = 0; r < count; ++r) {
      double sum = 0;
      for (std::size_t c = 0; c < columns; ++c)
        sum += rows[r * columns + c] * rows[r * columns + c];
      if (sum > norm) {
        norm = sum;
        worst = r;
      }
    }
    if (std::sqrt(norm / static_cast<double>(columns)) < accuracy)
      break;
    std::vector<double> next(rows.begin() + static_cast<std::ptrdiff_t>(worst * columns),
                             rows.begin() + static_cast<std::ptrdiff_t>((worst + 1) * columns));
    for (double& value : next)
      value /= std::sqrt(norm);
    for (std::size_t r = 0; r < count; ++r) {
      const double part = dot(next, rows.data() + r * columns);
      for (std::size_t c = 0; c < columns; ++c)
        rows[r * columns + c] -= part * next[c];
    }
    basis.push_back(std::move(next));
  }
  return basis;
}

} // namespace

fit::DecayOffset
make_duration_offset(std::span<const Index> lags, Index frames, double frame_time_s) {
  check(lags, frames);
  fit::DecayOffset offset;
  offset.log_tau_step = 0.1;
  offset.exponent_step = 0.05;
  offset.exponent_first = 0.05;
  offset.exponents = 42; // to 2.1: a node to spare on either side of the bounds of a fit
  const double low = std::log(0.05), high = std::log(200.0 * static_cast<double>(frames));
  offset.log_taus = static_cast<Index>(std::ceil((high - low) / offset.log_tau_step)) + 1;
  offset.log_tau_first = low + std::log(frame_time_s);
  const std::size_t columns = lags.size();
  std::vector<double> rows(static_cast<std::size_t>(offset.log_taus * offset.exponents) * columns);
  parallel_for(0, offset.log_taus, 1, [&](Index begin, Index) {
    const double tau = std::exp(low + offset.log_tau_step * static_cast<double>(begin));
    for (Index j = 0; j < offset.exponents; ++j) {
      const double exponent = offset.exponent_first + offset.exponent_step * static_cast<double>(j);
      const auto values = taken_away(tau, exponent, lags, frames);
      std::copy(values.begin(),
                values.end(),
                rows.begin() +
                    static_cast<std::ptrdiff_t>(
                        static_cast<std::size_t>(begin * offset.exponents + j) * columns));
    }
  });
  const auto basis = greedy_basis(rows, columns, 1e-5, 10);
  offset.ranks = static_cast<Index>(basis.size());
  for (const auto& vector : basis)
    offset.vectors.insert(offset.vectors.end(), vector.begin(), vector.end());
  for (std::size_t r = 0; r < rows.size() / columns; ++r)
    for (const auto& vector : basis)
      offset.table.push_back(dot(vector, rows.data() + r * columns));
  return offset;
}

std::vector<std::vector<fit::LagShare>>
duration_shares(std::span<const Index> lags, Index frames, double frame_time_s) {
  check(lags, frames);
  // D is taken at lags so close that it runs straight between them
  std::vector<Index> knots{0, 1};
  while (knots.back() < frames - 1)
    knots.push_back(std::min(frames - 1, std::max(knots.back() + 1, knots.back() * 21 / 20)));
  std::vector<std::vector<fit::LagShare>> all;
  for (const Index k : lags) {
    // how many pairs i in [0, N − k), j in [k, N) are m apart
    const Index n = frames - k;
    std::vector<double> share(knots.size(), 0.0);
    const double pairs = static_cast<double>(n) * static_cast<double>(n);
    std::size_t cell = 0;
    for (Index m = 0; m < frames; ++m) {
      const auto at =
          [&](Index difference) { // pairs with j − i = difference; j − i − k lies in ±(n − 1)
            return static_cast<double>(std::max<Index>(0, n - std::abs(difference - k)));
          };
      const double weight = (m == 0 ? at(0) : at(m) + at(-m)) / pairs;
      while (cell + 2 < knots.size() && knots[cell + 1] <= m)
        ++cell;
      const double part =
          static_cast<double>(m - knots[cell]) / static_cast<double>(knots[cell + 1] - knots[cell]);
      share[cell] += weight * (1 - part);
      share[cell + 1] += weight * part;
    }
    std::vector<fit::LagShare> list{{static_cast<double>(k) * frame_time_s, 1.0}};
    for (std::size_t c = 0; c < knots.size(); ++c)
      if (share[c] > 0)
        list.push_back({static_cast<double>(knots[c]) * frame_time_s, -share[c]});
    all.push_back(std::move(list));
  }
  return all;
}

ApparentKww apparent_kww(double tau_s,
                         double kww_exponent,
                         std::span<const Index> lags,
                         Index frames,
                         double frame_time_s) {
  check(lags, frames);
  const auto lost = taken_away(tau_s / frame_time_s, kww_exponent, lags, frames);
  std::vector<double> lag_s, value;
  for (std::size_t i = 0; i < lags.size(); ++i) {
    lag_s.push_back(static_cast<double>(lags[i]) * frame_time_s);
    value.push_back(std::exp(-2 * std::pow(lag_s[i] / tau_s, kww_exponent)) - lost[i]);
  }
  const std::vector<double> sigma(lags.size(), 1.0);
  const auto fit = fit::fit_kww_batch<double>(lag_s, sigma, value, 1, 1, {});
  return {fit.tau_s[0], fit.kww_exponent[0], fit.contrast[0]};
}

} // namespace vitrum::ecm
