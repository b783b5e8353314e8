// Result files: what stands in them, their arrays, their numbers.
#include "bindings.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::python {
namespace {

py::object to_python(Array array) {
  return std::visit(
      [&](auto& values) -> py::object {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) {
          if (array.shape.empty() && values.size() == 1)
            return py::str(values[0]);
          return py::cast(values);
        } else {
          if (array.shape.empty() && values.size() == 1)
            return py::cast(values[0]);
          return to_numpy(std::move(values), array.shape);
        }
      },
      array.values);
}

py::dict to_python(const Attributes& attributes) {
  py::dict out;
  for (const auto& [name, value] : attributes)
    out[py::str(name)] = std::visit([](const auto& v) -> py::object { return py::cast(v); }, value);
  return out;
}

void list_arrays(const Tree& tree, const std::string& above, py::dict& out) {
  for (const auto& [name, array] : tree.arrays())
    out[py::str(above + name)] =
        py::make_tuple(py::tuple(py::cast(array.shape)), to_python(array.attributes));
  for (const auto& [name, group] : tree.groups())
    list_arrays(group, above + name + "/", out);
}

/// A result without its large arrays, which are read when they are asked for.
class ResultFile {
public:
  explicit ResultFile(std::string path) : path_(std::move(path)) {
    constexpr Index largest = 1 << 20;
    const py::gil_scoped_release release;
    tree_ = io::read_tree(path_, {.largest_array = largest, .left_out = &left_out_});
  }

  [[nodiscard]] py::object read(const std::string& place) const {
    if (const Array* array = tree_.find(place))
      return to_python(*array);
    Array array;
    {
      const py::gil_scoped_release release;
      array = io::read_array(path_ + "::/" + place);
    }
    return to_python(std::move(array));
  }
  [[nodiscard]] py::dict arrays() const {
    py::dict out;
    list_arrays(tree_, "", out);
    for (const auto& place : left_out_)
      out[py::str(place.starts_with('/') ? place.substr(1) : place)] = py::none();
    return out;
  }
  [[nodiscard]] py::dict scalars() const {
    py::dict out;
    for (const auto& scalar : report::scalars(tree_)) {
      const auto value =
          std::visit([](const auto& v) -> py::object { return py::cast(v); }, scalar.value);
      out[py::str(scalar.path)] = py::make_tuple(value, scalar.error, scalar.unit);
    }
    return out;
  }
  [[nodiscard]] std::string text() const { return report::scalars_text(tree_); }
  [[nodiscard]] std::string summary() const { return report::summary(tree_); }
  [[nodiscard]] std::vector<std::string> warnings() const {
    return tree_.find("entry/process/warnings") == nullptr ? std::vector<std::string>{}
                                                           : tree_.texts("entry/process/warnings");
  }

private:
  std::string path_;
  Tree tree_;
  std::vector<std::string> left_out_;
};

} // namespace

void bind_results(py::module_& module) {
  py::class_<ResultFile>(module, "ResultFile")
      .def(py::init<std::string>(), py::arg("path"))
      .def("read", &ResultFile::read, py::arg("place"))
      .def("arrays", &ResultFile::arrays)
      .def("scalars", &ResultFile::scalars)
      .def("text", &ResultFile::text)
      .def("summary", &ResultFile::summary)
      .def("warnings", &ResultFile::warnings);
}

} // namespace vitrum::python
