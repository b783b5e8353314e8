// The independent twin: the same least squares by Ceres, from one start.
#pragma once
#include <vector>

#include <ceres/ceres.h>

#include "vitrum/fit/decay_fit.hpp"

namespace vitrum::fit {

class CeresCost : public ceres::CostFunction {
public:
  CeresCost(models::DecayModel model, const FitData& data) : model_(model), data_(data) {
    set_num_residuals(static_cast<int>(data.value.size()));
    mutable_parameter_block_sizes()->push_back(static_cast<int>(models::parameters(model).size()));
  }
  bool Evaluate(const double* const* p, double* residuals, double** jacobians) const override {
    const std::size_t n = data_.value.size();
    const auto count = static_cast<std::size_t>(parameter_block_sizes()[0]);
    std::vector<double> curve(n), jacobian(n * count), natural(p[0], p[0] + count);
    const auto& known = models::parameters(model_);
    for (std::size_t j = 0; j < count; ++j)
      if (known[j].is_time) {
        natural[j] = std::exp(natural[j]);
        if (!(natural[j] > 0 && std::isfinite(natural[j])))
          return false; // a trial step too far; Ceres shortens it
      }
    models::evaluate(model_, natural, data_.lag_s, curve, jacobian);
    for (std::size_t i = 0; i < n; ++i) {
      residuals[i] = (curve[i] - data_.value[i]) / data_.sigma[i];
      for (std::size_t j = 0; jacobians != nullptr && jacobians[0] != nullptr && j < count; ++j)
        jacobians[0][i * count + j] =
            jacobian[i * count + j] / data_.sigma[i] * (known[j].is_time ? natural[j] : 1);
    }
    return true;
  }

private:
  models::DecayModel model_;
  const FitData& data_;
};

/// chi² that Ceres reaches; `start` (times as ln) becomes the solution. Exponents and fraction stay
/// within the default bounds, the contrast is not negative.
inline double ceres_fit(models::DecayModel model, const FitData& data, std::vector<double>& start) {
  ceres::Problem problem;
  problem.AddResidualBlock(new CeresCost(model, data), nullptr, start.data());
  const auto& known = models::parameters(model);
  for (std::size_t j = 0; j < known.size(); ++j) {
    const int k = static_cast<int>(j);
    if (known[j].is_time)
      continue;
    if (std::isfinite(known[j].low))
      problem.SetParameterLowerBound(start.data(), k, known[j].low);
    if (std::isfinite(known[j].high))
      problem.SetParameterUpperBound(start.data(), k, known[j].high);
  }
  ceres::Solver::Options options;
  options.linear_solver_type = ceres::DENSE_QR;
  options.max_num_iterations = 200;
  options.function_tolerance = 1e-12;
  options.parameter_tolerance = 1e-12;
  options.logging_type = ceres::SILENT;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  return 2 * summary.final_cost;
}

} // namespace vitrum::fit
