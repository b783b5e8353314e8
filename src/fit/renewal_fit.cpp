#include "vitrum/fit/renewal_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/models/renewal.hpp"

namespace vitrum::fit {
namespace {

constexpr double lowest_exponent = 0.1;

struct Trial {
  double log_tau = 0, exponent = 0, contrast = 0, baseline = 0;
  double chi2 = std::numeric_limits<double>::infinity();
  Eigen::VectorXd shape; // g1², weighted
};

class Points {
public:
  Points(const AgingMap& map, double kept) : map_(map), kept_(kept) {
    const std::size_t n = map.value.size();
    if (map.age_s.size() != n || map.lag_s.size() != n || map.sigma.size() != n ||
        (n > 0 && map.deviation.size() % n != 0))
      throw DataError(fmt::format("renewal fit: sizes do not fit {} points", n));
    for (std::size_t i = 0; i < n; ++i)
      if (!std::isnan(map.value[i]) && map.sigma[i] > 0)
        used_.push_back(i);
    if (used_.size() < 5)
      throw DataError(fmt::format("renewal fit: {} points, needs five", used_.size()));
    const auto count = static_cast<Index>(used_.size());
    y_.resize(count);
    one_.resize(count);
    for (Index i = 0; i < count; ++i) {
      y_[i] = map.value[at(i)] / map.sigma[at(i)];
      one_[i] = 1 / map.sigma[at(i)];
    }
  }

  [[nodiscard]] Index count() const { return y_.size(); }
  [[nodiscard]] std::size_t at(Index i) const { return used_[static_cast<std::size_t>(i)]; }

  [[nodiscard]] Trial solve(double log_tau, double exponent) const {
    Trial t;
    t.log_tau = log_tau;
    t.exponent = exponent;
    t.shape.resize(count());
    parallel_for(0, count(), 16, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const double age = map_.age_s[at(i)];
        const double g1 = models::renewal_correlation(
            std::exp(log_tau), exponent, kept_, age, age + map_.lag_s[at(i)]);
        t.shape[i] = g1 * g1 * one_[i];
      }
    });
    const double ss = t.shape.squaredNorm(), ww = one_.squaredNorm(), sw = t.shape.dot(one_);
    const double sy = t.shape.dot(y_), wy = one_.dot(y_), det = ss * ww - sw * sw;
    if (det > 1e-12 * ss * ww) {
      t.contrast = (sy * ww - wy * sw) / det;
      t.baseline = (wy * ss - sy * sw) / det;
      t.chi2 = residuals(t).squaredNorm();
    }
    return t;
  }

  [[nodiscard]] Eigen::VectorXd residuals(const Trial& t) const {
    return t.contrast * t.shape + t.baseline * one_ - y_;
  }

  /// ∂ residuals/∂(ln tau, exponent, contrast, baseline); the first two by central differences.
  [[nodiscard]] Eigen::MatrixXd jacobian(const Trial& t) const {
    constexpr double h = 1e-4;
    Eigen::MatrixXd j(count(), 4);
    j.col(0) = t.contrast *
               (solve(t.log_tau + h, t.exponent).shape - solve(t.log_tau - h, t.exponent).shape) /
               (2 * h);
    const double up = std::min(t.exponent + h, 1.0), down = t.exponent - h;
    j.col(1) =
        t.contrast * (solve(t.log_tau, up).shape - solve(t.log_tau, down).shape) / (up - down);
    j.col(2) = t.shape;
    j.col(3) = one_;
    return j;
  }

private:
  const AgingMap& map_;
  double kept_;
  std::vector<std::size_t> used_;
  Eigen::VectorXd y_, one_;
};

} // namespace

