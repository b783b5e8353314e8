#include "vitrum/io/spectra.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "dm_image.hpp"
#include "npy_header.hpp"
#include "path.hpp"
#include "text_lines.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/instrument_table.hpp"
#include "vitrum/io/recognise.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::io {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Axis {
  Index size = 1;
  double step = nan, first = nan;
  std::string unit;
};

/// An n-d array with its axes, slowest first.
struct Cube {
  std::vector<Axis> axes;
  std::vector<float> values;
};

/// eV per unit of the axis; 0 when it is no energy.
double energy_unit(const std::string& unit) {
  return unit == "eV" || unit == "ev" ? 1 : unit == "keV" ? 1e3 : unit == "meV" ? 1e-3 : 0;
}

double nm_per(const std::string& unit) {
  return unit == "nm" ? 1 : unit == "\xC2\xB5m" || unit == "\xCE\xBCm" || unit == "um" ? 1e3 : 0;
}

Spectra from_cube(Cube cube, const std::string& path, const std::string& axis, bool slowest) {
  const std::size_t rank = cube.axes.size();
  if (rank < 1 || rank > 3)
    throw FormatError(path,
                      "",
                      fmt::format("{} dimensions", rank),
                      "a spectrum, a line of spectra or an image of them");
  std::optional<std::size_t> energy;
  if (axis == "first")
    energy = 0;
  else if (axis == "last")
    energy = rank - 1;
  for (std::size_t d = 0; d < rank && !energy; ++d)
    if (energy_unit(cube.axes[d].unit) > 0)
      energy = d;
  if (!energy)
    energy = slowest && rank == 3 ? 0 : rank - 1;
  // a spectrum in an image of one row
  const Axis spectral = cube.axes[*energy];
  Spectra out;
  out.path = path;
  out.channels = spectral.size;
  const double to_ev = std::max(energy_unit(spectral.unit), 0.0);
  out.unit = to_ev > 0 ? "eV" : spectral.unit;
  out.step = spectral.step * (to_ev > 0 ? to_ev : 1);
  out.first = spectral.first * (to_ev > 0 ? to_ev : 1);
  std::vector<std::size_t> other;
  std::vector<Index> stride(rank, 1);
  for (std::size_t d = rank; d-- > 1;)
    stride[d - 1] = stride[d] * cube.axes[d].size;
  for (std::size_t d = 0; d < rank; ++d)
    if (d != *energy)
      other.push_back(d);
  if (other.size() == 1)
    out.columns = cube.axes[other[0]].size;
  if (other.size() == 2) {
    out.rows = cube.axes[other[0]].size;
    out.columns = cube.axes[other[1]].size;
  }
  if (!other.empty())
    if (const Axis& x = cube.axes[other.back()]; nm_per(x.unit) > 0 && x.step > 0)
      out.pixel_nm = x.step * nm_per(x.unit);
  if (*energy + 1 == rank) {
    out.counts = std::move(cube.values);
    return out;
  }
  out.counts.resize(cube.values.size());
  const Index row_stride = other.size() == 2 ? stride[other[0]] : 0,
              column_stride = other.empty() ? 0 : stride[other.back()];
  auto* to = out.counts.data();
  for (Index r = 0; r < out.rows; ++r)
    for (Index c = 0; c < out.columns; ++c)
      for (Index e = 0; e < out.channels; ++e)
        *to++ = cube.values[static_cast<std::size_t>(r * row_stride + c * column_stride +
                                                     e * stride[*energy])];
  return out;
}

template <class T>
void append_values(const std::vector<std::byte>& bytes, bool swap, std::vector<float>& out) {
  for (std::size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    std::byte one[sizeof(T)];
    std::memcpy(one, bytes.data() + i, sizeof(T));
    if (swap)
      std::reverse(one, one + sizeof(T));
    T value;
    std::memcpy(&value, one, sizeof(T));
    out.push_back(static_cast<float>(value));
  }
}

