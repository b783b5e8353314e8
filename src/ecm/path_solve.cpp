#include "path_solve.hpp"

#include <algorithm>
#include <cmath>

#include "vitrum/core/statistics.hpp"

namespace vitrum::ecm {
namespace {

/// Positive definite matrix with `band` entries below the diagonal of each column.
class Banded {
public:
  Banded(Index size, Index band)
      : size_(size), band_(band), values_(static_cast<std::size_t>(size * (band + 1))) {}
  double& at(Index row, Index column) {
    return values_[static_cast<std::size_t>(row * (band_ + 1) + band_ - (row - column))];
  }
  void factor() {
    for (Index i = 0; i < size_; ++i)
      for (Index j = std::max<Index>(0, i - band_); j <= i; ++j) {
        double sum = at(i, j);
        for (Index k = std::max<Index>(0, i - band_); k < j; ++k)
          if (j - k <= band_)
            sum -= at(i, k) * at(j, k);
        at(i, j) = i == j ? std::sqrt(sum) : sum / at(j, j);
      }
  }
  void solve(std::vector<double>& b) {
    for (Index i = 0; i < size_; ++i) {
      double sum = b[static_cast<std::size_t>(i)];
      for (Index k = std::max<Index>(0, i - band_); k < i; ++k)
        sum -= at(i, k) * b[static_cast<std::size_t>(k)];
      b[static_cast<std::size_t>(i)] = sum / at(i, i);
    }
    for (Index i = size_ - 1; i >= 0; --i) {
      double sum = b[static_cast<std::size_t>(i)];
      for (Index k = i + 1; k <= std::min(size_ - 1, i + band_); ++k)
        sum -= at(k, i) * b[static_cast<std::size_t>(k)];
      b[static_cast<std::size_t>(i)] = sum / at(i, i);
    }
  }
  /// After factor().
  [[nodiscard]] double log_determinant() {
    double sum = 0;
    for (Index i = 0; i < size_; ++i)
      sum += 2 * std::log(at(i, i));
    return sum;
  }
  /// Σ of the diagonal of the inverse less the mean of all its entries, after factor(): within the
  /// band the inverse follows from the factor, last column first (Takahashi).
  [[nodiscard]] double trace_about_mean() {
    Banded inverse(size_, band_);
    double trace = 0;
    for (Index j = size_ - 1; j >= 0; --j)
      for (Index i = std::min(size_ - 1, j + band_); i >= j; --i) {
        double sum = i == j ? 1 / at(j, j) : 0;
        for (Index k = j + 1; k <= std::min(size_ - 1, j + band_); ++k)
          sum -= at(k, j) * inverse.at(std::max(k, i), std::min(k, i));
        inverse.at(i, j) = sum / at(j, j);
        trace += i == j ? inverse.at(i, j) : 0;
      }
    std::vector<double> ones(static_cast<std::size_t>(size_), 1.0);
    solve(ones);
    double all = 0;
    for (const double v : ones)
      all += v;
    return trace - all / static_cast<double>(size_);
  }
  void add(const Banded& other, double factor) {
    for (Index i = 0; i < size_; ++i)
      for (Index j = std::max<Index>(0, i - other.band_); j <= i; ++j)
        at(i, j) += factor * const_cast<Banded&>(other).at(i, j);
  }

private:
  Index size_, band_;
  std::vector<double> values_;
};

/// The normal equations of least squares.
struct Equations {
  Banded matrix;
  std::vector<double> y, x; // right sides
};

Equations make_equations(Index frames,
                         const std::vector<PathPair>& pairs,
                         const std::vector<double>& factor) {
  Index band = 2; // of second differences, too
  double typical = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    band = std::max(band, pairs[i].second - pairs[i].first);
    typical += factor[i] / pairs[i].variance / static_cast<double>(pairs.size());
  }
  const auto size = static_cast<std::size_t>(frames);
  Equations e{Banded(frames, band), std::vector<double>(size), std::vector<double>(size)};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& p = pairs[i];
    const double w = factor[i] / p.variance;
    e.matrix.at(p.first, p.first) += w;
    e.matrix.at(p.second, p.second) += w;
    e.matrix.at(p.second, p.first) -= w;
    e.y[static_cast<std::size_t>(p.first)] -= w * p.y;
    e.y[static_cast<std::size_t>(p.second)] += w * p.y;
    e.x[static_cast<std::size_t>(p.first)] -= w * p.x;
    e.x[static_cast<std::size_t>(p.second)] += w * p.x;
  }
  // the whole path may be moved: one frame is held; frames without pairs lean on their neighbours
  const double lean = 1e-9 * typical;
  for (Index t = 0; t + 1 < frames; ++t) {
    e.matrix.at(t, t) += lean;
    e.matrix.at(t + 1, t + 1) += lean;
    e.matrix.at(t + 1, t) -= lean;
  }
  e.matrix.at(0, 0) += typical;
  return e;
}

