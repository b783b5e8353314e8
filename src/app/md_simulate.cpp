// Runs LAMMPS to make a glass: writes its input, watches its output, goes on from checkpoints.
#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>

#include <fmt/format.h>

#include "process.hpp"
#include "result_tree.hpp"
#include "vitrum/app/md.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/lammps_files.hpp"
#include "vitrum/io/text_file.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/md/kink.hpp"
#include "vitrum/md/simulation.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* input_name = "in.lammps";
constexpr const char* log_name = "log.lammps";
constexpr const char* table_name = "cooling.txt";
constexpr const char* settings_name = "simulation.toml";
const md::SimulationFiles file_names{"glass.lammpstrj", "checkpoint.1", "checkpoint.2"};

/// At which the literature has these models.
double usual_density(const std::string& model) {
  constexpr double wahnstrom = 1.296, kob_andersen = 1.2;
  return md::parse_glass_model(model) == md::GlassModel::kob_andersen ? kob_andersen : wahnstrom;
}

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

/// Tg by energy and pressure against temperature in the table of a cooling scan, as a result.
std::string
analyse_cooling(const fs::path& table, const MdSimulateOptions& o, Index atoms, Tree tree) {
  const auto rows = io::read_number_rows(table.string(), 4); // step, temperature, energy, pressure
  std::vector<double> temperature, energy, pressure;
  for (const auto& row : rows) {
    temperature.push_back(row[1]);
    energy.push_back(row[2] / static_cast<double>(atoms));
    pressure.push_back(row[3]);
  }
  tree.set("entry/kind", make_scalar("md"));
  tree.set("entry/title", make_scalar("Cooling of a simulated glass"));
  tree.group("entry").attributes["default"] = std::string("cooling");
  auto& group = tree.group("entry/cooling");
  group.attributes["NX_class"] = std::string("NXdata");
  group.attributes["signal"] = std::string("energy");
  group.attributes["axes"] = std::vector<std::string>{"temperature"};
  group.set("temperature", make_array(temperature, "epsilon"));
  group.set("energy", make_array(energy, "epsilon"));
  group.set("pressure", make_array(pressure, "epsilon/sigma^3"));
  group.set("rate", make_scalar((1.2 - o.cooling_scan) / o.cooling, "epsilon/tau"));
  std::string text;
  for (const auto& [name, values] :
       {std::pair("energy", &energy), std::pair("pressure", &pressure)})
    try {
      const auto kink = md::fit_glass_transition(temperature, *values);
      const auto set = [&, prefix = std::string(name) + "_"](const char* what, double value) {
        group.set(prefix + what, make_scalar(value));
      };
      set("tg", kink.at);
      set("tg_errors", kink.error);
      set("slope_below", kink.slope_below);
      set("slope_above", kink.slope_above);
      set("at_tg", kink.value);
      text += fmt::format("Tg from {}: {}\n", name, report::format_value(kink.at, kink.error));
    } catch (const DataError& none) {
      text += fmt::format("Tg from {}: {}\n", name, none.what());
    }
  const auto path = (table.parent_path() / "cooling.h5").string();
  io::write_tree(path, tree, {.overwrite = true});
  return text + table.string() + "\n" + path + "\n";
}

class Watch {
public:
  Watch(const Monitor& monitor, const md::SimulationPlan& plan, Index done)
      : prelude_(done > 0 ? 0 : plan.prelude_steps()),
        progress_(monitor, "simulating", "steps", prelude_ + plan.hold_steps() - done),
        hold_(done > 0), last_(done) {}
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
  Index prelude_;
  Progress progress_;
  bool hold_;
  Index last_;
  std::deque<std::string> last_lines_;
};

