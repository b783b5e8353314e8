// Least squares of points that share errors: C = diag(error²) + Σ common commonᵀ.
#pragma once
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace vitrum::fem {

/// Products with the inverse of C (Woodbury), for two shared unknowns of unit variance.
class SharedErrors {
public:
  using Pair = std::array<double, 2>;

  SharedErrors(std::vector<double> error, std::vector<Pair> common)
      : error_(std::move(error)), common_(std::move(common)) {
    double a = 1, b = 0, d = 1; // 1 + Σ common commonᵀ/error²
    for (std::size_t i = 0; i < error_.size(); ++i) {
      const double w = 1 / (error_[i] * error_[i]);
      a += w * common_[i][0] * common_[i][0];
      b += w * common_[i][0] * common_[i][1];
      d += w * common_[i][1] * common_[i][1];
    }
    const double det = a * d - b * b;
    inverse_ = {d / det, -b / det, a / det};
  }

  /// uᵀ C⁻¹ v
  [[nodiscard]] double product(std::span<const double> u, std::span<const double> v) const {
    double sum = 0;
    for (std::size_t i = 0; i < error_.size(); ++i)
      sum += u[i] * v[i] / (error_[i] * error_[i]);
    const Pair pu = projection(u), moved = unknowns(v);
    return sum - pu[0] * moved[0] - pu[1] * moved[1];
  }
  /// What residuals say of the shared unknowns, in their standard deviations.
  [[nodiscard]] Pair unknowns(std::span<const double> residual) const {
    const Pair p = projection(residual);
    return {inverse_[0] * p[0] + inverse_[1] * p[1], inverse_[1] * p[0] + inverse_[2] * p[1]};
  }

private:
  [[nodiscard]] Pair projection(std::span<const double> u) const {
    Pair out{};
    for (std::size_t i = 0; i < error_.size(); ++i)
      for (std::size_t c = 0; c < out.size(); ++c)
        out[c] += common_[i][c] * u[i] / (error_[i] * error_[i]);
    return out;
  }

  std::vector<double> error_;
  std::vector<Pair> common_;
  std::array<double, 3> inverse_{};
};

} // namespace vitrum::fem
