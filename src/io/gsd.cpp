// GSD, the file format of HOOMD-blue (schema hoomd): chunks listed in an index; what a frame leaves
// out is as in frame 0.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr std::uint64_t magic = 0x65DF65DF65DF65DF;

struct Chunk {
  Index rows = 0, columns = 0, at = 0;
  int type = 0;
};

Index size_of_type(int type) {
  switch (type) {
  case 1:  // uint8
  case 5:  // int8
  case 11: // character
    return 1;
  case 2:
  case 6:
    return 2;
  case 3: // uint32
  case 7: // int32
  case 9: // float
    return 4;
  case 4:  // uint64
  case 8:  // int64
  case 10: // double
    return 8;
  default:
    return 0;
  }
}

class Gsd final : public atoms::TrajectorySource {
public:
  explicit Gsd(const std::string& path) : file_(path) {
    info_.path = path;
    info_.format = "gsd";
    read_index();
    describe();
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    out.step = info_.steps.at(static_cast<std::size_t>(frame));
    out.time = std::nan("");
    out.ids.clear();
    out.box = box_of(frame);
    const auto atoms = static_cast<std::size_t>(info_.atoms);
    const auto positions = numbers(frame, "particles/position", 3);
    if (positions.empty())
      bad(frame, "no particles/position", "positions of atoms");
    const auto images = numbers(frame, "particles/image", 3);
    const auto types = numbers(frame, "particles/typeid", 1);
    out.unwrapped = info_.unwrapped; // a frame without images has those of frame 0, or none moved
    out.positions.resize(atoms);
    out.species.assign(atoms, 0);
    for (std::size_t i = 0; i < atoms; ++i) {
      for (std::size_t d = 0; d < 3; ++d) {
        out.positions[i][d] = positions[3 * i + d];
        if (!std::isfinite(positions[3 * i + d]))
          bad(frame,
              fmt::format("coordinate {} of atom {}", positions[3 * i + d], i),
              "finite numbers");
      }
      if (!images.empty())
        for (std::size_t e = 0; e < 3; ++e)
          for (std::size_t d = 0; d < 3; ++d)
            out.positions[i][d] += images[3 * i + e] * out.box.edges()[e][d];
      if (!types.empty()) {
        if (!(types[i] < static_cast<double>(info_.species.size())))
          bad(frame,
              fmt::format("typeid {} of atom {}", types[i], i),
              fmt::format("one of {} types", info_.species.size()));
        out.species[i] = static_cast<std::int32_t>(types[i]);
      }
    }
    order_.apply(info_.path, fmt::format("frame {}", frame), out);
  }

private:
  [[noreturn]] void bad(Index frame, const std::string& found, const std::string& expected) const {
    throw FormatError(info_.path, fmt::format("frame {}", frame), found, expected);
  }

  std::vector<std::byte> bytes(Index at, Index count) const {
    if (count < 0 || at < 0 || count > file_.size() || at > file_.size() - count)
      throw FormatError(info_.path,
                        fmt::format("byte {}", at),
                        fmt::format("a block of {} bytes", count),
                        fmt::format("one inside the file of {}", file_.size()));
    std::vector<std::byte> out(static_cast<std::size_t>(count));
    file_.read(at, count, out.data());
    return out;
  }

