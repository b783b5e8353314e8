// What the figures of fluctuation electron microscopy need from the Tree of a result.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/colour.hpp"

namespace vitrum::report {

/// One series of patterns.
struct FemPart {
  const Tree* group = nullptr;
  std::vector<double> k, variance, errors;
  std::string unit; // of k, as shown
  std::string label;
  double probe_nm = 0, temperature_c = 0; // NaN: not known
};

/// All series of a result; none when it is of another kind.
[[nodiscard]] std::vector<FemPart> fem_parts(const Tree& root);

[[nodiscard]] plot::Colour fem_colour(Index i, Index count);

/// First and last k whose rings hold more than a tenth of the pixels of the largest.
[[nodiscard]] std::pair<double, double> clear_range(const FemPart& part);

} // namespace vitrum::report