std::vector<float> to_floats(
    const InputFile& file, Index offset, Index count, frames::PixelType type, bool big_endian) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(count * frames::size_of(type)));
  file.read(offset, static_cast<Index>(bytes.size()), bytes.data());
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(count));
  frames::visit(
      type, [&](auto tag) { append_values<typename decltype(tag)::type>(bytes, big_endian, out); });
  return out;
}

Index elements(const std::vector<Axis>& axes, const std::string& path) {
  constexpr double most = 4e9;
  double product = 1;
  for (const Axis& axis : axes)
    product *= static_cast<double>(axis.size);
  if (!(product >= 1 && product <= most))
    throw FormatError(path, "", fmt::format("{:g} values", product), "up to 4e9 in spectra");
  return static_cast<Index>(product);
}

Cube read_dm(const InputFile& file, const std::string& path) {
  const DmTags tags = read_dm_tags(file);
  const std::string data = choose_dm_image(tags, path) + "/ImageData";
  const auto type = dm_real_type(static_cast<int>(tags.number(data + "/DataType")));
  const auto array = tags.arrays.find(data + "/Data");
  if (!type || array == tags.arrays.end())
    throw FormatError(path, data, "no array of real numbers", "spectra");
  Cube cube;
  for (int d = 0; d < 4; ++d) {
    const double size = tags.number(fmt::format("{}/Dimensions/[{}]", data, d));
    if (std::isnan(size))
      break;
    if (!(size >= 1 && size <= 1e9))
      throw FormatError(path,
                        fmt::format("{}/Dimensions/[{}]", data, d),
                        fmt::format("{}", size),
                        "a number of channels or pixels");
    const auto calibration = [&](const char* field) {
      return fmt::format("{}/Calibrations/Dimension/[{}]/{}", data, d, field);
    };
    Axis axis;
    axis.size = static_cast<Index>(size);
    axis.step = tags.number(calibration("Scale"));
    axis.first = -tags.number(calibration("Origin")) * axis.step; // (channel − origin) · scale
    axis.unit = tags.text(calibration("Units"));
    cube.axes.insert(cube.axes.begin(), axis);
  }
  // a single spectrum stands in an image of one row
  while (cube.axes.size() > 1 && cube.axes.front().size == 1 &&
         energy_unit(cube.axes.front().unit) == 0)
    cube.axes.erase(cube.axes.begin());
  const Index count = elements(cube.axes, path);
  if (array->second.count * dm_element_bytes(array->second.type) != count * frames::size_of(*type))
    throw FormatError(path,
                      data + "/Data",
                      fmt::format("{} values", array->second.count),
                      fmt::format("{}", count));
  cube.values = to_floats(file, array->second.offset, count, *type, !tags.little_endian);
  return cube;
}

Cube read_npy(const InputFile& file, const std::string& path) {
  std::vector<unsigned char> head(12);
  file.read(0, 12, reinterpret_cast<std::byte*>(head.data()));
  head.resize(static_cast<std::size_t>(npy_header_bytes(head, path)));
  file.read(0, static_cast<Index>(head.size()), reinterpret_cast<std::byte*>(head.data()));
  const NpyHeader header = parse_npy_header(head, path);
  Cube cube;
  for (const Index size : header.shape)
    cube.axes.push_back({size, nan, nan, ""});
  const Index count = elements(cube.axes, path);
  cube.values = to_floats(file, header.data_offset, count, header.type, header.big_endian);
  if (header.fortran_order) {
    std::vector<float> turned(cube.values.size());
    fortran_to_c(reinterpret_cast<const std::byte*>(cube.values.data()),
                 reinterpret_cast<std::byte*>(turned.data()),
                 header.shape,
                 sizeof(float));
    cube.values = std::move(turned);
  }
  return cube;
}

