// Numbers in a stated byte order from unaligned bytes, and byte swaps of whole arrays.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

template <class T>
[[nodiscard]] T load_big(const void* from) {
  static_assert(std::is_unsigned_v<T>);
  const auto* bytes = static_cast<const unsigned char*>(from);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>((value << 8) | bytes[i]);
  return value;
}

template <class T>
[[nodiscard]] T load_little(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value); // all supported machines are little-endian
  return value;
}

template <class T>
void store_big(T value, void* to) {
  static_assert(std::is_unsigned_v<T>);
  auto* bytes = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes[i] = static_cast<unsigned char>(value >> (8 * (sizeof(T) - 1 - i)));
}

/// Reverses the bytes of each of `count` elements in place.
inline void swap_bytes(std::byte* data, Index count, Index element_bytes) {
  const auto swap_as = [&](auto zero, auto swapped) {
    for (Index i = 0; i < count; ++i) {
      auto value = zero;
      std::memcpy(&value, data + i * element_bytes, sizeof value);
      value = static_cast<decltype(value)>(swapped(value));
      std::memcpy(data + i * element_bytes, &value, sizeof value);
    }
  };
  if (element_bytes == 2)
    swap_as(std::uint16_t{0}, [](std::uint16_t v) { return __builtin_bswap16(v); });
  else if (element_bytes == 4)
    swap_as(std::uint32_t{0}, [](std::uint32_t v) { return __builtin_bswap32(v); });
  else if (element_bytes == 8)
    swap_as(std::uint64_t{0}, [](std::uint64_t v) { return __builtin_bswap64(v); });
}

} // namespace vitrum::io
