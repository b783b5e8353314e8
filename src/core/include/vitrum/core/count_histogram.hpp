// How often each count was seen, as a short sorted list: counts of long exposures are large and
// few.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum {

struct CountHistogram {
  std::vector<Index> count;  // ascending, those that occurred
  std::vector<Index> number; // times that each was seen, > 0

  [[nodiscard]] Index samples() const {
    Index sum = 0;
    for (const Index n : number)
      sum += n;
    return sum;
  }
  [[nodiscard]] Index total() const {
    Index sum = 0;
    for (std::size_t i = 0; i < count.size(); ++i)
      sum += count[i] * number[i];
    return sum;
  }
};

/// Sums of histograms, and what is left of a sum without one of them (`sign` −1).
inline void add_to(std::map<Index, Index>& sum, const CountHistogram& part, Index sign = 1) {
  for (std::size_t i = 0; i < part.count.size(); ++i)
    sum[part.count[i]] += sign * part.number[i];
}

[[nodiscard]] inline CountHistogram make_histogram(const std::map<Index, Index>& numbers) {
  CountHistogram out;
  for (const auto& [count, number] : numbers)
    if (number != 0) {
      out.count.push_back(count);
      out.number.push_back(number);
    }
  return out;
}

} // namespace vitrum
