#include "lammps_columns.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos)
      break;
    const auto end = std::min(text.find_first_of(" \t", begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return out;
}

} // namespace

atoms::Box lammps_box(const std::array<double, 6>& bounds,
                      const std::array<double, 3>& tilt,
                      const std::array<bool, 3>& periodic) {
  const auto [xy, xz, yz] = tilt;
  const double xlo = bounds[0] - std::min({0.0, xy, xz, xy + xz});
  const double xhi = bounds[1] - std::max({0.0, xy, xz, xy + xz});
  const double ylo = bounds[2] - std::min(0.0, yz), yhi = bounds[3] - std::max(0.0, yz);
  return atoms::Box(atoms::tilted_edges({xhi - xlo, yhi - ylo, bounds[5] - bounds[4]}, tilt),
                    {xlo, ylo, bounds[4]},
                    periodic);
}

LammpsColumns::LammpsColumns(const std::string& path,
                             const std::string& place,
                             std::string_view names) {
  const auto list = words(names);
  count_ = static_cast<Index>(list.size());
  const auto find = [&](std::string_view name) {
    const auto it = std::find(list.begin(), list.end(), name);
    return it == list.end() ? -1 : static_cast<int>(it - list.begin());
  };
  id_ = find("id");
  type_ = find("type");
  element_ = find("element");
  image_ = {find("ix"), find("iy"), find("iz")};
  struct Kind {
    const char* suffix;
    bool scaled, unwrapped;
  };
  // unwrapped positions say most
  for (const Kind& kind : {Kind{"u", false, true},
                           Kind{"su", true, true},
                           Kind{"", false, false},
                           Kind{"s", true, false}}) {
    const std::array<int, 3> found{find(std::string("x") + kind.suffix),
                                   find(std::string("y") + kind.suffix),
                                   find(std::string("z") + kind.suffix)};
    if (found[0] < 0 || found[1] < 0 || found[2] < 0)
      continue;
    coordinate_ = found;
    scaled_ = kind.scaled;
    unwrapped_ = kind.unwrapped;
    kind_ = std::string("x") + kind.suffix;
    break;
  }
  if (kind_.empty())
    throw FormatError(path,
                      place,
                      fmt::format("columns '{}'", fmt::join(list, " ")),
                      "x y z, xs ys zs, xu yu zu or xsu ysu zsu");
  images_ = !unwrapped_ && image_[0] >= 0 && image_[1] >= 0 && image_[2] >= 0;
}

atoms::Vector LammpsColumns::place(const atoms::Box& box,
                                   const atoms::Vector& value,
                                   const std::array<double, 3>& image) const {
  atoms::Vector r = scaled_ ? box.position(value) : value;
  if (images_)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t d = 0; d < 3; ++d)
        r[d] += image[i] * box.edges()[i][d];
  return r;
}

LammpsUnits lammps_units(std::string_view style) {
  if (style == "lj")
    return {"sigma", "tau"};
  if (style == "metal")
    return {"angstrom", "ps"};
  if (style == "real")
    return {"angstrom", "fs"};
  return {};
}

} // namespace vitrum::io
