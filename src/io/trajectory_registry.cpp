// The one list of formats of trajectories, and the choice among them by content.
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "path.hpp"
#include "text_stream.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr std::array readers{dcd_reader,
                             extxyz_reader,
                             gsd_reader,
                             h5md_reader,
                             lammps_binary_reader,
                             lammps_data_reader,
                             lammps_dump_reader,
                             xtc_reader};

constexpr Index head_bytes = 8192;

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto make : readers)
    out.push_back(make().describe().name);
  return out;
}

/// Null when no reader knows the content.
const TrajectoryReader* recognise(const std::string& path, TrajectoryReader& storage) {
  if (std::vector<unsigned char> head = first_decompressed_bytes(path, head_bytes); !head.empty())
    for (const auto make : readers) {
      storage = make();
      if (storage.recognises({path, false, head}))
        return &storage;
    }
  return nullptr;
}

/// What the caller says, over what the file says.
class Told final : public atoms::TrajectorySource {
public:
  Told(std::unique_ptr<atoms::TrajectorySource> source, const TrajectoryOptions& options)
      : source_(std::move(source)), options_(options), info_(source_->info()) {
    if (!options.species.empty()) {
      if (options.species.size() != info_.species.size())
        throw OptionError(fmt::format("{}: {} species ({}), names for {} are given",
                                      info_.path,
                                      info_.species.size(),
                                      fmt::join(info_.species, ", "),
                                      options.species.size()));
      info_.species = options.species;
    }
    if (options.time_step > 0) {
      if (info_.steps.empty())
        throw OptionError(fmt::format(
            "{}: {} has no step numbers, a time of a step says nothing", info_.path, info_.format));
      info_.times.clear();
      for (const Index step : info_.steps)
        info_.times.push_back(static_cast<double>(step) * options.time_step);
    }
  }
  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }
  void read(Index frame, atoms::Configuration& out) override {
    source_->read(frame, out);
    if (!info_.times.empty())
      out.time = info_.times[static_cast<std::size_t>(frame)];
  }

private:
  std::unique_ptr<atoms::TrajectorySource> source_;
  TrajectoryOptions options_;
  atoms::TrajectoryInfo info_;
};

} // namespace

std::vector<FormatDescription> trajectory_formats() {
  std::vector<FormatDescription> out;
  for (const auto make : readers)
    out.push_back(make().describe());
  return out;
}

bool is_trajectory(const std::string& path) {
  const auto [file, inside] = split_path(path);
  TrajectoryReader reader{};
  return inside.empty() && recognise(file, reader) != nullptr;
}

std::unique_ptr<atoms::TrajectorySource> open_trajectory(const std::string& path,
                                                         const TrajectoryOptions& options) {
  if (!(options.time_step >= 0))
    throw OptionError(fmt::format("time_step = {}: must not be negative", options.time_step));
  TrajectoryReader reader{};
  if (options.format.empty()) {
    if (recognise(path, reader) == nullptr)
      throw FormatError(path,
                        "",
                        "content of no known trajectory",
                        fmt::format("one of {}", fmt::join(names(), ", ")));
  } else {
    bool found = false;
    for (const auto make : readers)
      if (!found) {
        reader = make();
        found = reader.describe().name == options.format;
      }
    if (!found)
      throw OptionError(fmt::format(
          "format = '{}': expected one of {}", options.format, fmt::join(names(), ", ")));
  }
  auto source = reader.open(path);
  if (options.time_step == 0 && options.species.empty())
    return source;
  return std::make_unique<Told>(std::move(source), options);
}

} // namespace vitrum::io
