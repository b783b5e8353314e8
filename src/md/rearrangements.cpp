#include "vitrum/md/rearrangements.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/md/pairs.hpp"

namespace vitrum::md {
namespace {

atoms::Vector minus(const atoms::Vector& a, const atoms::Vector& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

void require_same(const atoms::Configuration& before, const atoms::Configuration& after) {
  if (before.atoms() != after.atoms())
    throw DataError(fmt::format("{} atoms before, {} after", before.atoms(), after.atoms()));
}

} // namespace

std::vector<double> displacements(const atoms::Configuration& before,
                                  const atoms::Configuration& after) {
  require_same(before, after);
  if (!before.unwrapped || !after.unwrapped)
    throw DataError("displacements need unwrapped positions");
  std::vector<double> out;
  for (std::size_t i = 0; i < before.positions.size(); ++i)
    out.push_back(atoms::norm(minus(after.positions[i], before.positions[i])));
  return out;
}

std::vector<std::uint8_t> most_mobile(std::span<const double> displacement, double fraction) {
  if (!(fraction > 0 && fraction <= 1))
    throw OptionError(fmt::format("mobile fraction {}: must be above 0 and up to 1", fraction));
  const auto count =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(displacement.size())));
  std::vector<std::size_t> order(displacement.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    return displacement[a] > displacement[b];
  });
  std::vector<std::uint8_t> out(displacement.size(), 0);
  for (std::size_t k = 0; k < count; ++k)
    out[order[k]] = 1;
  return out;
}

Strings find_strings(const atoms::Configuration& before,
                     const atoms::Configuration& after,
                     std::span<const std::uint8_t> mobile,
                     double distance) {
  require_same(before, after);
  // places before and places after of the mobile atoms in one list: neighbours by cells
  std::vector<Index> atom;
  for (std::size_t i = 0; i < mobile.size(); ++i)
    if (mobile[i] != 0)
      atom.push_back(static_cast<Index>(i));
  const auto n = static_cast<Index>(atom.size());
  std::vector<atoms::Vector> places;
  for (const Index i : atom)
    places.push_back(before.positions[static_cast<std::size_t>(i)]);
  for (const Index i : atom)
    places.push_back(after.positions[static_cast<std::size_t>(i)]);
  const CellList cells(before.box, places, distance);
  std::vector<Link> links;
  for (Index i = n; i < 2 * n; ++i)
    cells.for_neighbours(i, [&](Index j, const atoms::Vector& step, double) {
      if (j < n && j != i - n) // the new place of one, the old place of another
        links.push_back(
            {atom[static_cast<std::size_t>(i - n)], atom[static_cast<std::size_t>(j)], step});
    });
  const auto clusters = find_clusters(before.box, before.positions, mobile, links);
  Strings out{clusters.label, clusters.sizes, 0};
  if (!out.length.empty())
    out.mean_length = static_cast<double>(n) / static_cast<double>(out.length.size());
  return out;
}

BrokenBonds broken_bonds(const atoms::Configuration& before,
                         const atoms::Configuration& after,
                         Index species,
                         std::span<const double> inner,
                         std::span<const double> outer) {
  require_same(before, after);
  const double reach = *std::max_element(inner.begin(), inner.end());
  const CellList cells(before.box, before.positions, reach);
  BrokenBonds out;
  out.of_atom.assign(before.positions.size(), 0);
  for (Index i = 0; i < before.atoms(); ++i)
    cells.for_neighbours(i, [&](Index j, const atoms::Vector&, double square) {
      if (j < i)
        return;
      const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
      const auto [low, high] = std::minmax(before.species[a], before.species[b]);
      const auto pair = static_cast<std::size_t>(low * species + high);
      if (square >= inner[pair] * inner[pair])
        return;
      ++out.bonds;
      const auto now = after.box.nearest(minus(after.positions[b], after.positions[a]));
      if (atoms::dot(now, now) > outer[pair] * outer[pair]) {
        ++out.broken;
        ++out.of_atom[a];
        ++out.of_atom[b];
      }
    });
  return out;
}

Propensity propensity(std::span<const double> displacement,
                      std::span<const std::int32_t> species,
                      Index species_count,
                      std::span<const std::uint8_t> members) {
  const auto kinds = static_cast<std::size_t>(species_count);
  std::vector<Moments> in(kinds), out(kinds);
  for (std::size_t i = 0; i < displacement.size(); ++i)
    (members[i] != 0 ? in : out)[static_cast<std::size_t>(species[i])].add(displacement[i] *
                                                                           displacement[i]);
  Propensity p;
  double weight = 0, var_in = 0, var_out = 0;
  for (std::size_t a = 0; a < kinds; ++a) {
    if (in[a].count < 2 || out[a].count < 2)
      continue;
    const auto w = static_cast<double>(in[a].count);
    weight += w;
    p.members += w * in[a].mean;
    p.others += w * out[a].mean;
    var_in += std::pow(w * in[a].error(), 2);
    var_out += std::pow(w * out[a].error(), 2);
  }
  if (!(weight > 0) || !(p.others > 0)) {
    p.members = p.others = p.ratio = p.ratio_error = std::nan("");
    return p;
  }
  p.ratio = p.members / p.others;
  p.ratio_error =
      p.ratio * std::sqrt(var_in / (p.members * p.members) + var_out / (p.others * p.others));
  p.members /= weight;
  p.others /= weight;
  return p;
}

} // namespace vitrum::md
