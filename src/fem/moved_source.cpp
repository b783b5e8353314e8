#include <algorithm>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/fem/center_drift.hpp"

namespace vitrum::fem {
namespace {

class MovedSource final : public frames::FrameSource {
public:
  MovedSource(std::unique_ptr<frames::FrameSource> source,
              std::vector<Index> shift_x,
              std::vector<Index> shift_y)
      : source_(std::move(source)), x_(std::move(shift_x)), y_(std::move(shift_y)) {
    const auto frames = static_cast<std::size_t>(info().frames);
    if (x_.size() != frames || y_.size() != frames)
      throw OptionError(fmt::format("{} shifts for {} patterns", x_.size(), frames));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return source_->info(); }

  void read(Index first, Index count, std::byte* out) override {
    source_->read(first, count, out);
    frames::visit(info().type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      auto* values = reinterpret_cast<T*>(out);
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        for (Index f = begin; f < end; ++f) {
          const auto n = static_cast<std::size_t>(first + f);
          move_back(values + f * info().pixels(), x_[n], y_[n]);
        }
      });
    });
  }

private:
  template <class T>
  void move_back(T* pattern, Index sx, Index sy) const {
    if (sx == 0 && sy == 0)
      return;
    const Index height = info().height, width = info().width;
    const std::vector<T> from(pattern, pattern + height * width);
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x)
        pattern[y * width + x] =
            from[static_cast<std::size_t>(std::clamp<Index>(y + sy, 0, height - 1) * width +
                                          std::clamp<Index>(x + sx, 0, width - 1))];
  }

  std::unique_ptr<frames::FrameSource> source_;
  std::vector<Index> x_, y_;
};

} // namespace

std::unique_ptr<frames::FrameSource> make_moved_source(std::unique_ptr<frames::FrameSource> source,
                                                       std::vector<Index> shift_x,
                                                       std::vector<Index> shift_y) {
  return std::make_unique<MovedSource>(std::move(source), std::move(shift_x), std::move(shift_y));
}

} // namespace vitrum::fem