  void read_index() {
    constexpr Index header_bytes = 256, entry_bytes = 32, name_bytes = 64;
    const auto header = bytes(0, header_bytes);
    const auto word = [&](std::size_t at) {
      return static_cast<Index>(load_little<std::uint64_t>(header.data() + at));
    };
    if (load_little<std::uint64_t>(header.data()) != magic)
      throw FormatError(info_.path, "byte 0", "no magic number", "a GSD file");
    const std::string schema(reinterpret_cast<const char*>(header.data()) + 112, 64);
    if (!schema.starts_with("hoomd"))
      throw FormatError(info_.path,
                        "byte 112",
                        fmt::format("schema '{}'", schema.substr(0, schema.find('\0'))),
                        "'hoomd'");
    const auto version = load_little<std::uint32_t>(header.data() + 44);
    const auto fits = [&](Index count, Index each) {
      if (count < 0 || count > file_.size() / each)
        throw FormatError(info_.path,
                          "header",
                          fmt::format("{} entries of {} bytes", count, each),
                          "what the file can hold");
      return count * each;
    };
    const auto index = bytes(word(8), fits(word(16), entry_bytes));
    const auto list = bytes(word(24), fits(word(32), name_bytes));
    std::vector<std::string> names;
    const auto* text = reinterpret_cast<const char*>(list.data());
    if (version < 0x10000 * 2) { // one name in each 64 bytes
      for (std::size_t at = 0; at + 64 <= list.size() && text[at] != 0; at += 64)
        names.emplace_back(text + at, strnlen(text + at, 64));
    } else {
      for (std::size_t at = 0; at < list.size() && text[at] != 0;) {
        const auto length = strnlen(text + at, list.size() - at);
        names.emplace_back(text + at, length);
        at += length + 1;
      }
    }
    Index last = -1;
    for (std::size_t at = 0; at + 32 <= index.size(); at += 32) {
      const auto* e = index.data() + at;
      Chunk chunk;
      chunk.at = static_cast<Index>(load_little<std::uint64_t>(e + 16));
      if (chunk.at == 0)
        break; // the rest is not used
      const auto frame = static_cast<Index>(load_little<std::uint64_t>(e));
      chunk.rows = static_cast<Index>(load_little<std::uint64_t>(e + 8));
      chunk.columns = static_cast<Index>(load_little<std::uint32_t>(e + 24));
      const auto id = load_little<std::uint16_t>(e + 28);
      chunk.type = static_cast<int>(load_little<std::uint8_t>(e + 30));
      const auto size = size_of_type(chunk.type);
      if (id >= names.size() || size == 0 || frame < last || chunk.rows < 0 ||
          chunk.rows > file_.size() || chunk.columns < 1 || chunk.columns > 4096 || chunk.at < 0 ||
          chunk.at > file_.size() - chunk.rows * chunk.columns * size)
        throw FormatError(info_.path,
                          fmt::format("index entry {}", at / 32),
                          "what is no chunk of this file",
                          "frames in their order, known types, places inside the file");
      last = frame;
      if (frame > file_.size())
        throw FormatError(
            info_.path, "index", fmt::format("frame {}", frame), "what the file can hold");
      chunks_[{frame, names[id]}] = chunk;
    }
    info_.frames = last + 1;
    if (info_.frames < 1)
      throw FormatError(info_.path, "index", "no frame", "at least one");
  }

  [[nodiscard]] const Chunk* find(Index frame, const std::string& name) const {
    for (const Index f : {frame, Index{0}})
      if (const auto it = chunks_.find({f, name}); it != chunks_.end())
        return &it->second;
    return nullptr;
  }

  /// Values of a chunk as doubles; empty when neither the frame nor frame 0 has it.
  std::vector<double> numbers(Index frame, const std::string& name, Index columns) const {
    const auto* chunk = find(frame, name);
    if (chunk == nullptr)
      return {};
    const bool of_atoms = name.starts_with("particles/") && name != "particles/N";
    if (chunk->columns != columns || (of_atoms && chunk->rows != info_.atoms))
      bad(frame,
          fmt::format("{} of shape [{}, {}]", name, chunk->rows, chunk->columns),
          fmt::format("[{}, {}]", of_atoms ? info_.atoms : chunk->rows, columns));
    const auto size = size_of_type(chunk->type);
    const auto raw = bytes(chunk->at, chunk->rows * chunk->columns * size);
    std::vector<double> out;
    const auto as = [&](auto zero) {
      for (std::size_t at = 0; at < raw.size(); at += sizeof zero) {
        std::memcpy(&zero, raw.data() + at, sizeof zero);
        out.push_back(static_cast<double>(zero));
      }
    };
    switch (chunk->type) {
    case 1:
      as(std::uint8_t{});
      break;
    case 2:
      as(std::uint16_t{});
      break;
    case 3:
      as(std::uint32_t{});
      break;
    case 4:
      as(std::uint64_t{});
      break;
    case 5:
    case 11:
      as(std::int8_t{});
      break;
    case 6:
      as(std::int16_t{});
      break;
    case 7:
      as(std::int32_t{});
      break;
    case 8:
      as(std::int64_t{});
      break;
    case 9:
      as(float{});
      break;
    default:
      as(double{});
      break;
    }
    return out;
  }

