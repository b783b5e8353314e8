// LAMMPS data files: one configuration, atom styles atomic, charge, bond, molecular and full,
// tilted boxes, plain or compressed.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "lammps_columns.hpp"
#include "number_text.hpp"
#include "text_lines.hpp"
#include "text_stream.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

/// How many columns stand between id and type, and between type and x.
struct Style {
  Index before_type, before_x;
};

const std::map<std::string, Style>& styles() {
  static const std::map<std::string, Style> map{{"atomic", {0, 0}},
                                                {"charge", {0, 1}},
                                                {"bond", {1, 0}},
                                                {"angle", {1, 0}},
                                                {"molecular", {1, 0}},
                                                {"full", {1, 1}}};
  return map;
}

class Data final : public atoms::TrajectorySource {
public:
  explicit Data(const std::string& path) : stream_(path) {
    info_.path = path;
    info_.format = "lammps-data";
    info_.frames = 1;
    read_all();
    info_.first_box = configuration_.box;
    info_.atoms = configuration_.atoms();
    for (Index t = 1; t <= types_; ++t)
      info_.species.push_back(std::to_string(t));
    info_.species_atoms = count_species(configuration_.species, info_.species.size());
    info_.unwrapped = configuration_.unwrapped;
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }
  void read(Index, atoms::Configuration& out) override { out = configuration_; }

private:
  [[nodiscard]] std::string place() const { return fmt::format("line {}", stream_.line()); }
  [[noreturn]] void bad(const std::string& found, const std::string& expected) const {
    throw FormatError(info_.path, place(), found, expected);
  }

  /// A header line such as "32000 atoms" or "0 29.06 xlo xhi"; false for the name of a section.
  bool header_line(std::string_view line) {
    auto rest = line;
    std::vector<double> numbers;
    double value = 0;
    std::string_view word = take_word(rest);
    for (; parse_number(word, value); word = take_word(rest))
      numbers.push_back(value);
    if (numbers.empty())
      return false;
    const auto what = fmt::format("{}{}", word, rest);
    const auto need = [&](std::size_t count) {
      if (numbers.size() != count)
        bad(fmt::format("'{}'", line.substr(0, 60)), fmt::format("{} numbers", count));
    };
    const auto bounds = [&](std::size_t d) {
      need(2);
      bounds_[2 * d] = numbers[0];
      bounds_[2 * d + 1] = numbers[1];
      have_box_[d] = true;
    };
    if (what == "atoms") {
      need(1);
      atoms_ = static_cast<Index>(numbers[0]);
    } else if (what == "atom types") {
      need(1);
      types_ = static_cast<Index>(numbers[0]);
      if (types_ < 1 || types_ > 1000)
        bad(fmt::format("{} atom types", numbers[0]), "1 to 1000");
    } else if (what == "xlo xhi") {
      bounds(0);
    } else if (what == "ylo yhi") {
      bounds(1);
    } else if (what == "zlo zhi") {
      bounds(2);
    } else if (what == "xy xz yz") {
      need(3);
      tilt_ = {numbers[0], numbers[1], numbers[2]};
    }
    return true; // others (bonds, angles, …) say nothing about where atoms are
  }

  void read_all() {
    std::string_view line;
    if (!stream_.next_line(line)) // the title
      throw FormatError(info_.path, "", "an empty file", "a LAMMPS data file");
    const auto step = line.find("timestep = ");
    if (step != std::string_view::npos) {
      const double value = to_number(line.substr(step + 11));
      if (std::abs(value) < 9e15) // exact as a double
        configuration_.step = static_cast<Index>(value);
    }
    while (stream_.next_line(line)) {
      const auto comment = line.find('#');
      const auto text = trimmed(line.substr(0, comment));
      if (text.empty() || header_line(text))
        continue;
      if (text != "Atoms")
        continue;
      const auto style =
          comment == line.npos ? std::string() : std::string(trimmed(line.substr(comment + 1)));
      read_atoms(style);
      return;
    }
    throw FormatError(info_.path, "", "no section Atoms", "the positions of atoms");
  }

