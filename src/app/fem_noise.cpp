#include <fmt/format.h>

#include "fem_run.hpp"
#include "fem_text.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fem/mtf.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::app {
namespace {

fem::NoiseCorrelation correlation_of_table(const std::string& path) {
  const auto table = io::read_csv(path);
  if (table.columns.size() != 2)
    throw FormatError(
        path, "", fmt::format("{} columns", table.columns.size()), "cycles per pixel and MTF");
  try {
    return fem::noise_correlation_of_mtf(table.columns[0], table.columns[1]);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
}

} // namespace

fem::NoiseCorrelation noise_correlation_of(const FemOptions& o) {
  return o.mtf.empty() ? fem::noise_correlation_of_spread(o.point_spread)
                       : correlation_of_table(o.mtf);
}

fem::DetectorNoise noise_of(const FemOptions& o) {
  fem::DetectorNoise noise;
  const bool spreads = !o.mtf.empty() || o.point_spread != 0;
  if (!o.mtf.empty() && o.point_spread != 0)
    throw OptionError("--mtf and --point-spread: expected one of them");
  if (o.gain == "measure" && spreads)
    throw OptionError(
        "--gain measure: takes counting noise of neighbouring pixels for independent, "
        "expected a number beside --mtf or --point-spread");
  if (!o.gain.empty() && o.gain != "measure") {
    noise.gain = number_of("gain", o.gain);
    if (!(noise.gain > 0))
      throw OptionError(fmt::format("--gain {}: must be positive", noise.gain));
  }
  noise.read_noise = o.read_noise;
  noise.noise_share = noise_correlation_of(o).at(0, 0);
  fem::validate(noise);
  return noise;
}

fem::CellOptions cell_options(const FemOptions& o) {
  fem::CellOptions cells;
  if (o.cells.size() != 2)
    throw OptionError(
        fmt::format("--cells: {} numbers, expected a width in px and an angle in degrees, 2,5",
                    o.cells.size()));
  cells.width_px = number_of("cells", o.cells[0]);
  cells.angle_deg = number_of("cells", o.cells[1]);
  cells.replicates = o.replicates;
  cells.seed = static_cast<std::uint64_t>(o.seed);
  fem::validate(cells);
  return cells;
}

} // namespace vitrum::app
