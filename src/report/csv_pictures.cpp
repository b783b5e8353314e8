#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "csv_parts.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {

std::string csv_two_time(const Tree& root, Index bin, const MapOptions& options) {
  constexpr Index most = 400;
  MapOptions small = options;
  small.cells = std::min(options.cells, most);
  const auto figure = make_two_time_figure(root, bin, small);
  if (!figure)
    return "";
  const Result result(root);
  const plot::HeatMap& map = *figure->panels.at(0).map;
  const double step = (map.x_last - map.x_first) / static_cast<double>(map.columns);
  const auto centre = [&](Index i) {
    return fmt::format("{:.12g}", map.x_first + (static_cast<double>(i) + 0.5) * step);
  };
  std::string text = heading(result, fmt::format("C(t1, t2) of {}", result.bin_title(bin)));
  const auto time = to_numbers(result.entry().at(fmt::format("twotime/bin_{}/t1_s", bin)));
  const double frame = time.size() > 1 ? time[1] - time[0] : step;
  if (const auto factor = std::llround(step / frame); factor > 1)
    text += fmt::format("# means of blocks of {0} x {0} frames, times at their centres\n", factor);
  if (options.correct_diagonal)
    text += "# the diagonal, which holds shot noise, is replaced by its neighbours\n";
  text += "# the first line holds t1 [s], the first column t2 [s]\nt2 [s]";
  for (Index x = 0; x < map.columns; ++x)
    text += "," + centre(x);
  text += '\n';
  for (Index y = 0; y < map.rows; ++y) {
    text += centre(y);
    for (Index x = 0; x < map.columns; ++x)
      fmt::format_to(std::back_inserter(text),
                     ",{:.6g}",
                     map.values[static_cast<std::size_t>(y * map.columns + x)]);
    text += '\n';
  }
  return text;
}

std::string csv_image(const Tree& root, const std::string& name) {
  constexpr Index most = 300;
  const Result result(root);
  const Array* image = result.entry().find("image/" + name);
  if (image == nullptr)
    return "";
  if (image->shape.size() != 2)
    throw DataError(fmt::format("image/{}: {} dimensions, expected 2", name, image->shape.size()));
  const Index rows = image->shape[0], columns = image->shape[1];
  if (rows >= most || columns >= most || image->size() == 0)
    return "";
  const std::string unit = attribute_text(image->attributes, "units");
  std::string text = heading(result, fmt::format("image: {}", named(name, unit))) +
                     "# the first line holds x [px], the first column y [px]\ny [px]";
  for (Index x = 0; x < columns; ++x)
    text += fmt::format(",{}", x);
  text += '\n';
  const bool single = std::holds_alternative<std::vector<float>>(image->values);
  const auto values = to_numbers(*image);
  for (Index y = 0; y < rows; ++y) {
    text += fmt::format("{}", y);
    for (Index x = 0; x < columns; ++x) {
      const double value = values[static_cast<std::size_t>(y * columns + x)];
      text += "," + (single ? fmt::format("{}", static_cast<float>(value)) : exact_number(value));
    }
    text += '\n';
  }
  return text;
}

} // namespace vitrum::report
