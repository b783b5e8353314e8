#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "fem_text.hpp"
#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/atoms/kinematic.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/atom_file.hpp"

namespace vitrum::app {
namespace {

constexpr double angstrom_per_nm = 10;

atoms::AtomModel read_model(const std::string& path) {
  const auto file = io::read_atom_file(path);
  atoms::AtomModel model;
  model.edge = file.edge_angstrom;
  for (std::size_t i = 0; i < file.position.size(); ++i) {
    // the box repeats itself: the image about the origin, whatever the file's own origin
    auto p = file.position[i];
    for (std::size_t d = 0; d < 3; ++d)
      p[d] -= model.edge[d] * std::round(p[d] / model.edge[d]);
    model.position.push_back(p);
    const int element = atoms::atomic_number(file.symbol[i]);
    if (element == 0)
      throw DataError(
          fmt::format("{}: atom {} is '{}', not an element", path, i + 1, file.symbol[i]));
    model.element.push_back(element);
  }
  try {
    atoms::validate(model);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
  return model;
}

atoms::ProbeOptions
probe_of(const std::string& text, const FemOptions& o, const atoms::AtomModel& model) {
  const double nm = number_of("probe-size", text);
  atoms::ProbeOptions probe;
  const double angstrom = nm * angstrom_per_nm;
  probe.q_inv_angstrom =
      o.probe_width == "rayleigh" ? 0.61 / angstrom : atoms::aperture_of_fwhm(angstrom);
  constexpr double femsim_table_step = 0.005;
  probe.square = o.femsim;
  probe.truncation = o.femsim ? femsim_table_step : 0;
  const double smallest = *std::min_element(model.edge.begin(), model.edge.end());
  const double seen = 0.61 / probe.q_inv_angstrom * (o.femsim ? std::sqrt(2.0) : 2.0);
  constexpr double rounding = 1e-3; // femsim's own example fills its box to the last digit
  if (seen > smallest * (1 + rounding))
    throw DataError(fmt::format("{}: a probe of {} nm sees {:.1f} angstrom, the box has {:.1f}: it "
                                "would see atoms twice",
                                o.model,
                                text,
                                seen,
                                smallest));
  return probe;
}

std::vector<atoms::Rotation> rotations_of(const FemOptions& o) {
  if (o.orientation_grid.empty())
    return atoms::random_rotations(o.orientations, static_cast<std::uint64_t>(o.seed));
  const auto [psi, theta] = shape_of("orientation-grid", o.orientation_grid);
  return atoms::grid_rotations(psi, theta);
}

} // namespace

void validate_model(const FemOptions& o, bool patterns) {
  if (patterns)
    throw OptionError("--model and PATTERNS: expected one of them; set the results against each "
                      "other with --compare");
  if (o.probe_size_nm.empty())
    throw OptionError("--model: expected the size of the probe, --probe-size NM");
  if (o.probe_width != "rayleigh" && o.probe_width != "fwhm")
    throw OptionError(fmt::format("--probe-width {}: expected rayleigh or fwhm", o.probe_width));
  if (o.orientations < 2)
    throw OptionError(fmt::format("--orientations {}: need at least 2", o.orientations));
  if (!std::isnan(o.k_step) && !std::isnan(o.k_max) && (o.k_max - o.k_min) / o.k_step > 1e4)
    throw OptionError(fmt::format("--k-step {}: more than 10,000 steps", o.k_step));
}

std::vector<FemSeries> model_series(const FemOptions& o, const Monitor& monitor) {
  const auto model = read_model(o.model);
  const auto rotations = rotations_of(o);
  const double low = o.k_min > 0 ? o.k_min : 2, high = std::isnan(o.k_max) ? 10 : o.k_max,
               step = std::isnan(o.k_step) ? 0.05 : o.k_step;
  std::vector<double> k, k_angstrom;
  for (Index i = 0; low + static_cast<double>(i) * step <= high * (1 + 1e-9); ++i) {
    k.push_back(low + static_cast<double>(i) * step);
    k_angstrom.push_back(k.back() / angstrom_per_nm);
  }
  std::vector<FemSeries> out;
  for (const auto& text : o.probe_size_nm) {
    FemSeries s;
    s.probe_size_nm = number_of("probe-size", text);
    const auto probe = probe_of(text, o, model);
    const auto v = atoms::model_variance(model, rotations, probe, k_angstrom, monitor);
    s.path = fmt::format("{} seen by {} nm", o.model, text);
    s.table = s.calibrated = true;
    s.calibration = "of the model";
    s.profile = {k, v.variance, v.error, v.replicate};
    s.map.k = k;
    s.notes.push_back(fmt::format(
        "kinematic diffraction of {} atoms: {} patterns in {} orientations, variance of annular "
        "means{}",
        model.position.size(),
        v.patterns,
        rotations.size(),
        o.femsim ? ", places and tables as in femsim" : ""));
    out.push_back(std::move(s));
  }
  return out;
}

} // namespace vitrum::app
