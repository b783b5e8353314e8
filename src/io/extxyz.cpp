// Extended XYZ: a number of atoms, a comment with Lattice="…" and Properties=…, one line an atom;
// frames one after the other, plain, gzip or zstd.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "number_text.hpp"
#include "text_lines.hpp"
#include "text_stream.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

/// key=value pairs of the comment; values may be quoted.
std::map<std::string, std::string> comment_values(std::string_view text) {
  std::map<std::string, std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = text.find_first_not_of(" \t", at);
    if (begin == text.npos)
      break;
    const auto equals = text.find_first_of("= \t", begin);
    if (equals == text.npos || text[equals] != '=') {
      at = equals == text.npos ? text.size() : equals;
      continue;
    }
    std::string key(text.substr(begin, equals - begin));
    std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    const auto start = equals + 1;
    const char quote = start < text.size() ? text[start] : ' ';
    if (quote == '"' || quote == '\'') {
      const auto end = std::min(text.find(quote, start + 1), text.size());
      out[key] = std::string(text.substr(start + 1, end - start - 1));
      at = std::min(end + 1, text.size());
    } else {
      const auto end = std::min(text.find_first_of(" \t", start), text.size());
      out[key] = std::string(text.substr(start, end - start));
      at = end;
    }
  }
  return out;
}

/// Where species, positions and ids stand in a line.
struct Columns {
  Index count = 0, species = -1, position = -1, id = -1;
};

class Xyz final : public atoms::TrajectorySource {
public:
  explicit Xyz(const std::string& path) : stream_(path) {
    info_.path = path;
    info_.format = "extxyz";
    find_frames();
    atoms::Configuration first;
    read(0, first);
    info_.first_box = first.box;
    info_.species_atoms = count_species(first.species, info_.species.size());
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    frame_ = frame;
    const auto k = static_cast<std::size_t>(frame);
    stream_.go_to(offset_.at(k), line_.at(k));
    std::string_view line;
    next(line);
    next(line);
    const auto values = comment_values(line);
    const auto columns = columns_of(values);
    out.box = box_of(values);
    out.step = info_.steps.empty() ? frame : info_.steps[k];
    out.time = info_.times.empty() ? std::nan("") : info_.times[k];
    out.unwrapped = false;
    const auto atoms = static_cast<std::size_t>(info_.atoms);
    out.positions.resize(atoms);
    out.species.resize(atoms);
    out.ids.resize(columns.id >= 0 ? atoms : 0);
    std::vector<std::string_view> words(static_cast<std::size_t>(columns.count));
    for (std::size_t i = 0; i < atoms; ++i) {
      next(line);
      const auto text = line;
      for (auto& word : words)
        word = take_word(line);
      if (words.back().empty())
        bad(quoted(text), fmt::format("{} columns", words.size()));
      for (std::size_t d = 0; d < 3; ++d)
        if (!parse_number(words[static_cast<std::size_t>(columns.position) + d],
                          out.positions[i][d]) ||
            !std::isfinite(out.positions[i][d]))
          bad(quoted(text), "numbers for coordinates");
      if (columns.id >= 0 && !parse_number(words[static_cast<std::size_t>(columns.id)], out.ids[i]))
        bad(quoted(text), "a whole number for id");
      out.species[i] = species_of(words[static_cast<std::size_t>(columns.species)]);
    }
    order_.apply(info_.path, place(), out);
  }

private:
  [[nodiscard]] std::string place() const {
    return fmt::format("frame {}, line {}", frame_, stream_.line());
  }
  [[noreturn]] void bad(const std::string& found, const std::string& expected) const {
    throw FormatError(info_.path, place(), found, expected);
  }
  static std::string quoted(std::string_view text) {
    return fmt::format("'{}'", text.substr(0, 60));
  }
  void next(std::string_view& line) {
    if (!stream_.next_line(line))
      bad("the end of the file", "an atom");
  }

  std::int32_t species_of(std::string_view name) {
    auto& names = info_.species;
    auto it = std::find(names.begin(), names.end(), name);
    if (it == names.end()) {
      if (names.size() >= 200)
        bad(fmt::format("species {}", quoted(name)), "at most 200 species");
      it = names.insert(names.end(), std::string(name));
    }
    return static_cast<std::int32_t>(it - names.begin());
  }

  Columns columns_of(const std::map<std::string, std::string>& values) const {
    const auto it = values.find("properties");
    if (it == values.end())
      return {4, 0, 1, -1}; // plain XYZ: species x y z
    const auto parts = split_at(it->second, ':');
    Columns out;
    for (std::size_t k = 0; k + 2 < parts.size(); k += 3) {
      Index width = 0;
      if (!parse_number(parts[k + 2], width) || width < 1 || width > 1000)
        bad(quoted("Properties=" + it->second), "name:type:columns, repeated");
      const auto name = parts[k];
      if (name == "species" || name == "element")
        out.species = out.count;
      else if (name == "pos" && width == 3)
        out.position = out.count;
      else if (name == "id" && width == 1)
        out.id = out.count;
      out.count += width;
    }
    if (parts.size() % 3 != 0)
      bad(quoted("Properties=" + it->second), "name:type:columns, repeated");
    if (out.species < 0 || out.position < 0)
      bad(quoted("Properties=" + it->second), "species:S:1 and pos:R:3 among them");
    return out;
  }

