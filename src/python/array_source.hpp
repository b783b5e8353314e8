// Arrays of frames as the library reads them.
#pragma once
#include <fmt/format.h>

#include "bindings.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::python {

/// Calls `use` with the source of an array [frame, …] of any number type, which is not copied. One
/// of two dimensions is [frame, pixel].
template <class Use>
auto with_source(const py::array& array, Use&& use) {
  if (array.ndim() < 2 || array.ndim() > 3)
    throw OptionError(fmt::format(
        "frames of {} dimensions: expected [frame, pixel] or [frame, y, x]", array.ndim()));
  if ((array.flags() & py::array::c_style) == 0)
    throw OptionError("frames: expected an array in C order (numpy.ascontiguousarray makes one)");
  const Index frames = array.shape(0), height = array.ndim() == 3 ? array.shape(1) : 1,
              width = array.shape(array.ndim() - 1);
  const auto source_of = [&](auto tag) {
    using T = decltype(tag);
    return frames::make_view_source(
        std::span(static_cast<const T*>(array.data()), static_cast<std::size_t>(array.size())),
        frames,
        height,
        width);
  };
  std::unique_ptr<frames::FrameSource> source;
  const auto type = array.dtype();
  const auto is = [&](auto tag) { return type.is(py::dtype::of<decltype(tag)>()); };
  if (is(std::uint8_t{}))
    source = source_of(std::uint8_t{});
  else if (is(std::uint16_t{}))
    source = source_of(std::uint16_t{});
  else if (is(std::uint32_t{}))
    source = source_of(std::uint32_t{});
  else if (is(std::int16_t{}))
    source = source_of(std::int16_t{});
  else if (is(std::int32_t{}))
    source = source_of(std::int32_t{});
  else if (is(std::int64_t{}))
    source = source_of(std::int64_t{});
  else if (is(float{}))
    source = source_of(float{});
  else if (is(double{}))
    source = source_of(double{});
  else
    throw OptionError(fmt::format("frames of type {}: expected u1, u2, u4, i2, i4, i8, f4 or f8",
                                  py::cast<std::string>(py::str(py::object(type)))));
  return use(*source);
}

} // namespace vitrum::python
