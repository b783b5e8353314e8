// What is done to every pattern before anything is made of it.
#pragma once
#include <cstddef>

#include "vitrum/fem/pattern_sums.hpp"

namespace vitrum::fem {

/// (raw − dark) · factor · scale of the pattern with this number in the series, [pixel].
template <class T, class V>
void correct_pattern(const T* raw, const SumOptions& o, Index number, Index pixels, V* out) {
  const double scale = o.scale.empty() ? 1 : o.scale[static_cast<std::size_t>(number)];
  for (Index p = 0; p < pixels; ++p) {
    const auto i = static_cast<std::size_t>(p);
    auto v = static_cast<double>(raw[p]);
    if (!o.dark.empty())
      v -= static_cast<double>(o.dark[i]);
    if (!o.factor.empty())
      v *= static_cast<double>(o.factor[i]);
    out[p] = static_cast<V>(v * scale);
  }
}

} // namespace vitrum::fem
