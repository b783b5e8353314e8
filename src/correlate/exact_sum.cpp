#include "vitrum/correlate/exact_sum.hpp"

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::correlate {
namespace {

constexpr double step = 1.0 / (1LL << 60);
constexpr double largest_term = 4611686018427387904.0; // 2^62

} // namespace

void ExactSum::add_large(double term) {
  if (!(term < largest_term && term > -largest_term))
    throw DataError(
        fmt::format("a sum of products of fluctuations grew to {}, which no series of counts with "
                    "a sensible mean gives",
                    term));
  add_fixed(static_cast<Wide>(term / step));
}

void ExactSum::overflow() {
  throw DataError("a sum of products of fluctuations grew beyond 1e20, which no series of counts "
                  "with a sensible mean gives");
}

double ExactSum::value() const {
  return static_cast<double>(value_) * step;
}

std::array<Index, 2> ExactSum::halves() const {
  return {static_cast<Index>(value_ >> 64), static_cast<Index>(value_)};
}

ExactSum ExactSum::from_halves(Index high, Index low) {
  ExactSum sum;
  // shifting a negative number to the left is defined since C++20
  sum.value_ = (static_cast<Wide>(high) << 64) | static_cast<Wide>(static_cast<std::uint64_t>(low));
  return sum;
}

namespace {

void require_count(std::size_t found, std::size_t expected) {
  if (found != expected)
    throw DataError(
        fmt::format("{} sums, expected {} as for other tiles", found / 2, expected / 2));
}

} // namespace

std::vector<Index> pack(std::span<const ExactSum> sums) {
  std::vector<Index> packed;
  packed.reserve(2 * sums.size());
  for (const ExactSum& sum : sums) {
    const auto [high, low] = sum.halves();
    packed.push_back(high);
    packed.push_back(low);
  }
  return packed;
}

void add_packed(std::span<ExactSum> sums, std::span<const Index> packed) {
  require_count(packed.size(), 2 * sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i].add(ExactSum::from_halves(packed[2 * i], packed[2 * i + 1]));
}

void add_packed(std::span<Index> sums, std::span<const Index> packed) {
  require_count(packed.size(), sums.size());
  for (std::size_t i = 0; i + 1 < sums.size(); i += 2) {
    ExactSum sum = ExactSum::from_halves(sums[i], sums[i + 1]);
    sum.add(ExactSum::from_halves(packed[i], packed[i + 1]));
    const auto [high, low] = sum.halves();
    sums[i] = high;
    sums[i + 1] = low;
  }
}

} // namespace vitrum::correlate
