// Motion of atoms, what moves together, and whether order slows it down, as parts of a result.
#include <utility>

#include "md_run.hpp"

namespace vitrum::app {
namespace {

void add_curve(Tree& group,
               const std::string& name,
               const md::LagCurve& curve,
               const std::string& unit) {
  group.set(name, make_array(curve.value, unit));
  group.set(name + "_errors", make_array(curve.error, unit));
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

std::size_t most_heterogeneous(const md::MotionResult& motion) {
  std::size_t best = 0;
  constexpr Index least_origins = 4;
  for (std::size_t l = 0; l < motion.lags.size(); ++l)
    if (motion.origins[l] >= least_origins &&
        motion.sets[0].alpha2.value[l] > motion.sets[0].alpha2.value[best])
      best = l;
  return best;
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
