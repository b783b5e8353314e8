#include "vitrum/correlate/pixel_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

#include "load_checks.hpp"
#include "panel_loop.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::correlate {
namespace {

constexpr Index floats_per_line = 16; // of the cache

void check_size(std::size_t size, Index expected, const char* what, const char* unit) {
  if (size != 0 && static_cast<Index>(size) != expected)
    throw OptionError(
        fmt::format("{}: {} values, expected one per {} ({})", what, size, unit, expected));
}

/// What happens to the pixels of one matrix while they are gathered, in stored order.
struct Gather {
  std::vector<float> dark;  // empty: nothing to subtract
  std::vector<float> scale; // empty: nothing to divide by
};

Gather make_gather(const PixelGroups& groups, const LoadOptions& options, Index width) {
  Gather gather;
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(groups.position[i]); };
  if (!options.dark.empty()) {
    gather.dark.resize(groups.position.size());
    for (std::size_t i = 0; i < gather.dark.size(); ++i)
      gather.dark[i] = options.dark[at(i)];
  }
  gather.scale = detail::pixel_scale(groups, options, width);
  return gather;
}

/// Copies the pixels of one frame into a row. Returns their sum (dark subtracted, not yet divided);
/// on a value that holds no data, `bad` becomes its place in the row.
template <class T>
double gather_row(const T* frame,
                  const std::vector<Index>& position,
                  const Gather& gather,
                  double invalid_value,
                  float* row,
                  Index& bad) {
  double sum = 0;
  const bool has_invalid = !std::isnan(invalid_value);
  for (std::size_t i = 0; i < position.size(); ++i) {
    const T raw = frame[position[i]];
    if (has_invalid && static_cast<double>(raw) == invalid_value) {
      bad = static_cast<Index>(i);
      return sum;
    }
    auto value = static_cast<float>(raw);
    if (!gather.dark.empty())
      value -= gather.dark[i];
    if (!std::isfinite(value)) {
      bad = static_cast<Index>(i);
      return sum;
    }
    sum += static_cast<double>(value);
    row[i] = gather.scale.empty() ? value : value * gather.scale[i];
  }
  return sum;
}

/// Divides every frame by its mean over all matrices, relative to the mean over all frames.
void normalize_frames(std::vector<PixelMatrix>& matrices, const Monitor& monitor) {
  const Index frames = matrices.front().frames;
  std::vector<double> mean(static_cast<std::size_t>(frames), 0.0);
  Index pixels = 0;
  for (const PixelMatrix& matrix : matrices)
    pixels += matrix.pixels();
  parallel_for(0, frames, 16, [&](Index begin, Index end) {
    for (Index t = begin; t < end; ++t) {
      for (const PixelMatrix& matrix : matrices)
        mean[t] += std::accumulate(matrix.row(t), matrix.row(t) + matrix.pixels(), 0.0);
      mean[t] /= static_cast<double>(pixels);
    }
  });
  double overall = 0;
  Index used = 0;
  Index dropped = 0;
  for (Index t = 0; t < frames; ++t) {
    if (matrices.front().valid[t] == 0)
      continue;
    if (!(mean[t] > 0)) {
      ++dropped;
      for (PixelMatrix& matrix : matrices) {
        matrix.valid[t] = 0;
        std::fill_n(matrix.row(t), matrix.stride, 0.0F);
      }
      continue;
    }
    overall += mean[t];
    ++used;
  }
  if (dropped > 0)
    monitor.warn(fmt::format("{} frames without counts cannot be normalised: left out", dropped));
  if (used == 0)
    throw DataError("frame normalisation: no frame has counts");
  overall /= static_cast<double>(used);
  parallel_for(0, frames, 16, [&](Index begin, Index end) {
    for (Index t = begin; t < end; ++t) {
      if (matrices.front().valid[t] == 0)
        continue;
      const auto factor = static_cast<float>(overall / mean[t]);
      for (PixelMatrix& matrix : matrices)
        for (Index p = 0; p < matrix.pixels(); ++p)
          matrix.row(t)[p] *= factor;
    }
  });
}

} // namespace

