// A field as a series of frames, for whatever works on frames.
#pragma once
#include <memory>

#include "vitrum/ecm/field.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::ecm {

/// Frames hold 1 + y of every `thin`-th pixel along both axes, as floats; gaps hold ones. Keeps a
/// reference to the field.
[[nodiscard]] std::unique_ptr<frames::FrameSource> make_field_source(const Field& field,
                                                                     Index thin = 1);

} // namespace vitrum::ecm
