// Settings of the analysis of trajectories that make no sense whatever the atoms are.
#include <cmath>

#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

void not_negative(const char* flag, double value) {
  if (!(value >= 0) || !std::isfinite(value))
    throw OptionError(fmt::format("--{} {}: must not be negative", flag, value));
}

void positive(const char* flag, double value) {
  if (!(value > 0) || !std::isfinite(value))
    throw OptionError(fmt::format("--{} {}: must be positive", flag, value));
}

void at_least(const char* flag, Index value, Index least) {
  if (value < least)
    throw OptionError(fmt::format("--{} {}: must be at least {}", flag, value, least));
}

/// `to` 0: found later.
void more_than_one_bin(const char* end_flag, double end, const char* width_flag, double width) {
  not_negative(end_flag, end);
  positive(width_flag, width);
  if (end > 0 && end <= width)
    throw OptionError(
        fmt::format("--{} {}: must be more than one --{} of {}", end_flag, end, width_flag, width));
}

} // namespace

void validate(const WindowFlags& o) {
  constexpr double finest = 1e-13, coarsest = 0.1;
  if (!(o.tolerance >= finest && o.tolerance <= coarsest))
    throw OptionError(
        fmt::format("--tolerance {}: must be from {} to {}", o.tolerance, finest, coarsest));
  at_least("exposure", o.exposure, 1);
  at_least("spot", o.spot, 2);
  not_negative("wavelength", o.wavelength);
  not_negative("angstrom", o.angstrom);
}

void validate(const MdAnalyzeOptions& o) {
  validate(o.windows);
  more_than_one_bin("q-max", o.q_max, "q-width", o.q_width);
  more_than_one_bin("r-max", o.r_max, "r-width", o.r_width);
  at_least("structure-frames", o.structure_frames, 1);
  not_negative("smallest-face", o.smallest_face);
  not_negative("bond-length", o.bond_length);
  at_least("average", o.average, 1);
  at_least("origins", o.origins, 1);
  at_least("hop-frames", o.hop_frames, 2);
  not_negative("hop-threshold", o.hop_threshold);
  not_negative("t-min", o.t_min);
  at_least("replicates", o.replicates, 0);
  if (!(o.mobile_fraction > 0 && o.mobile_fraction <= 1))
    throw OptionError(fmt::format("--mobile {}: must be above 0 and up to 1", o.mobile_fraction));
}

void require_memory(const MdRun& run,
                    const md::ReciprocalGrid& grid,
                    double tolerance,
                    const RunFlags& flags,
                    const std::string& advice) {
  const auto kinds = static_cast<double>(run.info().species.size());
  constexpr double of_vector = 12; // shell and sum
  const double need = md::DensityTransform::bytes_of(grid, tolerance) +
                      static_cast<double>(grid.size()) * (of_vector + kinds * sizeof(md::Complex));
  if (const auto room = parse_bytes("memory", flags.memory); need > static_cast<double>(room))
    throw DataError(fmt::format("{}: {} x {} x {} reciprocal vectors take {:.3g} GB, more than "
                                "--memory {}: {}",
                                run.info().path,
                                2 * grid.half[0] + 1,
                                2 * grid.half[1] + 1,
                                grid.half[2] + 1,
                                need / 1e9,
                                flags.memory,
                                advice));
}

} // namespace vitrum::app
