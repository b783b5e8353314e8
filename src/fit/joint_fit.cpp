#include "vitrum/fit/joint_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Dense>
#include <fmt/format.h>

#include "problem.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::fit {
namespace {

using Dense = Eigen::MatrixXd;

/// One data set: its problem and where it stands.
struct Block {
  Problem problem;
  Vector all;
  std::vector<Index> local_columns, shared_columns; // of the Jacobian
  Eigen::VectorXd residuals;
  Jacobian jacobian;
  Dense a, b; // JₗᵀJₗ damped, JₗᵀJₛ
  Eigen::VectorXd gradient;
  double chi2 = 0;
};

class Joint {
public:
  Joint(std::vector<Block> blocks, std::vector<Index> shared)
      : blocks_(std::move(blocks)), shared_(std::move(shared)) {
    for (Block& block : blocks_)
      for (std::size_t f = 0; f < block.problem.free.size(); ++f) {
        const bool common = is_shared(block.problem.free[f]);
        (common ? block.shared_columns : block.local_columns).push_back(static_cast<Index>(f));
      }
  }

  double minimise(const Vector& shared_values, int max_iterations) {
    double chi2 = move_to(shared_values);
    double damping = 1e-3;
    int stalled = 0;
    converged = false;
    for (int iteration = 0; iteration < max_iterations && !converged; ++iteration) {
      const auto before = positions();
      const double lower = step(damping);
      const double gain = chi2 - lower;
      if (gain > 0) {
        stalled = gain < 1e-10 * chi2 ? stalled + 1 : 0;
        chi2 = linearise();
        damping = std::max(damping / 5, 1e-12);
      } else {
        restore(before);
        stalled = -gain < 1e-12 * chi2 ? stalled + 1 : stalled;
        damping *= 8;
      }
      converged = stalled >= 2 || damping > 1e14;
    }
    return chi2;
  }

  [[nodiscard]] Vector shared_values() const {
    Vector values(static_cast<Index>(shared_.size()));
    for (Index s = 0; s < values.size(); ++s)
      values[s] = blocks_[0].all[shared_[static_cast<std::size_t>(s)]];
    return values;
  }

  /// Covariance of the shared parameters and, per block, of its own (internal units).
  struct Errors {
    Dense shared;
    std::vector<Dense> local;
  };
  [[nodiscard]] Errors errors(const std::vector<const FitData*>& data, bool common_samples) {
    linearise();
    const auto ns = static_cast<Index>(shared_.size());
    Dense schur = Dense::Zero(ns, ns);
    std::vector<Dense> gain; // A⁻¹B
    for (Block& block : blocks_) {
      const auto [jl, js] = parts(block);
      block.a = Dense(jl.transpose() * jl).inverse();
      gain.push_back(block.a * (jl.transpose() * js));
      schur += js.transpose() * js - (jl.transpose() * js).transpose() * gain.back();
    }
    const Dense inverse = schur.inverse();
    double scale = 1;
    Errors out;
    Index rank = 0;
    bool deviations = true, same_rank = true;
    for (const FitData* d : data) {
      deviations = deviations && !d->deviation.empty();
      const auto rows = static_cast<Index>(d->deviation.size() / d->lag_s.size());
      same_rank = same_rank && (rank == 0 || rank == rows);
      rank = rows;
    }
    if (!blocks_[0].problem.weighted) {
      double chi2 = 0, freedom = -static_cast<double>(ns);
      for (const Block& block : blocks_) {
        chi2 += block.residuals.squaredNorm();
        freedom += static_cast<double>(block.residuals.size()) -
                   static_cast<double>(block.local_columns.size());
      }
      scale = chi2 / freedom;
    }
    if (!deviations) {
      out.shared = inverse * scale;
      for (std::size_t k = 0; k < blocks_.size(); ++k)
        out.local.push_back(scale * (blocks_[k].a + gain[k] * inverse * gain[k].transpose()));
      return out;
    }
    // Shifts of all parameters with each deviation of each block.
    std::vector<Dense> own, to_shared;
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      Block& block = blocks_[k];
      const auto [jl, js] = parts(block);
      const auto lags = static_cast<Index>(data[k]->lag_s.size());
      Dense d(block.problem.points(), static_cast<Index>(data[k]->deviation.size()) / lags);
      for (Index r = 0; r < d.cols(); ++r) {
        for (Index i = 0; i < d.rows(); ++i)
          d(i, r) = data[k]->deviation[static_cast<std::size_t>(
              r * lags + block.problem.row[static_cast<std::size_t>(i)])];
        block.problem.whiten({&d(0, r), static_cast<std::size_t>(d.rows())});
      }
      const Dense ld = jl.transpose() * d;
      own.push_back(block.a * ld);
      to_shared.push_back(inverse * (js.transpose() * d - gain[k].transpose() * ld));
    }
    if (common_samples && same_rank) {
      Dense sum = Dense::Zero(ns, rank);
      for (const Dense& t : to_shared)
        sum += t;
      out.shared = sum * sum.transpose();
      for (std::size_t k = 0; k < blocks_.size(); ++k) {
        const Dense shift = own[k] - gain[k] * sum;
        out.local.push_back(shift * shift.transpose());
      }
      return out;
    }
    out.shared = Dense::Zero(ns, ns);
    for (const Dense& t : to_shared)
      out.shared += t * t.transpose();
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const Dense shift = own[k] - gain[k] * to_shared[k];
      const Dense rest = out.shared - to_shared[k] * to_shared[k].transpose();
      out.local.push_back(shift * shift.transpose() + gain[k] * rest * gain[k].transpose());
    }
    return out;
  }

  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  bool converged = false;

