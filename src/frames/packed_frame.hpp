// One frame, or those of its pixels that are needed, in the smallest of a few forms.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::frames {

enum class Packing : std::uint8_t {
  none,
  events_8,  // pixels in four bytes each, then counts in one
  events_32, // counts in four bytes
  bytes,     // one byte per pixel; 255 is the largest value of the type, −1 if it is signed
  words,     // two bytes per pixel
  native
};

struct PackedForm {
  Packing packing = Packing::none;
  Index events = 0;
  Index bytes = 0;
};

/// Pixels [begin, begin + count) of a frame, of which `before` packed ones stand in front.
struct PixelRun {
  Index begin = 0, count = 0, before = 0;
};

/// The pixels of a frame that are packed.
struct PackedPixels {
  Index frame = 0; // pixels of a whole frame
  Index kept = 0;
  std::vector<PixelRun> runs;
};
/// Those with needed[p] != 0; all when it is empty.
[[nodiscard]] PackedPixels make_packed_pixels(Index pixels, std::span<const std::uint8_t> needed);

/// The smallest form of the kept pixels of a frame.
[[nodiscard]] PackedForm
smallest_form(const std::byte* values, PixelType type, const PackedPixels& pixels);
/// The same of a frame given as events of kept pixels. Never bytes or words of a type that cannot
/// hold the counts.
[[nodiscard]] PackedForm
smallest_form(std::span<const std::uint32_t> counts, PixelType type, const PackedPixels& pixels);

/// `out` has form.bytes. Events name pixels of the frame.
void pack(const std::byte* values,
          PixelType type,
          const PackedPixels& pixels,
          PackedForm form,
          std::byte* out);
void pack(std::span<const std::uint32_t> at,
          std::span<const std::uint32_t> counts,
          PixelType type,
          const PackedPixels& pixels,
          PackedForm form,
          std::byte* out);

/// The frame; pixels that were not kept are zero.
void unpack(const std::byte* packed,
            PackedForm form,
            PixelType type,
            const PackedPixels& pixels,
            std::byte* out);
/// Calls add(pixel, count) for each event of a frame packed as events.
template <class Add>
void each_event(const std::byte* packed, PackedForm form, Add&& add) {
  const auto* at = reinterpret_cast<const std::uint32_t*>(packed);
  const std::byte* counts = packed + 4 * form.events;
  for (Index e = 0; e < form.events; ++e)
    add(at[e],
        form.packing == Packing::events_8
            ? static_cast<std::uint32_t>(std::to_integer<std::uint8_t>(counts[e]))
            : reinterpret_cast<const std::uint32_t*>(counts)[e]);
}

} // namespace vitrum::frames
