#include "vitrum/md/structure.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"

namespace vitrum::md {

Peak highest_peak(const StructureFactor& s, double lowest_q) {
  Peak best;
  for (std::size_t k = 0; k < s.q.size(); ++k)
    if (s.q[k] >= lowest_q && s.vectors[k] > 0 && s.total[k] > best.value)
      best = {s.q[k], s.total[k], s.total_errors[k]};
  return best;
}

StructureAccumulator::StructureAccumulator(const atoms::Box& box,
                                           Index species,
                                           double q_max,
                                           double width,
                                           const ScatteringWeights& weights)
    : species_(species), width_(width), grid_(grid_up_to(box, q_max)) {
  if (!(width > 0) || !(q_max > width))
    throw OptionError(
        fmt::format("S(q) up to {} in shells of {}: expected more than one shell", q_max, width));
  const auto shells = static_cast<std::size_t>(std::floor(q_max / width + 1e-9));
  shell_.assign(static_cast<std::size_t>(grid_.size()), -1);
  total_.assign(shell_.size(), 0);
  vectors_.assign(shells, 0);
  partial_.assign(static_cast<std::size_t>(species * species), std::vector<double>(shells, 0));
  if (!weights.unit())
    weight_.assign(static_cast<std::size_t>(species), std::vector<double>(shell_.size(), 0));
  std::size_t at = 0;
  for (Index h = -grid_.half[0]; h <= grid_.half[0]; ++h)
    for (Index k = -grid_.half[1]; k <= grid_.half[1]; ++k)
      for (Index l = 0; l <= grid_.half[2]; ++l, ++at) {
        if (!in_half_space({h, k, l}))
          continue;
        const double q = atoms::norm(box.reciprocal(
            {static_cast<double>(h), static_cast<double>(k), static_cast<double>(l)}));
        const auto shell = static_cast<std::size_t>(q / width);
        if (shell >= shells)
          continue;
        shell_[at] = static_cast<std::int32_t>(shell);
        ++vectors_[shell];
        for (std::size_t a = 0; a < weight_.size(); ++a)
          weight_[a][at] = weights.at(a, q);
      }
}

void StructureAccumulator::add(std::span<const std::vector<Complex>> density,
                               std::span<const Index> species_atoms) {
  ++frames_;
  const auto kinds = static_cast<std::size_t>(species_);
  const double scale =
      1 / static_cast<double>(std::accumulate(species_atoms.begin(), species_atoms.end(), Index{}));
  for (std::size_t i = 0; i < shell_.size(); ++i) {
    if (shell_[i] < 0)
      continue;
    const auto shell = static_cast<std::size_t>(shell_[i]);
    Complex sum = 0;
    double squares = 0;
    for (std::size_t a = 0; a < kinds; ++a) {
      const double f = weight_.empty() ? 1 : weight_[a][i];
      sum += f * density[a][i];
      squares += static_cast<double>(species_atoms[a]) * f * f;
      for (std::size_t b = a; b < kinds; ++b)
        partial_[a * kinds + b][shell] +=
            scale * std::real(density[a][i] * std::conj(density[b][i]));
    }
    total_[i] += std::norm(sum) / squares;
  }
}

StructureFactor StructureAccumulator::result() const {
  StructureFactor out;
  out.vectors = vectors_;
  const auto frames = static_cast<double>(frames_);
  std::vector<Moments> shells(vectors_.size());
  for (std::size_t i = 0; i < shell_.size(); ++i)
    if (shell_[i] >= 0)
      shells[static_cast<std::size_t>(shell_[i])].add(total_[i] / frames);
  out.partial = partial_;
  for (std::size_t s = 0; s < shells.size(); ++s) {
    out.q.push_back((static_cast<double>(s) + 0.5) * width_);
    out.total.push_back(vectors_[s] > 0 ? shells[s].mean : std::nan(""));
    out.total_errors.push_back(shells[s].error());
    for (auto& one : out.partial)
      one[s] =
          vectors_[s] > 0 ? one[s] / (frames * static_cast<double>(vectors_[s])) : std::nan("");
  }
  return out;
}

void species_densities(DensityTransform& transform,
                       const atoms::Box& box,
                       std::span<const atoms::Vector> positions,
                       std::span<const std::int32_t> species,
                       Index grid_size,
                       std::vector<std::vector<Complex>>& out) {
  std::vector<atoms::Vector> some;
  for (std::size_t a = 0; a < out.size(); ++a) {
    some.clear();
    for (std::size_t i = 0; i < positions.size(); ++i)
      if (species[i] == static_cast<std::int32_t>(a))
        some.push_back(positions[i]);
    out[a].resize(static_cast<std::size_t>(grid_size));
    transform.transform(box, some, out[a]);
  }
}

} // namespace vitrum::md