private:
  [[nodiscard]] bool is_shared(Index parameter) const {
    return std::find(shared_.begin(), shared_.end(), parameter) != shared_.end();
  }

  static std::pair<Dense, Dense> parts(const Block& block) {
    Dense l(block.jacobian.rows(), static_cast<Index>(block.local_columns.size()));
    Dense s(block.jacobian.rows(), static_cast<Index>(block.shared_columns.size()));
    for (Index c = 0; c < l.cols(); ++c)
      l.col(c) = block.jacobian.col(block.local_columns[static_cast<std::size_t>(c)]);
    for (Index c = 0; c < s.cols(); ++c)
      s.col(c) = block.jacobian.col(block.shared_columns[static_cast<std::size_t>(c)]);
    return {std::move(l), std::move(s)};
  }

  template <class Work>
  void for_blocks(Work&& work) {
    parallel_for(0, static_cast<Index>(blocks_.size()), 8, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k)
        work(blocks_[static_cast<std::size_t>(k)]);
    });
  }

  double sum_of_chi2() const {
    double sum = 0;
    for (const Block& block : blocks_)
      sum += block.chi2;
    return sum;
  }

  double linearise() {
    for_blocks([](Block& block) {
      block.chi2 = block.problem.linearise(block.all, block.residuals, block.jacobian);
    });
    return sum_of_chi2();
  }

  /// The best contrast and baseline of its own, then chi².
  void project(Block& block) const {
    const bool contrast = is_shared(0), baseline = is_shared(1);
    if (!(contrast && baseline))
      block.problem.solve_linear(block.all, contrast ? 0 : baseline ? 1 : -1);
    Eigen::VectorXd residuals;
    Jacobian unused;
    block.chi2 = block.problem.linearise(block.all, residuals, unused);
  }

  double move_to(const Vector& shared_values) {
    for_blocks([&](Block& block) {
      for (Index s = 0; s < shared_values.size(); ++s)
        block.all[shared_[static_cast<std::size_t>(s)]] = shared_values[s];
      project(block);
    });
    return linearise();
  }

  [[nodiscard]] std::vector<Vector> positions() const {
    std::vector<Vector> list;
    for (const Block& block : blocks_)
      list.push_back(block.all);
    return list;
  }
  void restore(const std::vector<Vector>& list) {
    for (std::size_t k = 0; k < blocks_.size(); ++k)
      blocks_[k].all = list[k];
  }

  /// Moves by one damped step within the bounds; returns the new chi².
  double step(double damping) {
    const auto ns = static_cast<Index>(shared_.size());
    const auto outward = [](const Block& block, Index parameter, double gradient) {
      return (block.all[parameter] <= block.problem.low[parameter] && gradient > 0) ||
             (block.all[parameter] >= block.problem.high[parameter] && gradient < 0);
    };
    Eigen::VectorXd right = Eigen::VectorXd::Zero(ns);
    Dense schur = Dense::Zero(ns, ns), plain = Dense::Zero(ns, ns);
    Eigen::VectorXd total = Eigen::VectorXd::Zero(ns);
    for (Block& block : blocks_) {
      auto [jl, js] = parts(block);
      for (Index c = 0; c < jl.cols(); ++c) {
        const Index parameter =
            block.problem
                .free[static_cast<std::size_t>(block.local_columns[static_cast<std::size_t>(c)])];
        if (outward(block, parameter, jl.col(c).dot(block.residuals)))
          jl.col(c).setZero();
      }
      block.a = jl.transpose() * jl;
      for (Index c = 0; c < jl.cols(); ++c)
        block.a(c, c) = block.a(c, c) > 0 ? block.a(c, c) * (1 + damping) : 1;
      block.b = jl.transpose() * js;
      block.gradient = jl.transpose() * block.residuals;
      const auto solver = block.a.ldlt();
      plain += js.transpose() * js;
      schur -= block.b.transpose() * solver.solve(block.b);
      total += js.transpose() * block.residuals;
      right += block.b.transpose() * solver.solve(block.gradient);
    }
    schur += plain;
    right -= total;
    for (Index s = 0; s < ns; ++s)
      schur(s, s) += damping * plain(s, s);
    for (Index s = 0; s < ns; ++s)
      if (outward(blocks_[0], shared_[static_cast<std::size_t>(s)], total[s])) {
        schur.row(s).setZero();
        schur.col(s).setZero();
        schur(s, s) = 1;
        right[s] = 0;
      }
    Eigen::VectorXd moved = schur.ldlt().solve(right);
    if (!moved.allFinite())
      return std::numeric_limits<double>::infinity();
    for_blocks([&](Block& block) {
      const Eigen::VectorXd local = block.a.ldlt().solve(-block.gradient - block.b * moved);
      const auto put = [&](Index parameter, double change) {
        if (std::isfinite(change))
          block.all[parameter] = std::clamp(block.all[parameter] + change,
                                            block.problem.low[parameter],
                                            block.problem.high[parameter]);
      };
      for (Index s = 0; s < ns; ++s)
        put(shared_[static_cast<std::size_t>(s)], moved[s]);
      for (Index c = 0; c < local.size(); ++c)
        put(block.problem
                .free[static_cast<std::size_t>(block.local_columns[static_cast<std::size_t>(c)])],
            local[c]);
      project(block);
    });
    return sum_of_chi2();
  }

  std::vector<Block> blocks_;
  std::vector<Index> shared_;
};

} // namespace

