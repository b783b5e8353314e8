#include <algorithm>
#include <cmath>
#include <limits>

#include "problem.hpp"
#include "vitrum/models/mittag_leffler.hpp"

namespace vitrum::fit {
namespace {

using models::DecayModel;

// One decay of the grid, weighted, with its products with what else enters chi².
struct Basis {
  double log_tau = 0, exponent = 0, log_cutoff = 0;
  std::vector<double> decay; // times weight
  double self = 0, one = 0, data = 0;
};

struct Grid {
  std::vector<double> log_tau, exponent;
  std::vector<Basis> basis; // [log_cutoff, exponent, log_tau]
  double one_one = 0, one_data = 0, data_data = 0, offset = 0;
};

std::vector<double> times(const Problem& problem, Index parameter, double spacing) {
  double low = problem.low[parameter], high = problem.high[parameter];
  if (low == high)
    return {low};
  // A decay outside of this range is flat over the lags, whatever its exponent.
  low = std::max(low, std::min(std::log(problem.first_lag_s) - 2, high));
  high = std::min(high, std::max(std::log(problem.last_lag_s) + 4, low));
  const auto count = std::max<Index>(2, static_cast<Index>(std::ceil((high - low) / spacing)) + 1);
  std::vector<double> values;
  for (Index i = 0; i < count; ++i)
    values.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  return values;
}

std::vector<double> exponents(const Problem& problem, Index parameter, std::vector<double> grid) {
  const double low = problem.low[parameter], high = problem.high[parameter];
  std::erase_if(grid, [&](double b) { return b < low || b > high; });
  if (grid.empty())
    return low == high ? std::vector{low} : std::vector{low, (low + high) / 2, high};
  return grid;
}

std::vector<double> merged(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

Grid make_grid(Problem& problem,
               std::vector<double> log_tau,
               std::vector<double> exponent,
               const std::vector<double>& log_cutoff = {0}) {
  Grid grid{std::move(log_tau), std::move(exponent), {}};
  const auto n = static_cast<std::size_t>(problem.points());
  double weights = 0;
  for (std::size_t i = 0; i < n; ++i) {
    weights += problem.one[i] * problem.one[i];
    grid.offset += problem.one[i] * problem.target[i];
  }
  grid.offset /= weights; // keeps digits when the contrast is small beside the baseline
  grid.one_one = weights;
  std::vector<double> data(n);
  for (std::size_t i = 0; i < n; ++i) {
    data[i] = problem.target[i] - grid.offset * problem.one[i];
    grid.one_data += data[i] * problem.one[i];
    grid.data_data += data[i] * data[i];
  }
  const DecayModel shape = problem.model() == DecayModel::kww2 || problem.model() == DecayModel::exp
                               ? DecayModel::kww
                               : problem.model();
  const auto add = [&](double t, double b, double c) {
    Basis basis;
    basis.log_tau = t;
    basis.exponent = b;
    basis.log_cutoff = c;
    basis.decay.resize(n);
    std::vector p{1.0, 0.0, std::exp(t), b};
    if (shape == DecayModel::power_cutoff)
      p.push_back(std::exp(c));
    problem.evaluate(shape, p, basis.decay, {});
    problem.whiten(basis.decay);
    for (std::size_t i = 0; i < n; ++i) {
      basis.self += basis.decay[i] * basis.decay[i];
      basis.one += basis.decay[i] * problem.one[i];
      basis.data += basis.decay[i] * data[i];
    }
    grid.basis.push_back(std::move(basis));
  };
  for (const double c : log_cutoff)
    for (const double b : grid.exponent)
      for (const double t : grid.log_tau)
        add(t, b, c);
  return grid;
}

struct Candidate {
  double chi2 = std::numeric_limits<double>::infinity();
  double contrast = 0, baseline = 0, fraction = 1;
  std::size_t first = 0, second = 0;
};

// The best contrast and baseline in their box for chi² = yy + c²·ss + b²·ww + 2cb·sw − 2c·sy −
// 2b·wy: a convex quadratic, whose minimum in a box lies inside or on an edge.
struct Quadratic {
  double yy, ss, ww, sw, sy, wy;
  [[nodiscard]] double at(double c, double b) const {
    return yy + c * c * ss + b * b * ww + 2 * (c * b * sw - c * sy - b * wy);
  }
};

void best_in_box(const Quadratic& q,
                 double c_low,
                 double c_high,
                 double b_low,
                 double b_high,
                 Candidate& result) {
  const auto consider = [&](double c, double b) {
    c = std::clamp(c, c_low, c_high);
    b = std::clamp(b, b_low, b_high);
    const double chi2 = q.at(c, b);
    if (chi2 < result.chi2) {
      result.chi2 = chi2;
      result.contrast = c;
      result.baseline = b;
    }
  };
  const double determinant = q.ss * q.ww - q.sw * q.sw;
  if (determinant > 1e-12 * q.ss * q.ww) {
    const double c = (q.sy * q.ww - q.wy * q.sw) / determinant;
    const double b = (q.wy * q.ss - q.sy * q.sw) / determinant;
    if (c >= c_low && c <= c_high && b >= b_low && b <= b_high) {
      consider(c, b);
      return;
    }
  }
  for (const double c : {c_low, c_high})
    if (std::isfinite(c))
      consider(c, (q.wy - std::clamp(c, c_low, c_high) * q.sw) / q.ww);
  for (const double b : {b_low, b_high})
    if (std::isfinite(b) && q.ss > 0)
      consider((q.sy - b * q.sw) / q.ss, b);
}

Candidate solve_one(const Problem& problem, const Grid& grid, std::size_t k) {
  const Basis& s = grid.basis[k];
  Candidate result;
  result.first = result.second = k;
  best_in_box({grid.data_data, s.self, grid.one_one, s.one, s.data, grid.one_data},
              problem.low[0],
              problem.high[0],
              problem.low[1] - grid.offset,
              problem.high[1] - grid.offset,
              result);
  return result;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += a[i] * b[i];
  return sum;
}

// Two decays: the amplitudes follow from a 3 × 3 system; where they leave their box, the fraction
// is scanned, and contrast and baseline are solved for each.
Candidate
solve_two(const Problem& problem, const Grid& grid, std::size_t k, std::size_t l, bool any) {
  const Basis &s = grid.basis[k], &t = grid.basis[l];
  const double st = dot(s.decay, t.decay);
  Candidate result;
  result.first = k;
  result.second = l;
  const double f_low = problem.low[4], f_high = problem.high[4];
  const auto consider = [&](double f) {
    const double g = 1 - f;
    const double before = result.chi2;
    best_in_box({grid.data_data,
                 f * f * s.self + 2 * f * g * st + g * g * t.self,
                 grid.one_one,
                 f * s.one + g * t.one,
                 f * s.data + g * t.data,
                 grid.one_data},
                problem.low[0],
                problem.high[0],
                problem.low[1] - grid.offset,
                problem.high[1] - grid.offset,
                result);
    if (result.chi2 < before)
      result.fraction = f;
  };
  if (any) {
    for (const double f : {f_low, std::clamp(0.5, f_low, f_high), f_high})
      consider(f);
    return result;
  }
  // Without the baseline (projected out): a 2 × 2 system for the two amplitudes.
  const double ss = s.self - s.one * s.one / grid.one_one;
  const double tt = t.self - t.one * t.one / grid.one_one;
  const double cross = st - s.one * t.one / grid.one_one;
  const double sy = s.data - s.one * grid.one_data / grid.one_one;
  const double ty = t.data - t.one * grid.one_data / grid.one_one;
  const double determinant = ss * tt - cross * cross;
  if (determinant > 1e-9 * ss * tt) {
    const double a = (sy * tt - ty * cross) / determinant;
    const double b = (ty * ss - sy * cross) / determinant;
    if (a > 0 && b > 0) {
      consider(std::clamp(a / (a + b), f_low, f_high));
      return result;
    }
  }
  return result;
}

std::vector<Candidate> single_candidates(const Problem& problem, const Grid& grid) {
  const std::size_t nt = grid.log_tau.size(), nb = grid.exponent.size();
  std::vector<Candidate> all(grid.basis.size()), minima;
  for (std::size_t k = 0; k < all.size(); ++k)
    all[k] = solve_one(problem, grid, k);
  for (std::size_t k = 0; k < all.size(); ++k) { // minima of each sheet of one cut-off
    const std::size_t t = k % nt, b = k / nt % nb;
    const double here = all[k].chi2;
    const bool lowest =
        (t == 0 || all[k - 1].chi2 >= here) && (t + 1 == nt || all[k + 1].chi2 > here) &&
        (b == 0 || all[k - nt].chi2 >= here) && (b + 1 == nb || all[k + nt].chi2 > here);
    if (lowest && std::isfinite(here))
      minima.push_back(all[k]);
  }
  return minima;
}

std::vector<Candidate> double_candidates(const Problem& problem, const Grid& grid) {
  const auto within = [&](const Basis& b, Index tau) {
    return b.log_tau >= problem.low[tau] && b.log_tau <= problem.high[tau] &&
           b.exponent >= problem.low[tau + 1] && b.exponent <= problem.high[tau + 1];
  };
  const std::size_t size = grid.basis.size();
  std::vector<std::size_t> first, second;
  for (std::size_t k = 0; k < size; ++k) {
    if (within(grid.basis[k], 2))
      first.push_back(k);
    if (within(grid.basis[k], 5))
      second.push_back(k);
  }
  const bool alike = first == second && problem.low[4] == 1 - problem.high[4];
  std::vector<Candidate> all;
  for (const bool any : {false, true}) { // where no pair has two positive amplitudes, any pair
    for (const std::size_t k : first)
      for (const std::size_t l : second) {
        if (alike ? k >= l : k == l)
          continue;
        if (const auto c = solve_two(problem, grid, k, l, any); std::isfinite(c.chi2))
          all.push_back(c);
      }
    if (!all.empty())
      break;
  }
  return all;
}

// The best candidates that are not neighbours on the grid: at low noise every point of a grid fits
// badly, and its order says little, so the starts must differ.
std::vector<Candidate>
spread_out(const Grid& grid, std::vector<Candidate> candidates, std::size_t keep) {
  const auto nt = static_cast<Index>(grid.log_tau.size());
  const auto apart = [nt](std::size_t k, std::size_t l) {
    const auto a = static_cast<Index>(k), b = static_cast<Index>(l);
    return std::abs(a % nt - b % nt) + std::abs(a / nt - b / nt);
  };
  std::vector<Candidate> chosen;
  for (const Candidate& c : candidates) {
    const bool fresh = std::all_of(chosen.begin(), chosen.end(), [&](const Candidate& o) {
      return std::min(apart(c.first, o.first) + apart(c.second, o.second),
                      apart(c.first, o.second) + apart(c.second, o.first)) > 3;
    });
    if (fresh)
      chosen.push_back(c);
    if (chosen.size() == keep)
      break;
  }
  return chosen;
}

} // namespace

std::vector<Vector> starting_values(Problem& problem) {
  const DecayModel model = problem.model();
  std::vector<double> b{1};
  if (model == DecayModel::kww)
    b = exponents(problem, 3, {0.1, 0.25, 0.45, 0.7, 1, 1.4, 2, 3});
  else if (model == DecayModel::ml || model == DecayModel::ml_squared)
    b = exponents(problem, 3, {0.1, 0.3, 0.5, 0.7, 0.85, 0.96});
  std::vector<Candidate> candidates;
  Grid grid;
  if (model == DecayModel::kww2) {
    const std::vector<double> trial{0.25, 0.45, 0.75, 1.1, 1.6, 2};
    grid = make_grid(problem,
                     merged(times(problem, 2, 0.7), times(problem, 5, 0.7)),
                     merged(exponents(problem, 3, trial), exponents(problem, 6, trial)));
    candidates = double_candidates(problem, grid);
  } else if (model == DecayModel::power_cutoff) {
    grid = make_grid(problem,
                     times(problem, 2, 1.2),
                     exponents(problem, 3, {0.1, 0.3, 0.6, 1, 1.8, 4}),
                     times(problem, 4, 1.5));
    candidates = single_candidates(problem, grid);
  } else {
    grid = make_grid(problem, times(problem, 2, 0.8), b);
    candidates = single_candidates(problem, grid);
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& x, const Candidate& y) {
    return x.chi2 < y.chi2;
  });
  if (model == DecayModel::kww2)
    candidates = spread_out(grid, std::move(candidates), 24);
  else if (const std::size_t most = model == DecayModel::power_cutoff ? 8 : 4;
           candidates.size() > most)
    candidates.resize(most);
  if (candidates.empty()) { // every decay of the grid is flat over the lags: the middle of it
    candidates.emplace_back();
    candidates[0].first = candidates[0].second = grid.basis.size() / 2;
  }
  std::vector<Vector> starts;
  for (const Candidate& c : candidates) {
    Vector all(problem.low.size());
    all[0] = c.contrast;
    all[1] = c.baseline + grid.offset;
    all[2] = grid.basis[c.first].log_tau;
    if (all.size() > 3)
      all[3] = grid.basis[c.first].exponent;
    if (model == DecayModel::power_cutoff)
      all[4] = grid.basis[c.first].log_cutoff;
    if (model == DecayModel::kww2) {
      all[4] = c.fraction;
      all[5] = grid.basis[c.second].log_tau;
      all[6] = grid.basis[c.second].exponent;
    }
    starts.push_back(all.cwiseMax(problem.low).cwiseMin(problem.high));
  }
  return starts;
}

} // namespace vitrum::fit
