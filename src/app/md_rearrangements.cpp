// Strings, broken bonds, mobility and order between two instants, averaged over origins that are
// looked at together.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/md/rearrangements.hpp"

namespace vitrum::app {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// How far bonds of each pair of species reach before, and beyond which they are broken after.
struct BondRanges {
  std::vector<double> inner, outer; // [a·species + b]
};

/// Bonds end where g(r) has its first minimum, and are broken a quarter beyond it.
BondRanges bond_ranges(const MdRun& run) {
  BondRanges out;
  out.inner.assign(run.g.pair.size(), 0);
  for (std::size_t p = 0; p < out.inner.size(); ++p)
    if (!run.g.pair[p].empty()) {
      const auto shell = md::first_shell(run.g.r, run.g.pair[p]);
      out.inner[p] = std::isnan(shell.minimum) ? run.first_shell.minimum : shell.minimum;
      if (std::isnan(out.inner[p])) // no shell to speak of
        out.inner[p] = 1.35 * run.first_shell.peak;
    }
  constexpr double beyond = 1.25;
  for (const double r : out.inner)
    out.outer.push_back(beyond * r);
  return out;
}

/// What is seen from one instant to the one a lag later.
struct Origin {
  Index start = 0; // frame
  atoms::Configuration before, after;
  std::vector<double> moved;
  std::vector<std::uint8_t> mobile;
  md::Strings strings;
  md::BrokenBonds bonds;
  std::vector<md::FrankKasper> classes; // with Voronoi cells, as what follows
  double ifk_fraction = nan, ratio = nan;
  std::optional<md::SlabMap> mobility, order;
  std::string no_map; // why there is none
};

/// Reads both frames, with the paths between them where the file folds them into the box.
void read_origin(MdRun& run, Index start, Index lag, Origin& out) {
  out.start = start;
  run.trajectory->read(start, out.before);
  if (out.before.unwrapped) {
    run.trajectory->read(start + lag, out.after);
    return;
  }
  atoms::Unwrapper unwrapper;
  unwrapper.apply(out.before);
  for (Index f = start + 1; f <= start + lag; ++f) {
    run.trajectory->read(f, out.after);
    unwrapper.apply(out.after);
  }
}

void look_at(Origin& o,
             const MdRun& run,
             const MdAnalyzeOptions& options,
             const BondRanges& ranges,
             bool mapped) {
  const auto kinds = static_cast<Index>(run.info().species.size());
  o.moved = md::displacements(o.before, o.after);
  o.mobile = md::most_mobile(o.moved, options.mobile_fraction);
  o.strings = md::find_strings(o.before, o.after, o.mobile, 0.6 * run.first_shell.peak);
  o.bonds = md::broken_bonds(o.before, o.after, kinds, ranges.inner, ranges.outer);
  const auto map_of = [&](std::span<const double> value) -> std::optional<md::SlabMap> {
    try {
      return md::slab_map(
          o.before, value, run.rearrangements->slab_thickness, run.rearrangements->smoothing);
    } catch (const DataError& empty) {
      o.no_map = empty.what();
      return std::nullopt;
    }
  };
  if (mapped)
    o.mobility = map_of(o.moved);
  if (!run.voronoi)
    return;
  o.classes = cells_of(run, o.before, options).classes();
  const auto members = frank_kasper_members(o.classes);
  const std::vector<double> share(members.begin(), members.end());
  o.ifk_fraction = static_cast<double>(std::count(members.begin(), members.end(), 1)) /
                   static_cast<double>(members.size());
  o.ratio = md::propensity(o.moved, o.before.species, kinds, members).ratio;
  o.order = map_of(share);
}

} // namespace

std::vector<std::uint8_t> frank_kasper_members(std::span<const md::FrankKasper> classes) {
  std::vector<std::uint8_t> members;
  for (const auto one : classes)
    members.push_back(one == md::FrankKasper::none ? 0 : 1);
  return members;
}

void analyse_rearrangements(MdRun& run, const MdAnalyzeOptions& o, const Monitor& monitor) {
  auto& out = run.rearrangements.emplace();
  out.lag = run.motion->lags[most_heterogeneous(*run.motion)];
  // in mean spacings, close to the first distance of a dense liquid
  const double spacing = std::cbrt(run.last.box.volume() / static_cast<double>(run.last.atoms()));
  out.slab_thickness = 2 * spacing;
  out.smoothing = 0.75 * spacing;
  const auto ranges = bond_ranges(run);
  const Index last = run.info().frames - 1 - out.lag;
  constexpr Index most_origins = 10;
  const Index origins = std::min(most_origins, last + 1);
  Moments length, longest, broken, ratio;
  std::vector<md::SlabMap> mobility, order;
  std::string no_map;
  Progress progress(monitor, "rearrangements", "origins", origins);
  for (Index first = 0; first < origins;) {
    std::vector<Origin> some(static_cast<std::size_t>(std::min(thread_count(), origins - first)));
    for (auto& one : some) {
      const Index k = first + (&one - some.data());
      read_origin(run, last == 0 ? 0 : k * last / std::max<Index>(1, origins - 1), out.lag, one);
    }
    parallel_for(0, static_cast<Index>(some.size()), 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) // with cells the maps of all are compared
        look_at(some[static_cast<std::size_t>(i)],
                run,
                o,
                ranges,
                run.voronoi || first + i + 1 == origins);
    });
    for (auto& one : some) {
      length.add(one.strings.mean_length);
      longest.add(static_cast<double>(one.strings.length.empty() ? 0 : one.strings.length.front()));
      for (const Index n : one.strings.length) {
        if (static_cast<Index>(out.string_lengths.size()) <= n)
          out.string_lengths.resize(static_cast<std::size_t>(n) + 1, 0);
        ++out.string_lengths[static_cast<std::size_t>(n)];
      }
      broken.add(static_cast<double>(one.bonds.broken) /
                 static_cast<double>(std::max<Index>(1, one.bonds.bonds)));
      if (run.voronoi) {
        out.ifk_fraction.push_back(one.ifk_fraction);
        out.ifk_time.push_back(static_cast<double>(one.start) * run.step_time);
      }
      if (!std::isnan(one.ratio))
        ratio.add(one.ratio);
      if (one.mobility && one.order) {
        mobility.push_back(*one.mobility);
        order.push_back(*one.order);
      }
      if (no_map.empty())
        no_map = one.no_map;
      progress.advance();
    }
    first += static_cast<Index>(some.size());
    if (first < origins)
      continue;
    auto& kept = some.back();
    out.before = std::move(kept.before);
    out.moved = std::move(kept.moved);
    out.mobile = std::move(kept.mobile);
    out.string = std::move(kept.strings.label);
    out.broken = std::move(kept.bonds.of_atom);
    out.classes = std::move(kept.classes);
    out.mobility = std::move(kept.mobility);
    out.order = std::move(kept.order);
  }
  if (!no_map.empty())
    run.warnings.push_back(fmt::format("no map of mobility: {}", no_map));
  out.mean_length = {length.mean, length.error()};
  out.longest = {longest.mean, longest.error()};
  out.broken_fraction = {broken.mean, broken.error()};
  constexpr double apart = 4; // smoothing lengths
  if (!mobility.empty())
    out.map_correlation = md::map_correlation(mobility, order, apart * out.smoothing);
  out.ratio = {ratio.count > 0 ? ratio.mean : nan, ratio.count > 1 ? ratio.error() : nan};
}

} // namespace vitrum::app
