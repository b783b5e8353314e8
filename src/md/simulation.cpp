#include "vitrum/md/simulation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::md {
namespace {

constexpr double melt_step = 0.003; // 0.008 at T = 3 loses neighbours between rebuilds
constexpr double liquid_step = 0.005;

struct Pair {
  int a, b;
  double epsilon, sigma;
};

struct Species {
  std::array<double, 2> mass;
  double share_of_second;
  std::array<Pair, 3> pairs;
};

Species species_of(GlassModel model) {
  constexpr double small = 5.0 / 6, mixed = 11.0 / 12;
  switch (model) {
  case GlassModel::wahnstrom_large_first:
    return {{2, 1}, 0.5, {Pair{1, 1, 1, 1}, {2, 2, 1, small}, {1, 2, 1, mixed}}};
  case GlassModel::wahnstrom_small_first:
    return {{1, 2}, 0.5, {Pair{1, 1, 1, small}, {2, 2, 1, 1}, {1, 2, 1, mixed}}};
  case GlassModel::kob_andersen:
    break;
  }
  return {{1, 1}, 0.2, {Pair{1, 1, 1, 1}, {2, 2, 0.5, 0.88}, {1, 2, 1.5, 0.8}}};
}

const char* title_of(GlassModel model) {
  switch (model) {
  case GlassModel::wahnstrom_large_first:
    return "Wahnstrom glass, type 1 the large species";
  case GlassModel::wahnstrom_small_first:
    return "Wahnstrom glass, type 1 the small species";
  case GlassModel::kob_andersen:
    break;
  }
  return "Kob-Andersen glass, type 1 the majority";
}

Index steps(double time, double step) {
  return static_cast<Index>(std::llround(time / step));
}

std::string interactions(const SimulationPlan& plan) {
  const auto model = species_of(plan.model);
  std::string text = fmt::format("mass 1 {:g}\nmass 2 {:g}\npair_style lj/cut {:g}\n",
                                 model.mass[0],
                                 model.mass[1],
                                 plan.cut_off);
  for (const auto& p : model.pairs)
    text += fmt::format("pair_coeff {} {} {:.10g} {:.10g} {:.10g}\n",
                        p.a,
                        p.b,
                        p.epsilon,
                        p.sigma,
                        plan.shifted_per_pair ? plan.cut_off * p.sigma : plan.cut_off);
  text += fmt::format("pair_modify shift {}\n", plan.shifted_per_pair ? "yes" : "no");
  return text + "neighbor 0.35 bin\nneigh_modify every 1 delay 2 check yes\n";
}

/// What is printed on the way, at once, every few seconds whatever the number of atoms.
std::string told(const SimulationPlan& plan) {
  constexpr Index most = 1000, least = 10, atom_steps = 4'000'000;
  return fmt::format("thermo_style custom step temp pe ke press\nthermo {}\n"
                     "thermo_modify flush yes\n",
                     std::clamp(atom_steps / plan.atoms() / least * least, least, most));
}

std::string hold(const SimulationPlan& plan, const SimulationFiles& files, bool append) {
  return fmt::format("timestep {:g}\n"
                     "fix hold all nvt temp {:g} {:g} 0.5\n"
                     "dump frames all custom {} {} id type xu yu zu\n"
                     "dump_modify frames sort id units yes time yes format float %.5f{}\n"
                     "restart {} {} {}\n"
                     "run {} upto\n",
                     plan.time_step,
                     plan.temperature,
                     plan.temperature,
                     plan.steps_per_frame(),
                     files.trajectory,
                     append ? " append yes first no" : " first yes",
                     plan.checkpoint_steps,
                     files.checkpoint_1,
                     files.checkpoint_2,
                     plan.hold_steps());
}

/// Lattice, interactions, melt and liquid.
std::string prelude(const SimulationPlan& plan) {
  const auto second = static_cast<Index>(
      std::llround(species_of(plan.model).share_of_second * static_cast<double>(plan.atoms())));
  std::string text = fmt::format("# {}: {} atoms at density {:g}, T = {:g}\n"
                                 "units lj\natom_style atomic\natom_modify map array\n"
                                 "lattice fcc {:.10g}\nregion box block 0 {} 0 {} 0 {}\n"
                                 "create_box 2 box\ncreate_atoms 1 box\n"
                                 "set type 1 type/subset 2 {} {}\n",
                                 title_of(plan.model),
                                 plan.atoms(),
                                 plan.density,
                                 plan.temperature,
                                 plan.density,
                                 plan.cells,
                                 plan.cells,
                                 plan.cells,
                                 second,
                                 plan.seed);
  text += interactions(plan);
  text += fmt::format("{}\n# melt\nvelocity all create {:g} {} mom yes rot no dist gaussian\n"
                      "timestep {:g}\nfix melt all nvt temp {:g} {:g} 0.5\nrun {}\nunfix melt\n",
                      told(plan),
                      plan.melt_temperature,
                      plan.seed + 1,
                      melt_step,
                      plan.melt_temperature,
                      plan.melt_temperature,
                      steps(plan.melt_time, melt_step));
  text += fmt::format("\n# liquid\nvelocity all scale {:g}\ntimestep {:g}\n"
                      "fix liquid all nvt temp {:g} {:g} 0.5\nrun {}\nunfix liquid\n",
                      plan.liquid_temperature,
                      liquid_step,
                      plan.liquid_temperature,
                      plan.liquid_temperature,
                      steps(plan.liquid_time, liquid_step));
  return text;
}

} // namespace

