// A heat-flow curve of differential scanning calorimetry, made of the columns of an instrument's
// table: which column is what, units, direction of exotherms, one heating of a programme.
#pragma once
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::companion {

/// One heating. The flow is positive where the sample takes heat up, so that it follows its heat
/// capacity, whatever the file draws.
struct HeatFlow {
  std::vector<double> temperature_c; // ascending
  std::vector<double> flow;
  std::string unit;                                                 // "W/g", "mW", "" unknown
  double rate_k_per_min = std::numeric_limits<double>::quiet_NaN(); // NaN: unknown
  double mass_mg = std::numeric_limits<double>::quiet_NaN();        // NaN: unknown
  bool exo_up = true;                                               // in the file
  std::vector<std::string> notes;                                   // how it was understood
};

/// What somebody states about a table; NaN, 0 and "" for what is to be found in it.
struct HeatFlowStatement {
  std::vector<std::string> columns; // "temperature=2", "heat-flow=DSC", "time=1": number or name
  std::string temperature_unit;     // C | K
  std::string flow_unit;            // W/g | mW/g | mW | W | uW
  std::string exo;                  // up | down
  double mass_mg = std::numeric_limits<double>::quiet_NaN();
  double rate_k_per_min = std::numeric_limits<double>::quiet_NaN();
  Index segment = 0; // heating of the programme, from 1; 0: the first, and a note if there are more
};

struct NamedColumns {
  std::span<const std::string> header, names, units;
  std::span<const std::vector<double>> columns;
};

/// Finds columns by name and unit, the mass and the rate in the header where they are not stated,
/// and takes one heating out. Throws OptionError for a wrong statement, DataError for a table that
/// needs one (which, in words) or holds no heating.
[[nodiscard]] HeatFlow make_heat_flow(const NamedColumns& table, const HeatFlowStatement& stated);

/// Parts of a programme in which the temperature rises by 10 K or more without falling back by 2 K:
/// [first, last) rows.
[[nodiscard]] std::vector<std::pair<Index, Index>>
find_heatings(std::span<const double> temperature);

} // namespace vitrum::companion
