#include "packed_frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "packed_kernel.hpp"

namespace vitrum::frames {
namespace {

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

template <class T>
void pack_events(const T* values, const PackedPixels& pixels, PackedForm form, std::byte* out) {
  auto* at = reinterpret_cast<std::uint32_t*>(out);
  std::byte* counts = out + 4 * form.events;
  Index e = 0;
  for (const PixelRun& run : pixels.runs)
    each_nonzero(values, run.begin, run.count, [&](Index p) {
      at[e] = static_cast<std::uint32_t>(p);
      if (form.packing == Packing::events_8)
        counts[e] = static_cast<std::byte>(values[p]);
      else
        reinterpret_cast<std::uint32_t*>(counts)[e] = static_cast<std::uint32_t>(values[p]);
      ++e;
    });
}

template <class T>
void pack_typed(const T* values, const PackedPixels& pixels, PackedForm form, std::byte* out) {
  if (form.packing == Packing::events_8 || form.packing == Packing::events_32)
    return pack_events(values, pixels, form, out);
  for (const PixelRun& run : pixels.runs) {
    const T* from = values + run.begin;
    if (form.packing == Packing::words)
      narrow(from, run.count, reinterpret_cast<std::uint16_t*>(out) + run.before);
    else if (form.packing == Packing::bytes) // the mark ends in 255
      narrow(from, run.count, reinterpret_cast<std::uint8_t*>(out) + run.before);
    else
      std::copy_n(from, run.count, reinterpret_cast<T*>(out) + run.before);
  }
}

template <class T>
void unpack_typed(const std::byte* packed, PackedForm form, const PackedPixels& pixels, T* out) {
  const bool events = form.packing == Packing::events_8 || form.packing == Packing::events_32;
  if (events || pixels.kept < pixels.frame)
    std::fill_n(out, pixels.frame, T{0});
  if (events)
    return each_event(
        packed, form, [&](std::uint32_t p, std::uint32_t n) { out[p] = static_cast<T>(n); });
  for (const PixelRun& run : pixels.runs) {
    T* to = out + run.begin;
    if (form.packing == Packing::words)
      widen(reinterpret_cast<const std::uint16_t*>(packed) + run.before, run.count, to);
    else if (form.packing == Packing::bytes)
      widen_marked(reinterpret_cast<const std::uint8_t*>(packed) + run.before, run.count, to);
    else
      std::copy_n(reinterpret_cast<const T*>(packed) + run.before, run.count, to);
  }
}

/// Calls work(T{}), with a type of the same size for floats, which are copied as they are.
template <class Work>
auto visit_typed(PixelType type, Work&& work) {
  return visit(type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>)
      return work(T{});
    else if constexpr (sizeof(T) == 4)
      return work(std::uint32_t{});
    else
      return work(std::uint64_t{});
  });
}

} // namespace

PackedPixels make_packed_pixels(Index pixels, std::span<const std::uint8_t> needed) {
  PackedPixels list;
  list.frame = pixels;
  if (needed.empty()) {
    list.kept = pixels;
    list.runs.push_back({0, pixels, 0});
    return list;
  }
  for (Index p = 0; p < pixels; ++p) {
    if (needed[static_cast<std::size_t>(p)] == 0)
      continue;
    if (p > 0 && !list.runs.empty() && list.runs.back().begin + list.runs.back().count == p)
      ++list.runs.back().count;
    else
      list.runs.push_back({p, 1, list.kept});
    ++list.kept;
  }
  return list;
}

PackedForm smallest_form(const std::byte* values, PixelType type, const PackedPixels& pixels) {
  if (!is_integer(type))
    return {Packing::native, 0, pixels.kept * size_of(type)};
  return visit_typed(type, [&](auto zero) {
    using T = decltype(zero);
    CensusBits<T> bits;
    for (const PixelRun& run : pixels.runs)
      take_census(reinterpret_cast<const T*>(values) + run.begin, run.count, bits);
    return choose(census_of(bits), type, pixels.kept);
  });
}

PackedForm
smallest_form(std::span<const std::uint32_t> counts, PixelType type, const PackedPixels& pixels) {
  Census census;
  census.events = static_cast<Index>(counts.size());
  std::uint32_t largest = 0;
  for (const std::uint32_t n : counts)
    largest = std::max(largest, n);
  census.marked_bytes = largest < 255;
  census.counts_8 = largest < 256;
  census.words = largest < 65536;
  return choose(census, type, pixels.kept);
}

void pack(const std::byte* values,
          PixelType type,
          const PackedPixels& pixels,
          PackedForm form,
          std::byte* out) {
  visit_typed(type, [&](auto zero) {
    pack_typed(reinterpret_cast<const decltype(zero)*>(values), pixels, form, out);
  });
}

void pack(std::span<const std::uint32_t> at,
          std::span<const std::uint32_t> counts,
          PixelType type,
          const PackedPixels& pixels,
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
  visit_typed(type, [&](auto zero) { // of frames that are not sparse: by way of the dense one
    using T = decltype(zero);
    std::vector<T> dense(static_cast<std::size_t>(pixels.frame), T{0});
    for (std::size_t e = 0; e < counts.size(); ++e)
      dense[at[e]] = static_cast<T>(counts[e]);
    pack_typed(dense.data(), pixels, form, out);
  });
}

void unpack(const std::byte* packed,
            PackedForm form,
            PixelType type,
            const PackedPixels& pixels,
            std::byte* out) {
  visit_typed(type, [&](auto zero) {
    unpack_typed(packed, form, pixels, reinterpret_cast<decltype(zero)*>(out));
  });
}

} // namespace vitrum::frames
