#include "static_figure.hpp"

#include <fmt/format.h>

#include "image_tree.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::app {

void draw_static(const std::string& path,
                 const frames::SeriesStatistics& statistics,
                 const frames::Mask& mask,
                 const frames::Partition& partition) {
  (void)plot::format_of(path);
  Tree tree;
  add_image(tree, statistics, mask, partition);
  const auto figure = report::make_image_figure(tree);
  if (!figure)
    throw DataError("the time mean cannot be drawn");
  plot::save(*figure, path);
}

} // namespace vitrum::app