void start_at_zero(std::vector<double>& path) {
  const double first = path.front();
  for (double& v : path)
    v -= first;
}

void solve_once(Index frames,
                const std::vector<PathPair>& pairs,
                const std::vector<double>& factor,
                SolvedPath& path) {
  auto e = make_equations(frames, pairs, factor);
  e.matrix.factor();
  e.matrix.solve(e.y);
  e.matrix.solve(e.x);
  start_at_zero(e.y);
  start_at_zero(e.x);
  path.y = std::move(e.y);
  path.x = std::move(e.x);
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

/// Σ of the squares of second differences as a matrix.
Banded second_differences(Index frames) {
  Banded p(frames, 2);
  for (Index t = 1; t + 1 < frames; ++t) {
    const double c[3] = {1, -2, 1};
    for (Index i = 0; i < 3; ++i)
      for (Index j = 0; j <= i; ++j)
        p.at(t - 1 + i, t - 1 + j) += c[i] * c[j];
  }
  return p;
}

/// Frames that stand in no pair come to lie on lines between those that do.
void fill_gaps(const std::vector<PathPair>& pairs, std::vector<double>& path) {
  std::vector<std::uint8_t> seen(path.size(), 0);
  for (const auto& p : pairs)
    seen[static_cast<std::size_t>(p.first)] = seen[static_cast<std::size_t>(p.second)] = 1;
  std::size_t before = path.size();
  for (std::size_t t = 0; t < path.size(); ++t) {
    if (seen[t] == 0)
      continue;
    for (std::size_t gap = before == path.size() ? 0 : before + 1; gap < t; ++gap)
      path[gap] = before == path.size() ? path[t]
                                        : path[before] + (path[t] - path[before]) *
                                                             static_cast<double>(gap - before) /
                                                             static_cast<double>(t - before);
    before = t;
  }
  for (std::size_t t = before + 1; t < path.size(); ++t)
    path[t] = path[before];
}

void find_reached(Index frames, const std::vector<PathPair>& pairs, SolvedPath& path) {
  std::vector<Index> root(static_cast<std::size_t>(frames));
  for (Index t = 0; t < frames; ++t)
    root[static_cast<std::size_t>(t)] = t;
  const auto find = [&](Index t) {
    while (root[static_cast<std::size_t>(t)] != t)
      t = root[static_cast<std::size_t>(t)] =
          root[static_cast<std::size_t>(root[static_cast<std::size_t>(t)])];
    return t;
  };
  Index first = frames;
  for (const auto& p : pairs) {
    first = std::min(first, p.first);
    root[static_cast<std::size_t>(find(p.second))] = find(p.first);
  }
  path.reached.assign(static_cast<std::size_t>(frames), 0);
  for (Index t = 0; t < frames && first < frames; ++t)
    path.reached[static_cast<std::size_t>(t)] = find(t) == find(first);
}

} // namespace

