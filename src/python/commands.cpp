// Every command of the command line, run by its name with values by the names of its flags.
#include <fmt/format.h>

#include "bindings.hpp"
#include "vitrum/app/command_table.hpp"

namespace vitrum::python {
namespace {

std::string type_of(const app::Setting& setting) {
  constexpr const char* names[] = {"bool", "int", "float", "str", "list"};
  return names[setting.target.index()];
}

py::object value_of(const app::Setting& setting) {
  return std::visit([](auto* target) -> py::object { return py::cast(*target); }, setting.target);
}

/// Name, summary, inputs, examples, and of each setting what the help says of it.
py::list command_table() {
  py::list table;
  for (const auto& command : app::commands()) {
    py::list settings;
    const auto session = command.start();
    for (const auto& s : session.settings) {
      py::dict one;
      one["name"] = s.name;
      one["group"] = s.group;
      one["value"] = s.value;
      one["help"] = s.help;
      one["needs"] = s.needs;
      one["type"] = type_of(s);
      one["default"] = value_of(s);
      settings.append(one);
    }
    py::dict one;
    one["name"] = command.name;
    one["summary"] = command.summary;
    one["inputs"] = command.inputs;
    one["min_inputs"] = command.min_inputs;
    one["max_inputs"] = command.max_inputs;
    one["examples"] = command.examples;
    one["settings"] = settings;
    table.append(one);
  }
  return table;
}

std::string run_command(const std::string& name,
                        const std::vector<std::string>& inputs,
                        const app::NamedValues& values,
                        const std::string& config,
                        const py::object& on_message,
                        const py::object& on_progress) {
  const app::Command& command = app::find_command(name);
  const auto session = command.start();
  app::apply_values(command, session.settings, config, values);
  const app::Invocation invocation{app::command_line_of(command, session.settings, inputs, values)};
  return run_beside_python(
      [&](const Monitor& monitor) {
        return app::run_session(command, session, inputs, invocation, monitor);
      },
      on_message,
      on_progress);
}

std::string command_line(const std::string& name,
                         const std::vector<std::string>& inputs,
                         const app::NamedValues& values) {
  const app::Command& command = app::find_command(name);
  return app::command_line_of(command, command.start().settings, inputs, values);
}

} // namespace

void bind_commands(py::module_& module) {
  module.def("command_table", &command_table);
  module.def("run_command",
             &run_command,
             py::arg("name"),
             py::arg("inputs"),
             py::arg("values"),
             py::arg("config") = "",
             py::arg("on_message") = py::none(),
             py::arg("on_progress") = py::none());
  module.def("command_line", &command_line, py::arg("name"), py::arg("inputs"), py::arg("values"));
}

} // namespace vitrum::python
