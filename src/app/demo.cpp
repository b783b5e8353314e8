#include <filesystem>

#include <fmt/format.h>

#include "setting_group.hpp"
#include "vitrum/app/command_table.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

struct Step {
  std::string command;
  std::vector<std::string> inputs;
  NamedValues values;
};

/// A movie with everything that happens at a beamline, and its way to the page.
std::vector<Step> steps_in(const std::string& folder) {
  const auto in = [&](const char* name) { return (fs::path(folder) / name).string(); };
  return {
      {"synth xpcs",
       {},
       {{"frames", "4000"},
        {"height", "192"},
        {"width", "192"},
        {"frame-time", "1"},
        {"model", "kww"},
        {"tau", "60"},
        {"exponent", "0.7"},
        {"contrast", "0.3"},
        {"counts", "1"},
        {"q-bins", "4"},
        {"hot-pixels", "12"},
        {"gaps", "1500:1520"},
        {"drift", "0.05"},
        {"jitter", "0.02"},
        {"output", in("virtual.h5")}}},
      {"mask",
       {in("virtual.h5")},
       {{"find-hot", "true"}, {"output", in("mask.npy")}, {"figure", in("mask.png")}}},
      {"partition",
       {in("virtual.h5")},
       {{"mask", in("mask.npy")},
        {"q-bins", "4"},
        {"static-per-bin", "3"},
        {"output", in("qmap.h5")},
        {"figure", in("partition.png")}}},
      {"xpcs",
       {in("virtual.h5")},
       {{"mask", in("mask.npy")},
        {"partition", in("qmap.h5")},
        {"models", "kww,ml"},
        {"output", in("result.h5")}}},
      {"report", {in("result.h5")}, {{"truth", in("virtual_truth.h5")}, {"output", in("report")}}},
  };
}

} // namespace

Settings describe(DemoOptions& o) {
  Settings s;
  const Group add(s, "output");
  add("output", "FOLDER", "where everything is written", &o.output);
  add("overwrite", "", "write over what an earlier demo left there", &o.overwrite);
  return s;
}

std::string run_demo(DemoOptions options, const Invocation& invocation, const Monitor& monitor) {
  std::error_code error;
  fs::create_directories(options.output, error);
  if (error)
    throw FileError(options.output, "cannot be made a folder", error.value());
  std::string text;
  for (auto& step : steps_in(options.output)) {
    if (options.overwrite)
      step.values.emplace_back("overwrite", "true");
    const auto& command = find_command(step.command);
    const auto session = command.start();
    apply_values(command, session.settings, {}, step.values);
    Invocation as_typed = invocation;
    as_typed.command_line = command_line_of(command, session.settings, step.inputs, step.values);
    text += fmt::format("> {}\n", as_typed.command_line);
    text += run_session(command, session, std::move(step.inputs), as_typed, monitor) + "\n";
  }
  return text +
         fmt::format("look at {}\n", (fs::path(options.output) / "report/index.html").string());
}

} // namespace vitrum::app