  atoms::Box box_of(const std::map<std::string, std::string>& values) const {
    const auto it = values.find("lattice");
    if (it == values.end())
      bad("a comment without Lattice=\"…\"", "the box: nine numbers, the rows of its edges");
    std::string_view text = it->second;
    std::array<atoms::Vector, 3> edges{};
    for (auto& edge : edges)
      for (double& x : edge)
        if (!parse_number(take_word(text), x))
          bad(quoted("Lattice=\"" + it->second + "\""), "nine numbers");
    std::array<bool, 3> periodic{true, true, true};
    if (const auto pbc = values.find("pbc"); pbc != values.end()) {
      std::string_view flags = pbc->second;
      for (bool& p : periodic) {
        const auto word = take_word(flags);
        if (word != "T" && word != "F" && word != "1" && word != "0" && word != "True" &&
            word != "False")
          bad(quoted("pbc=\"" + pbc->second + "\""), "three of T and F");
        p = word == "T" || word == "1" || word == "True";
      }
    }
    try {
      return atoms::Box(edges, {0, 0, 0}, periodic);
    } catch (const DataError& error) {
      bad(error.what(), "a box");
    }
  }

  void find_frames() {
    std::string_view line;
    std::vector<double> times;
    std::vector<Index> steps;
    for (;;) {
      const Index at = stream_.position(), number = stream_.line();
      frame_ = static_cast<Index>(offset_.size());
      if (!stream_.next_line(line))
        break;
      if (trimmed(line).empty())
        continue;
      Index atoms = 0;
      auto text = line;
      if (!parse_number(take_word(text), atoms) || !trimmed(text).empty() || atoms < 1)
        bad(quoted(line), "a number of atoms");
      if (offset_.empty())
        info_.atoms = atoms;
      else if (atoms != info_.atoms)
        bad(fmt::format("{} atoms", atoms), fmt::format("{} as in the first frame", info_.atoms));
      if (offset_.empty())
        require_atoms(info_.path,
                      place(),
                      atoms,
                      stream_.file_bytes() * (stream_.compressed() ? 1000 : 1),
                      8);
      const bool commented = stream_.next_line(line);
      if (commented) {
        const auto values = comment_values(line);
        double time = 0;
        Index step = 0;
        if (const auto t = values.find("time"); t != values.end() && parse_number(t->second, time))
          times.push_back(time);
        for (const char* key : {"step", "timestep", "frame"})
          if (const auto s = values.find(key); s != values.end() && parse_number(s->second, step)) {
            require_ascending_step(info_.path, place(), step, steps);
            steps.push_back(step);
            break;
          }
      }
      const Index found = commented ? stream_.skip_lines(atoms) : 0;
      if (found < atoms) {
        if (offset_.empty())
          bad(fmt::format("the end of the file after {} of {} atoms", found, atoms), "an atom");
        info_.problems.push_back(fmt::format(
            "frame {} is left out: the file ends within it, at line {}", frame_, stream_.line()));
        break;
      }
      offset_.push_back(at);
      line_.push_back(number);
    }
    if (offset_.empty())
      throw FormatError(info_.path, "", "no frame", "a number of atoms");
    info_.frames = static_cast<Index>(offset_.size());
    times.resize(std::min(times.size(), offset_.size()));
    steps.resize(std::min(steps.size(), offset_.size()));
    if (times.size() == offset_.size())
      info_.times = times;
    if (steps.size() == offset_.size())
      info_.steps = steps;
  }

  TextStream stream_;
  atoms::TrajectoryInfo info_;
  std::vector<Index> offset_, line_;
  AtomOrder order_;
  Index frame_ = 0;
};

} // namespace

TrajectoryReader extxyz_reader() {
  return {[] {
            FormatDescription d;
            d.name = "extxyz";
            d.description = "extended XYZ, plain or gzip or zstd";
            d.extensions = {"xyz", "extxyz"};
            d.recognised_by = "a number alone on the first line, Lattice= or four columns behind";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            std::string_view head(reinterpret_cast<const char*>(probe.head.data()),
                                  probe.head.size());
            const auto end = head.find('\n');
            if (end == head.npos)
              return false;
            auto first = trimmed(head.substr(0, end));
            Index atoms = 0;
            if (!parse_number(first, atoms) || atoms < 1)
              return false;
            const auto comment = head.substr(end + 1, head.find('\n', end + 1) - end - 1);
            return comment.find("attice=") != comment.npos ||
                   comment.find("roperties=") != comment.npos;
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Xyz>(path);
          }};
}

} // namespace vitrum::io