void prepare_folder(const fs::path& folder, const MdSimulateOptions& o) {
  if (o.output.output.empty())
    throw OptionError("name the folder to write: -o FOLDER");
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError(folder.string(), "exists and is not a folder");
  if (o.resume) {
    if (!fs::exists(folder / file_names.trajectory))
      throw FileError((folder / file_names.trajectory).string(), "not found: nothing to resume");
    return;
  }
  if (fs::exists(folder / file_names.trajectory) && !o.output.overwrite)
    throw FileError((folder / file_names.trajectory).string(),
                    "exists (use --resume to go on, --overwrite to begin anew)");
  for (const auto& name : {file_names.trajectory, file_names.checkpoint_1, file_names.checkpoint_2})
    fs::remove(folder / name);
}

/// A run goes on as it began: what is not given comes from its folder, and what is given must
/// agree; the hold alone may be another.
void take_settings_of(const fs::path& folder, MdSimulateOptions& o) {
  const auto file = (folder / settings_name).string();
  const MdSimulateOptions usual;
  MdSimulateOptions began;
  read_toml(file, describe(began));
  const auto settle = [&](const char* flag, auto& value, const auto& before, const auto& then) {
    if (value == before)
      value = then;
    else if (value != then)
      throw OptionError(
          fmt::format("--{} {}: {} says that the run began with {}", flag, value, file, then));
  };
  settle("model", o.model, usual.model, began.model);
  settle("atoms", o.atoms, usual.atoms, began.atoms);
  settle("density", o.density, usual.density, began.density);
  settle("temperature", o.temperature, usual.temperature, began.temperature);
  settle("cooling", o.cooling, usual.cooling, began.cooling);
  settle("frame-interval", o.frame_interval, usual.frame_interval, began.frame_interval);
  settle("time-step", o.time_step, usual.time_step, began.time_step);
  settle("cut-off", o.cut_off, usual.cut_off, began.cut_off);
  settle("cut-off-kind", o.cut_off_kind, usual.cut_off_kind, began.cut_off_kind);
  settle("seed", o.seed, usual.seed, began.seed);
  if (o.hold == usual.hold)
    o.hold = began.hold;
}

} // namespace

std::string
run_md_simulate(MdSimulateOptions options, const Invocation& invocation, const Monitor& monitor) {
  apply_preset(options);
  const fs::path folder(options.output.output);
  if (options.resume && fs::exists(folder / settings_name))
    take_settings_of(folder, options);
  if (options.density == 0)
    options.density = usual_density(options.model);
  const auto plan = plan_of(options);
  const auto fresh_input = [&] {
    constexpr Index averages = 100;
    return options.cooling_scan > 0
               ? md::lammps_cooling_input(plan, options.cooling_scan, averages, table_name)
               : md::lammps_input(plan, file_names);
  };
  if (options.run.dry_run)
    return fresh_input();
  const auto command = command_of(options);
  const bool scan = options.cooling_scan > 0;
  prepare_folder(folder, options);
  fs::create_directories(folder);
  std::string input;
  Index done = 0;
  if (options.resume) {
    const auto [checkpoint, step] = newest_checkpoint(folder);
    if (checkpoint.empty())
      throw FileError(folder.string(), "holds no checkpoint to go on from");
    done = step;
    if (done >= plan.hold_steps())
      return (folder / file_names.trajectory).string() + "\n";
    // LAMMPS writes the frame of the checkpoint's own step once more
    const Index left_out = io::cut_dump((folder / file_names.trajectory).string(), done - 1);
    monitor.message(Level::info,
                    fmt::format("goes on from step {}; {} frames from there on are made again",
                                done,
                                left_out));
    input = md::lammps_resume_input(plan, file_names, checkpoint);
  } else {
    input = fresh_input();
  }
  io::write_bytes((folder / input_name).string(), input, true);
  io::write_bytes((folder / settings_name).string(), to_toml(describe(options)), true);
  Watch watch(monitor, plan, done);
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
                           options,
                           plan.atoms(),
                           make_result(invocation, to_toml(describe(options))));
  return (folder / file_names.trajectory).string() + "\n";
}

} // namespace vitrum::app
