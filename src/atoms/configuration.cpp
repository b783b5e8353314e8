#include "vitrum/atoms/configuration.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::atoms {

void validate(const Configuration& configuration, Index species_count) {
  const auto atoms = configuration.positions.size();
  if (configuration.species.size() != atoms)
    throw DataError(fmt::format("{} atoms have {} species", atoms, configuration.species.size()));
  if (!configuration.ids.empty() && configuration.ids.size() != atoms)
    throw DataError(fmt::format("{} atoms have {} numbers", atoms, configuration.ids.size()));
  for (std::size_t i = 0; i < atoms; ++i) {
    if (configuration.species[i] < 0 || configuration.species[i] >= species_count)
      throw DataError(fmt::format("atom {} is of species {}, expected one of {}",
                                  i,
                                  configuration.species[i],
                                  species_count));
    for (const double x : configuration.positions[i])
      if (!std::isfinite(x))
        throw DataError(fmt::format("atom {} is at {}, expected finite numbers", i, x));
  }
}

void Unwrapper::apply(Configuration& configuration) {
  if (last_.empty()) {
    last_ = configuration.positions;
    configuration.unwrapped = true;
    return;
  }
  if (last_.size() != configuration.positions.size())
    throw DataError(fmt::format("step {}: {} atoms, {} before",
                                configuration.step,
                                configuration.positions.size(),
                                last_.size()));
  const Vector heights = configuration.box.heights();
  double limit = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < 3; ++i)
    if (configuration.box.periodic()[i])
      limit = std::min(limit, 0.45 * heights[i]);
  for (std::size_t i = 0; i < last_.size(); ++i) {
    auto& r = configuration.positions[i];
    const Vector step =
        configuration.box.nearest({r[0] - last_[i][0], r[1] - last_[i][1], r[2] - last_[i][2]});
    if (norm(step) > limit)
      throw DataError(fmt::format(
          "step {}: atom {} moved by {:.3g} since the frame before, nearly half the box: frames "
          "too far apart to unwrap; write unwrapped positions or image flags",
          configuration.step,
          configuration.ids.empty() ? static_cast<Index>(i) : configuration.ids[i],
          norm(step)));
    for (std::size_t d = 0; d < 3; ++d)
      r[d] = last_[i][d] + step[d];
  }
  last_ = configuration.positions;
  configuration.unwrapped = true;
}

} // namespace vitrum::atoms
