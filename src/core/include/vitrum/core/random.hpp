// Counter-based random numbers (Philox 4x32-10, Salmon et al., SC'11): number k of stream s under
// seed r is a function of (r, s, k) alone, so any thread can make any part and the numbers stay the
// same.
#pragma once
#include <array>
#include <cstdint>

#include "vitrum/core/index.hpp"

namespace vitrum {

/// Four independent 32-bit words of the counter under the key.
[[nodiscard]] std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key);

/// One stream of random numbers. Streams of the same seed are independent of each other.
class Random {
public:
  using result_type = std::uint32_t;

  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint32_t operator()();
  static constexpr std::uint32_t min() { return 0; }
  static constexpr std::uint32_t max() { return 0xffffffffU; }

  /// In (0, 1), 53 bits.
  double uniform();
  /// In [0, n). Requires n > 0.
  Index below(Index n);
  /// Mean 0, variance 1.
  double normal();
  /// Exponential of mean 1.
  double exponential();
  /// Poisson counts of the given mean (>= 0), exact for all means.
  Index poisson(double mean);
  /// Gamma of the given shape (> 0) and scale 1.
  double gamma(double shape);

private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> words_{};
  int left_ = 0;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

} // namespace vitrum