  void read_atoms(const std::string& named) {
    for (std::size_t d = 0; d < 3; ++d)
      if (!have_box_[d])
        bad("no box", "xlo xhi, ylo yhi and zlo zhi before Atoms");
    const std::array<double, 3> length{
        bounds_[1] - bounds_[0], bounds_[3] - bounds_[2], bounds_[5] - bounds_[4]};
    try {
      configuration_.box =
          atoms::Box(atoms::tilted_edges(length, tilt_), {bounds_[0], bounds_[2], bounds_[4]});
    } catch (const DataError& error) {
      bad(error.what(), "a box");
    }
    if (types_ == 0)
      bad("no number of atom types", "'N atom types' before Atoms");
    // the shortest line of an atom has ten bytes; compression makes at most 1000 of one
    require_atoms(
        info_.path, place(), atoms_, stream_.file_bytes() * (stream_.compressed() ? 1000 : 1), 10);
    std::string_view line;
    Style style{-1, -1};
    while (configuration_.atoms() < atoms_) {
      if (!stream_.next_line(line))
        bad(fmt::format("the end of the file after {} of {} atoms", configuration_.atoms(), atoms_),
            "an atom");
      const auto text = trimmed(line.substr(0, line.find('#')));
      if (text.empty() && configuration_.atoms() == 0)
        continue;
      std::vector<double> columns;
      double value = 0;
      auto rest = text;
      for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        if (!parse_number(word, value) || !std::isfinite(value))
          bad(fmt::format("'{}' in atom {}", word, configuration_.atoms()), "a number");
        columns.push_back(value);
      }
      if (style.before_type < 0)
        style = style_of(named, columns.size());
      add_atom(style, columns, text);
    }
    AtomOrder().apply(info_.path, "Atoms", configuration_);
  }

  Style style_of(const std::string& named, std::size_t columns) const {
    if (const auto it = styles().find(named); it != styles().end())
      return it->second;
    if (!named.empty())
      bad(fmt::format("atom style '{}'", named), "atomic, charge, bond, angle, molecular or full");
    if (columns == 5 || columns == 8)
      return {0, 0};
    if (columns == 7 || columns == 10)
      return {1, 1};
    bad(fmt::format("{} columns of atoms of no named style", columns),
        "5 or 8 (atomic), 7 or 10 (full), or 'Atoms # style'");
  }

  void add_atom(const Style& style, const std::vector<double>& columns, std::string_view text) {
    const auto type_at = static_cast<std::size_t>(1 + style.before_type);
    const auto x = static_cast<std::size_t>(2 + style.before_type + style.before_x);
    if (columns.size() != x + 3 && columns.size() != x + 6)
      bad(fmt::format("'{}'", text.substr(0, 60)),
          fmt::format("{} columns, or {} with image flags", x + 3, x + 6));
    const double id = columns[0], type = columns[type_at];
    if (id != std::floor(id) || std::abs(id) > 9e15)
      bad(fmt::format("id {}", id), "a whole number");
    if (type != std::floor(type) || type < 1 || type > static_cast<double>(types_))
      bad(fmt::format("type {}", type), fmt::format("1 to {}", types_));
    atoms::Vector r{columns[x], columns[x + 1], columns[x + 2]};
    const bool images = columns.size() == x + 6;
    if (configuration_.positions.empty())
      configuration_.unwrapped = images;
    if (images)
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t d = 0; d < 3; ++d)
          r[d] += columns[x + 3 + i] * configuration_.box.edges()[i][d];
    configuration_.ids.push_back(static_cast<Index>(id));
    configuration_.species.push_back(static_cast<std::int32_t>(type) - 1);
    configuration_.positions.push_back(r);
  }

  TextStream stream_;
  atoms::TrajectoryInfo info_;
  atoms::Configuration configuration_;
  Index atoms_ = 0, types_ = 0;
  std::array<double, 6> bounds_{};
  std::array<double, 3> tilt_{};
  std::array<bool, 3> have_box_{};
};

} // namespace

TrajectoryReader lammps_data_reader() {
  return {[] {
            FormatDescription d;
            d.name = "lammps-data";
            d.description = "LAMMPS data file: one configuration, plain or compressed";
            d.extensions = {"data", "lammps", "lmp"};
            d.recognised_by = "a line 'N atoms' and one of 'xlo xhi'";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            const std::string_view head(reinterpret_cast<const char*>(probe.head.data()),
                                        probe.head.size());
            return head.find(" atoms\n") != head.npos && head.find(" xlo xhi") != head.npos;
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Data>(path);
          }};
}

} // namespace vitrum::io
