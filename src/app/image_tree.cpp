#include "image_tree.hpp"

#include "result_tree.hpp"

namespace vitrum::app {

void add_image(Tree& tree,
               const frames::SeriesStatistics& statistics,
               const frames::Mask& mask,
               const frames::Partition& partition) {
  const std::vector<Index> shape{partition.height, partition.width};
  auto& image = tree.group("entry/image");
  image.attributes["NX_class"] = std::string("NXdata");
  image.attributes["signal"] = std::string("mean");
  image.attributes["axes"] = std::vector<std::string>{".", "."};
  const std::vector<float> mean(statistics.mean.begin(), statistics.mean.end());
  auto& picture = image.set("mean", make_array(shape, mean, "counts"));
  picture.attributes["interpretation"] = std::string("image");
  picture.attributes["processing"] = std::string(as_detected);
  image.set("mask", make_array(shape, mask.use, ""));
  image.set("dynamic_labels", make_array(shape, partition.dynamic_labels, ""));
  image.set("static_labels", make_array(shape, partition.static_labels, ""));
}

} // namespace vitrum::app
