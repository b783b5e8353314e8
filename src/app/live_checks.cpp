#include "live_checks.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "live_input.hpp"
#include "series.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

constexpr Index cells_step = correlate::GrowingMap::cells_step;

std::string frames_text(Index frames) {
  return frames == 1 ? "1 frame" : fmt::format("{} frames", frames);
}

/// Flags of readers of files say nothing about a stream.
void refuse_reader_flags(const std::string& address, const InputFlags& flags) {
  const InputFlags none;
  const std::pair<const char*, bool> given[] = {
      {"format", flags.format != none.format},
      {"missing-data-files", flags.missing_data_files},
      {"pixel-order", flags.pixel_order != none.pixel_order},
      {"first-frame", flags.first_frame != none.first_frame},
      {"raw-shape", flags.raw_shape != none.raw_shape},
      {"raw-type", flags.raw_type != none.raw_type},
      {"raw-offset", flags.raw_offset != none.raw_offset},
      {"raw-big-endian", flags.raw_big_endian}};
  for (const auto& [name, is_given] : given)
    if (is_given)
      throw OptionError(fmt::format("--{}: {} is a stream, which no reader reads", name, address));
}

} // namespace

void check(const LiveOptions& options) {
  const auto seconds = [](const char* name, double value, double least) {
    if (!(value >= least) || std::isinf(value))
      throw OptionError(fmt::format("--{} {}: expected seconds, {} or more", name, value, least));
  };
  seconds("wait", options.wait_s, 0);
  seconds("idle", options.idle_s, 0.1);
  seconds("update", options.update_s, 0.1);
  if (options.frames < 0)
    throw OptionError(fmt::format("--frames {}: expected 0 or more", options.frames));
  constexpr Index most = 16384;
  if (options.cells < cells_step || options.cells > most)
    throw OptionError(
        fmt::format("--cells {}: expected {} to {}", options.cells, cells_step, most));
  if (options.window < 0)
    throw OptionError(fmt::format("--window {}: expected 0 or more images", options.window));
  if (is_stream(options.inputs.at(0)))
    refuse_reader_flags(options.inputs[0], options.input);
  else if (!options.channel.empty())
    throw OptionError(
        fmt::format("--channel {}: {} is a file or folder, only streams have channels",
                    options.channel,
                    options.inputs[0]));
}

Index whole_cells(Index cells) {
  return cells / cells_step * cells_step;
}

std::string lacking(const correlate::LiveCorrelator& live, Index bins, const std::string& source) {
  const Index valid = std::count(live.gaps().begin(), live.gaps().end(), std::uint8_t{0});
  if (valid < 2)
    return fmt::format(
        "{}: {} with data came, need at least 2 to correlate", source, frames_text(valid));
  bool counts = false;
  for (Index bin = 1; bin <= bins; ++bin) {
    const auto signal = live.signal(bin);
    counts = counts || signal.counts;
    if (signal.counts && signal.still)
      return still_text(source, bin, valid);
    if (signal.counts && signal.flat && signal.pixels > 1)
      return flat_text(source, bin, signal.pixels);
  }
  return counts ? "" : fmt::format("{}: all {} are zero", source, frames_text(valid));
}

} // namespace vitrum::app