void validate(const JointOptions& options, models::DecayModel model) {
  validate(options.fit, model);
  if (options.shared.empty())
    throw OptionError("joint fit: no parameter is shared");
  for (const auto& name : options.shared) {
    if (models::parameter_index(model, name) < 0)
      throw OptionError(
          fmt::format("joint fit: {} has no parameter \"{}\"", models::name(model), name));
    if (options.fit.fixed.contains(name))
      throw OptionError(fmt::format("joint fit: {} is fixed and shared", name));
    if (std::count(options.shared.begin(), options.shared.end(), name) > 1)
      throw OptionError(fmt::format("joint fit: {} is named twice", name));
  }
}

JointFit fit_jointly(models::DecayModel model,
                     const std::vector<FitData>& data,
                     const JointOptions& options) {
  validate(options, model);
  JointFit result;
  result.fits.resize(data.size());
  std::vector<Index> shared;
  for (const auto& name : options.shared)
    shared.push_back(models::parameter_index(model, name));
  std::sort(shared.begin(), shared.end());
  auto alone = options.fit;
  alone.profile = false;
  parallel_for(0, static_cast<Index>(data.size()), 4, [&](Index begin, Index end) {
    for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k)
      result.fits[k] = fit_decay(model, data[k], alone);
  });
  std::vector<Block> blocks;
  std::vector<std::size_t> places;
  std::vector<const FitData*> used;
  for (std::size_t k = 0; k < data.size(); ++k) {
    if (result.fits[k].status == FitStatus::too_few_points)
      continue;
    std::vector<double> values;
    for (const auto& p : result.fits[k].parameters)
      values.push_back(p.value);
    Problem problem(model, data[k], options.fit);
    const Vector all = problem.internal(values);
    blocks.push_back({std::move(problem), all, {}, {}, {}, {}, {}, {}, {}, 0});
    places.push_back(k);
    used.push_back(&data[k]);
  }
  result.used = static_cast<Index>(blocks.size());
  if (blocks.empty())
    return result;
  // Starts for what is shared, from those that determine it.
  Vector mean(static_cast<Index>(shared.size())), middle(mean.size());
  for (Index s = 0; s < mean.size(); ++s) {
    const Index j = shared[static_cast<std::size_t>(s)];
    double sum = 0, weights = 0;
    std::vector<double> values;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const auto& p = result.fits[places[b]].parameters[static_cast<std::size_t>(j)];
      const double error = p.error / (blocks[b].problem.is_time(j) ? p.value : 1);
      values.push_back(blocks[b].all[j]);
      if (!(error > 0) || !std::isfinite(error))
        continue;
      sum += blocks[b].all[j] / (error * error);
      weights += 1 / (error * error);
    }
    middle[s] = median(values);
    mean[s] = weights > 0 ? sum / weights : middle[s];
  }
  const int iterations = static_cast<int>(options.fit.max_iterations);
  Joint joint(blocks, shared), other(std::move(blocks), shared);
  result.chi2 = joint.minimise(mean, iterations);
  if (const double chi2 = other.minimise(middle, iterations); chi2 < result.chi2) {
    std::swap(joint, other);
    result.chi2 = chi2;
  }
  result.converged = joint.converged;

  const auto errors = joint.errors(used, options.common_samples);
  const auto natural = joint.blocks()[0].problem.natural(joint.blocks()[0].all);
  auto given = options.fit; // the fit of each with what is shared held gives everything else
  for (const Index j : shared)
    given.fixed[models::parameters(model)[static_cast<std::size_t>(j)].name] =
        natural[static_cast<std::size_t>(j)];
  parallel_for(0, static_cast<Index>(places.size()), 1, [&](Index begin, Index) {
    const auto b = static_cast<std::size_t>(begin);
    FitResult fit = fit_decay(model, data[places[b]], given);
    const Block& block = joint.blocks()[b];
    const auto set = [&](Index parameter, double variance) {
      auto& p = fit.parameters[static_cast<std::size_t>(parameter)];
      const double error = std::sqrt(variance) * (block.problem.is_time(parameter) ? p.value : 1);
      const double wider = p.error > 0 ? error / p.error : 1;
      if (p.fixed) { // shared
        p.fixed = false;
        p.shared = true;
        p.error_low = p.error_high = error;
      } else {
        p.error_low *= wider;
        p.error_high *= wider;
      }
      if (!p.at_bound)
        p.error = error;
    };
    for (std::size_t c = 0; c < block.local_columns.size(); ++c)
      set(block.problem.free[static_cast<std::size_t>(block.local_columns[c])],
          errors.local[b](static_cast<Index>(c), static_cast<Index>(c)));
    for (std::size_t s = 0; s < shared.size(); ++s)
      set(shared[s], errors.shared(static_cast<Index>(s), static_cast<Index>(s)));
    if (!joint.converged && fit.status == FitStatus::converged) {
      fit.status = FitStatus::not_converged;
      fit.message = "the joint fit ran out of iterations";
    }
    result.fits[places[b]] = std::move(fit);
  });
  for (const Index j : shared)
    result.shared.push_back(result.fits[places[0]].parameters[static_cast<std::size_t>(j)]);
  return result;
}

} // namespace vitrum::fit
