// What fluctuation electron microscopy would see of a simulated glass.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "fem_model.hpp"
#include "md_run.hpp"
#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

constexpr double angstrom_per_nm = 10;
constexpr std::uint64_t orientation_seed = 1;

/// The last frame.
atoms::AtomModel model_of(const MdRun& run, const Elements& elements) {
  const auto& c = run.last;
  std::vector<int> number;
  for (const auto& symbol : elements.symbol) {
    number.push_back(atoms::atomic_number(symbol));
    if (number.back() == 0)
      throw OptionError(
          fmt::format("'{}' is no element: name one for each species with --elements", symbol));
  }
  std::vector<int> element;
  for (const auto species : c.species)
    element.push_back(number[static_cast<std::size_t>(species)]);
  try {
    return atoms::make_model(c.box, c.positions, std::move(element), elements.angstrom);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: --probe-size: {}", run.info().path, error.what()));
  }
}

} // namespace

void analyse_fem(MdRun& run, const MdAnalyzeOptions& o, const Monitor& monitor) {
  if (o.probe_size_nm.empty())
    return;
  const ModelProbes probes{o.probe_size_nm, o.probe_width};
  validate(probes, o.orientations);
  const auto elements = choose_elements(run, o.windows, "a probe of so many nm needs");
  const auto model = model_of(run, elements);
  auto& out = run.fem.emplace();
  out.k_inv_nm = k_grid(2, 10, 0.1); // k = 1/d
  out.structure_k_inv_nm =
      run.peak.q * angstrom_per_nm / (2 * std::numbers::pi * elements.angstrom);
  out.probe_width = o.probe_width;
  const auto rotations = atoms::random_rotations(o.orientations, orientation_seed);
  for (const auto& [size_nm, v] :
       probe_variances(model, run.info().path, probes, rotations, out.k_inv_nm, monitor)) {
    out.probe_size_nm.push_back(size_nm);
    out.variance.insert(out.variance.end(), v.variance.begin(), v.variance.end());
    out.error.insert(out.error.end(), v.error.begin(), v.error.end());
    out.patterns.push_back(v.patterns);
  }
  run.notes.push_back(fmt::format(
      "normalised variance: kinematic diffraction of the last frame by electrons in {} "
      "orientations, variance of annular means, probe sizes as {}",
      o.orientations,
      o.probe_width == "rayleigh" ? "Rayleigh's resolution" : "full widths at half maximum"));
}

void add_fem(Tree& tree, const MdRun& run) {
  if (!run.fem)
    return;
  const auto& f = *run.fem;
  auto& group = tree.group("entry/fem_model");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("variance");
  group.attributes["axes"] = std::vector<std::string>{"probe_size_nm", "k_inv_nm"};
  const auto probes = static_cast<Index>(f.probe_size_nm.size());
  const auto ks = static_cast<Index>(f.k_inv_nm.size());
  group.set("k_inv_nm", make_array(f.k_inv_nm, "1/nm"));
  group.set("probe_size_nm", make_array(f.probe_size_nm, "nm"));
  group.set("probe_width", make_scalar(f.probe_width));
  group.set("variance", make_array({probes, ks}, f.variance, ""));
  group.set("variance_errors", make_array({probes, ks}, f.error, ""));
  group.set("patterns", make_array(f.patterns));
  for (Index p = 0; p < probes; ++p) {
    const auto row = f.variance.begin() + p * ks;
    // about the first peak of S(q): below it V(k) rises for want of intensity
    Index top = -1;
    constexpr double about = 0.2;
    for (Index i = 0; i < ks; ++i)
      if (std::abs(f.k_inv_nm[static_cast<std::size_t>(i)] / f.structure_k_inv_nm - 1) < about &&
          (top < 0 || row[i] > row[top]))
        top = i;
    if (top < 0)
      continue;
    const auto name = [&](const char* what) { return fmt::format("probe_{}_{}", p + 1, what); };
    group.set(name("size_nm"), make_scalar(f.probe_size_nm[static_cast<std::size_t>(p)], "nm"));
    group.set(name("peak_k_inv_nm"),
              make_scalar(f.k_inv_nm[static_cast<std::size_t>(top)], "1/nm"));
    group.set(name("peak_variance"), make_scalar(row[top]));
    group.set(name("peak_variance_errors"),
              make_scalar(f.error[static_cast<std::size_t>(p * ks + top)]));
  }
}

} // namespace vitrum::app
