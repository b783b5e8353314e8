#include "vitrum/ecm/frame_values.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::ecm {

std::vector<float> FrameReader::frame(Index number) {
  std::vector<float> out;
  frame(number, out);
  return out;
}

void FrameReader::frame(Index number, std::vector<float>& out) {
  const auto& info = source_.info();
  raw_.resize(static_cast<std::size_t>(info.frame_bytes()));
  out.resize(static_cast<std::size_t>(info.pixels()));
  source_.read(number, 1, raw_.data());
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* values = reinterpret_cast<const T*>(raw_.data());
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(values[i]);
  });
  if (!frames::is_integer(info.type))
    for (std::size_t i = 0; i < out.size(); ++i)
      if (!std::isfinite(out[i]))
        throw DataError(fmt::format("{}: frame {}, y {}, x {}: {}, expected a number",
                                    info.path,
                                    number,
                                    static_cast<Index>(i) / info.width,
                                    static_cast<Index>(i) % info.width,
                                    out[i]));
}

} // namespace vitrum::ecm
