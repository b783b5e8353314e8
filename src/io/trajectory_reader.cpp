#include "trajectory_reader.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::io {

void require_atoms(const std::string& path,
                   const std::string& place,
                   Index atoms,
                   Index bytes,
                   Index least_bytes_per_atom) {
  if (atoms < 1)
    throw FormatError(path, place, fmt::format("{} atoms", atoms), "at least one");
  if (atoms > bytes / least_bytes_per_atom)
    throw FormatError(path,
                      place,
                      fmt::format("{} atoms in a file of {} bytes", atoms, bytes),
                      fmt::format("at least {} bytes an atom", least_bytes_per_atom));
}

void AtomOrder::apply(const std::string& path,
                      const std::string& place,
                      atoms::Configuration& frame) {
  auto& ids = frame.ids;
  if (!ids.empty() && !std::is_sorted(ids.begin(), ids.end())) {
    order_.resize(ids.size());
    std::iota(order_.begin(), order_.end(), Index{0});
    std::sort(order_.begin(), order_.end(), [&](Index a, Index b) {
      return ids[static_cast<std::size_t>(a)] < ids[static_cast<std::size_t>(b)];
    });
    sorted_.ids.resize(ids.size());
    sorted_.species.resize(ids.size());
    sorted_.positions.resize(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto from = static_cast<std::size_t>(order_[i]);
      sorted_.ids[i] = ids[from];
      sorted_.species[i] = frame.species[from];
      sorted_.positions[i] = frame.positions[from];
    }
    std::swap(sorted_.ids, frame.ids);
    std::swap(sorted_.species, frame.species);
    std::swap(sorted_.positions, frame.positions);
  }
  if (const auto twice = std::adjacent_find(ids.begin(), ids.end()); twice != ids.end())
    throw FormatError(path, place, fmt::format("atom {} twice", *twice), "each atom once");
  if (!set_) {
    set_ = true;
    ids_ = frame.ids;
    species_ = frame.species;
    return;
  }
  if (frame.ids != ids_) {
    const auto [now, then] =
        std::mismatch(frame.ids.begin(), frame.ids.end(), ids_.begin(), ids_.end());
    const bool missing = then != ids_.end() && (now == frame.ids.end() || *now > *then);
    throw FormatError(path,
                      place,
                      missing ? fmt::format("no atom {}", *then)
                              : fmt::format("atom {}", now == frame.ids.end() ? 0 : *now),
                      "the atoms of the first frame");
  }
  if (frame.positions.size() != species_.size())
    throw FormatError(path,
                      place,
                      fmt::format("{} atoms", frame.positions.size()),
                      fmt::format("{} as in the first frame", species_.size()));
  if (frame.species != species_) {
    const auto at = static_cast<std::size_t>(
        std::mismatch(species_.begin(), species_.end(), frame.species.begin()).first -
        species_.begin());
    throw FormatError(path,
                      place,
                      fmt::format("atom {} of another species",
                                  frame.ids.empty() ? static_cast<Index>(at) : frame.ids[at]),
                      "the species of the first frame");
  }
}

void require_ascending_step(const std::string& path,
                            const std::string& place,
                            Index step,
                            const std::vector<Index>& before) {
  if (!before.empty() && step <= before.back())
    throw FormatError(path,
                      place,
                      step == before.back() ? fmt::format("step {} again", step)
                                            : fmt::format("step {} after {}", step, before.back()),
                      "ascending steps (cut repeated and unsorted frames out of the file)");
}

std::vector<Index> count_species(const std::vector<std::int32_t>& species, std::size_t count) {
  std::vector<Index> out(count, 0);
  for (const auto s : species)
    ++out.at(static_cast<std::size_t>(s));
  return out;
}

} // namespace vitrum::io
