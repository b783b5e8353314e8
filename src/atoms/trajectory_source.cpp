#include "vitrum/atoms/trajectory_source.hpp"

#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::atoms {
namespace {

template <class T>
std::vector<T> pick(const std::vector<T>& values, Range range) {
  std::vector<T> out;
  if (!values.empty())
    for (Index i = range.first; i < range.last; i += range.step)
      out.push_back(values[static_cast<std::size_t>(i)]);
  return out;
}

class Selected final : public TrajectorySource {
public:
  Selected(std::unique_ptr<TrajectorySource> source, Range range)
      : source_(std::move(source)), range_(range), info_(source_->info()) {
    info_.frames = length(range);
    info_.steps = pick(info_.steps, range);
    info_.times = pick(info_.times, range);
  }
  [[nodiscard]] const TrajectoryInfo& info() const override { return info_; }
  void read(Index frame, Configuration& out) override {
    source_->read(range_.first + frame * range_.step, out);
  }

private:
  std::unique_ptr<TrajectorySource> source_;
  Range range_;
  TrajectoryInfo info_;
};

class Memory final : public TrajectorySource {
public:
  Memory(std::vector<Configuration> frames, std::vector<std::string> species)
      : frames_(std::move(frames)) {
    if (frames_.empty())
      throw DataError("a trajectory without frames");
    info_.path = "memory";
    info_.format = "memory";
    info_.frames = static_cast<Index>(frames_.size());
    info_.atoms = frames_.front().atoms();
    info_.species = std::move(species);
    info_.species_atoms.assign(info_.species.size(), 0);
    info_.first_box = frames_.front().box;
    info_.unwrapped = frames_.front().unwrapped;
    bool timed = true;
    for (const auto& one : frames_) {
      validate(one, static_cast<Index>(info_.species.size()));
      if (one.atoms() != info_.atoms)
        throw DataError(
            fmt::format("step {}: {} atoms, {} before", one.step, one.atoms(), info_.atoms));
      info_.steps.push_back(one.step);
      info_.times.push_back(one.time);
      timed = timed && !std::isnan(one.time);
    }
    if (!timed)
      info_.times.clear();
    for (const auto s : frames_.front().species)
      ++info_.species_atoms[static_cast<std::size_t>(s)];
  }
  [[nodiscard]] const TrajectoryInfo& info() const override { return info_; }
  void read(Index frame, Configuration& out) override {
    out = frames_.at(static_cast<std::size_t>(frame));
  }

private:
  std::vector<Configuration> frames_;
  TrajectoryInfo info_;
};

} // namespace

std::unique_ptr<TrajectorySource> select_frames(std::unique_ptr<TrajectorySource> source,
                                                Range range) {
  return std::make_unique<Selected>(std::move(source), range);
}

std::unique_ptr<TrajectorySource> make_memory_trajectory(std::vector<Configuration> frames,
                                                         std::vector<std::string> species) {
  return std::make_unique<Memory>(std::move(frames), std::move(species));
}

double equal_time_step(const TrajectoryInfo& info, const std::string& purpose) {
  if (info.times.size() < 2)
    throw DataError(fmt::format(
        "{}: {} times, {} needs the time between frames", info.path, info.times.size(), purpose));
  const double step = info.times[1] - info.times[0];
  if (!(step > 0))
    throw DataError(
        fmt::format("{}: frame 1 is {:g} after frame 0, expected a later time", info.path, step));
  for (std::size_t i = 2; i < info.times.size(); ++i) {
    const double other = info.times[i] - info.times[i - 1];
    // times may be written with six digits or as float
    const double slack = 1e-4 * step + 2e-6 * std::abs(info.times[i]);
    if (std::abs(other - step) > slack)
      throw DataError(fmt::format("{}: frame {} is {:g} after the one before, the first two are "
                                  "{:g} apart: {} needs equal time steps",
                                  info.path,
                                  i,
                                  other,
                                  step,
                                  purpose));
  }
  // the mean is more exact than the first difference
  return (info.times.back() - info.times.front()) / static_cast<double>(info.times.size() - 1);
}

} // namespace vitrum::atoms