  [[nodiscard]] atoms::Box box_of(Index frame) const {
    const auto b = numbers(frame, "configuration/box", 1);
    if (b.size() != 6)
      bad(frame, fmt::format("a box of {} numbers", b.size()), "Lx Ly Lz xy xz yz");
    try {
      // tilts are in units of the edges; the origin is the centre
      const atoms::Box corner(
          atoms::tilted_edges({b[0], b[1], b[2]}, {b[3] * b[1], b[4] * b[2], b[5] * b[2]}));
      const auto middle = corner.position({0.5, 0.5, 0.5});
      return atoms::Box(corner.edges(), {-middle[0], -middle[1], -middle[2]});
    } catch (const DataError& error) {
      bad(frame, error.what(), "a box");
    }
  }

  void describe() {
    const auto count = numbers(0, "particles/N", 1);
    if (count.size() != 1)
      bad(0, "no particles/N", "the number of atoms");
    info_.atoms = static_cast<Index>(count[0]);
    require_atoms(info_.path, "frame 0", info_.atoms, file_.size(), 12);
    for (Index f = 0; f < info_.frames; ++f) {
      const auto n = numbers(f, "particles/N", 1), step = numbers(f, "configuration/step", 1);
      if (n.size() != 1 || static_cast<Index>(n[0]) != info_.atoms)
        bad(f,
            fmt::format("{} atoms", n.empty() ? 0.0 : n[0]),
            fmt::format("{} as in the first frame", info_.atoms));
      const Index number = step.empty() ? 0 : static_cast<Index>(step[0]);
      require_ascending_step(info_.path, fmt::format("frame {}", f), number, info_.steps);
      info_.steps.push_back(number);
    }
    if (const auto* types = find(0, "particles/types"); types != nullptr) {
      const auto raw = bytes(types->at, types->rows * types->columns * size_of_type(types->type));
      const auto* text = reinterpret_cast<const char*>(raw.data());
      for (Index t = 0; t < types->rows; ++t)
        info_.species.emplace_back(
            text + t * types->columns,
            strnlen(text + t * types->columns, static_cast<std::size_t>(types->columns)));
    } else {
      info_.species = {"A"};
    }
    info_.first_box = box_of(0);
    for (const auto& [place, chunk] : chunks_)
      info_.unwrapped = info_.unwrapped || place.second == "particles/image";
    atoms::Configuration first;
    read(0, first);
    info_.species_atoms = count_species(first.species, info_.species.size());
  }

  InputFile file_;
  atoms::TrajectoryInfo info_;
  std::map<std::pair<Index, std::string>, Chunk> chunks_;
  AtomOrder order_;
};

} // namespace

TrajectoryReader gsd_reader() {
  return {[] {
            FormatDescription d;
            d.name = "gsd";
            d.description = "GSD of HOOMD-blue";
            d.extensions = {"gsd"};
            d.recognised_by = "first bytes df 65 df 65 df 65 df 65";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.head.size() >= 8 && load_little<std::uint64_t>(probe.head.data()) == magic;
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Gsd>(path);
          }};
}

} // namespace vitrum::io
