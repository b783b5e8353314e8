#include "vitrum/ecm/field_source.hpp"

#include <cstring>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::ecm {
namespace {

class FieldSource final : public frames::FrameSource {
public:
  FieldSource(const Field& field, Index thin) : field_(field), thin_(thin) {
    const auto& from = field.source().info();
    info_.path = from.path;
    info_.format = from.format;
    info_.frames = from.frames;
    info_.height = (field.rows() + thin - 1) / thin;
    info_.width = (field.columns() + thin - 1) / thin;
    info_.type = frames::PixelType::f32;
    info_.frame_time_s = from.frame_time_s;
    info_.timestamps_s = from.timestamps_s;
  }
  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    field_.frames(first, count, [&](Index frame, std::span<const float> values) {
      std::vector<float> picked;
      picked.reserve(static_cast<std::size_t>(info_.pixels()));
      for (Index y = 0; y < field_.rows(); y += thin_)
        for (Index x = 0; x < field_.columns(); x += thin_)
          picked.push_back(1 + values[static_cast<std::size_t>(y * field_.columns() + x)]);
      std::memcpy(out + (frame - first) * info_.frame_bytes(),
                  picked.data(),
                  static_cast<std::size_t>(info_.frame_bytes()));
    });
  }

private:
  const Field& field_;
  Index thin_;
  frames::SeriesInfo info_;
};

} // namespace

std::unique_ptr<frames::FrameSource> make_field_source(const Field& field, Index thin) {
  if (thin < 1)
    throw OptionError(fmt::format("thin = {}: must be at least 1", thin));
  return std::make_unique<FieldSource>(field, thin);
}

} // namespace vitrum::ecm