SolvedPath solve_path(Index frames,
                      const std::vector<PathPair>& pairs,
                      const std::vector<double>& weight_factor) {
  SolvedPath path;
  path.weight_factor = weight_factor;
  solve_once(frames, pairs, weight_factor, path);
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& p = pairs[i];
    const double dy = path.y[static_cast<std::size_t>(p.second)] -
                      path.y[static_cast<std::size_t>(p.first)] - p.y;
    const double dx = path.x[static_cast<std::size_t>(p.second)] -
                      path.x[static_cast<std::size_t>(p.first)] - p.x;
    const double w = weight_factor[i] / p.variance;
    sum += w * (dy * dy + dx * dx) / 2;
    weights += w;
  }
  path.residual_rms = std::sqrt(sum / weights);
  find_reached(frames, pairs, path);
  return path;
}

SmoothPath smooth_path(Index frames,
                       const std::vector<PathPair>& pairs,
                       const std::vector<double>& weight_factor,
                       double error_px) {
  const auto data = make_equations(frames, pairs, weight_factor);
  SmoothPath out;
  auto plain = data.matrix;
  plain.factor();
  out.y = data.y;
  out.x = data.x;
  plain.solve(out.y);
  plain.solve(out.x);
  const double free_trace = plain.trace_about_mean();
  // the data's precision is their weight times this
  const double scale = free_trace / (static_cast<double>(frames) * error_px * error_px);
  const double whole = scale * (dot(out.y, data.y) + dot(out.x, data.x));
  constexpr Index fewest = 8; // frames, for a variance of second differences
  double best = 0, variance = 0;
  if (frames >= fewest && std::isfinite(scale)) {
    const auto prior = second_differences(frames);
    for (double step = 1e-5; step < 30; step *= 1.3) {
      auto matrix = data.matrix;
      matrix.add(matrix, scale - 1);
      matrix.add(prior, 1 / (step * step));
      matrix.factor();
      auto y = data.y, x = data.x;
      matrix.solve(y);
      matrix.solve(x);
      const double squares = whole - scale * scale * (dot(y, data.y) + dot(x, data.x));
      const double unlikely = squares + 2 * (matrix.log_determinant() +
                                             2 * static_cast<double>(frames - 2) * std::log(step));
      if (variance > 0 && !(unlikely < best))
        continue;
      best = unlikely;
      variance = step * step;
      out.step_px = step;
      for (double& v : y)
        v *= scale;
      for (double& v : x)
        v *= scale;
      out.y = std::move(y);
      out.x = std::move(x);
      out.error_ratio = std::sqrt(scale * matrix.trace_about_mean() / free_trace);
    }
  }
  for (auto* path : {&out.y, &out.x}) {
    fill_gaps(pairs, *path);
    start_at_zero(*path);
  }
  return out;
}

SolvedPath solve_path(Index frames, const std::vector<PathPair>& pairs, Index rounds) {
  std::vector<double> factor(pairs.size(), 1.0);
  SolvedPath path;
  for (Index round = 0; round < rounds; ++round) {
    solve_once(frames, pairs, factor, path);
    // distances in units of the stated errors; their scale is that of the pairs themselves
    std::vector<double> distance;
    for (const auto& p : pairs) {
      const double dy = path.y[static_cast<std::size_t>(p.second)] -
                        path.y[static_cast<std::size_t>(p.first)] - p.y;
      const double dx = path.x[static_cast<std::size_t>(p.second)] -
                        path.x[static_cast<std::size_t>(p.first)] - p.x;
      distance.push_back(std::sqrt((dy * dy + dx * dx) / (2 * p.variance)));
    }
    const double scale =
        std::max(median(distance) / 0.8326, 1e-12); // median of Rayleigh's law, √ln 2
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const double u = distance[i] / (2 * scale);
      factor[i] = u > 3 ? 0 : u > 1 ? 1 / u : 1;
    }
  }
  return solve_path(frames, pairs, factor);
}

} // namespace vitrum::ecm
