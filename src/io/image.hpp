// One 2-D array of numbers from any format that holds images.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

template <class T>
struct ImageOf {
  std::string name; // as open_series calls it
  Index height = 0, width = 0;
  std::vector<T> values;
};
using Image = ImageOf<double>;

/// Throws FormatError when the file holds more than one image.
[[nodiscard]] Image read_image(const std::string& path);
/// The same in half the memory.
[[nodiscard]] ImageOf<float> read_float_image(const std::string& path);

} // namespace vitrum::io