GlassModel parse_glass_model(const std::string& text) {
  if (text == "wahnstrom")
    return GlassModel::wahnstrom_large_first;
  if (text == "wahnstrom-small-first")
    return GlassModel::wahnstrom_small_first;
  if (text == "kob-andersen")
    return GlassModel::kob_andersen;
  throw OptionError(
      fmt::format("model = '{}': expected wahnstrom, wahnstrom-small-first or kob-andersen", text));
}

Index SimulationPlan::steps_per_frame() const {
  return std::max<Index>(1, steps(frame_interval, time_step));
}

Index SimulationPlan::liquid_steps() const {
  return steps(melt_time, melt_step) + steps(liquid_time, liquid_step);
}

Index SimulationPlan::prelude_steps() const {
  return liquid_steps() + steps(cooling_time, time_step);
}

Index SimulationPlan::hold_steps() const {
  return steps(hold_time, time_step) / steps_per_frame() * steps_per_frame();
}

void validate(const SimulationPlan& plan) {
  const auto positive = [](const char* name, double value) {
    if (!(value > 0) || !std::isfinite(value))
      throw OptionError(fmt::format("{} = {}: must be positive", name, value));
  };
  positive("density", plan.density);
  positive("temperature", plan.temperature);
  positive("hold", plan.hold_time);
  positive("frame-interval", plan.frame_interval);
  positive("time-step", plan.time_step);
  positive("cut-off", plan.cut_off);
  if (!(plan.cooling_time >= 0))
    throw OptionError(fmt::format("cooling = {}: must not be negative", plan.cooling_time));
  if (plan.cells < 4 || plan.cells > 200)
    throw OptionError(fmt::format(
        "atoms: {} cells along an edge, expected 4 to 200 (256 to 32,000,000 atoms)", plan.cells));
  if (plan.seed < 1 || plan.seed > 900000000)
    throw OptionError(fmt::format("seed = {}: must be 1 to 900000000", plan.seed));
  if (plan.hold_steps() < plan.steps_per_frame())
    throw OptionError(fmt::format(
        "hold = {}: shorter than one frame interval of {}", plan.hold_time, plan.frame_interval));
  const double edge = std::cbrt(static_cast<double>(plan.atoms()) / plan.density);
  if (edge < 2 * (plan.cut_off + 0.35))
    throw OptionError(fmt::format("{} atoms fill a box of {:.3g}, too small for a cut-off of {}",
                                  plan.atoms(),
                                  edge,
                                  plan.cut_off));
}

CoolingInput lammps_cooling_input(const SimulationPlan& plan,
                                  double lowest,
                                  Index averages,
                                  const std::string& table) {
  validate(plan);
  if (!(lowest > 0) || !(lowest < plan.liquid_temperature))
    throw OptionError(fmt::format(
        "cooling scan to {}: must be above 0 and below {}", lowest, plan.liquid_temperature));
  if (!(plan.cooling_time > 0))
    throw OptionError("a cooling scan needs a cooling time above 0");
  const Index all = steps(plan.cooling_time, plan.time_step);
  const Index each = std::max<Index>(10, all / averages / 10 * 10);
  CoolingInput out;
  out.steps = each * averages;
  out.rate = (plan.liquid_temperature - lowest) / (static_cast<double>(out.steps) * plan.time_step);
  out.text = prelude(plan) +
             fmt::format("\n# cooling\nreset_timestep 0\ntimestep {:g}\n"
                         "fix cooling all nvt temp {:g} {:g} 0.5\n"
                         "fix table all ave/time 10 {} {} c_thermo_temp c_thermo_pe c_thermo_press "
                         "file {}\nrun {}\n",
                         plan.time_step,
                         plan.liquid_temperature,
                         lowest,
                         each / 10,
                         each,
                         table,
                         out.steps);
  return out;
}

std::string lammps_input(const SimulationPlan& plan, const SimulationFiles& files) {
  validate(plan);
  std::string text = prelude(plan);
  if (plan.cooling_time > 0)
    text += fmt::format("\n# cooling\ntimestep {:g}\nfix cooling all nvt temp {:g} {:g} 0.5\n"
                        "run {}\nunfix cooling\n",
                        plan.time_step,
                        plan.liquid_temperature,
                        plan.temperature,
                        steps(plan.cooling_time, plan.time_step));
  else
    text += fmt::format("\n# quench at once\nvelocity all scale {:g}\n", plan.temperature);
  return text + "\n# hold; age 0 is here\nreset_timestep 0\n" + hold(plan, files, false);
}

std::string lammps_resume_input(const SimulationPlan& plan,
                                const SimulationFiles& files,
                                const std::string& checkpoint) {
  validate(plan);
  return fmt::format("# {}, goes on from {}\nread_restart {}\n{}"
                     "{}{}",
                     title_of(plan.model),
                     checkpoint,
                     checkpoint,
                     interactions(plan),
                     told(plan),
                     hold(plan, files, true));
}

Index thermo_step(const std::string& line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == std::string::npos)
    return -1;
  Index step = -1;
  const auto [end, error] = std::from_chars(line.data() + begin, line.data() + line.size(), step);
  // five columns, the others with a point or an exponent
  if (error != std::errc() || end == line.data() + line.size() || *end != ' ')
    return -1;
  Index columns = 0;
  bool in_word = false;
  for (const char c : line) {
    columns += c != ' ' && !in_word ? 1 : 0;
    in_word = c != ' ';
    if (std::isalpha(static_cast<unsigned char>(c)) != 0 && c != 'e')
      return -1;
  }
  return columns == 5 ? step : -1;
}

} // namespace vitrum::md
