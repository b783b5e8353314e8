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
constexpr Index pieces = 64; // of the rows, joined in order so that threads do not matter

/// Bins of Δξ from the smallest step to the whole.
struct Bins {
  double smallest = 1;
  Index count = 1;
  [[nodiscard]] double place(double x) const { // fractional
    return std::max(0.0, static_cast<double>(per_octave) * std::log2(x / smallest));
  }
};

template <class F>
void for_rows(const MapRows& map, Index piece, F&& body) {
  const Index n = map.frames();
  // rows of equal numbers of elements: the triangle widens downwards
  const auto bound = [&](Index p) {
    return static_cast<Index>(static_cast<double>(n) * std::sqrt(static_cast<double>(p) / pieces));
  };
  std::vector<float> row(static_cast<std::size_t>(n));
  for (Index t = std::max<Index>(1, bound(piece)); t < bound(piece + 1); ++t) {
    const auto part = std::span(row).first(static_cast<std::size_t>(t));
    map.read(t, 0, part);
    body(t, std::span<const float>(part));
  }
}

/// C as a function of the difference of a clock.
std::vector<double>
master_curve(const MapRows& map, const std::vector<double>& clock, const Bins& bins) {
  const auto size = static_cast<std::size_t>(bins.count);
  std::vector<std::vector<double>> sum(pieces), count(pieces);
  parallel_for(0, pieces, 1, [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) {
      auto& s = sum[static_cast<std::size_t>(p)];
      auto& c = count[static_cast<std::size_t>(p)];
      s.assign(size, 0);
      c.assign(size, 0);
      for_rows(map, p, [&](Index t, std::span<const float> row) {
        const double now = clock[static_cast<std::size_t>(t)];
        for (std::size_t u = 0; u < row.size(); ++u)
          if (!std::isnan(row[u])) {
            // to the nearest bin, whose centre is its place
            const auto b =
                std::min(size - 1, static_cast<std::size_t>(bins.place(now - clock[u]) + 0.5));
            s[b] += row[u];
            c[b] += 1;
          }
      });
    }
  });
  std::vector<double> out(size, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t b = 0; b < size; ++b) {
    double s = 0, c = 0;
    for (std::size_t p = 0; p < static_cast<std::size_t>(pieces); ++p) {
      s += sum[p][b];
      c += count[p][b];
    }
    if (c > 0)
      out[b] = s / c;
  }
  // no pair has such a difference: take that of the bin before
  for (std::size_t b = 1; b < size; ++b)
    if (std::isnan(out[b]))
      out[b] = out[b - 1];
  for (std::size_t b = size - 1; b-- > 0;)
    if (std::isnan(out[b]))
      out[b] = out[b + 1];
  return out;
}

struct Cells {
  std::vector<double> sum, count; // [cell, cell], lower triangle
};

Cells residual_cells(const MapRows& map,
                     const std::vector<double>& clock,
                     const Bins& bins,
                     const std::vector<double>& master,
                     Index cells) {
  const Index n = map.frames();
  const auto size = static_cast<std::size_t>(cells * cells);
  std::vector<Cells> parts(pieces);
  parallel_for(0, pieces, 1, [&](Index begin, Index end) {
    for (Index p = begin; p < end; ++p) {
      Cells& cell = parts[static_cast<std::size_t>(p)];
      cell.sum.assign(size, 0);
      cell.count.assign(size, 0);
      for_rows(map, p, [&](Index t, std::span<const float> row) {
        const double now = clock[static_cast<std::size_t>(t)];
        double* s = cell.sum.data() + t * cells / n * cells;
        double* c = cell.count.data() + t * cells / n * cells;
        for (std::size_t u = 0; u < row.size(); ++u) {
          if (std::isnan(row[u]))
            continue;
          const double place = bins.place(now - clock[u]);
          const auto b = std::min(static_cast<std::size_t>(place), master.size() - 1);
          const auto next = std::min(b + 1, master.size() - 1);
          const double rest = place - static_cast<double>(b);
          const Index column = static_cast<Index>(u) * cells / n;
          s[column] += row[u] - (master[b] + std::min(rest, 1.0) * (master[next] - master[b]));
          c[column] += 1;
        }
      });
    }
  });
  Cells out{std::vector<double>(size, 0), std::vector<double>(size, 0)};
  for (const Cells& part : parts)
    for (std::size_t i = 0; i < size; ++i) {
      out.sum[i] += part.sum[i];
      out.count[i] += part.count[i];
    }
  return out;
}

double rms_of(const Cells& cells) {
  double squares = 0, n = 0;
  for (std::size_t i = 0; i < cells.sum.size(); ++i)
    if (cells.count[i] > 0) {
      squares += std::pow(cells.sum[i] / cells.count[i], 2);
      n += 1;
    }
  return std::sqrt(squares / n);
}

Bins bins_of(const std::vector<double>& clock) {
  Bins bins;
  bins.smallest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < clock.size(); ++i)
    bins.smallest = std::min(bins.smallest, clock[i] - clock[i - 1]);
  bins.count = static_cast<Index>(bins.place(clock.back() - clock.front())) + 2;
  return bins;
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
  const Bins bins = bins_of(out.material);
  out.master = master_curve(map, out.material, bins);
  for (Index b = 0; b < bins.count; ++b)
    out.x.push_back(bins.smallest * std::exp2(static_cast<double>(b) / per_octave));
  const Cells residual = residual_cells(map, out.material, bins, out.master, out.cells);
  const Bins plain = bins_of(out.time_s);
  const Cells uniform =
      residual_cells(map, out.time_s, plain, master_curve(map, out.time_s, plain), out.cells);
  out.residual_rms = rms_of(residual);
  out.uniform_rms = rms_of(uniform);
  out.explained = 1 - std::pow(out.residual_rms / out.uniform_rms, 2);
  out.residual.assign(residual.sum.size(), std::numeric_limits<float>::quiet_NaN());
  for (Index i = 0; i < out.cells; ++i)
    for (Index j = 0; j <= i; ++j) {
      const auto low = static_cast<std::size_t>(i * out.cells + j);
      if (residual.count[low] > 0)
        out.residual[low] = out.residual[static_cast<std::size_t>(j * out.cells + i)] =
            static_cast<float>(residual.sum[low] / residual.count[low]);
    }
  return out;
}

} // namespace vitrum::aging
