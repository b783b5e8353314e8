#include "vitrum/core/random.hpp"

#include <cmath>
#include <numbers>

namespace vitrum {
namespace {

constexpr double poisson_rejection_from = 10.0; // below, products of uniforms are quicker

} // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c,
                                    std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0],
         static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1],
         static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9U;
    k[1] += 0xBB67AE85U;
  }
  return c;
}

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, 0, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)} {
}

std::uint32_t Random::operator()() {
  if (left_ == 0) {
    words_ = philox(counter_, key_);
    left_ = 4;
    if (++counter_[0] == 0)
      ++counter_[1];
  }
  return words_[static_cast<std::size_t>(--left_)];
}

double Random::uniform() {
  const std::uint64_t high = (*this)();
  const std::uint64_t low = (*this)();
  const std::uint64_t bits = (high << 32 | low) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

Index Random::below(Index n) {
  const auto range = static_cast<std::uint64_t>(n);
  const std::uint64_t reject_from = ~std::uint64_t{0} - ~std::uint64_t{0} % range;
  while (true) {
    const std::uint64_t high = (*this)();
    const std::uint64_t value = high << 32 | (*this)();
    if (value < reject_from)
      return static_cast<Index>(value % range);
  }
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

double Random::exponential() {
  return -std::log(uniform());
}

// Marsaglia & Tsang, ACM TOMS 26 (2000) 363; shapes below 1 by their boost with a power of a
// uniform.
double Random::gamma(double shape) {
  if (shape < 1)
    return gamma(shape + 1) * std::pow(uniform(), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = normal();
    const double root = 1 + c * x;
    if (root <= 0)
      continue;
    const double v = root * root * root;
    if (std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v))
      return d * v;
  }
}

// Large means: transformed rejection (Hörmann, Insurance: Math. and Economics 12 (1993) 39,
// "PTRS").
Index Random::poisson(double mean) {
  if (!(mean > 0))
    return 0;
  if (mean < poisson_rejection_from) {
    const double limit = std::exp(-mean);
    double product = uniform();
    Index count = 0;
    while (product > limit) {
      product *= uniform();
      ++count;
    }
    return count;
  }
  const double log_mean = std::log(mean);
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2);
  while (true) {
    const double u = uniform() - 0.5;
    const double v = uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r)
      return static_cast<Index>(k);
    if (k < 0 || (us < 0.013 && v > us))
      continue;
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <=
        -mean + k * log_mean - std::lgamma(k + 1))
      return static_cast<Index>(k);
  }
}

} // namespace vitrum
