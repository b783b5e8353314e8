// Runs LAMMPS to make a glass: writes its input, watches its output, goes on from checkpoints.
#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>

#include <fmt/format.h>

#include "md_simulate.hpp"
#include "process.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/lammps_files.hpp"
#include "vitrum/io/text_file.hpp"
#include "vitrum/md/simulation.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* input_name = "in.lammps";
constexpr const char* log_name = "log.lammps";
constexpr const char* table_name = "cooling.txt";
constexpr const char* scan_name = "cooling.h5";
constexpr const char* settings_name = "simulation.toml";
const md::SimulationFiles file_names{"glass.lammpstrj", "checkpoint.1", "checkpoint.2"};

md::SimulationPlan plan_of(const MdSimulateOptions& o) {
  md::SimulationPlan plan;
  plan.model = md::parse_glass_model(o.model);
  const auto cells = static_cast<Index>(std::llround(std::cbrt(static_cast<double>(o.atoms) / 4)));
  plan.cells = cells;
  if (plan.atoms() != o.atoms)
    throw OptionError(fmt::format(
        "--atoms {}: not 4 n^3; the nearest that fill a lattice are {}", o.atoms, plan.atoms()));
  plan.density = o.density;
  plan.temperature = o.temperature;
  plan.cooling_time = o.cooling;
  plan.hold_time = o.hold;
  plan.frame_interval = o.frame_interval;
  plan.time_step = o.time_step;
  plan.cut_off = o.cut_off;
  if (o.cut_off_kind != "pair-shifted" && o.cut_off_kind != "plain")
    throw OptionError(
        fmt::format("--cut-off-kind {}: expected pair-shifted or plain", o.cut_off_kind));
  plan.shifted_per_pair = o.cut_off_kind == "pair-shifted";
  plan.seed = o.seed;
  md::validate(plan);
  constexpr Index checkpoints = 10; // of a short run
  plan.checkpoint_steps =
      std::max<Index>(1, std::min(plan.checkpoint_steps, plan.hold_steps() / checkpoints));
  return plan;
}

std::vector<std::string> command_of(const MdSimulateOptions& o) {
  const auto lmp = find_program(o.lammps);
  if (lmp.empty())
    throw FileError(o.lammps,
                    "not found: install LAMMPS with 'apt-get install lammps', or name its "
                    "program with --lammps");
  std::vector<std::string> words{
      fs::absolute(lmp).string(), "-in", input_name, "-log", log_name, "-sf", "opt"};
  if (o.ranks < 1)
    throw OptionError(fmt::format("--ranks {}: must be at least 1", o.ranks));
  if (o.ranks > 1) {
    const auto mpirun = find_program("mpirun");
    if (mpirun.empty())
      throw FileError(
          "mpirun", "not found: install it with 'apt-get install openmpi-bin', or take --ranks 1");
    words.insert(words.begin(), {mpirun, "-np", std::to_string(o.ranks), "--oversubscribe"});
  }
  return words;
}

/// The newest checkpoint that is whole, and its step; "" for none.
std::pair<std::string, Index> newest_checkpoint(const fs::path& folder) {
  std::pair<std::string, Index> best{"", -1};
  for (const auto& name : {file_names.checkpoint_1, file_names.checkpoint_2})
    if (fs::exists(folder / name))
      if (const Index step = io::restart_step((folder / name).string()); step > best.second)
        best = {name, step};
  return best;
}

class Watch {
public:
  /// `all` steps, `done` of them by the run before.
  Watch(const Monitor& monitor, Index all, Index done)
      : progress_(monitor, "simulating", "steps", all - done), last_(done) {}
  void line(const std::string& text) {
    last_lines_.push_back(text);
    if (last_lines_.size() > 12)
      last_lines_.pop_front();
    const Index step = md::thermo_step(text);
    if (step < 0)
      return;
    if (step < last_) // reset_timestep: the hold begins
      last_ = step;
    progress_.advance(step - last_);
    last_ = step;
  }
  [[nodiscard]] std::string last_lines() const {
    std::string text;
    for (const auto& one : last_lines_)
      if (one.find_first_not_of(" \t") != std::string::npos)
        text += "\n  " + one;
    return text;
  }

private:
  Progress progress_;
  Index last_;
  std::deque<std::string> last_lines_;
};