namespace detail {

std::vector<Index> resolve_bins(const frames::Partition& partition, std::vector<Index> bins) {
  if (bins.empty()) {
    bins.resize(static_cast<std::size_t>(partition.bin_count()));
    std::iota(bins.begin(), bins.end(), Index{1});
  }
  for (const Index bin : bins)
    if (bin < 1 || bin > partition.bin_count())
      throw OptionError(
          fmt::format("bin {}: the partition has bins 1 to {}", bin, partition.bin_count()));
  return bins;
}

std::vector<float> pixel_scale(const PixelGroups& groups, const LoadOptions& options, Index width) {
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(groups.position[i]); };
  if (options.flat.empty() && options.static_surface.empty())
    return {};
  std::vector<float> scale(groups.position.size());
  for (std::size_t i = 0; i < scale.size(); ++i) {
    const double flat = options.flat.empty() ? 1.0 : options.flat[at(i)];
    const double surface = options.static_surface.empty() ? 1.0 : options.static_surface[at(i)];
    const double divisor = flat * surface;
    if (!(divisor > 0) || !std::isfinite(divisor)) // NaN too
      throw DataError(fmt::format("{} at y {} x {}: {}, expected a positive number",
                                  flat > 0 && std::isfinite(flat) ? "static surface" : "flat field",
                                  groups.position[i] / width,
                                  groups.position[i] % width,
                                  divisor));
    scale[i] = static_cast<float>(1.0 / divisor);
  }
  return scale;
}

void check_load(const frames::SeriesInfo& info,
                const frames::Partition& partition,
                const LoadOptions& options) {
  validate(options, info);
  if (partition.height != info.height || partition.width != info.width)
    throw DataError(fmt::format("{}: frames are {} x {}, the partition {} x {}",
                                info.path,
                                info.height,
                                info.width,
                                partition.height,
                                partition.width));
  if (info.frames < 1)
    throw DataError(fmt::format("{}: no frames", info.path));
}

void throw_bad_value(const std::string& path, Index frame, Index position, Index width) {
  throw DataError(fmt::format("{}: frame {} y {} x {}: the detector marks no data or not a finite "
                              "number, expected counts (mask the pixel or leave the frame out)",
                              path,
                              frame,
                              position / width,
                              position % width));
}

} // namespace detail

Index PixelMatrix::valid_frames() const {
  return static_cast<Index>(std::count(valid.begin(), valid.end(), std::uint8_t{1}));
}

Index padded_stride(Index pixels) {
  const Index lines = (pixels + floats_per_line - 1) / floats_per_line;
  return floats_per_line * (lines | 1);
}

PixelMatrix make_pixel_matrix(Index frames, PixelGroups groups) {
  PixelMatrix matrix;
  matrix.frames = frames;
  matrix.stride = padded_stride(groups.pixels());
  // Whole panels, so that the fluctuations can be packed in the same memory.
  matrix.values = Buffer<float>(whole_panels(frames) * matrix.stride);
  matrix.valid.assign(static_cast<std::size_t>(frames), 1);
  matrix.mean_counts.assign(static_cast<std::size_t>(frames), 0.0);
  matrix.groups = std::move(groups);
  parallel_for(0, frames, 16, [&](Index begin, Index end) {
    std::memset(matrix.row(begin), 0, static_cast<std::size_t>((end - begin) * matrix.stride) * 4);
  });
  return matrix;
}

PixelMatrix copy(const PixelMatrix& matrix) {
  PixelMatrix result;
  result.frames = matrix.frames;
  result.stride = matrix.stride;
  result.values = Buffer<float>(matrix.values.size());
  result.valid = matrix.valid;
  result.mean_counts = matrix.mean_counts;
  result.groups = matrix.groups;
  parallel_for(0, matrix.frames, 16, [&](Index begin, Index end) {
    std::copy_n(matrix.row(begin), (end - begin) * matrix.stride, result.row(begin));
  });
  return result;
}

