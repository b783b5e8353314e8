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

private:
  Index size_, band_;
  std::vector<double> values_;
};

void solve_once(Index frames,
                const std::vector<PathPair>& pairs,
                const std::vector<double>& factor,
                SolvedPath& path) {
  Index band = 1;
  double typical = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    band = std::max(band, pairs[i].second - pairs[i].first);
    typical += factor[i] / pairs[i].variance / static_cast<double>(pairs.size());
  }
  Banded matrix(frames, band);
  std::vector<double> y(static_cast<std::size_t>(frames)), x(y.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& p = pairs[i];
    const double w = factor[i] / p.variance;
    matrix.at(p.first, p.first) += w;
    matrix.at(p.second, p.second) += w;
    matrix.at(p.second, p.first) -= w;
    y[static_cast<std::size_t>(p.first)] -= w * p.y;
    y[static_cast<std::size_t>(p.second)] += w * p.y;
    x[static_cast<std::size_t>(p.first)] -= w * p.x;
    x[static_cast<std::size_t>(p.second)] += w * p.x;
  }
  // the whole path may be moved: one frame is held; frames without pairs lean on their neighbours
  const double lean = 1e-9 * typical;
  for (Index t = 0; t + 1 < frames; ++t) {
    matrix.at(t, t) += lean;
    matrix.at(t + 1, t + 1) += lean;
    matrix.at(t + 1, t) -= lean;
  }
  matrix.at(0, 0) += typical;
  matrix.factor();
  matrix.solve(y);
  matrix.solve(x);
  for (std::size_t t = y.size(); t-- > 0;) {
    y[t] -= y[0];
    x[t] -= x[0];
  }
  path.y = std::move(y);
  path.x = std::move(x);
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
