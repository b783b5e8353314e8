#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "fem_run.hpp"
#include "result_input.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {

namespace {

/// Symmetries of the rings about the first peak.
fem::AngularOptions angular_options(const FemSeries& s, const FemOptions& o) {
  fem::AngularOptions options;
  options.seed = static_cast<std::uint64_t>(o.seed);
  options.replicates = o.replicates;
  constexpr double tenth = 0.1;
  const double ring = s.scale.k_inv_nm(s.ring.radius_px);
  const bool peak = !s.peaks.peaks.empty();
  const double center = peak ? s.peaks.peaks[0].center.value : ring;
  const double reach = peak ? s.peaks.peaks[0].width.value : tenth * ring;
  // at least one of the rings of three pixels
  const double least = options.ring_width_px * s.scale.k_per_pixel_inv_nm;
  options.k_low = center - std::max(reach, least);
  options.k_high = center + std::max(reach, least);
  return options;
}

} // namespace

void pass_single_patterns(FemSeries& s,
                          Series& series,
                          const FemOptions& o,
                          const fem::SumOptions& sums,
                          const Monitor& monitor) {
  std::unique_ptr<fem::CellPass> cells;
  std::unique_ptr<fem::AngularPass> angular;
  std::vector<fem::PatternUser*> users;
  if (!o.cells.empty()) {
    auto options = cell_options(o);
    options.noise = s.noise;
    options.spread = noise_correlation_of(o);
    cells = fem::make_cell_pass(s.info, s.ring.shape, s.scale, s.mask, s.mean_image, sums, options);
    users.push_back(cells.get());
  }
  if (o.angular) {
    const auto used = static_cast<Index>(fem::used_patterns(sums.use, s.info.frames).size());
    angular = fem::make_angular_pass(
        s.ring.shape, s.scale, s.mask, s.mean_image, used, angular_options(s, o));
    users.push_back(angular.get());
  }
  if (users.empty())
    return;
  fem::pass_patterns(*series.source, sums, users, monitor);
  if (cells)
    s.cells = cells->finish();
  if (angular)
    s.angular = angular->finish();
}

void correlate_with_tau(FemSeries& s, const FemOptions& o) {
  const auto tree = read_result(o.tau_map, true);
  const Array* tau = tree.find("entry/map/tau_s");
  if (tree.text("entry/kind") != "ecm" || tau == nullptr || tau->shape.size() != 2)
    throw DataError(
        fmt::format("{}: no map of relaxation times, expected a result of vitrum ecm", o.tau_map));
  std::vector<double> local(static_cast<std::size_t>(s.info.frames), not_given);
  for (std::size_t i = 0; i < s.local.size(); ++i)
    local[static_cast<std::size_t>(s.number[i])] = s.local[i];
  auto values = to_numbers(*tau);
  const auto accepted = tree.find("entry/map/accepted") == nullptr
                            ? std::vector<double>(values.size(), 1)
                            : tree.numbers("entry/map/accepted");
  for (std::size_t p = 0; p < values.size(); ++p)
    values[p] = accepted[p] != 0 && values[p] > 0 ? std::log(values[p]) : not_given;
  try {
    const auto shrunk =
        fem::shrink_map(values, tau->shape[0], tau->shape[1], s.scan_rows, s.scan_columns);
    s.tau = fem::correlate_maps(local, shrunk, s.scan_rows, s.scan_columns);
  } catch (const DataError& error) {
    throw DataError(fmt::format("{} and {}: {}", s.path, o.tau_map, error.what()));
  }
  s.tau_map = o.tau_map;
}

void add_symmetries(Tree& group, const FemSeries& s) {
  if (s.angular) {
    const auto& a = *s.angular;
    auto& one = group.group("angular");
    one.set("k", make_array(a.k, s.calibrated ? "1/nm" : "px"));
    one.set("delta_phi_deg", make_array(a.delta_phi_deg, "deg"));
    one.set("correlation", make_array({a.rings, a.angles}, a.correlation, ""));
    one.set("order", make_array(a.order));
    one.set("ring_symmetry",
            make_array({a.rings, static_cast<Index>(a.order.size())}, a.ring_symmetry, ""));
    one.set("symmetry", make_array(a.symmetry));
    one.set("symmetry_errors", make_array(a.symmetry_error));
    one.set("patterns", make_scalar(a.patterns));
  }
  if (s.tau) {
    auto& one = group.group("tau_map");
    one.set("with", make_scalar(s.tau_map));
    one.set("correlation", make_scalar(s.tau->correlation));
    one.set("p", make_scalar(s.tau->p));
    one.set("places", make_scalar(s.tau->places));
    one.set("surrogates", make_scalar(s.tau->surrogates));
    one.set("surrogate_deviation", make_scalar(s.tau->surrogate_deviation));
  }
}

} // namespace vitrum::app
