#include "log_map_tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace vitrum::app {
namespace {

constexpr Index most_columns = 1000;

/// Means over the cells that meet frames [first, last) of age, with their pairs and the frames that
/// they share as weights.
float mean_over(const correlate::LogMapRow& row, Index first, Index last) {
  double sum = 0, weight = 0;
  for (Index j = first / row.age_width; j * row.age_width < last; ++j) {
    const auto c = static_cast<std::size_t>(j);
    if (c >= row.value.size() || row.pairs[c] == 0)
      continue;
    const Index shared =
        std::min(last, (j + 1) * row.age_width) - std::max(first, j * row.age_width);
    const double w = static_cast<double>(shared * row.pairs[c]);
    sum += w * row.value[c];
    weight += w;
  }
  return weight > 0 ? static_cast<float>(sum / weight) : std::numeric_limits<float>::quiet_NaN();
}

/// [lag, age]: cells repeat where they are wider in age than a column; ages whose pairs would lie
/// beyond the end are NaN.
Array picture_of(const correlate::LogMap& map, Index width, Index columns) {
  std::vector<float> values;
  for (const auto& row : map.rows)
    for (Index x = 0; x < columns; ++x) {
      const Index first = x * width, last = std::min(first + width, map.frames);
      values.push_back(first + row.first_lag < map.frames
                           ? mean_over(row, first, last)
                           : std::numeric_limits<float>::quiet_NaN());
    }
  return make_array({static_cast<Index>(map.rows.size()), columns}, std::move(values), "");
}

} // namespace

void add_log_map(Tree& tree, Index bin, const correlate::LogMap& map, double frame_time_s) {
  tree.group("entry/log_map").attributes["NX_class"] = std::string("NXcollection");
  auto& group = tree.group(fmt::format("entry/log_map/bin_{}", bin));
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("two_time_corr_func");
  group.attributes["axes"] = std::vector<std::string>{"lag_s", "age_s"};
  group.attributes["interpretation"] = std::string("image");
  group.attributes["SILX_style"] =
      std::string(R"({"axes_scale_type":["log","linear"],"axes_scale_types":["log","linear"]})");
  group.attributes["age_convention"] = std::string("start");
  const Index width = (map.frames + most_columns - 1) / most_columns;
  const Index columns = (map.frames + width - 1) / width;
  auto& picture = group.set("two_time_corr_func", picture_of(map, width, columns));
  picture.attributes["long_name"] = fmt::format("C(age, lag), bin {}", bin);
  std::vector<double> age, lag;
  for (Index x = 0; x < columns; ++x)
    age.push_back((static_cast<double>(x * width) + 0.5 * static_cast<double>(width - 1)) *
                  frame_time_s);
  std::vector<Index> first, last, begin{0}, pairs;
  std::vector<double> value, error;
  for (const auto& row : map.rows) {
    first.push_back(row.first_lag);
    last.push_back(row.last_lag);
    lag.push_back(0.5 * static_cast<double>(row.first_lag + row.last_lag - 1) * frame_time_s);
    value.insert(value.end(), row.value.begin(), row.value.end());
    error.insert(error.end(), row.error.begin(), row.error.end());
    pairs.insert(pairs.end(), row.pairs.begin(), row.pairs.end());
    begin.push_back(static_cast<Index>(value.size()));
  }
  group.set("lag_s", make_array(std::move(lag), "s")).attributes["long_name"] =
      std::string("lag (s)");
  group.set("age_s", make_array(std::move(age), "s")).attributes["long_name"] =
      std::string("age (s)");

  auto& cells = group.group("cell");
  cells.attributes["NX_class"] = std::string("NXcollection");
  cells.attributes["reason"] = map.reason;
  cells.set("frames", make_scalar(map.frames));
  cells.set("frame_time_s", make_scalar(frame_time_s, "s"));
  cells.set("first_lag", make_array(std::move(first), "frames"));
  cells.set("last_lag", make_array(std::move(last), "frames"));
  cells.set("begin", make_array(std::move(begin)));
  cells.set("value", make_array(std::move(value)));
  cells.set("value_errors", make_array(std::move(error)));
  cells.set("pairs", make_array(std::move(pairs)));
}

} // namespace vitrum::app
