// What the columns of a LAMMPS dump mean, in text and binary alike.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/atoms/configuration.hpp"

namespace vitrum::io {

/// The box of a dump: bounds of the box around a tilted cell, as LAMMPS writes them.
[[nodiscard]] atoms::Box lammps_box(const std::array<double, 6>& bounds,
                                    const std::array<double, 3>& tilt,
                                    const std::array<bool, 3>& periodic);

class LammpsColumns {
public:
  /// Throws FormatError (path, place) when the columns do not say where atoms are.
  LammpsColumns(const std::string& path, const std::string& place, std::string_view names);

  [[nodiscard]] Index count() const { return count_; }
  [[nodiscard]] bool has_elements() const { return element_ >= 0; }
  [[nodiscard]] bool unwrapped() const { return unwrapped_ || images_; }
  [[nodiscard]] int id() const { return id_; }
  [[nodiscard]] int type() const { return type_; }
  [[nodiscard]] int element() const { return element_; }
  [[nodiscard]] const std::array<int, 3>& coordinates() const { return coordinate_; }
  [[nodiscard]] const std::array<int, 3>& images() const { return image_; }
  [[nodiscard]] bool has_images() const { return images_; }
  /// Which coordinates they are, as the file names them: "x", "xs", "xu", "xsu".
  [[nodiscard]] const std::string& kind() const { return kind_; }
  /// The position from the three coordinates and image flags of one atom.
  [[nodiscard]] atoms::Vector place(const atoms::Box& box,
                                    const atoms::Vector& value,
                                    const std::array<double, 3>& image) const;

private:
  Index count_ = 0;
  int id_ = -1, type_ = -1, element_ = -1;
  std::array<int, 3> coordinate_{-1, -1, -1}, image_{-1, -1, -1};
  bool scaled_ = false, unwrapped_ = false, images_ = false;
  std::string kind_;
};

/// Names of length and time in the units of a LAMMPS style ("lj": sigma, tau); "" for others.
struct LammpsUnits {
  std::string length, time;
};
[[nodiscard]] LammpsUnits lammps_units(std::string_view style);

} // namespace vitrum::io
