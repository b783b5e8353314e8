// Every number type, for tests that go through all of them.
#pragma once
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::frames {

inline constexpr PixelType all_pixel_types[] = {PixelType::u8,
                                                PixelType::u16,
                                                PixelType::u32,
                                                PixelType::u64,
                                                PixelType::i8,
                                                PixelType::i16,
                                                PixelType::i32,
                                                PixelType::i64,
                                                PixelType::f32,
                                                PixelType::f64};

} // namespace vitrum::frames
