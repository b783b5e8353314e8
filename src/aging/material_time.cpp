#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "vitrum/aging/superposition.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::aging {
namespace {

constexpr Index per_octave = 4;
constexpr Index strip_rows = 64; // that are read, then summed by all threads and joined in order

/// A time axis and bins of its differences, from the smallest step to the whole.
struct Clock {
  std::vector<double> at;      // [frame], increasing
  std::vector<double> centres; // [bin]
  std::vector<double> limits;  // [bin]: differences from which on the bin is the nearest

  explicit Clock(std::vector<double> times) : at(std::move(times)) {
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < at.size(); ++i)
      smallest = std::min(smallest, at[i] - at[i - 1]);
    const auto octaves = std::log2((at.back() - at.front()) / smallest);
    const auto count = static_cast<Index>(static_cast<double>(per_octave) * octaves) + 2;
    for (Index b = 0; b < count; ++b) {
      const double octave = static_cast<double>(b) / per_octave;
      centres.push_back(smallest * std::exp2(octave));
      limits.push_back(b == 0 ? 0 : smallest * std::exp2(octave - 0.5 / per_octave));
    }
  }

  /// Visits runs of earlier frames [first, last), all before t, whose difference to t lies between
  /// two of `edges`: visit(bin, run first, run last). The differences shrink along a row.
  template <class F>
  void
  for_runs(const std::vector<double>& edges, Index t, Index first, Index last, F&& visit) const {
    const double now = at[static_cast<std::size_t>(t)];
    auto bin =
        std::upper_bound(edges.begin(), edges.end(), now - at[static_cast<std::size_t>(first)]) -
        edges.begin() - 1;
    for (Index u = first; u < last; --bin) {
      const Index end = bin <= 0 ? last
                                 : std::upper_bound(at.begin() + u,
                                                    at.begin() + last,
                                                    now - edges[static_cast<std::size_t>(bin)]) -
                                       at.begin();
      if (end > u)
        visit(static_cast<std::size_t>(std::max<std::ptrdiff_t>(bin, 0)), u, end);
      u = end;
    }
  }
};

struct Sum {
  double sum = 0, count = 0; // of elements that are no gaps
  void operator+=(const Sum& other) {
    sum += other.sum;
    count += other.count;
  }
};

/// Sum of row[i] − (at_first + (first_clock − clock[i])·slope) over a run of a row.
Sum sum_run(std::span<const float> row,
            std::span<const double> clock,
            double now,
            double value,
            double slope) {
  constexpr std::size_t lanes = 8;
  double sums[lanes]{}, counts[lanes]{};
  const auto add = [&](std::size_t i, std::size_t lane) {
    const auto c = static_cast<double>(row[i]);
    const double rest = c - (value + (now - clock[i]) * slope);
    const bool there = c == c;
    sums[lane] += there ? rest : 0;
    counts[lane] += there ? 1 : 0;
  };
  std::size_t i = 0;
  for (; i + lanes <= row.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      add(i + lane, lane);
  for (; i < row.size(); ++i)
    add(i, 0);
  Sum total;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    total += {sums[lane], counts[lane]};
  return total;
}

/// Reads the map once, strip by strip: one reader, because a map on disk keeps one band of chunks.
/// `row(slot, t, values)` is called for the rows of a strip at the same time, then `fold(slot, t)`
/// for one after the other, so that the number of threads does not matter.
template <class Row, class Fold>
void for_rows(const MapRows& map, Row&& row, Fold&& fold) {
  const Index n = map.frames();
  Buffer<float> strip(strip_rows * n);
  for (Index t0 = 1; t0 < n; t0 += strip_rows) {
    const Index count = std::min(strip_rows, n - t0);
    const auto values = [&](Index slot) {
      return strip.span().subspan(static_cast<std::size_t>(slot * n),
                                  static_cast<std::size_t>(t0 + slot));
    };
    for (Index slot = 0; slot < count; ++slot)
      map.read(t0 + slot, 0, values(slot));
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index slot = begin; slot < end; ++slot)
        row(slot, t0 + slot, values(slot));
    });
    for (Index slot = 0; slot < count; ++slot)
      fold(slot, t0 + slot);
  }
}

