// A cooling scan as a result: Tg by energy and pressure against temperature.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "md_simulate.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/lammps_files.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/md/kink.hpp"

namespace vitrum::app {

std::string analyse_cooling(const std::filesystem::path& table,
                            const std::filesystem::path& path,
                            double rate,
                            Index atoms,
                            Tree tree) {
  auto rows = io::read_number_rows(table.string(), 4); // step, temperature, energy, pressure
  // a small box fluctuates more than it cools from one stretch to the next; an axis goes one way
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a[1] > b[1]; });
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
  group.set("rate", make_scalar(rate, "epsilon/tau"));
  std::string text = fmt::format("cooled by {:.3g} epsilon/tau\n", rate);
  for (const auto& [name, values] :
       {std::pair("energy", &energy), std::pair("pressure", &pressure)})
    try {
      const auto found = md::fit_glass_transition(temperature, *values);
      const auto set = [&, prefix = std::string(name) + "_"](const char* what, double value) {
        group.set(prefix + what, make_scalar(value));
      };
      set("tg", found.at);
      set("tg_lowest", found.lowest);
      set("tg_highest", found.highest);
      set("slope_below", found.slope_below);
      set("slope_above", found.slope_above);
      set("at_tg", found.value);
      text +=
          fmt::format("Tg from {}: {:.3g}, between {:.3g} and {:.3g} by the ranges of the fit\n",
                      name,
                      found.at,
                      found.lowest,
                      found.highest);
    } catch (const DataError& none) {
      text += fmt::format("Tg from {}: none, {}\n", name, none.what());
    }
  io::write_tree(path.string(), tree, {.overwrite = true});
  return text + table.string() + "\n" + path.string() + "\n";
}

} // namespace vitrum::app