RenewalFit fit_renewal(const AgingMap& map, double kept) {
  const Points points(map, kept);
  double first = std::numeric_limits<double>::infinity(), last = 0;
  for (Index i = 0; i < points.count(); ++i) {
    first = std::min(first, map.lag_s[points.at(i)]);
    last = std::max(last, map.lag_s[points.at(i)]);
  }
  Trial best;
  for (double log_tau = std::log(first) - 3; log_tau < std::log(last) + 3; log_tau += 1.2)
    for (const double b : {0.2, 0.4, 0.6, 0.8, 0.95})
      if (auto t = points.solve(log_tau, b); t.chi2 < best.chi2)
        best = std::move(t);
  RenewalFit result;
  double damping = 1e-3;
  Eigen::MatrixXd j = points.jacobian(best);
  for (int iteration = 0; iteration < 100 && !result.converged; ++iteration) {
    Eigen::MatrixXd normal = j.transpose() * j;
    normal.diagonal() *= 1 + damping;
    const Eigen::VectorXd step = -normal.ldlt().solve(j.transpose() * points.residuals(best));
    auto next = points.solve(best.log_tau + std::clamp(step[0], -2.0, 2.0),
                             std::clamp(best.exponent + step[1], lowest_exponent, 1.0));
    const double gain = best.chi2 - next.chi2;
    if (gain > 0) {
      result.converged = gain < 1e-9 * best.chi2 && damping < 1;
      best = std::move(next);
      j = points.jacobian(best);
      damping = std::max(damping / 4, 1e-9);
    } else {
      damping *= 5;
      result.converged = damping > 1e8;
    }
  }
  Eigen::MatrixXd inverse = (j.transpose() * j).inverse(), covariance = inverse;
  if (!map.deviation.empty()) {
    const std::size_t n = map.value.size();
    Eigen::MatrixXd d(static_cast<Index>(map.deviation.size() / n), points.count());
    for (Index r = 0; r < d.rows(); ++r)
      for (Index i = 0; i < d.cols(); ++i)
        d(r, i) =
            map.deviation[static_cast<std::size_t>(r) * n + points.at(i)] / map.sigma[points.at(i)];
    const Eigen::MatrixXd shifts = d * j * inverse;
    covariance = shifts.transpose() * shifts;
  }
  result.tau_s = std::exp(best.log_tau);
  result.tau_error_s = result.tau_s * std::sqrt(covariance(0, 0));
  result.exponent = best.exponent;
  result.exponent_error = std::sqrt(covariance(1, 1));
  result.contrast = best.contrast;
  result.contrast_error = std::sqrt(covariance(2, 2));
  result.baseline = best.baseline;
  result.baseline_error = std::sqrt(covariance(3, 3));
  result.chi2 = best.chi2;
  result.points = points.count();
  return result;
}

AgingMap aging_cells(const std::vector<std::vector<float>>& maps,
                     Index frames,
                     double frame_time_s,
                     double start_s,
                     Index per_decade) {
  if (maps.size() < 2)
    throw DataError(fmt::format("aging cells: {} maps, errors need two", maps.size()));
  for (const auto& map : maps)
    if (static_cast<Index>(map.size()) != frames * frames)
      throw DataError(fmt::format("aging cells: {} values, expected {}² ", map.size(), frames));
  if (per_decade < 1)
    throw OptionError(fmt::format("per_decade = {}: must be positive", per_decade));
  struct Cell {
    double log_age = 0, log_lag = 0;
    Index pairs = 0;
    std::vector<double> sums;
  };
  std::map<std::pair<Index, Index>, Cell> cells;
  const auto place = [&](double ratio) {
    return static_cast<Index>(
        std::floor(static_cast<double>(per_decade) * std::log10(ratio) + 1e-9));
  };
  for (Index earlier = 0; earlier < frames; ++earlier) {
    const double age = start_s + static_cast<double>(earlier) * frame_time_s;
    if (!(age > 0))
      continue;
    for (Index later = earlier + 1; later < frames; ++later) {
      const auto i = static_cast<std::size_t>(later * frames + earlier);
      if (std::any_of(maps.begin(), maps.end(), [i](const auto& m) { return std::isnan(m[i]); }))
        continue;
      const auto lag = static_cast<double>(later - earlier);
      Cell& cell = cells[{place(age / frame_time_s), place(lag)}];
      cell.sums.resize(maps.size());
      ++cell.pairs;
      cell.log_age += std::log(age);
      cell.log_lag += std::log(lag * frame_time_s);
      for (std::size_t g = 0; g < maps.size(); ++g)
        cell.sums[g] += static_cast<double>(maps[g][i]);
    }
  }
  AgingMap out;
  const std::size_t n = cells.size(), groups = maps.size();
  const auto count = static_cast<double>(groups);
  out.deviation.assign(groups * n, 0);
  for (const auto& [key, cell] : cells) {
    const std::size_t c = out.value.size();
    const auto pairs = static_cast<double>(cell.pairs);
    double mean = 0, variance = 0;
    for (const double sum : cell.sums)
      mean += sum / pairs / count;
    for (std::size_t g = 0; g < groups; ++g) {
      const double d = (cell.sums[g] / pairs - mean) / std::sqrt(count * (count - 1));
      out.deviation[g * n + c] = d;
      variance += d * d;
    }
    out.age_s.push_back(std::exp(cell.log_age / pairs));
    out.lag_s.push_back(std::exp(cell.log_lag / pairs));
    out.value.push_back(mean);
    out.sigma.push_back(std::sqrt(variance));
  }
  return out;
}

} // namespace vitrum::fit
