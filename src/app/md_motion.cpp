// Motion of atoms, what moves together, and whether order slows it down, as parts of a result.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/md/rearrangements.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void add_curve(Tree& group,
               const std::string& name,
               const md::LagCurve& curve,
               const std::string& unit) {
  group.set(name, make_array(curve.value, unit));
  group.set(name + "_errors", make_array(curve.error, unit));
}

/// The lag at which the non-Gaussian parameter is largest, among those with enough origins.
std::size_t most_heterogeneous(const md::MotionResult& motion) {
  std::size_t best = 0;
  constexpr Index least_origins = 4;
  for (std::size_t l = 0; l < motion.lags.size(); ++l)
    if (motion.origins[l] >= least_origins &&
        motion.sets[0].alpha2.value[l] > motion.sets[0].alpha2.value[best])
      best = l;
  return best;
}

/// entry/mobility: of the last origin.
void add_mobility(Tree& tree, const MdRun& run) {
  const auto& r = *run.rearrangements;
  if (!r.mobility)
    return;
  const auto& m = *r.mobility;
  auto& group = tree.group("entry/mobility");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("displacement");
  const std::vector<Index> shape{m.rows, m.columns};
  group.set("displacement", make_array(shape, m.mean, run.length_unit()));
  if (r.order)
    group.set("ifk_share", make_array(shape, r.order->mean, ""));
  group.set("height", make_scalar(m.height, run.length_unit()));
  group.set("width", make_scalar(m.width, run.length_unit()));
  group.set("cosine", make_scalar(m.cosine));
  group.set("thickness", make_scalar(r.slab_thickness, run.length_unit()));
  group.set("smoothing", make_scalar(r.smoothing, run.length_unit()));
  group.set("lag", make_scalar(static_cast<double>(r.lag) * run.step_time, run.time_unit()));
  std::vector<double> x, y;
  for (std::size_t i = 0; i < m.atoms.size(); ++i)
    if (r.mobile[static_cast<std::size_t>(m.atoms[i])] != 0) {
      x.push_back(m.x[i]);
      y.push_back(m.y[i]);
    }
  group.set("mobile_x", make_array(std::move(x), run.length_unit()));
  group.set("mobile_y", make_array(std::move(y), run.length_unit()));
}

} // namespace

void analyse_rearrangements(MdRun& run, const MdAnalyzeOptions& o, const Monitor& monitor) {
  const auto& motion = *run.motion;
  const auto& info = run.info();
  auto& out = run.rearrangements.emplace();
  out.lag = motion.lags[most_heterogeneous(motion)];
  const auto kinds = static_cast<Index>(info.species.size());
  // bonds end where g(r) has its first minimum, and are broken a quarter beyond it
  std::vector<double> inner(static_cast<std::size_t>(kinds * kinds), 0), outer;
  for (std::size_t p = 0; p < inner.size(); ++p)
    if (!run.g.pair[p].empty()) {
      const auto shell = md::first_shell(run.g.r, run.g.pair[p]);
      inner[p] = std::isnan(shell.minimum) ? run.first_shell.minimum : shell.minimum;
      if (std::isnan(inner[p])) // no shell to speak of
        inner[p] = 1.35 * run.first_shell.peak;
    }
  constexpr double beyond = 1.25;
  for (const double r : inner)
    outer.push_back(beyond * r);
  constexpr Index origins = 10;
  const Index last = info.frames - 1 - out.lag;
  Moments length, longest, broken, ratio;
  std::vector<md::SlabMap> mobility, order;
  bool told = false;
  const auto map_of = [&](const atoms::Configuration& c, std::span<const double> value) {
    try {
      return std::optional(md::slab_map(c, value, out.slab_thickness, out.smoothing));
    } catch (const DataError& empty) {
      if (!std::exchange(told, true))
        run.warnings.push_back(fmt::format("no map of mobility: {}", empty.what()));
      return std::optional<md::SlabMap>();
    }
  };
  // in mean spacings, close to the first distance of a dense liquid
  const double spacing = std::cbrt(run.last.box.volume() / static_cast<double>(run.last.atoms()));
  out.slab_thickness = 2 * spacing;
  out.smoothing = 0.75 * spacing;
  Progress progress(monitor, "rearrangements", "origins", std::min(origins, last + 1));
  for (Index k = 0; k < std::min(origins, last + 1); ++k) {
    const Index start =
        last == 0 ? 0 : k * last / std::max<Index>(1, std::min(origins, last + 1) - 1);
    atoms::Configuration before, after;
    run.trajectory->read(start, before);
    // paths between the two frames are needed only where the file folds them into the box
    if (before.unwrapped) {
      run.trajectory->read(start + out.lag, after);
    } else {
      atoms::Unwrapper unwrapper;
      unwrapper.apply(before);
      for (Index f = start + 1; f <= start + out.lag; ++f) {
        run.trajectory->read(f, after);
        unwrapper.apply(after);
      }
    }
    const auto moved = md::displacements(before, after);
    const auto mobile = md::most_mobile(moved, o.mobile_fraction);
    const auto strings = md::find_strings(before, after, mobile, 0.6 * run.first_shell.peak);
    length.add(strings.mean_length);
    longest.add(static_cast<double>(strings.length.empty() ? 0 : strings.length.front()));
    for (const Index n : strings.length) {
      if (static_cast<Index>(out.string_lengths.size()) <= n)
        out.string_lengths.resize(static_cast<std::size_t>(n) + 1, 0);
      ++out.string_lengths[static_cast<std::size_t>(n)];
    }
    const auto bonds = md::broken_bonds(before, after, kinds, inner, outer);
    broken.add(static_cast<double>(bonds.broken) /
               static_cast<double>(std::max<Index>(1, bonds.bonds)));
    const bool kept = k + 1 == std::min(origins, last + 1);
    if (kept || run.voronoi) // with its cells all are compared
      out.mobility = map_of(before, moved);
    if (run.voronoi) {
      std::vector<double> radius;
      for (const auto s : before.species)
        radius.push_back(run.radii[static_cast<std::size_t>(s)]);
      const auto cells = md::make_voronoi(before.box, before.positions, radius, o.smallest_face);
      std::vector<std::uint8_t> members;
      Index count = 0;
      for (const auto one : cells.classes()) {
        members.push_back(one == md::FrankKasper::none ? 0 : 1);
        count += members.back();
      }
      out.ifk_fraction.push_back(static_cast<double>(count) / static_cast<double>(members.size()));
      out.ifk_time.push_back(static_cast<double>(start) * run.step_time);
      const auto p = md::propensity(moved, before.species, kinds, members);
      if (!std::isnan(p.ratio))
        ratio.add(p.ratio);
      const std::vector<double> share(members.begin(), members.end());
      out.order = map_of(before, share);
      if (out.mobility && out.order) {
        mobility.push_back(*out.mobility);
        order.push_back(*out.order);
      }
    }
    out.mobile = mobile;
    out.moved = moved;
    out.string = strings.label;
    out.broken = bonds.of_atom;
    out.before = std::move(before);
    progress.advance();
  }
  out.mean_length = {length.mean, length.error()};
  out.longest = {longest.mean, longest.error()};
  out.broken_fraction = {broken.mean, broken.error()};
  constexpr double apart = 4; // smoothing lengths
  if (!mobility.empty())
    out.map_correlation = md::map_correlation(mobility, order, apart * out.smoothing);
  out.ratio = {ratio.count > 0 ? ratio.mean : nan, ratio.count > 1 ? ratio.error() : nan};
}

