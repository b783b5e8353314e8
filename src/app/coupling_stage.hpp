// How the short-time plateau goes with the long-time dynamics, over the ages of each bin.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "table.hpp"
#include "vitrum/aging/segments.hpp"
#include "vitrum/app/options.hpp"

namespace vitrum::app {

/// Ages in seconds, "first:last" of a flag. Throws OptionError that names it.
struct AgeRange {
  double first_s, last_s;
};
[[nodiscard]] AgeRange parse_age_range(const char* flag, const std::string& text);

/// Gathers entry/coupling, coupled_range and coupling_test bin by bin; reads entry/window.
class CouplingStage {
public:
  CouplingStage(Tree& tree, const DynamicsFlags& flags) : tree_(tree), flags_(flags) {}
  void run(std::size_t bin, const aging::AgeSeries& series);
  void write();

private:
  void run_in(std::size_t bin,
              const std::vector<double>& age_s,
              const std::vector<double>& plateau,
              const std::vector<double>& time,
              const AgeRange& range);
  void warn(std::size_t bin, const std::string& what, const std::string& reason);

  Tree& tree_;
  const DynamicsFlags& flags_;
  Table ranges_, tests_;
  std::vector<Index> bins_;
  std::map<std::string, std::vector<double>> curves_, scalars_; // [bin, age], [bin]
};

} // namespace vitrum::app
