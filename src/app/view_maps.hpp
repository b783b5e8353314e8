// The stored two-time maps of a result that is viewed: layers on disk, the whole of small ones in
// memory while ranges of age are dragged over them.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "vitrum/app/view.hpp"
#include "vitrum/io/map_file.hpp"

namespace vitrum::app {

struct StoredLayer {
  MapLayer layer;
  std::string group; // "entry/twotime/bin_1/level_4"
  std::shared_ptr<io::StoredMap> map;
  bool half = false; // only t1 >= t2 is stored
};

struct StoredBin {
  MapFacts facts;
  std::vector<StoredLayer> layers; // as in facts
};

struct ResultView::Maps {
  std::vector<StoredBin> bins;
  std::mutex mutex;
  Index whole_bin = 0; // the one whose whole map is in memory
  std::shared_ptr<const std::vector<float>> whole;
  std::shared_ptr<const Array> pixel_g2; // once it was asked for

  /// Throws DataError.
  [[nodiscard]] const StoredBin& at(Index bin) const;
  /// The finest layer in memory, when it is small enough; else null.
  [[nodiscard]] std::shared_ptr<const std::vector<float>> in_memory(const StoredBin& bin);
};

/// A part of the finest layer of a map or of a coarser one, with its place in seconds.
struct ResultView::Part {
  MapTile tile;
  double x_first = 0, x_last = 0, y_first = 0, y_last = 0; // outer edges
  double step_s = 0;
};

/// Rows and columns of a layer, both triangles whatever is stored.
void read_layer(
    const StoredLayer& layer, Index row, Index rows, Index column, Index columns, float* out);

} // namespace vitrum::app
