#include "image.hpp"

#include <cstring>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

namespace {

template <class Value>
ImageOf<Value> read_image_of(const std::string& path) {
  const auto source = open_series(path);
  const auto& info = source->info();
  if (info.frames != 1)
    throw FormatError(
        path, "", fmt::format("{} images of {} × {}", info.frames, info.height, info.width), "one");
  ImageOf<Value> image{info.path,
                       info.height,
                       info.width,
                       std::vector<Value>(static_cast<std::size_t>(info.pixels()))};
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, Value>) { // a map may fill the memory: no copy of it
      source->read(0, 1, reinterpret_cast<std::byte*>(image.values.data()));
    } else {
      std::vector<std::byte> bytes(static_cast<std::size_t>(info.frame_bytes()));
      source->read(0, 1, bytes.data());
      for (std::size_t i = 0; i < image.values.size(); ++i) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        image.values[i] = static_cast<Value>(value);
      }
    }
  });
  return image;
}

} // namespace

Image read_image(const std::string& path) {
  return read_image_of<double>(path);
}

ImageOf<float> read_float_image(const std::string& path) {
  return read_image_of<float>(path);
}

} // namespace vitrum::io
