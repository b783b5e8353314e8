// A virtual experiment knows its truth: each fitted number of the true model against what was put
// in.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::report {

struct TruthRow {
  Index bin = 1; // from 1
  std::string model, parameter, unit;
  double truth = 0; // as put in; NaN when unknown
  double ideal = 0; // what a fit of the exact g2 of the bin gives; NaN when unknown
  double measured = 0;
  double error = 0;
  double pull = 0; // (measured − ideal, else truth) / error; NaN without an error
};

/// True when the result carries the truth of an experiment without aging and events, whose g2 is
/// one curve per bin.
[[nodiscard]] bool truth_is_stationary(const Tree& result);

/// Rows of every bin, from entry/fit and entry/truth; none when there is no truth, or one that ages
/// or has events: that is a function of two times. The true baseline is 1. A bin of finite
/// width mixes relaxation times, so a perfect measurement gives `ideal`, and pulls are taken
/// against that where it is known.
[[nodiscard]] std::vector<TruthRow> compare_with_truth(const Tree& result);

/// The rows as a table for the terminal, with how many lie within one and two errors.
[[nodiscard]] std::string truth_text(const std::vector<TruthRow>& rows);

} // namespace vitrum::report
