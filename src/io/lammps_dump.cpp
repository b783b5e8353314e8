// LAMMPS dumps as text (atom and custom styles), plain, gzip or zstd: all kinds of coordinates,
// tilted boxes, atoms in any order.
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "lammps_columns.hpp"
#include "number_text.hpp"
#include "text_stream.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr std::string_view timestep_mark = "ITEM: TIMESTEP";
constexpr std::string_view units_mark = "ITEM: UNITS";
constexpr std::string_view time_mark = "ITEM: TIME";
constexpr std::string_view number_mark = "ITEM: NUMBER OF ATOMS";
constexpr std::string_view box_mark = "ITEM: BOX BOUNDS";
constexpr std::string_view atoms_mark = "ITEM: ATOMS";

struct Header {
  Index step = 0, atoms = 0;
  std::optional<double> time;
  std::string units, columns;
  atoms::Box box;
};

class Dump final : public atoms::TrajectorySource {
public:
  explicit Dump(const std::string& path) : stream_(path) {
    info_.path = path;
    info_.format = "lammps-dump";
    find_frames();
    describe();
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    const auto k = static_cast<std::size_t>(frame);
    stream_.go_to(offset_.at(k), line_.at(k));
    frame_ = frame;
    const auto header = read_header();
    read_atoms(*header, out);
    order_.apply(info_.path, place(), out);
  }

private:
  [[nodiscard]] std::string place() const {
    return fmt::format("frame {}, line {}", frame_, stream_.line());
  }
  [[noreturn]] void bad(const std::string& found, const std::string& expected) const {
    throw FormatError(info_.path, place(), found, expected);
  }
  [[nodiscard]] static std::string quoted(std::string_view text) {
    return fmt::format("'{}'", text.substr(0, 60));
  }

  std::string_view line_or(const char* expected) {
    std::string_view line;
    if (!stream_.next_line(line))
      throw Ended{expected};
    return line;
  }
  Index whole(const char* what) {
    auto line = line_or(what);
    const auto text = line;
    Index value = 0;
    if (!parse_number(take_word(line), value) || !take_word(line).empty())
      bad(quoted(text), what);
    return value;
  }

  /// Nothing at the end of the file; throws Ended within a frame.
  std::optional<Header> read_header() {
    Header h;
    std::string_view line;
    do {
      if (!stream_.next_line(line))
        return std::nullopt;
    } while (line.empty());
    const auto section = [&](std::string_view mark) { return line.starts_with(mark); };
    if (section(units_mark)) {
      h.units = line_or("the style of units");
      line = line_or("ITEM: TIMESTEP");
    }
    const auto read_time = [&] {
      if (!section(time_mark) || section(timestep_mark))
        return;
      auto text = line_or("a time");
      double value = 0;
      const auto whole_text = text;
      if (!parse_number(take_word(text), value))
        bad(quoted(whole_text), "a time");
      h.time = value;
      line = line_or("the next ITEM");
    };
    read_time();
    if (line != timestep_mark)
      bad(quoted(line), "ITEM: TIMESTEP");
    h.step = whole("the number of a step");
    line = line_or("ITEM: NUMBER OF ATOMS");
    if (section(units_mark)) {
      h.units = line_or("the style of units");
      line = line_or("ITEM: NUMBER OF ATOMS");
    }
    read_time();
    if (line != number_mark)
      bad(quoted(line), std::string(number_mark));
    h.atoms = whole("the number of atoms");
    line = line_or("ITEM: BOX BOUNDS");
    if (!section(box_mark))
      bad(quoted(line), std::string(box_mark));
    h.box = read_box(line.substr(box_mark.size()));
    line = line_or("ITEM: ATOMS");
    if (!section(atoms_mark))
      bad(quoted(line), std::string(atoms_mark));
    h.columns = line.substr(atoms_mark.size());
    return h;
  }