std::vector<double> means_of(const std::vector<Sum>& bins) {
  std::vector<double> out;
  for (const Sum& bin : bins)
    out.push_back(bin.count > 0 ? bin.sum / bin.count : std::numeric_limits<double>::quiet_NaN());
  // no pair has such a difference: take that of the bin before
  for (std::size_t b = 1; b < out.size(); ++b)
    if (std::isnan(out[b]))
      out[b] = out[b - 1];
  for (std::size_t b = out.size() - 1; b-- > 0;)
    if (std::isnan(out[b]))
      out[b] = out[b + 1];
  return out;
}

/// C as a function of the difference of each clock.
std::vector<std::vector<double>> master_curves(const MapRows& map, std::span<const Clock> clocks) {
  std::vector<std::vector<Sum>> total, slots;
  for (const Clock& clock : clocks)
    total.emplace_back(clock.limits.size());
  for (Index slot = 0; slot < strip_rows; ++slot)
    slots.insert(slots.end(), total.begin(), total.end());
  const auto of_slot = [&](Index slot, std::size_t k) -> std::vector<Sum>& {
    return slots[static_cast<std::size_t>(slot) * clocks.size() + k];
  };
  for_rows(
      map,
      [&](Index slot, Index t, std::span<const float> row) {
        for (std::size_t k = 0; k < clocks.size(); ++k) {
          const Clock& clock = clocks[k];
          auto& bins = of_slot(slot, k);
          bins.assign(bins.size(), {});
          clock.for_runs(clock.limits, t, 0, t, [&](std::size_t bin, Index first, Index last) {
            const auto at = static_cast<std::size_t>(first),
                       size = static_cast<std::size_t>(last - first);
            bins[bin] +=
                sum_run(row.subspan(at, size), std::span(clock.at).subspan(at, size), 0, 0, 0);
          });
        }
      },
      [&](Index slot, Index) {
        for (std::size_t k = 0; k < clocks.size(); ++k)
          for (std::size_t b = 0; b < total[k].size(); ++b)
            total[k][b] += of_slot(slot, k)[b];
      });
  std::vector<std::vector<double>> out;
  for (const auto& bins : total)
    out.push_back(means_of(bins));
  return out;
}

using Cells = std::vector<Sum>; // [cell, cell], lower triangle

/// What is left of C after the master curve of each clock, which is interpolated between centres.
std::vector<Cells> residual_cells(const MapRows& map,
                                  std::span<const Clock> clocks,
                                  const std::vector<std::vector<double>>& masters,
                                  Index cells) {
  const Index n = map.frames();
  std::vector<Cells> total(clocks.size(), Cells(static_cast<std::size_t>(cells * cells)));
  std::vector<Sum> slots(static_cast<std::size_t>(strip_rows * cells) * clocks.size());
  const auto of_slot = [&](Index slot, std::size_t k) {
    return std::span(slots).subspan((static_cast<std::size_t>(slot) * clocks.size() + k) *
                                        static_cast<std::size_t>(cells),
                                    static_cast<std::size_t>(cells));
  };
  const auto first_of_cell = [&](Index cell) { return (cell * n + cells - 1) / cells; };
  for_rows(
      map,
      [&](Index slot, Index t, std::span<const float> row) {
        for (std::size_t k = 0; k < clocks.size(); ++k) {
          const Clock& clock = clocks[k];
          const auto& master = masters[k];
          const auto sums = of_slot(slot, k);
          std::fill(sums.begin(), sums.end(), Sum{});
          for (Index cell = 0; cell <= t * cells / n; ++cell)
            clock.for_runs(clock.centres,
                           t,
                           std::min(first_of_cell(cell), t),
                           std::min(first_of_cell(cell + 1), t),
                           [&](std::size_t bin, Index first, Index last) {
                             const std::size_t next = std::min(bin + 1, master.size() - 1);
                             const double step = clock.centres[next] - clock.centres[bin];
                             const double slope =
                                 step > 0 ? (master[next] - master[bin]) / step : 0;
                             const auto at = static_cast<std::size_t>(first),
                                        size = static_cast<std::size_t>(last - first);
                             sums[static_cast<std::size_t>(cell)] +=
                                 sum_run(row.subspan(at, size),
                                         std::span(clock.at).subspan(at, size),
                                         clock.at[static_cast<std::size_t>(t)] - clock.centres[bin],
                                         master[bin],
                                         slope);
                           });
        }
      },
      [&](Index slot, Index t) {
        for (std::size_t k = 0; k < clocks.size(); ++k)
          for (Index cell = 0; cell < cells; ++cell)
            total[k][static_cast<std::size_t>(t * cells / n * cells + cell)] +=
                of_slot(slot, k)[static_cast<std::size_t>(cell)];
      });
  return total;
}

