// The Mittag-Leffler function E_{alpha,beta}(z) = Σ z^k/Γ(alpha·k + beta) on the negative axis,
// where it is a relaxation function, with its derivatives.
#pragma once
#include <array>
#include <span>

#include "vitrum/core/index.hpp"

namespace vitrum::models {

/// E_{alpha,beta}(z) for z <= 0, 0 < alpha <= 1, 0 < beta <= 4. Throws OptionError outside.
[[nodiscard]] double mittag_leffler(double alpha, double beta, double z);

/// E_{alpha,beta}(−x) for one (alpha, beta) and many x >= 0.
///
/// Method: for z < 0 and alpha < 1 the inverse Laplace transform
/// E = (1/2πi) ∫ e^s s^{alpha−beta}/(s^alpha + x) ds has no pole on the principal sheet, so one
/// parabola s = μ(1 + iu)² serves all x (Weideman and Trefethen, Math. Comp. 76 (2007) 1341;
/// McLean, Fract. Calc. Appl. Anal. 24 (2021)), and a value is a sum over its fixed nodes. For
/// alpha = beta the leading 1/x of the transform contributes nothing; it is taken away before the
/// sum, so that the tail ~ x^−2 keeps its relative accuracy.
///
/// Errors: for beta = 1 and for beta = alpha, both with alpha <= 0.95, relative 2e-12; elsewhere
/// relative 2e-12 or absolute 1e-14, whichever is larger. alpha = beta = 1 is exp(−x) itself.
class MittagLeffler {
public:
  /// Throws OptionError unless 0 < alpha <= 1 and 0 < beta <= 4.
  MittagLeffler(double alpha, double beta);

  [[nodiscard]] double alpha() const { return alpha_; }
  [[nodiscard]] double beta() const { return beta_; }

  /// E(−x). Throws OptionError for x < 0; NaN gives NaN, infinity 0.
  [[nodiscard]] double operator()(double x) const;

  /// value[i] = E(−x[i]); picks AVX-512, AVX2 or plain code at run time, which may differ in the
  /// last digits. Throws OptionError when an x is negative or the sizes differ.
  void evaluate(std::span<const double> x, std::span<double> value) const;

  /// Where derivatives of E_{alpha,beta}(−x) go; each has the size of x.
  struct Gradient {
    std::span<double> value;
    std::span<double> dx;     // ∂E(−x)/∂x, negative for beta >= alpha
    std::span<double> dalpha; // at fixed beta; absolute error 1e-12
    std::span<double> dbeta;  // at fixed alpha; absolute error 1e-12
  };
  void evaluate(std::span<const double> x, const Gradient& gradient) const;

  static constexpr int max_nodes = 28;
  /// What the sums need, node by node (structure of arrays). With y = 1/(1+x) a term c/(a + x) is
  /// y·c/(1 + b·y), b = a − 1: finite for every x.
  struct Nodes {
    int count = 0;
    double power = 1; // E = y^power Σ Re[c/(1 + b·y)]
    std::array<double, max_nodes> b_re{}, b_im{};
    std::array<double, max_nodes> c_re{}, c_im{};
    std::array<double, max_nodes> p{}, q{}, r{},
        t{};                                      // (p + q·y)/(1 + y(r + t·y)) = Re[c/(1 + b·y)]
    std::array<double, max_nodes> g_re{}, g_im{}; // c ln s of the transform as it stands
  };

  [[nodiscard]] const Nodes& nodes() const { return nodes_; }

private:
  double alpha_, beta_;
  Nodes nodes_;
};

} // namespace vitrum::models
