#include "vitrum/app/md.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "md_run.hpp"
#include "md_two_time.hpp"
#include "output.hpp"
#include "result_tree.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/statistics.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

void add_series(Tree& tree, const MdRun& run) {
  const auto& info = run.info();
  const auto set = [&](const char* name, Array array) {
    tree.set(std::string("entry/series/") + name, std::move(array));
  };
  set("frames", make_scalar(info.frames));
  set("atoms", make_scalar(info.atoms));
  set("format", make_scalar(info.format));
  set("length_unit", make_scalar(run.length_unit()));
  set("time_unit", make_scalar(run.time_unit()));
  if (run.frame_time > 0)
    set("frame_time_s", make_scalar(run.frame_time, run.time_unit()));
  for (std::size_t a = 0; a < info.species.size(); ++a)
    tree.set("entry/series/atoms_" + info.species[a], make_scalar(info.species_atoms[a]));
}

std::string summary(const Tree& tree, const MdRun& run) {
  using report::format_value;
  std::string text = fmt::format("S(q): peak at {}, {}\n",
                                 format_value(run.peak.q, std::nan(""), run.inverse_length()),
                                 format_value(run.peak.value, run.peak.error));
  text += fmt::format("g(r): first peak at {}, first minimum at {}\n",
                      format_value(run.first_shell.peak, std::nan(""), run.length_unit()),
                      format_value(run.first_shell.minimum, std::nan(""), run.length_unit()));
  if (run.voronoi) {
    const auto whole = [&](const char* name) {
      return tree.number(std::string("entry/voronoi/") + name);
    };
    text += fmt::format(
        "Voronoi cells: {} bonds; Frank-Kasper atoms Z12 {}, Z14 {}, Z15 {}, Z16 {}, {:.2f} % of "
        "all; largest cluster {}, {}\n",
        whole("bonds"),
        whole("z12"),
        whole("z14"),
        whole("z15"),
        whole("z16"),
        100 * whole("ifk_fraction"),
        whole("network_largest"),
        run.network.percolates() ? "percolates" : "does not percolate");
  }
  if (const auto* waiting = tree.find_group("entry/waiting"); waiting != nullptr) {
    if (waiting->find("exponent") != nullptr)
      text += fmt::format("exchange times: {}\n", waiting->text("verdict"));
    else
      text += "exchange times: " + waiting->text("problem") + "\n";
  }
  if (const auto* hops = tree.find_group("entry/hops"); hops != nullptr)
    text +=
        fmt::format("hops: {} of {:.3g} % of the atoms, median length {}; their rate varies "
                    "{:.3g} times as much as that of independent ones\n",
                    hops->number("number_of_hops"),
                    100 * hops->number("hopping_fraction"),
                    format_value(hops->number("median_length"), std::nan(""), run.length_unit()),
                    hops->number("rate_dispersion"));
  return text;
}

} // namespace

std::string
run_md_analyze(MdAnalyzeOptions options, const Invocation& invocation, const Monitor& monitor) {
  if (!options.run.dry_run)
    require_output(options.output, options.inputs);
  validate(options);
  (void)make_fit_plan(options.fit);
  if (!options.atoms.empty() && !options.run.dry_run)
    require_output({options.atoms, options.output.overwrite}, options.inputs);
  MdRun run;
  run.trajectory = open_atoms(options.inputs.at(0), options.trajectory, run.warnings);
  const auto& info = run.info();
  if (options.run.dry_run)
    return fmt::format("{}: {} frames of {} atoms\nwould write {}\n",
                       info.path,
                       info.frames,
                       info.atoms,
                       options.output.output);
  choose_weights(run, options.windows);
  analyse_structure(run, options, monitor);
  analyse_fem(run, options, monitor);
  const bool series = info.frames > 1;
  auto tree = make_result(invocation, to_toml(describe(options)));
  std::optional<MdTwoTime> two_time;
  if (series) {
    choose_shell(run, options.windows.shell);
    analyse_frames(run, options, monitor);
    analyse_rearrangements(run, options, monitor);
    add_speckle(tree, run); // before its movie is given away
    if (!options.no_map)
      two_time.emplace(run, options, monitor);
  }
  add_input(tree, options.inputs.at(0));
  tree.set("entry/kind", make_scalar("md"));
  tree.set("entry/definition", make_scalar("vitrum_md"));
  tree.set("entry/title", make_scalar("Simulated glass"));
  tree.group("entry").attributes["default"] = std::string("structure");
  add_series(tree, run);
  add_structure(tree, run);
  add_fem(tree, run);
  if (series) {
    add_motion(tree, run);
    add_waiting(tree, run, options);
    add_hops(tree, run, options);
  }
  if (!options.atoms.empty())
    write_atoms(run, options.atoms, options.output.overwrite);
  if (two_time)
    two_time->add(tree, monitor);
  for (const auto& note : run.notes)
    add_correction(tree, note);
  for (const auto& warning : run.warnings) {
    add_warning(tree, warning);
    monitor.warn(warning);
  }
  if (series)
    name_units(tree, run);
  if (two_time)
    two_time->finish(tree);
  else
    io::write_tree(options.output.output, tree, {.overwrite = options.output.overwrite});
  return summary(tree, run) + (two_time ? summary_of(tree) : "") + options.output.output + "\n";
}

} // namespace vitrum::app