double attribute_number(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  if (found == attributes.end())
    return nan;
  if (const auto* number = std::get_if<double>(&found->second))
    return *number;
  if (const auto* whole = std::get_if<Index>(&found->second))
    return static_cast<double>(*whole);
  return nan;
}

Cube from_array(const Array& array) {
  Cube cube;
  for (const Index size : array.shape)
    cube.axes.push_back({size, nan, nan, ""});
  const auto values = to_numbers(array);
  cube.values.assign(values.begin(), values.end());
  return cube;
}

/// HyperSpy: /Experiments/<title>/data with attributes of axis-0, axis-1 … beside it.
Cube read_hspy(const std::string& file, const std::string& path) {
  const Tree tree = read_tree(file);
  const Tree* experiments = tree.find_group("Experiments");
  if (experiments == nullptr)
    throw FormatError(
        path, "", "no /Experiments", "a HyperSpy file, or the dataset named: file.h5::/path");
  for (const auto& [title, experiment] : experiments->groups())
    if (const Array* data = experiment.find("data")) {
      Cube cube = from_array(*data);
      for (std::size_t d = 0; d < cube.axes.size(); ++d)
        if (const Tree* axis = experiment.find_group(fmt::format("axis-{}", d))) {
          cube.axes[d].step = attribute_number(axis->attributes, "scale");
          cube.axes[d].first = attribute_number(axis->attributes, "offset");
          cube.axes[d].unit = attribute_text(axis->attributes, "units");
        }
      return cube;
    }
  throw FormatError(path, "/Experiments", "no data", "a signal");
}

/// EMSA/MAS (ISO 22029): "#KEYWORD   : value" lines, then numbers after #SPECTRUM.
Spectra read_emsa(const std::string& text, const std::string& path) {
  Spectra out;
  out.path = path;
  out.format = "emsa";
  bool data = false, pairs = false;
  Index line_number = 0;
  std::vector<double> x;
  std::string_view rest(text);
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    const auto line = trimmed(rest.substr(0, end));
    const bool pair_of_ends = rest.substr(end).starts_with("\r\n");
    rest.remove_prefix(std::min(end + (pair_of_ends ? 2 : 1), rest.size()));
    ++line_number;
    if (line.starts_with('#')) {
      const auto colon = line.find(':');
      std::string key;
      for (const char c : line.substr(1, colon == std::string_view::npos ? colon : colon - 1))
        if (c != ' ' && c != '\t' && c != '-')
          key += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      const auto value =
          colon == std::string_view::npos ? std::string_view() : trimmed(line.substr(colon + 1));
      if (key.starts_with("XPERCHAN"))
        out.step = to_number(value);
      else if (key.starts_with("OFFSET"))
        out.first = to_number(value);
      else if (key.starts_with("XUNITS"))
        out.unit = value.find("eV") != std::string_view::npos &&
                           value.find("keV") == std::string_view::npos
                       ? "eV"
                       : std::string(value);
      else if (key.starts_with("DATATYPE"))
        pairs = value.starts_with("XY");
      else if (key.starts_with("SPECTRUM"))
        data = true;
      else if (key.starts_with("ENDOFDATA"))
        break;
      continue;
    }
    if (!data || line.empty())
      continue;
    std::size_t in_line = 0;
    for (std::size_t i = 0; i < line.size();) {
      i = line.find_first_not_of(", \t;", i);
      if (i == std::string_view::npos)
        break;
      const auto stop = std::min(line.find_first_of(", \t;", i), line.size());
      const auto cell = line.substr(i, stop - i);
      const double value = to_number(cell);
      if (std::isnan(value))
        throw FormatError(path,
                          fmt::format("line {}", line_number),
                          fmt::format("'{}'", cell.substr(0, 40)),
                          "numbers of a spectrum");
      if (pairs && in_line++ % 2 == 0)
        x.push_back(value);
      else
        out.counts.push_back(static_cast<float>(value));
      i = stop;
    }
  }
  out.channels = static_cast<Index>(out.counts.size());
  if (out.channels < 2)
    throw FormatError(path, "#SPECTRUM", fmt::format("{} numbers", out.channels), "a spectrum");
  if (x.size() >= 2) {
    out.first = x.front();
    out.step = (x.back() - x.front()) / static_cast<double>(x.size() - 1);
  }
  return out;
}

