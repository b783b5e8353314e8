#include "packed_frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

namespace vitrum::frames {
namespace {

/// The value that detectors put where there is no data, which a byte of 255 stands for.
template <class T>
constexpr T mark() {
  return std::is_signed_v<T> ? static_cast<T>(-1) : std::numeric_limits<T>::max();
}

struct Census {
  Index events = 0;         // values that are not zero
  bool marked_bytes = true; // all below 255 or the mark
  bool words = true;        // all below 2^16
  bool counts_8 = true;     // all below 2^8
  bool counts_32 = true;    // none negative or beyond 2^32
};

template <class T>
Census take_census(const T* values, Index pixels) {
  using Wide = std::make_unsigned_t<T>;
  Census census;
  Wide above_bytes = 0, all = 0; // bits of all values but the mark, and of all
  Index events = 0;
  Wide largest = 0;
  for (Index p = 0; p < pixels; ++p) {
    const auto value = static_cast<Wide>(values[p]); // negative ones become large
    const Wide unmarked = values[p] == mark<T>() ? Wide{0} : value;
    above_bytes = std::max(above_bytes, unmarked);
    all |= value;
    largest = std::max(largest, value);
    events += value != 0 ? 1 : 0;
  }
  census.events = events;
  census.marked_bytes = above_bytes < 255;
  census.counts_8 = largest < 256;
  census.words = largest < 65536;
  if constexpr (std::is_signed_v<T>) {
    const bool negative = largest > static_cast<Wide>(std::numeric_limits<T>::max());
    census.counts_8 = census.counts_8 && !negative;
    census.words = census.words && !negative;
    census.counts_32 = !negative;
  }
  if constexpr (sizeof(T) > 4)
    census.counts_32 = census.counts_32 && largest <= std::numeric_limits<std::uint32_t>::max();
  return census;
}

PackedForm choose(const Census& census, PixelType type, Index pixels) {
  PackedForm form{Packing::native, census.events, pixels * size_of(type)};
  const auto offer = [&](bool possible, Packing packing, Index bytes) {
    if (possible && bytes < form.bytes) {
      form.packing = packing;
      form.bytes = bytes;
    }
  };
  offer(census.words, Packing::words, 2 * pixels);
  offer(census.marked_bytes, Packing::bytes, pixels);
  offer(census.counts_32, Packing::events_32, 8 * census.events);
  offer(census.counts_8, Packing::events_8, 5 * census.events);
  return form;
}

template <class To, class From>
void convert(const From* from, Index count, To* to) {
  for (Index i = 0; i < count; ++i)
    to[i] = static_cast<To>(from[i]);
}

template <class T>
void pack_typed(const T* values, Index pixels, PackedForm form, std::byte* out) {
  switch (form.packing) {
  case Packing::words:
    convert(values, pixels, reinterpret_cast<std::uint16_t*>(out));
    return;
  case Packing::bytes: {
    auto* bytes = reinterpret_cast<std::uint8_t*>(out);
    for (Index p = 0; p < pixels; ++p)
      bytes[p] = static_cast<std::uint8_t>(values[p]); // the mark ends in 255
    return;
  }
  case Packing::events_8:
  case Packing::events_32: {
    auto* at = reinterpret_cast<std::uint32_t*>(out);
    std::byte* counts = out + 4 * form.events;
    Index e = 0;
    for (Index p = 0; p < pixels; ++p) {
      if (values[p] == 0)
        continue;
      at[e] = static_cast<std::uint32_t>(p);
      if (form.packing == Packing::events_8)
        counts[e] = static_cast<std::byte>(values[p]);
      else
        reinterpret_cast<std::uint32_t*>(counts)[e] = static_cast<std::uint32_t>(values[p]);
      ++e;
    }
    return;
  }
  default:
    std::memcpy(out, values, static_cast<std::size_t>(form.bytes));
  }
}

template <class T>
void unpack_typed(const std::byte* packed, PackedForm form, Index pixels, T* out) {
  switch (form.packing) {
  case Packing::words:
    convert(reinterpret_cast<const std::uint16_t*>(packed), pixels, out);
    return;
  case Packing::bytes: {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(packed);
    for (Index p = 0; p < pixels; ++p)
      out[p] = bytes[p] == 255 ? mark<T>() : static_cast<T>(bytes[p]);
    return;
  }
  case Packing::events_8:
  case Packing::events_32:
    std::fill_n(out, pixels, T{0});
    each_event(packed, form, [&](std::uint32_t p, std::uint32_t n) { out[p] = static_cast<T>(n); });
    return;
  default:
    std::memcpy(out, packed, static_cast<std::size_t>(form.bytes));
  }
}

} // namespace

PackedForm smallest_form(const std::byte* values, PixelType type, Index pixels) {
  return visit(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>)
      return choose(take_census(reinterpret_cast<const T*>(values), pixels), type, pixels);
    else
      return PackedForm{Packing::native, 0, pixels * size_of(type)};
  });
}

PackedForm smallest_form(std::span<const std::uint32_t> counts, PixelType type, Index pixels) {
  Census census;
  census.events = static_cast<Index>(counts.size());
  std::uint32_t largest = 0;
  for (const std::uint32_t n : counts)
    largest = std::max(largest, n);
  census.marked_bytes = largest < 255;
  census.counts_8 = largest < 256;
  census.words = largest < 65536;
  return choose(census, type, pixels);
}

void pack(const std::byte* values, PixelType type, Index pixels, PackedForm form, std::byte* out) {
  visit(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>)
      pack_typed(reinterpret_cast<const T*>(values), pixels, form, out);
    else
      std::memcpy(out, values, static_cast<std::size_t>(form.bytes));
  });
}

void pack(std::span<const std::uint32_t> at,
          std::span<const std::uint32_t> counts,
          PixelType type,
          Index pixels,
          PackedForm form,
          std::byte* out) {
  if (form.packing == Packing::events_8 || form.packing == Packing::events_32) {
    std::memcpy(out, at.data(), at.size_bytes());
    std::byte* to = out + at.size_bytes();
    for (std::size_t e = 0; e < counts.size(); ++e)
      if (form.packing == Packing::events_8)
        to[e] = static_cast<std::byte>(counts[e]);
      else
        reinterpret_cast<std::uint32_t*>(to)[e] = counts[e];
    return;
  }
  visit(type, [&](auto tag) { // of frames that are not sparse: by way of the dense one
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      std::vector<T> dense(static_cast<std::size_t>(pixels), T{0});
      for (std::size_t e = 0; e < counts.size(); ++e)
        dense[at[e]] = static_cast<T>(counts[e]);
      pack_typed(dense.data(), pixels, form, out);
    }
  });
}

void unpack(
    const std::byte* packed, PackedForm form, PixelType type, Index pixels, std::byte* out) {
  visit(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>)
      unpack_typed(packed, form, pixels, reinterpret_cast<T*>(out));
    else
      std::memcpy(out, packed, static_cast<std::size_t>(form.bytes));
  });
}

} // namespace vitrum::frames
