#include "image.hpp"

#include <cstring>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {

Image read_image(const std::string& path) {
  const auto source = open_series(path);
  const auto& info = source->info();
  if (info.frames != 1)
    throw FormatError(
        path, "", fmt::format("{} images of {} × {}", info.frames, info.height, info.width), "one");
  Image image{info.path,
              info.height,
              info.width,
              std::vector<double>(static_cast<std::size_t>(info.pixels()))};
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.frame_bytes()));
  source->read(0, 1, bytes.data());
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::size_t i = 0; i < image.values.size(); ++i) {
      T value;
      std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
      image.values[i] = static_cast<double>(value);
    }
  });
  return image;
}

} // namespace vitrum::io