Spectra read_table(const std::string& file, const std::string& path) {
  const auto table = read_instrument_table(file);
  std::size_t energy = 0, counts = 1;
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    std::string name = table.names[c];
    for (char& letter : name)
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (energy_unit(table.units[c]) > 0 || name.find("energy") != std::string::npos ||
        name.find("loss") != std::string::npos)
      energy = c;
  }
  if (energy == counts)
    counts = 0;
  Spectra out;
  out.path = path;
  out.format = "table";
  const auto& e = table.columns[energy];
  out.channels = table.rows();
  out.counts.assign(table.columns[counts].begin(), table.columns[counts].end());
  const double scale = std::max(energy_unit(table.units[energy]), 0.0);
  out.unit = scale > 0 ? "eV" : table.units[energy].empty() ? "eV" : table.units[energy];
  out.first = e.front() * (scale > 0 ? scale : 1);
  out.step = (e.back() - e.front()) / static_cast<double>(e.size() - 1) * (scale > 0 ? scale : 1);
  for (std::size_t i = 1; i < e.size(); ++i)
    if (!(std::abs(e[i] - e[i - 1] - (e.back() - e.front()) / static_cast<double>(e.size() - 1)) <
          0.05 * std::abs(e.back() - e.front()) / static_cast<double>(e.size() - 1)))
      throw FormatError(path,
                        fmt::format("line {}", table.first_line + static_cast<Index>(i)),
                        fmt::format("energy {:g} after {:g}", e[i], e[i - 1]),
                        "equal steps");
  if (table.other_rows > 0)
    throw FormatError(
        path,
        fmt::format("line {}", table.last_line + 1),
        fmt::format("{} lines of numbers outside the longest block", table.other_rows),
        "one table of energies and counts");
  return out;
}

} // namespace

Spectra read_spectra(const std::string& path, const std::string& axis) {
  if (axis != "auto" && axis != "first" && axis != "last")
    throw OptionError(fmt::format("axis '{}': expected auto, first or last", axis));
  const auto [file, dataset] = split_path(path);
  require_readable_file(file);
  if (is_hdf5(file)) {
    auto out = dataset.empty() ? from_cube(read_hspy(file, path), path, axis, false)
                               : from_cube(from_array(read_array(path)), path, axis, false);
    out.format = dataset.empty() ? "hyperspy" : "hdf5";
    return out;
  }
  const InputFile in(file);
  std::vector<unsigned char> head(static_cast<std::size_t>(std::min<Index>(in.size(), 8192)));
  in.read(0, static_cast<Index>(head.size()), reinterpret_cast<std::byte*>(head.data()));
  if (is_dm(head)) {
    auto out = from_cube(read_dm(in, path), path, axis, true);
    out.format = "dm";
    return out;
  }
  if (is_npy(head)) {
    auto out = from_cube(read_npy(in, path), path, axis, false);
    out.format = "npy";
    return out;
  }
  const std::string_view start(reinterpret_cast<const char*>(head.data()), head.size());
  if (start.substr(0, 400).find("EMSA") != std::string_view::npos &&
      trimmed(start).starts_with('#')) {
    constexpr Index largest = Index{1} << 28;
    if (in.size() > largest)
      throw FormatError(path, "", "more than 256 MiB", "one spectrum");
    std::string text(static_cast<std::size_t>(in.size()), '\0');
    in.read(0, in.size(), reinterpret_cast<std::byte*>(text.data()));
    return read_emsa(text, path);
  }
  return read_table(file, path);
}

} // namespace vitrum::io
