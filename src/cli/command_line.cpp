#include "command_line.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "terminal.hpp"
#include "vitrum/app/command_table.hpp"
#include "vitrum/core/error.hpp"
<<<<<<< HEAD
=======
#include "vitrum/core/parallel.hpp"
#include "vitrum/server/view.hpp"
>>>>>>> f273670 (Show results in the browser)

namespace vitrum::cli {
namespace {

<<<<<<< HEAD
using app::Command;
using app::commands;
=======
template <class Options>
std::function<Command::Session()>
session_of(std::string (*run)(Options, const app::Invocation&, const Monitor&)) {
  return [run] {
    auto options = std::make_shared<Options>();
    Command::Session session;
    session.settings = app::describe(*options);
    session.run = [options, run](std::vector<std::string> inputs,
                                 const app::Invocation& invocation,
                                 const Monitor& monitor) {
      options->inputs = std::move(inputs);
      return run(*options, invocation, monitor);
    };
    return session;
  };
}

std::vector<Command> make_commands() {
  return {
      {"info",
       "what is in a file, and what is wrong with it",
       "FILE",
       1,
       1000,
       "vitrum info scan_0012_master.h5\nvitrum info movie.h5::/entry/data/data --scan",
       session_of(app::run_info)},
      {"formats",
       "table of what is read and written",
       "",
       0,
       0,
       "vitrum formats",
       session_of(app::run_formats)},
      {"synth xpcs",
       "virtual experiment with known truth",
       "",
       0,
       0,
       "vitrum synth xpcs --frames 4000 --tau 50 --exponent 0.7 --counts 0.5 -o virtual.h5",
       session_of(app::run_synth_xpcs)},
      {"synth ctrw",
       "movie of random walkers that age, with an exact two-time truth",
       "",
       0,
       0,
       "vitrum synth ctrw --frames 1000 --tau 10 --exponent 0.45 -o walkers.h5",
       session_of(app::run_synth_ctrw)},
      {"synth ecm",
       "virtual dark-field series with a known map of relaxation times",
       "",
       0,
       0,
       "vitrum synth ecm --frames 2000 --tau 200 --tau-log-sigma 0.4 --drift 6 -o movie.h5",
       session_of(app::run_synth_ecm)},
      {"synth fem",
       "virtual diffraction patterns with a known variance",
       "",
       0,
       0,
       "vitrum synth fem --probe-size 0.8,1.3,2.1,3.4,5 --length 1.3 -o glass.h5",
       session_of(app::run_synth_fem)},
      {"mask",
       "make a mask of the pixels to use",
       "SERIES",
       1,
       1,
       "vitrum mask scan.h5 --disc 512:514:30 --find-hot -o mask.npy --figure mask.png",
       session_of(app::run_mask)},
      {"partition",
       "make q rings and sectors",
       "SERIES",
       1,
       1,
       "vitrum partition scan.h5 --mask mask.npy --q-bins 8 --static-per-bin 5 -o qmap.h5",
       session_of(app::run_partition)},
      {"xpcs",
       "frames to C(t1,t2), g2, aging and fits",
       "SERIES",
       1,
       1,
       "vitrum xpcs scan.h5 --mask mask.npy --partition qmap.h5 -o result.h5\n"
       "vitrum xpcs movie.h5::/movie --frame-time 2 --models kww,ml,ml-squared -o result.h5",
       session_of(app::run_xpcs)},
      {"merge",
       "the parts of one analysis, made with vitrum xpcs --shard, to its result",
       "PART",
       1,
       100000,
       "vitrum xpcs scan.h5 --shard 1/2 -o part_1.h5\nvitrum xpcs scan.h5 --shard 2/2 -o "
       "part_2.h5\n"
       "vitrum merge part_1.h5 part_2.h5 -o result.h5",
       session_of(app::run_merge)},
      {"ecm",
       "dark-field series to drift, g2 and maps of the relaxation time",
       "SERIES",
       1,
       1,
       "vitrum ecm movie.mrc --frame-time 2 --pixel-size 0.1 -o maps.h5",
       session_of(app::run_ecm)},
      {"dsc",
       "heat-flow curves to glass transition, crystallisation and Kissinger energies",
       "CURVE",
       1,
       100,
       "vitrum dsc as_cast.txt --mass 10.4 -o dsc.h5\n"
       "vitrum dsc 5.csv 10.csv 20.csv 40.csv --heating-rate 5,10,20,40 -o kissinger.h5",
       session_of(app::run_dsc)},
      {"thickness",
       "low-loss spectra to t/lambda and thickness by the log-ratio",
       "SPECTRUM",
       1,
       1,
       "vitrum thickness low_loss.dm4 --mean-free-path 78 -o thickness.h5\n"
       "vitrum thickness image.npy --energy-per-channel 0.1 -o map.h5",
       session_of(app::run_thickness)},
      {"pdf",
       "diffraction to S(q), G(r), first shell and coordination",
       "INTENSITY",
       1,
       1,
       "vitrum pdf iq.csv --composition Zr50Cu50 --q-max 14 --r-poly 0.9 -o pdf.h5\n"
       "vitrum pdf patterns.mrc --q-per-pixel 0.02 --composition Zr50Cu50 --radiation electron -o "
       "pdf.h5",
       session_of(app::run_pdf)},
      {"ecm-stem",
       "repeated scans of diffraction patterns to maps of the relaxation time for each ring",
       "SERIES",
       1,
       1,
       "vitrum ecm-stem patterns.h5 --scan 32,32 --scan-time 8 --center 63.5,63.5 --k-per-pixel "
       "0.08 --k-range 3.6,4.8 --rings 4 -o maps.h5",
       session_of(app::run_ecm_stem)},
      {"ecm-series",
       "results of vitrum ecm at several temperatures or doses as one table",
       "RESULT",
       1,
       1000,
       "vitrum ecm-series rt.h5 t100.h5 t150.h5 --values 25,100,150 -o heating.h5\n"
       "vitrum ecm-series low.h5 high.h5 --values 1.5e5,4.4e5 --quantity 'dose rate' --unit "
       "'e/(nm^2 s)' -o dose.h5",
       session_of(app::run_ecm_series)},
      {"md simulate",
       "make a glass by molecular dynamics, with LAMMPS",
       "",
       0,
       0,
       "vitrum md simulate --preset demo --ranks 2 -o glass",
       session_of(app::run_md_simulate)},
      {"md analyze",
       "trajectory of atoms to structure, simulated scattering and waiting times",
       "TRAJECTORY",
       1,
       1,
       "vitrum md analyze glass.lammpstrj.zst --time-step 0.005 -o glass.h5\n"
       "vitrum md analyze inherent.data --radii 0.55,0.45 -o structure.h5",
       session_of(app::run_md_analyze)},
      {"md frames",
       "trajectory of atoms to the movie that a detector would take",
       "TRAJECTORY",
       1,
       1,
       "vitrum md frames glass.lammpstrj --time-step 0.005 -o movie.h5",
       session_of(app::run_md_frames)},
      {"fem",
       "diffraction patterns to normalised variance, peaks and correlation lengths",
       "PATTERNS",
       0,
       1000,
       "vitrum fem scan.dm4 --gain 4.7 -o order.h5\n"
       "vitrum fem r08.h5 r13.h5 r20.h5 --probe-size 0.8,1.3,2.0 --known-ring 4.27 -o order.h5",
       session_of(app::run_fem)},
      {"xsvs",
       "photon statistics: speckle contrast against exposure",
       "SERIES",
       1,
       1,
       "vitrum xsvs scan.h5 --mask mask.npy --partition qmap.h5 -o contrast.h5\n"
       "vitrum xsvs movie.h5::/movie --frame-time 2 --exposure 0.5 --models exp,kww -o contrast.h5",
       session_of(app::run_xsvs)},
      {"age",
       "other age windows from the two-time maps of a result",
       "RESULT",
       1,
       1,
       "vitrum age result.h5 --window 1000 --window-step 500 --age mid -o aged.h5\n"
       "vitrum age map.npy --frame-time 1 --window 1 --age mid --lags linear --models kww "
       "--unweighted -o aged.h5",
       session_of(app::run_age)},
      {"stitch",
       "two-time maps of consecutive parts as one, with what shows at the seams",
       "PART",
       1,
       1000,
       "vitrum stitch part1.h5 part2.h5 part3.h5 -o whole.h5\n"
       "vitrum stitch a.npy b.npy --starts 0,800 --frame-time 0.5 -o whole.h5",
       session_of(app::run_stitch)},
      {"fit",
       "other models for the g2 of a result or a table",
       "RESULT",
       1,
       1,
       "vitrum fit result.h5 --models kww,ml,kww2 --fix baseline=1 -o fitted.h5\n"
       "vitrum fit g2.csv --models kww -o fitted.h5",
       session_of(app::run_fit)},
      {"show",
       "every scalar result with its error and unit, or one figure",
       "RESULT",
       1,
       1,
       "vitrum show result.h5\nvitrum show result.h5 --json\n"
       "vitrum show result.h5 --figure two-time --bin 2 -o map.png",
       session_of(app::run_show)},
      {"export",
       "write a result in another layout",
       "RESULT",
       1,
       1,
       "vitrum export result.h5 --format csv -o tables\nvitrum export result.h5 --format 8id -o "
       "aps.hdf",
       session_of(app::run_export)},
      {"view",
       "results in a web browser: maps, g2 of any range of ages, every figure",
       "RESULT|FOLDER",
       0,
       1,
       "vitrum view result.h5\nvitrum view measurements --no-browser --port 8080",
       session_of(server::run_view)},
      {"report",
       "one page with every figure and number",
       "RESULT",
       1,
       1,
       "vitrum report result.h5 -o report",
       session_of(app::run_report)},
  };
}
>>>>>>> f273670 (Show results in the browser)

bool is_switch(const app::Setting& setting) {
  return std::holds_alternative<bool*>(setting.target);
}

/// What was typed after the flags of one command.
struct Typed {
  std::vector<std::string> inputs;
  std::vector<std::pair<std::size_t, std::string>> flags; // index of the setting, text
  std::string config;
  bool show_config = false;
  bool quiet = false;
};

void add_flags(CLI::App& app, const Command& command, const app::Settings& settings, Typed& typed) {
  if (!command.inputs.empty()) {
    app.add_option("inputs", typed.inputs, "")
        ->type_name(command.inputs)
        ->expected(static_cast<int>(command.min_inputs), static_cast<int>(command.max_inputs));
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto& setting = settings[i];
    const auto flag = setting.name == "output" ? "-o,--output" : "--" + setting.name;
    auto help = setting.help;
    if (const auto now = app::to_text(setting); !is_switch(setting) && !now.empty() && now != "nan")
      help += fmt::format(" [{}]", now);
    if (!setting.needs.empty() && !setting.needs.starts_with("no "))
      help += fmt::format("; with {}", setting.needs);
    if (is_switch(setting)) {
      app.add_flag_callback(
             flag, [&typed, i] { typed.flags.emplace_back(i, "true"); }, help)
          ->group(setting.group);
    } else {
      app.add_option_function<std::string>(
             flag,
             [&typed, i](const std::string& text) { typed.flags.emplace_back(i, text); },
             help)
          ->type_name(setting.value)
          ->multi_option_policy(CLI::MultiOptionPolicy::Throw)
          ->group(setting.group);
    }
  }
  app.add_option("--config", typed.config, "TOML file with settings; flags win over it")
      ->type_name("FILE")
      ->group("run");
  app.add_flag("--show-config", typed.show_config, "print the effective settings as TOML and stop")
      ->group("run");
  app.add_flag("--quiet", typed.quiet, "say nothing but warnings and errors")->group("run");
}

int fail(const std::string& text, int code) {
  std::fputs(fmt::format("vitrum: {}\n", text).c_str(), stderr);
  return code;
}

int print(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  if (!written && errno == EPIPE)
    return 1; // whoever read it has seen enough
  return written ? 0 : fail("cannot write to standard output", 1);
}

std::string overview() {
  std::string text =
      "vitrum: how glasses move and how they are ordered\n\nusage: vitrum COMMAND [INPUT] [FLAGS]\n"
      "       vitrum COMMAND --help\n\n";
  for (const auto& command : commands())
    text += fmt::format("  {:<12} {}\n", command.name, command.summary);
  return text + "\nvitrum --version prints the version.\n";
}

/// CLI11 takes the value of a flag it does not know for an input and complains about the inputs.
void refuse_unknown_flags(const Command& command,
                          const app::Settings& settings,
                          const std::vector<std::string>& words) {
  std::vector<std::string> known{"--help", "--config", "--show-config", "--quiet"};
  for (const auto& setting : settings)
    known.push_back("--" + setting.name);
  for (const auto& word : words) {
    const auto flag = word.substr(0, word.find('='));
    if (flag.size() < 3 || !flag.starts_with("--") ||
        std::find(known.begin(), known.end(), flag) != known.end())
      continue;
    const auto nearest = std::min_element(known.begin(), known.end(), [&](auto& a, auto& b) {
      return app::edit_distance(flag, a) < app::edit_distance(flag, b);
    });
    throw OptionError(
        app::edit_distance(flag, *nearest) < 3
            ? fmt::format("unknown flag '{}', did you mean '{}'?", flag, *nearest)
            : fmt::format("unknown flag '{}'; vitrum {} --help lists them", flag, command.name));
  }
}

int run(const Command& command, std::vector<std::string> words, const app::Invocation& invocation) {
  if (invocation.ranks != nullptr && command.name != "xpcs")
    throw OptionError(fmt::format(
        "{}: runs in one process; xpcs is the command that several ranks can share", command.name));
  auto session = command.start();
  Typed typed;
  CLI::App app(command.summary, "vitrum " + command.name);
  app.footer("examples:\n  " +
             std::string(CLI::detail::find_and_replace(command.examples, "\n", "\n  ")));
  app.get_formatter()->column_width(34);
  add_flags(app, command, session.settings, typed);
  refuse_unknown_flags(command, session.settings, words);
  std::reverse(words.begin(), words.end()); // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();
    std::string text = what;
    if (what.starts_with("inputs"))
      text = fmt::format("{}: expected one {}, found more", command.name, command.inputs);
    else if (what.find("At Most 1") != std::string::npos)
      text = fmt::format("{} stands there twice: expected once, several values with commas",
                         what.substr(0, what.find(':')));
    return fail(fmt::format("{} (vitrum {} --help)", text, command.name), 2);
  } catch (const CLI::ParseError& error) {
    return fail(fmt::format("{} (vitrum {} --help)", error.what(), command.name), 2);
  }
  app::NamedValues flags;
  for (const auto& [index, text] : typed.flags)
    flags.emplace_back(session.settings[index].name, text);
  app::apply_values(command, session.settings, typed.config, flags);
  if (typed.show_config)
    return print(app::to_toml(session.settings));
  return print(app::run_session(
      command, session, typed.inputs, invocation, make_terminal_monitor(typed.quiet)));
}

int dispatch(const std::vector<std::string>& words, const app::Invocation& invocation) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    const int code = print(overview());
    return words.empty() ? 2 : code;
  }
  if (words[0] == "--version")
    return print("vitrum " VITRUM_VERSION "\n");
  for (const auto& command : commands()) {
    const auto parts = CLI::detail::split(command.name, ' ');
    if (words.size() >= parts.size() && std::equal(parts.begin(), parts.end(), words.begin()))
      return run(command,
                 {words.begin() + static_cast<std::ptrdiff_t>(parts.size()), words.end()},
                 invocation);
  }
  const bool family = std::any_of(commands().begin(), commands().end(), [&](const Command& c) {
    return c.name.starts_with(words[0] + " ");
  });
  static_cast<void>(
      app::find_command(family && words.size() > 1 ? words[0] + " " + words[1] : words[0]));
  return 2; // not reached: it throws
}

} // namespace

int run_command_line(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  app::Invocation invocation{"vitrum"};
  for (const auto& word : words)
    invocation.command_line += ' ' + word;
  const auto leave = [&](int code) {
    if (invocation.ranks != nullptr)
      invocation.ranks->leave(code);
    return code;
  };
  try {
    invocation.ranks = app::join_ranks();
    return leave(dispatch(words, invocation));
  } catch (const app::ToldElsewhere& error) {
    return leave(error.code);
  } catch (const OptionError& error) {
    return leave(fail(error.what(), 2));
  } catch (const std::bad_alloc&) {
    return leave(fail("not enough memory", 1));
  } catch (const std::exception& error) {
    return leave(fail(error.what(), 1));
  }
}

} // namespace vitrum::cli