void validate(const LoadOptions& options, const frames::SeriesInfo& info) {
  check_size(options.static_surface.size(), info.pixels(), "static surface", "pixel");
  check_size(options.dark.size(), info.pixels(), "dark", "pixel");
  check_size(options.flat.size(), info.pixels(), "flat field", "pixel");
  check_size(options.bad_frames.size(), info.frames, "bad frames", "frame");
  validate(options.groups);
  if (options.block_bytes < 1)
    throw OptionError(fmt::format("block_bytes = {}: must be positive", options.block_bytes));
}

Index predicted_bytes(Index frames,
                      const frames::Partition& partition,
                      const std::vector<Index>& bins) {
  std::vector<Index> pixels(static_cast<std::size_t>(partition.bin_count()) + 1, 0);
  for (const std::int32_t label : partition.dynamic_labels)
    ++pixels.at(static_cast<std::size_t>(label));
  Index bytes = 0;
  for (const Index bin : detail::resolve_bins(partition, bins))
    bytes += whole_panels(frames) * padded_stride(pixels[bin]) * static_cast<Index>(sizeof(float));
  return bytes;
}

std::vector<PixelMatrix> load_pixels(frames::FrameSource& source,
                                     const frames::Partition& partition,
                                     const std::vector<Index>& requested_bins,
                                     const LoadOptions& options,
                                     const Monitor& monitor) {
  const frames::SeriesInfo& info = source.info();
  detail::check_load(info, partition, options);
  std::vector<PixelMatrix> matrices;
  std::vector<Gather> gathers;
  for (const Index bin : detail::resolve_bins(partition, requested_bins)) {
    PixelGroups groups = make_groups(
        partition.dynamic_labels, partition.static_labels, partition.width, bin, options.groups);
    gathers.push_back(make_gather(groups, options, info.width));
    matrices.push_back(make_pixel_matrix(info.frames, std::move(groups)));
  }

  const auto is_bad = [&](Index t) {
    return !options.bad_frames.empty() && options.bad_frames[t] != 0;
  };
  const Index frame_bytes = info.frame_bytes();
  const Index block = std::clamp<Index>(options.block_bytes / frame_bytes, 1, info.frames);
  Buffer<std::byte> raw(block * frame_bytes);
  // Where the first unusable value of each frame of the block stands: its position, or −1.
  std::vector<Index> bad_position(static_cast<std::size_t>(block));
  Progress progress(monitor, "reading", "frames", info.frames);
  for (Index first = 0; first < info.frames; first += block) {
    const Index count = std::min(block, info.frames - first);
    source.read(first, count, raw.data());
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k) {
        const Index t = first + k;
        bad_position[k] = -1;
        for (std::size_t m = 0; m < matrices.size(); ++m) {
          PixelMatrix& matrix = matrices[m];
          if (is_bad(t)) {
            matrix.valid[t] = 0;
            matrix.mean_counts[t] = frames::unknown;
            continue;
          }
          Index bad = -1;
          const double sum = frames::visit(info.type, [&](auto tag) {
            using T = typename decltype(tag)::type;
            return gather_row(reinterpret_cast<const T*>(raw.data() + k * frame_bytes),
                              matrix.groups.position,
                              gathers[m],
                              info.invalid_value,
                              matrix.row(t),
                              bad);
          });
          if (bad >= 0 && bad_position[k] < 0)
            bad_position[k] = matrix.groups.position[bad];
          matrix.mean_counts[t] = sum / static_cast<double>(matrix.pixels());
        }
      }
    });
    for (Index k = 0; k < count; ++k)
      if (bad_position[k] >= 0)
        detail::throw_bad_value(info.path, first + k, bad_position[k], info.width);
    progress.advance(count);
  }
  if (matrices.front().valid_frames() == 0)
    throw DataError(fmt::format("{}: all frames are marked bad", info.path));
  if (options.frame_normalization)
    normalize_frames(matrices, monitor);
  return matrices;
}

} // namespace vitrum::correlate
