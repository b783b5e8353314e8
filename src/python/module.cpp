#include "bindings.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::python {

Monitor Mailbox::monitor() {
  Monitor monitor;
  monitor.cancel = &cancelled_;
  monitor.on_message = [this](Level level, std::string_view text) {
    const std::scoped_lock lock(mutex_);
    messages_.emplace_back(level, text);
  };
  monitor.on_progress = [this](const ProgressState& state) {
    const std::scoped_lock lock(mutex_);
    if (!steps_.empty() && !steps_.back().finished) // only the last one is of interest
      steps_.pop_back();
    steps_.push_back({std::string(state.task),
                      std::string(state.unit),
                      state.done,
                      state.total,
                      state.rate_per_s,
                      state.left_s,
                      state.finished});
  };
  return monitor;
}

void Mailbox::deliver(const py::object& on_message, const py::object& on_progress) {
  std::vector<std::pair<Level, std::string>> messages;
  std::vector<Step> steps;
  {
    const std::scoped_lock lock(mutex_);
    messages.swap(messages_);
    steps.swap(steps_);
  }
  if (!on_message.is_none())
    for (const auto& [level, text] : messages)
      on_message(level == Level::warning ? "warning"
                 : level == Level::info  ? "info"
                                         : "debug",
                 text);
  if (!on_progress.is_none())
    for (const Step& s : steps)
      on_progress(s.task, s.unit, s.done, s.total, s.rate_per_s, s.left_s, s.finished);
}

} // namespace vitrum::python

PYBIND11_MODULE(_vitrum, module) {
  namespace py = pybind11;
  using namespace vitrum;
  module.doc() = "the native part of vitrum";
  module.attr("__version__") = VITRUM_VERSION;
  py::register_exception<OptionError>(module, "OptionError", PyExc_ValueError);
  py::register_exception<DataError>(module, "DataError", PyExc_ValueError);
  py::register_exception<FormatError>(module, "FormatError", PyExc_ValueError);
  py::register_exception<FileError>(module, "FileError", PyExc_OSError);
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error)
        std::rethrow_exception(error);
    } catch (const Interrupted&) {
      PyErr_SetNone(PyExc_KeyboardInterrupt);
    }
  });
  module.def("last_work_s", [] { return python::last_work_s.load(); });
  python::bind_commands(module);
  python::bind_results(module);
  python::bind_correlation(module);
  python::bind_decay(module);
  python::bind_fem(module);
}