void add_motion(Tree& tree, const MdRun& run) {
  const auto& m = *run.motion;
  auto& group = tree.group("entry/motion");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("msd_all");
  group.attributes["axes"] = std::vector<std::string>{"lag"};
  const auto area = run.length_unit() + "^2";
  group.set("lag", make_array(m.times, run.time_unit()));
  group.set("origins", make_array(m.origins));
  group.set("q", make_scalar(run.peak.q, run.inverse_length()));
  for (const auto& set : m.sets) {
    add_curve(group, "msd_" + set.name, set.msd, area);
    add_curve(group, "alpha2_" + set.name, set.alpha2, "");
    add_curve(group, "self_" + set.name, set.self, "");
    add_curve(group, "overlap_" + set.name, set.overlap, "");
    add_curve(group, "chi4_" + set.name, set.chi4, "");
  }
  if (run.coherent) { // on the same lags
    add_curve(group, "coherent", run.coherent->field, "");
    add_curve(group, "intensity", run.coherent->intensity, "");
  }
  // the last decade of lags that three origins reach
  const double longest = m.times.back() / 3;
  const auto slope = md::fit_slope(m.times, m.sets[0].msd, longest / 10, longest);
  group.set("msd_exponent", make_scalar(slope.exponent));
  group.set("msd_exponent_errors", make_scalar(slope.error));
  group.set("msd_exponent_from", make_scalar(longest / 10, run.time_unit()));
  group.set("msd_exponent_to", make_scalar(longest, run.time_unit()));
  const auto top = most_heterogeneous(m);
  group.set("alpha2_peak", make_scalar(m.sets[0].alpha2.value[top]));
  group.set("alpha2_peak_errors", make_scalar(m.sets[0].alpha2.error[top]));
  group.set("alpha2_peak_lag", make_scalar(m.times[top], run.time_unit()));

  auto& hove = tree.group("entry/van_hove");
  hove.set("r", make_array(m.van_hove.r, run.length_unit()));
  std::vector<double> lags, density;
  for (std::size_t k = 0; k < m.van_hove.lags.size(); ++k) {
    lags.push_back(static_cast<double>(m.van_hove.lags[k]) * run.step_time);
    density.insert(density.end(), m.van_hove.density[k].begin(), m.van_hove.density[k].end());
  }
  const auto rows = static_cast<Index>(lags.size());
  hove.set("lag", make_array(std::move(lags), run.time_unit()));
  hove.set("density",
           make_array({rows, static_cast<Index>(m.van_hove.r.size())},
                      std::move(density),
                      "1/" + run.length_unit()));

  if (!run.rearrangements)
    return;
  const auto& r = *run.rearrangements;
  auto& order = tree.group("entry/order");
  const auto set = [&](const std::string& name, const ValueError& value) {
    order.set(name, make_scalar(value.value));
    order.set(name + "_errors", make_scalar(value.error));
  };
  order.set("lag", make_scalar(static_cast<double>(r.lag) * run.step_time, run.time_unit()));
  set("string_mean_length", r.mean_length);
  set("string_longest", r.longest);
  set("broken_bond_fraction", r.broken_fraction);
  set("ifk_msd_ratio", r.ratio);
  if (r.map_correlation) {
    set("mobility_order_correlation", {r.map_correlation->value, r.map_correlation->error});
  }
  std::vector<double> length, number;
  for (std::size_t n = 1; n < r.string_lengths.size(); ++n) {
    length.push_back(static_cast<double>(n));
    number.push_back(static_cast<double>(r.string_lengths[n]));
  }
  order.set("string_length", make_array(std::move(length)));
  order.set("string_number", make_array(std::move(number)));
  order.set("ifk_time", make_array(r.ifk_time, run.time_unit()));
  order.set("ifk_fraction", make_array(r.ifk_fraction));
  add_mobility(tree, run);
}

} // namespace vitrum::app
