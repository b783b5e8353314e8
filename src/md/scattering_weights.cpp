#include "vitrum/md/scattering_weights.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/atoms/form_factors.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::md {

Radiation parse_radiation(const std::string& name) {
  if (name == "unit")
    return Radiation::none;
  if (name == "x-ray")
    return Radiation::xray;
  if (name == "electron")
    return Radiation::electron;
  throw OptionError(fmt::format("--weights {}: expected unit, x-ray or electron", name));
}

ScatteringWeights::ScatteringWeights(Radiation radiation,
                                     const std::vector<std::string>& elements,
                                     double angstrom)
    : radiation_(radiation), angstrom_(angstrom) {
  if (unit())
    return;
  if (!(angstrom > 0) || !std::isfinite(angstrom))
    throw OptionError(
        fmt::format("a unit of length of {} angstrom: must be a positive number", angstrom));
  for (const auto& symbol : elements) {
    element_.push_back(atoms::atomic_number(symbol));
    if (element_.back() == 0)
      throw OptionError(fmt::format("'{}' is no element: name one for each species with "
                                    "--elements",
                                    symbol));
  }
}

double ScatteringWeights::at(std::size_t species, double q) const {
  if (unit())
    return 1;
  const double q_inv_angstrom = q / angstrom_;
  return radiation_ == Radiation::xray
             ? atoms::xray_form_factor(element_[species], q_inv_angstrom)
             : atoms::electron_scattering_factor(element_[species], q_inv_angstrom);
}

std::vector<std::vector<double>> ScatteringWeights::at(std::span<const double> q) const {
  std::vector<std::vector<double>> out;
  if (unit())
    return out;
  for (std::size_t a = 0; a < element_.size(); ++a) {
    out.emplace_back();
    for (const double one : q)
      out.back().push_back(at(a, one));
  }
  return out;
}

} // namespace vitrum::md
