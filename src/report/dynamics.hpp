// What the report knows of dynamics over time: tables of the result whose rows belong to bins.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "result.hpp"

namespace vitrum::report {

/// One row of entry/<group>, whose column `bin` says where it belongs.
struct DynamicsRow {
  Index bin = 1;
  std::vector<std::pair<std::string, Quantity>> numbers; // one value each, errors beside it
  std::vector<std::pair<std::string, std::string>> texts;

  [[nodiscard]] double number(std::string_view name) const; // NaN when absent
  [[nodiscard]] double error(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const; // "" when absent
};
/// Of one bin, in the order of the file; none when the group is absent.
[[nodiscard]] std::vector<DynamicsRow>
dynamics_rows(const Result& result, const std::string& group, Index bin);

/// What was found, in sentences (plain text), most important first.
[[nodiscard]] std::vector<std::string> findings(const Result& result, Index bin);

/// Table of the stretches, as HTML; "" without any.
[[nodiscard]] std::string segment_table(const Result& result);

} // namespace vitrum::report
