// A sum of doubles that comes out the same, to the last bit, in whatever order and in however many
// parts it is added up: tiles are shared among threads, runs and machines.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::correlate {

/// Fixed point of 128 bits in steps of 2^-60: each term loses less than 1e-18, then sums are exact
/// up to 1e20.
class ExactSum {
public:
  /// Throws DataError for NaN and for terms or sums beyond the range.
  void add(double term) {
    // two conversions that the processor has; together the integer part of term · 2^60
    constexpr double fast_range = 4398046511104.0; // 2^42
    if (!(term < fast_range && term > -fast_range))
      return add_large(term);
    const double scaled = term * 1048576.0; // 2^20
    const auto high = static_cast<std::int64_t>(scaled);
    const double rest = scaled - static_cast<double>(high);
    add_fixed((static_cast<Wide>(high) << 40) +
              static_cast<std::int64_t>(rest * 1099511627776.0)); // 2^40
  }
  void add(const ExactSum& other) { add_fixed(other.value_); }
  /// The sum, rounded to the nearest double.
  [[nodiscard]] double value() const;

  /// High and low half, for storing.
  [[nodiscard]] std::array<Index, 2> halves() const;
  [[nodiscard]] static ExactSum from_halves(Index high, Index low);

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

private:
  __extension__ typedef __int128 Wide;

  void add_large(double term);
  [[noreturn]] static void overflow();
  void add_fixed(Wide term) {
    if (__builtin_add_overflow(value_, term, &value_))
      overflow();
  }

  Wide value_ = 0;
};

/// Sums as numbers to be stored: high and low half of each in turn.
[[nodiscard]] std::vector<Index> pack(std::span<const ExactSum> sums);
/// Adds packed sums. Both throw DataError when there are not as many.
void add_packed(std::span<ExactSum> sums, std::span<const Index> packed);
void add_packed(std::span<Index> sums, std::span<const Index> packed);

} // namespace vitrum::correlate
