// The number types that detectors write, and how to run typed code on untyped frames.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "vitrum/core/index.hpp"

namespace vitrum::frames {

enum class PixelType { u8, u16, u32, u64, i8, i16, i32, i64, f32, f64 };

[[nodiscard]] Index size_of(PixelType type);            // bytes
[[nodiscard]] std::string_view name_of(PixelType type); // "uint16", "float32", …
[[nodiscard]] bool is_integer(PixelType type);
/// Reads "uint16", "u2", "float32", "f4", … Throws OptionError that lists the names.
[[nodiscard]] PixelType parse_pixel_type(std::string_view name);

template <class T>
struct TypeTag {
  using type = T;
};

/// Calls f(TypeTag<T>{}) with the T of `type`.
template <class F>
decltype(auto) visit(PixelType type, F&& f) {
  switch (type) {
  case PixelType::u8:
    return f(TypeTag<std::uint8_t>{});
  case PixelType::u16:
    return f(TypeTag<std::uint16_t>{});
  case PixelType::u32:
    return f(TypeTag<std::uint32_t>{});
  case PixelType::u64:
    return f(TypeTag<std::uint64_t>{});
  case PixelType::i8:
    return f(TypeTag<std::int8_t>{});
  case PixelType::i16:
    return f(TypeTag<std::int16_t>{});
  case PixelType::i32:
    return f(TypeTag<std::int32_t>{});
  case PixelType::i64:
    return f(TypeTag<std::int64_t>{});
  case PixelType::f32:
    return f(TypeTag<float>{});
  case PixelType::f64:
    break;
  }
  return f(TypeTag<double>{});
}

template <class T>
[[nodiscard]] constexpr PixelType pixel_type_of() {
  if constexpr (std::is_same_v<T, float>)
    return PixelType::f32;
  else if constexpr (std::is_same_v<T, double>)
    return PixelType::f64;
  else if constexpr (std::is_signed_v<T>)
    return sizeof(T) == 1   ? PixelType::i8
           : sizeof(T) == 2 ? PixelType::i16
           : sizeof(T) == 4 ? PixelType::i32
                            : PixelType::i64;
  else
    return sizeof(T) == 1   ? PixelType::u8
           : sizeof(T) == 2 ? PixelType::u16
           : sizeof(T) == 4 ? PixelType::u32
                            : PixelType::u64;
}

} // namespace vitrum::frames
