#include <cmath>
#include <cstddef>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "series_facts.hpp"
#include "vitrum/app/view.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/frames/frame_source.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::app {
namespace {

constexpr Index most_averaged = 10000;

/// Adds the valid values of one frame; where there is none, `valid` counts none.
void add_frame(const frames::SeriesInfo& info,
               const std::byte* bytes,
               std::vector<double>& sum,
               std::vector<Index>& valid) {
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* values = reinterpret_cast<const T*>(bytes);
    for (std::size_t p = 0; p < sum.size(); ++p) {
      const auto value = static_cast<double>(values[p]);
      const bool bad = !info.bad_pixels.empty() && info.bad_pixels[p] != 0;
      if (bad || !std::isfinite(value) || value == info.invalid_value)
        continue;
      sum[p] += value;
      ++valid[p];
    }
  });
}

template <class Map>
void require_shape(const Map& map, const frames::SeriesInfo& info, const std::string& path) {
  if (map.height != info.height || map.width != info.width)
    throw DataError(fmt::format("{}: {} × {} pixels, expected the {} × {} of the frames",
                                path,
                                map.height,
                                map.width,
                                info.height,
                                info.width));
}

} // namespace

struct SeriesView::Opened {
  std::unique_ptr<frames::FrameSource> source;
  std::mutex mutex; // one reads at a time
};

SeriesView::SeriesView(const std::string& path) : opened_(std::make_unique<Opened>()) {
  opened_->source = io::open_series(path);
}
SeriesView::~SeriesView() = default;

Index SeriesView::frames() const {
  return opened_->source->info().frames;
}

std::vector<ShownNumber> SeriesView::facts() const {
  std::vector<ShownNumber> out;
  for (const auto& fact : series_facts(opened_->source->info()))
    out.push_back({fact.name,
                   fact.name,
                   fact.value + (fact.unit.empty() ? "" : " " + fact.unit),
                   std::numeric_limits<double>::quiet_NaN()});
  return out;
}

std::vector<std::string> SeriesView::problems() const {
  return opened_->source->info().problems;
}

plot::Figure SeriesView::figure(const FrameWindow& window) const {
  const auto& info = opened_->source->info();
  if (window.count < 1 || window.count > most_averaged)
    throw OptionError(fmt::format("{} frames: expected 1 to {}", window.count, most_averaged));
  if (window.first >= info.frames)
    throw OptionError(
        fmt::format("frames {} on: the series has 0 to {}", window.first, info.frames - 1));
  if (window.first < 0 || window.first + window.count > info.frames)
    throw OptionError(fmt::format("frames {} to {}: the series has 0 to {}",
                                  window.first,
                                  window.first + window.count - 1,
                                  info.frames - 1));
  const auto pixels = static_cast<std::size_t>(info.pixels());
  std::vector<double> sum(pixels);
  std::vector<Index> valid(pixels);
  {
    std::vector<std::byte> bytes(static_cast<std::size_t>(info.frame_bytes()));
    const std::lock_guard hold(opened_->mutex);
    for (Index f = 0; f < window.count; ++f) {
      opened_->source->read(window.first + f, 1, bytes.data());
      add_frame(info, bytes.data(), sum, valid);
    }
  }
  report::FrameImage image;
  image.rows = info.height;
  image.columns = info.width;
  image.values.resize(pixels);
  for (std::size_t p = 0; p < pixels; ++p)
    image.values[p] = valid[p] > 0 ? static_cast<float>(sum[p] / static_cast<double>(valid[p]))
                                   : std::numeric_limits<float>::quiet_NaN();
  const auto at = [&](Index frame) {
    return std::isnan(info.frame_time_s)
               ? std::string()
               : fmt::format(" at {:.6g} s", static_cast<double>(frame) * info.frame_time_s);
  };
  image.title =
      window.count == 1
          ? fmt::format("frame {}{}", window.first, at(window.first))
          : fmt::format("mean of frames {} to {}", window.first, window.first + window.count - 1);
  image.unit = frames::is_integer(info.type) ? "counts" : "value";
  image.logarithmic = window.logarithmic;
  image.lower_percentile = window.lower_percentile;
  image.upper_percentile = window.upper_percentile;
  if (!window.mask.empty()) {
    const auto mask = io::read_mask(window.mask);
    require_shape(mask, info, window.mask);
    image.masked.resize(pixels);
    for (std::size_t p = 0; p < pixels; ++p)
      image.masked[p] = mask.use[p] == 0;
  }
  if (!window.partition.empty()) {
    auto labels = io::read_label_maps(window.partition);
    require_shape(labels, info, window.partition);
    image.labels = std::move(labels.dynamic_labels);
  }
  return plot::with_limits(report::make_frame_figure(std::move(image)));
}

} // namespace vitrum::app