  atoms::Box read_box(std::string_view flags) {
    bool tilted = false;
    std::array<bool, 3> periodic{true, true, true};
    const std::string all(flags);
    std::size_t direction = 0;
    for (auto word = take_word(flags); !word.empty(); word = take_word(flags)) {
      if (word == "xy" || word == "xz" || word == "yz") {
        tilted = true;
        continue;
      }
      const bool known = word.size() == 2 && word.find_first_not_of("pfsm") == word.npos;
      if (!known || direction == 3)
        bad(fmt::format("BOX BOUNDS{}", all), "[xy xz yz] and three boundaries such as pp pp pp");
      periodic[direction++] = word == "pp";
    }
    std::array<double, 6> bounds{};
    std::array<double, 3> tilt{};
    for (std::size_t d = 0; d < 3; ++d) {
      auto line = line_or("the bounds of the box");
      const std::string text(line);
      if (!parse_number(take_word(line), bounds[2 * d]) ||
          !parse_number(take_word(line), bounds[2 * d + 1]) ||
          (tilted && !parse_number(take_word(line), tilt[d])))
        bad(quoted(text), tilted ? "lower, upper bound and tilt" : "lower and upper bound");
    }
    try {
      return lammps_box(bounds, tilt, periodic);
    } catch (const DataError& error) {
      bad(error.what(), "a box");
    }
  }

  void read_atoms(const Header& h, atoms::Configuration& out) {
    const LammpsColumns columns(info_.path, place(), h.columns);
    const auto atoms = static_cast<std::size_t>(h.atoms);
    out.step = h.step;
    out.time = info_.times.empty() ? std::numeric_limits<double>::quiet_NaN()
                                   : info_.times[static_cast<std::size_t>(frame_)];
    out.box = h.box;
    out.unwrapped = columns.unwrapped();
    out.positions.resize(atoms);
    out.species.resize(atoms);
    out.ids.resize(columns.id() >= 0 ? atoms : 0);
    std::vector<std::string_view> words(static_cast<std::size_t>(columns.count()));
    for (std::size_t i = 0; i < atoms; ++i) {
      std::string_view line;
      if (!stream_.next_line(line))
        throw Ended{"an atom"};
      const auto text = line;
      for (auto& word : words)
        word = take_word(line);
      if (words.back().empty() || !take_word(line).empty())
        bad(quoted(text), fmt::format("{} columns", words.size()));
      read_atom(columns, words, text, i, out);
    }
  }

  void read_atom(const LammpsColumns& columns,
                 const std::vector<std::string_view>& words,
                 std::string_view text,
                 std::size_t i,
                 atoms::Configuration& out) {
    atoms::Vector value{};
    std::array<double, 3> image{};
    const auto at = [&](int column) { return words[static_cast<std::size_t>(column)]; };
    for (std::size_t d = 0; d < 3; ++d) {
      bool good = parse_number(at(columns.coordinates()[d]), value[d]) && std::isfinite(value[d]);
      if (columns.has_images())
        good = good && parse_number(at(columns.images()[d]), image[d]) && std::isfinite(image[d]);
      if (!good)
        bad(quoted(text), "numbers for coordinates");
    }
    out.positions[i] = columns.place(out.box, value, image);
    if (columns.id() >= 0 && !parse_number(at(columns.id()), out.ids[i]))
      bad(quoted(text), "a whole number for id");
    out.species[i] = species_of(columns, words, text);
  }

  std::int32_t species_of(const LammpsColumns& columns,
                          const std::vector<std::string_view>& words,
                          std::string_view text) {
    auto& names = info_.species;
    if (columns.has_elements()) {
      const auto name = words[static_cast<std::size_t>(columns.element())];
      auto it = std::find(names.begin(), names.end(), name);
      if (it == names.end() && names.size() < 118)
        it = names.insert(names.end(), std::string(name));
      if (it == names.end())
        bad(quoted(text), "at most 118 elements");
      return static_cast<std::int32_t>(it - names.begin());
    }
    Index type = 1;
    if (columns.type() >= 0 &&
        (!parse_number(words[static_cast<std::size_t>(columns.type())], type) || type < 1 ||
         type > 1000))
      bad(quoted(text), "a type from 1 to 1000");
    while (static_cast<Index>(names.size()) < type)
      names.push_back(std::to_string(names.size() + 1));
    return static_cast<std::int32_t>(type - 1);
  }

