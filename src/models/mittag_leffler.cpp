#include "vitrum/models/mittag_leffler.hpp"

#include <cmath>
#include <complex>
#include <numbers>

#include <fmt/format.h>

#include "mittag_leffler_kernels.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::models {
namespace {

using Complex = std::complex<double>;

// The midpoint rule u = (k + ½)h on s = μ(1 + iu)². μ is small, so that e^μ does not amplify
// rounding; the number of nodes makes up for it. Large beta needs a finer step, because s^−beta is
// steep at the origin. All errors stay below those promised in the header (tests against tables).
struct Contour {
  int count = 0;
  double step = 0;
  double mu = 0;
};
constexpr Contour narrow{20, 3.4 / 20, 3.6}; // beta <= 2
constexpr Contour wide{28, 3.7 / 28, 5.0};

// e^s, s and ln s do not depend on alpha and beta.
struct ContourPoints {
  Contour contour;
  std::array<Complex, MittagLeffler::max_nodes> log_s{}, weight{};
  explicit ContourPoints(const Contour& c) : contour(c) {
    for (int k = 0; k < c.count; ++k) {
      const auto i = static_cast<std::size_t>(k);
      const Complex w{1, (k + 0.5) * c.step};
      const Complex s = c.mu * w * w;
      log_s[i] = std::log(s);
      // ds/du = 2iμw; two halves of the contour give twice the real part.
      weight[i] = 2 * c.step * c.mu / std::numbers::pi * std::exp(s) * w;
    }
  }
};

const ContourPoints& points_for(double beta) {
  static const ContourPoints small(narrow);
  static const ContourPoints large(wide);
  return beta <= 2 ? small : large;
}

void check_sizes(std::size_t x, std::size_t out, const char* name) {
  if (x != out)
    throw OptionError(fmt::format("mittag-leffler: {} holds {} values, x holds {}", name, out, x));
}

void check_sign(std::span<const double> x) {
  bool negative = false;
  for (const double value : x)
    negative |= value < 0;
  if (negative)
    throw OptionError("mittag-leffler: x = −z must not be negative");
}

} // namespace

MittagLeffler::MittagLeffler(double alpha, double beta) : alpha_(alpha), beta_(beta) {
  if (!(alpha > 0 && alpha <= 1))
    throw OptionError(fmt::format("mittag-leffler: alpha = {}: must be in (0, 1]", alpha));
  if (!(beta > 0 && beta <= 4))
    throw OptionError(fmt::format("mittag-leffler: beta = {}: must be in (0, 4]", beta));
  const ContourPoints& points = points_for(beta);
  nodes_.count = points.contour.count;
  const bool shifted = alpha == beta;
  nodes_.power = shifted ? 2 : 1;
  for (int k = 0; k < nodes_.count; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const Complex log_s = points.log_s[i];
    const Complex a = std::exp(alpha * log_s);
    const Complex whole = points.weight[i] * (shifted     ? Complex(1)
                                              : beta == 1 ? a * std::exp(-log_s)
                                                          : std::exp((alpha - beta) * log_s));
    // 1/(a + x) − 1/(1 + x) = (1 − a)·y/(a + x), and the second term integrates to nothing.
    const Complex c = shifted ? whole * (1.0 - a) : whole;
    const Complex b = a - 1.0;
    nodes_.b_re[i] = b.real();
    nodes_.b_im[i] = b.imag();
    nodes_.c_re[i] = c.real();
    nodes_.c_im[i] = c.imag();
    nodes_.p[i] = c.real();
    nodes_.q[i] = c.real() * b.real() + c.imag() * b.imag();
    nodes_.r[i] = 2 * b.real();
    nodes_.t[i] = std::norm(b);
    nodes_.g_re[i] = (whole * log_s).real();
    nodes_.g_im[i] = (whole * log_s).imag();
  }
}

double MittagLeffler::operator()(double x) const {
  double value = 0;
  evaluate({&x, 1}, {&value, 1});
  return value;
}

void MittagLeffler::evaluate(std::span<const double> x, std::span<double> value) const {
  check_sizes(x.size(), value.size(), "value");
  check_sign(x);
  if (alpha_ == 1 && beta_ == 1) { // beyond every power of x: the sum has no digits left
    for (std::size_t i = 0; i < x.size(); ++i)
      value[i] = std::exp(-x[i]);
    return;
  }
  detail::chosen_kernels().values(nodes_, x.data(), value.data(), static_cast<Index>(x.size()));
}

void MittagLeffler::evaluate(std::span<const double> x, const Gradient& gradient) const {
  check_sizes(x.size(), gradient.value.size(), "value");
  check_sizes(x.size(), gradient.dx.size(), "dx");
  check_sizes(x.size(), gradient.dalpha.size(), "dalpha");
  check_sizes(x.size(), gradient.dbeta.size(), "dbeta");
  check_sign(x);
  detail::chosen_kernels().gradient(nodes_,
                                    x.data(),
                                    gradient.value.data(),
                                    gradient.dx.data(),
                                    gradient.dalpha.data(),
                                    gradient.dbeta.data(),
                                    static_cast<Index>(x.size()));
  if (alpha_ == 1 && beta_ == 1)
    for (std::size_t i = 0; i < x.size(); ++i) {
      gradient.value[i] = std::exp(-x[i]);
      gradient.dx[i] = -gradient.value[i];
    }
}

double mittag_leffler(double alpha, double beta, double z) {
  return MittagLeffler(alpha, beta)(-z);
}

} // namespace vitrum::models
