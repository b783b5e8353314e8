// What the parts of the native module share: running long work beside Python, arrays in and out.
#pragma once
#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "vitrum/core/memory.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::python {

namespace py = pybind11;

/// What the computing thread tells, kept until Python's thread passes it on.
class Mailbox {
public:
  [[nodiscard]] Monitor monitor();
  void cancel() { cancelled_ = true; }
  /// Calls on_message(level, text) and on_progress(task, unit, done, total, rate, left_s,
  /// finished), unless they are None. Needs the GIL.
  void deliver(const py::object& on_message, const py::object& on_progress);

private:
  struct Step {
    std::string task, unit;
    Index done, total;
    double rate_per_s, left_s;
    bool finished;
  };
  std::mutex mutex_;
  std::vector<std::pair<Level, std::string>> messages_;
  std::vector<Step> steps_;
  std::atomic<bool> cancelled_{false};
};

/// Seconds that the last work took by itself, for benchmarks of what Python adds.
inline std::atomic<double> last_work_s{0};

/// Runs `work(monitor)` in a thread of its own, without the GIL; meanwhile this one passes on
/// messages and hears Ctrl-C, which cancels the work and is raised when it has stopped.
template <class Work>
auto run_beside_python(Work&& work, const py::object& on_message, const py::object& on_progress) {
  Mailbox mailbox;
  auto running = std::async(std::launch::async, [&] {
    const auto start = std::chrono::steady_clock::now();
    auto result = work(mailbox.monitor());
    last_work_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  });
  const auto wait = [&](std::chrono::milliseconds time) {
    const py::gil_scoped_release release;
    return running.wait_for(time) == std::future_status::ready;
  };
  try {
    while (!wait(std::chrono::milliseconds(50))) {
      if (PyErr_CheckSignals() != 0)
        throw py::error_already_set();
      mailbox.deliver(on_message, on_progress);
    }
    mailbox.deliver(on_message, on_progress);
  } catch (...) { // Ctrl-C, or what a callback raised
    mailbox.cancel();
    {
      const py::gil_scoped_release release;
      running.wait();
    }
    throw;
  }
  return running.get();
}

/// The vector as a numpy array that owns it.
template <class T>
py::array_t<T> to_numpy(std::vector<T> values, std::vector<Index> shape = {}) {
  auto* kept = new std::vector<T>(std::move(values));
  const py::capsule owner(kept, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  if (shape.empty())
    shape = {static_cast<Index>(kept->size())};
  return py::array_t<T>(shape, kept->data(), owner);
}
template <class T>
py::array_t<T> to_numpy(Buffer<T> values, const std::vector<Index>& shape) {
  auto* kept = new Buffer<T>(std::move(values));
  const py::capsule owner(kept, [](void* p) { delete static_cast<Buffer<T>*>(p); });
  return py::array_t<T>(shape, kept->data(), owner);
}

/// Numbers of any type as doubles; contiguous doubles are not copied.
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
[[nodiscard]] inline std::span<const double> span_of(const Doubles& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

void bind_commands(py::module_& module);
void bind_results(py::module_& module);
void bind_correlation(py::module_& module);
void bind_decay(py::module_& module);
void bind_fem(py::module_& module);

} // namespace vitrum::python