  /// Where frames begin; the atoms of whole frames are passed over unread.
  void find_frames() {
    Index incomplete = 0;
    try {
      for (;;) {
        const Index at = stream_.position(), line = stream_.line();
        frame_ = static_cast<Index>(offset_.size());
        const auto header = read_header();
        if (!header)
          break;
        require_ascending_step(info_.path, place(), header->step, info_.steps);
        if (header->atoms < 1)
          bad(fmt::format("{} atoms", header->atoms), "at least one");
        if (info_.steps.empty()) {
          info_.atoms = header->atoms;
          first_ = *header;
        } else if (header->atoms != info_.atoms) {
          bad(fmt::format("{} atoms", header->atoms),
              fmt::format("{} as in the first frame", info_.atoms));
        }
        const Index found = stream_.skip_lines(header->atoms);
        if (found < header->atoms) {
          incomplete = found;
          throw Ended{"an atom"};
        }
        offset_.push_back(at);
        line_.push_back(line);
        info_.steps.push_back(header->step);
        if (header->time)
          info_.times.push_back(*header->time);
      }
    } catch (const Ended& ended) {
      const auto text =
          fmt::format("the end of the file after {} of {} atoms", incomplete, info_.atoms);
      if (offset_.empty())
        throw FormatError(info_.path,
                          place(),
                          incomplete > 0 ? text : std::string("the end of the file"),
                          ended.expected);
      info_.problems.push_back(fmt::format(
          "frame {} is left out: the file ends within it, at line {}", frame_, stream_.line()));
    }
    if (offset_.empty())
      throw FormatError(info_.path, "", "no frame", std::string(timestep_mark));
    if (info_.times.size() != info_.steps.size())
      info_.times.clear();
    let_times_go_on();
  }

  /// A run that goes on from a checkpoint counts its time from there: as long as the time of a step
  /// is the same, the times after it go on from those before.
  void let_times_go_on() {
    auto& times = info_.times;
    // as numbers that cannot overflow
    const auto steps_to = [&](std::size_t i) {
      return static_cast<double>(info_.steps[i]) - static_cast<double>(info_.steps[i - 1]);
    };
    const auto per_step = [&](std::size_t i) {
      return (times[i + 1] - times[i]) / steps_to(i + 1);
    };
    for (std::size_t i = 2; i < times.size(); ++i) {
      if (times[i] > times[i - 1])
        continue;
      const double before = per_step(i - 2);
      constexpr double same = 1e-3;
      if (i + 1 < times.size() && !(std::abs(per_step(i) - before) < same * before))
        return;
      const double more = times[i - 1] - times[i] + before * steps_to(i);
      for (std::size_t k = i; k < times.size(); ++k)
        times[k] += more;
      info_.problems.push_back(fmt::format(
          "the times begin anew at frame {}, the steps go on: times taken as going on", i));
    }
  }

  void describe() {
    info_.frames = static_cast<Index>(offset_.size());
    const auto units = lammps_units(first_.units);
    info_.length_unit = units.length;
    info_.time_unit = units.time;
    info_.first_box = first_.box;
    const LammpsColumns columns(info_.path, "frame 0", first_.columns);
    info_.unwrapped = columns.unwrapped();
    info_.metadata.emplace_back("coordinates",
                                columns.kind() + (columns.has_images() ? " ix iy iz" : ""));
    if (!first_.units.empty())
      info_.metadata.emplace_back("units", first_.units);
    atoms::Configuration configuration;
    try {
      read(0, configuration);
    } catch (const Ended& ended) {
      bad("the end of the file", ended.expected);
    }
    info_.species_atoms = count_species(configuration.species, info_.species.size());
  }

  struct Ended {
    const char* expected;
  };

  TextStream stream_;
  atoms::TrajectoryInfo info_;
  std::vector<Index> offset_, line_;
  Header first_;
  AtomOrder order_;
  Index frame_ = 0;
};

} // namespace

TrajectoryReader lammps_dump_reader() {
  return {[] {
            FormatDescription d;
            d.name = "lammps-dump";
            d.description = "LAMMPS dump of atoms, text, plain or gzip or zstd";
            d.extensions = {"lammpstrj", "dump", "gz", "zst"};
            d.recognised_by = "first line ITEM: TIMESTEP, ITEM: UNITS or ITEM: TIME";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            const std::string_view head(reinterpret_cast<const char*>(probe.head.data()),
                                        probe.head.size());
            return head.starts_with(timestep_mark) || head.starts_with(units_mark) ||
                   head.starts_with(time_mark);
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Dump>(path);
          }};
}

} // namespace vitrum::io
