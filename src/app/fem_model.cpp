#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fem_model.hpp"
#include "fem_run.hpp"
#include "fem_text.hpp"
#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/atom_file.hpp"

namespace vitrum::app {
namespace {

constexpr double angstrom_per_nm = 10;

atoms::AtomModel read_model(const std::string& path) {
  const auto file = io::read_atom_file(path);
  std::vector<int> elements;
  for (std::size_t i = 0; i < file.symbol.size(); ++i) {
    elements.push_back(atoms::atomic_number(file.symbol[i]));
    if (elements.back() == 0)
      throw DataError(
          fmt::format("{}: atom {} is '{}', not an element", path, i + 1, file.symbol[i]));
  }
  try {
    return atoms::make_model(file.box, file.position, std::move(elements));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
}

atoms::ProbeOptions probe_of(double size_nm, const ModelProbes& probes) {
  const double angstrom = size_nm * angstrom_per_nm;
  atoms::ProbeOptions probe;
  probe.q_inv_angstrom =
      probes.width == "rayleigh" ? 0.61 / angstrom : atoms::aperture_of_fwhm(angstrom);
  constexpr double femsim_table_step = 0.005;
  probe.square = probes.femsim;
  probe.truncation = probes.femsim ? femsim_table_step : 0;
  return probe;
}

std::vector<atoms::Rotation> rotations_of(const FemOptions& o) {
  if (o.orientation_grid.empty())
    return atoms::random_rotations(o.orientations, static_cast<std::uint64_t>(o.seed));
  const auto [psi, theta] = shape_of("orientation-grid", o.orientation_grid);
  return atoms::grid_rotations(psi, theta);
}

} // namespace

void validate(const ModelProbes& probes, Index orientations) {
  if (probes.width != "rayleigh" && probes.width != "fwhm")
    throw OptionError(fmt::format("--probe-width {}: expected rayleigh or fwhm", probes.width));
  if (orientations < 2)
    throw OptionError(fmt::format("--orientations {}: need at least 2", orientations));
}

std::vector<double> k_grid(double low, double high, double step) {
  std::vector<double> k;
  for (Index i = 0; low + static_cast<double>(i) * step <= high * (1 + 1e-9); ++i)
    k.push_back(low + static_cast<double>(i) * step);
  return k;
}

std::vector<ProbeVariance> probe_variances(const atoms::AtomModel& model,
                                           const std::string& path,
                                           const ModelProbes& probes,
                                           std::span<const atoms::Rotation> rotations,
                                           std::span<const double> k_inv_nm,
                                           const Monitor& monitor) {
  std::vector<double> k_inv_angstrom;
  for (const double k : k_inv_nm)
    k_inv_angstrom.push_back(k / angstrom_per_nm);
  const double smallest = *std::min_element(model.edge.begin(), model.edge.end());
  std::vector<std::pair<double, atoms::ProbeOptions>> list;
  for (const auto& text : probes.size_nm) {
    const double nm = number_of("probe-size", text);
    if (!(nm > 0))
      throw OptionError(fmt::format("--probe-size {}: must be positive", text));
    list.emplace_back(nm, probe_of(nm, probes));
    const double seen = atoms::probe_span(list.back().second);
    constexpr double rounding = 1e-3; // femsim's own example fills its box to the last digit
    if (seen > smallest * (1 + rounding))
      throw DataError(
          fmt::format("{}: a probe of {} nm lights {:.1f} angstrom, the box has {:.1f}: "
                      "expected a smaller probe or a larger box",
                      path,
                      text,
                      seen,
                      smallest));
  }
  std::vector<ProbeVariance> out;
  for (const auto& [nm, probe] : list)
    out.push_back({nm, atoms::model_variance(model, rotations, probe, k_inv_angstrom, monitor)});
  return out;
}

void validate_model(const FemOptions& o, bool patterns) {
  if (patterns)
    throw OptionError("--model and PATTERNS: expected one of them; set the results against each "
                      "other with --compare");
  if (o.probe_size_nm.empty())
    throw OptionError("--model: expected the size of the probe, --probe-size NM");
  validate({o.probe_size_nm, o.probe_width, o.femsim}, o.orientations);
  if (!std::isnan(o.k_step) && !std::isnan(o.k_max) && (o.k_max - o.k_min) / o.k_step > 1e4)
    throw OptionError(fmt::format("--k-step {}: more than 10,000 steps", o.k_step));
}

std::vector<FemSeries> model_series(const FemOptions& o, const Monitor& monitor) {
  const auto model = read_model(o.model);
  const auto rotations = rotations_of(o);
  const double low = o.k_min > 0 ? o.k_min : 2, high = std::isnan(o.k_max) ? 10 : o.k_max,
               step = std::isnan(o.k_step) ? 0.05 : o.k_step;
  const auto k = k_grid(low, high, step);
  std::vector<FemSeries> out;
  for (const auto& [size_nm, v] : probe_variances(
           model, o.model, {o.probe_size_nm, o.probe_width, o.femsim}, rotations, k, monitor)) {
    FemSeries s;
    s.probe_size_nm = size_nm;
    s.path = fmt::format("{} seen by {} nm", o.model, size_nm);
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
