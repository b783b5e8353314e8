// How strongly the species of a simulation scatter: all alike, or as elements do x-rays or
// electrons.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::md {

enum class Radiation { none, xray, electron };
/// Of "unit", "x-ray", "electron". Throws OptionError.
[[nodiscard]] Radiation parse_radiation(const std::string& name);

/// Weight f_a(q) of each species; 1 without radiation. Form factors: vitrum/atoms/form_factors.hpp.
class ScatteringWeights {
public:
  ScatteringWeights() = default;
  /// `elements` [species]: symbols. `angstrom`: length of the simulation's unit of length. Throws
  /// OptionError for a name that is no element and a length that is not positive.
  ScatteringWeights(Radiation radiation, const std::vector<std::string>& elements, double angstrom);

  [[nodiscard]] bool unit() const { return radiation_ == Radiation::none; }
  /// q in the simulation's inverse length. Throws DataError beyond 24π inverse angstrom.
  [[nodiscard]] double at(std::size_t species, double q) const;
  /// [species][q]; empty when all weights are 1.
  [[nodiscard]] std::vector<std::vector<double>> at(std::span<const double> q) const;

private:
  Radiation radiation_ = Radiation::none;
  std::vector<int> element_;
  double angstrom_ = 1;
};

} // namespace vitrum::md