void check_folder(const fs::path& folder, const MdSimulateOptions& o) {
  if (o.output.output.empty())
    throw OptionError("name the folder to write: -o FOLDER");
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError(folder.string(), "exists and is not a folder");
  if (o.resume) {
    if (!fs::exists(folder / file_names.trajectory))
      throw FileError((folder / file_names.trajectory).string(), "not found: nothing to resume");
    if (!fs::exists(folder / settings_name))
      throw FileError((folder / settings_name).string(),
                      "not found: it would say how the run began that is to be resumed");
  }
}

/// A glass and a scan share the names of their input and log, so that neither may follow the other
/// unasked.
void clear_folder(const fs::path& folder, bool overwrite) {
  for (const auto& [name, advice] :
       {std::pair(file_names.trajectory, "use --resume to go on, --overwrite to begin anew"),
        std::pair(std::string(table_name), "use --overwrite to begin anew"),
        std::pair(std::string(scan_name), "use --overwrite to begin anew")})
    if (fs::exists(folder / name) && !overwrite)
      throw FileError((folder / name).string(), fmt::format("exists ({})", advice));
  for (const auto& name : {file_names.trajectory,
                           file_names.checkpoint_1,
                           file_names.checkpoint_2,
                           std::string(table_name),
                           std::string(scan_name)})
    fs::remove(folder / name);
}

struct Input {
  std::string text;
  Index steps = 0, done = 0; // all, and those of the run before
  double cooling_rate = 0;   // of a scan
};

Input input_of(const md::SimulationPlan& plan, const MdSimulateOptions& o, const fs::path& folder) {
  if (o.resume) {
    const auto [checkpoint, step] = newest_checkpoint(folder);
    if (checkpoint.empty())
      throw FileError(folder.string(), "holds no checkpoint to go on from");
    return {md::lammps_resume_input(plan, file_names, checkpoint), plan.hold_steps(), step};
  }
  if (std::isnan(o.cooling_scan))
    return {md::lammps_input(plan, file_names), plan.prelude_steps() + plan.hold_steps()};
  constexpr Index averages = 100;
  auto scan = md::lammps_cooling_input(plan, o.cooling_scan, averages, table_name);
  return {std::move(scan.text), plan.liquid_steps() + scan.steps, 0, scan.rate};
}

} // namespace

std::string
run_md_simulate(MdSimulateOptions options, const Invocation& invocation, const Monitor& monitor) {
  const fs::path folder(options.output.output);
  const bool scan = !std::isnan(options.cooling_scan);
  if (options.resume && scan)
    throw OptionError("--cooling-scan: cannot be combined with --resume, a scan begins anew");
  if (options.resume || !options.run.dry_run)
    check_folder(folder, options);
  if (options.resume)
    take_settings_of((folder / settings_name).string(), options);
  complete(options);
  const auto plan = plan_of(options);
  const auto input = input_of(plan, options, folder);
  if (options.run.dry_run)
    return input.text;
  const auto command = command_of(options);
  if (options.resume) {
    if (input.done >= plan.hold_steps()) {
      monitor.message(Level::info,
                      fmt::format("holds {:g} tau already, nothing is left to do of {:g}",
                                  static_cast<double>(input.done) * plan.time_step,
                                  plan.hold_time));
      return (folder / file_names.trajectory).string() + "\n";
    }
    // LAMMPS writes the frame of the checkpoint's own step once more
    const Index left_out = io::cut_dump((folder / file_names.trajectory).string(), input.done - 1);
    monitor.message(Level::info,
                    fmt::format("goes on from step {}; {} frames from there on are made again",
                                input.done,
                                left_out));
  } else {
    clear_folder(folder, options.output.overwrite);
    fs::create_directories(folder);
  }
  io::write_bytes((folder / input_name).string(), input.text, true);
  io::write_bytes((folder / settings_name).string(), to_toml(describe(options)), true);
  Watch watch(monitor, input.steps, input.done);
  const int status = run_program(
      command,
      folder.string(),
      {{"OMPI_ALLOW_RUN_AS_ROOT", "1"},
       {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"},
       {"OMP_NUM_THREADS", "1"}},
      [&](const std::string& text) { watch.line(text); },
      monitor);
  if (status != 0)
    throw Error(fmt::format("{}: LAMMPS ended with status {}; its last lines:{}",
                            (folder / log_name).string(),
                            status,
                            watch.last_lines()));
  if (scan)
    return analyse_cooling(folder / table_name,
                           folder / scan_name,
                           input.cooling_rate,
                           plan.atoms(),
                           make_result(invocation, to_toml(describe(options))));
  return (folder / file_names.trajectory).string() + "\n";
}

} // namespace vitrum::app