double rms_of(const Cells& cells) {
  double squares = 0, n = 0;
  for (const Sum& cell : cells)
    if (cell.count > 0) {
      squares += std::pow(cell.sum / cell.count, 2);
      n += 1;
    }
  return std::sqrt(squares / n);
}

} // namespace

MaterialTime
make_material_time(const MapRows& map, const AgeSeries& series, double frame_time_s, Index cells) {
  const Index n = map.frames();
  if (cells < 2)
    throw OptionError(fmt::format("cells = {}: need at least 2", cells));
  if (!(frame_time_s > 0))
    throw OptionError(fmt::format("frame_time_s = {}: must be positive", frame_time_s));
  MaterialTime out;
  out.cells = std::min(cells, n);
  std::vector<double> age, log_tau;
  for (std::size_t k = 0; k < series.age_s.size(); ++k)
    if (std::isfinite(series.log_tau[k])) {
      age.push_back(series.age_s[k]);
      log_tau.push_back(series.log_tau[k]);
    }
  if (age.size() < 2) {
    out.reason = fmt::format("{} windows with a relaxation time: need at least 2", age.size());
    return out;
  }
  double xi = 0;
  std::size_t k = 0;
  for (Index t = 0; t < n; ++t) {
    out.time_s.push_back(static_cast<double>(t) * frame_time_s);
    out.material.push_back(xi);
    // the rate in the middle of the step to the next frame
    const double now = out.time_s.back() + frame_time_s / 2;
    while (k + 2 < age.size() && now > age[k + 1])
      ++k;
    const double part = std::clamp((now - age[k]) / (age[k + 1] - age[k]), 0.0, 1.0);
    xi += frame_time_s * std::exp(-(log_tau[k] + part * (log_tau[k + 1] - log_tau[k])));
  }
  const Clock clocks[] = {Clock(out.material), Clock(out.time_s)};
  const auto masters = master_curves(map, clocks);
  out.x = clocks[0].centres;
  out.master = masters[0];
  const auto residuals = residual_cells(map, clocks, masters, out.cells);
  out.residual_rms = rms_of(residuals[0]);
  out.uniform_rms = rms_of(residuals[1]);
  out.explained = 1 - std::pow(out.residual_rms / out.uniform_rms, 2);
  out.residual.assign(residuals[0].size(), std::numeric_limits<float>::quiet_NaN());
  for (Index i = 0; i < out.cells; ++i)
    for (Index j = 0; j <= i; ++j) {
      const Sum& cell = residuals[0][static_cast<std::size_t>(i * out.cells + j)];
      if (cell.count > 0)
        out.residual[static_cast<std::size_t>(i * out.cells + j)] =
            out.residual[static_cast<std::size_t>(j * out.cells + i)] =
                static_cast<float>(cell.sum / cell.count);
    }
  return out;
}

} // namespace vitrum::aging
