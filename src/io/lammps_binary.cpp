// LAMMPS binary dumps (.bin): with the mark DUMPATOM or DUMPCUSTOM, which name their columns, and
// older ones without, which hold id type xs ys zs. Little-endian, as any machine of today writes.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "lammps_columns.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

struct Header {
  Index step = 0, atoms = 0, columns_count = 0, chunks = 0;
  double time = std::numeric_limits<double>::quiet_NaN();
  std::string units, columns;
  atoms::Box box;
  Index end = 0; // where the chunks begin
};

class Binary final : public atoms::TrajectorySource {
public:
  explicit Binary(const std::string& path) : file_(path) {
    info_.path = path;
    info_.format = "lammps-binary";
    find_frames();
    const LammpsColumns columns(path, "frame 0", first_.columns);
    const auto units = lammps_units(first_.units);
    info_.length_unit = units.length;
    info_.time_unit = units.time;
    info_.first_box = first_.box;
    info_.unwrapped = columns.unwrapped();
    info_.metadata.emplace_back("coordinates",
                                columns.kind() + (columns.has_images() ? " ix iy iz" : ""));
    atoms::Configuration configuration;
    read(0, configuration);
    info_.species_atoms = count_species(configuration.species, info_.species.size());
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    frame_ = frame;
    at_ = offset_.at(static_cast<std::size_t>(frame));
    const auto h = read_header();
    const LammpsColumns columns(info_.path, place(), h.columns);
    values_.clear();
    for (Index c = 0; c < h.chunks; ++c) {
      const Index count = number<std::int32_t>();
      const auto before = values_.size();
      if (count < 0 || count > file_.size() / 8)
        bad(fmt::format("{} numbers of an atom's columns", count), "what the file can hold");
      values_.resize(before + static_cast<std::size_t>(count));
      file_.read(at_, count * 8, reinterpret_cast<std::byte*>(values_.data() + before));
      at_ += count * 8;
    }
    if (static_cast<Index>(values_.size()) != h.atoms * h.columns_count)
      bad(fmt::format("{} numbers", values_.size()),
          fmt::format("{} atoms of {} columns", h.atoms, h.columns_count));
    place_atoms(h, columns, out);
    order_.apply(info_.path, place(), out);
  }

private:
  [[nodiscard]] std::string place() const { return fmt::format("frame {}, byte {}", frame_, at_); }
  [[noreturn]] void bad(const std::string& found, const std::string& expected) const {
    throw FormatError(info_.path, place(), found, expected);
  }
  template <class T>
  T number() {
    T value;
    std::byte bytes[sizeof(T)];
    file_.read(at_, static_cast<Index>(sizeof(T)), bytes);
    std::memcpy(&value, bytes, sizeof value);
    at_ += static_cast<Index>(sizeof(T));
    return value;
  }
  std::string text(Index length, Index most) {
    if (length < 0 || length > most)
      bad(fmt::format("a text of {} bytes", length), fmt::format("at most {}", most));
    std::string out(static_cast<std::size_t>(length), ' ');
    file_.read(at_, length, reinterpret_cast<std::byte*>(out.data()));
    at_ += length;
    return out;
  }

  Header read_header() {
    Header h;
    h.step = number<std::int64_t>();
    bool marked = false;
    if (h.step < 0) {
      const auto mark = text(-h.step, 64);
      if (mark != "DUMPATOM" && mark != "DUMPCUSTOM")
        bad(fmt::format("the mark '{}'", mark), "DUMPATOM or DUMPCUSTOM");
      if (const auto endian = number<std::int32_t>(); endian != 1)
        bad(fmt::format("byte order {}", endian), "1 (little-endian)");
      marked = number<std::int32_t>() >= 2;
      h.step = number<std::int64_t>();
    }
    h.atoms = number<std::int64_t>();
    const auto tilted = number<std::int32_t>();
    std::array<bool, 3> periodic{};
    for (auto& p : periodic) {
      const auto low = number<std::int32_t>(), high = number<std::int32_t>();
      p = low == 0 && high == 0;
    }
    std::array<double, 6> bounds{};
    for (double& x : bounds)
      x = number<double>();
    std::array<double, 3> tilt{};
    if (tilted != 0)
      for (double& x : tilt)
        x = number<double>();
    try {
      h.box = lammps_box(bounds, tilt, periodic);
    } catch (const DataError& error) {
      bad(error.what(), "a box");
    }
    h.columns_count = number<std::int32_t>();
    h.columns = "id type xs ys zs";
    if (marked) {
      h.units = text(number<std::int32_t>(), 64);
      if (number<std::uint8_t>() != 0)
        h.time = number<double>();
      h.columns = text(number<std::int32_t>(), 65536);
    }
    h.chunks = number<std::int32_t>();
    require_atoms(info_.path, place(), h.atoms, file_.size(), 8);
    if (h.columns_count < 1 || h.columns_count > 10000 || h.chunks < 1 ||
        h.chunks > h.atoms + 1000000)
      bad(fmt::format("{} columns in {} chunks", h.columns_count, h.chunks), "a dump of atoms");
    if (LammpsColumns(info_.path, place(), h.columns).count() != h.columns_count)
      bad(fmt::format("{} columns named '{}'", h.columns_count, h.columns),
          "a name for each column");
    h.end = at_;
    return h;
  }

  void place_atoms(const Header& h, const LammpsColumns& columns, atoms::Configuration& out) {
    const auto atoms = static_cast<std::size_t>(h.atoms);
    out.step = h.step;
    out.time = h.time;
    out.box = h.box;
    out.unwrapped = columns.unwrapped();
    out.positions.resize(atoms);
    out.species.resize(atoms);
    out.ids.resize(columns.id() >= 0 ? atoms : 0);
    for (std::size_t i = 0; i < atoms; ++i) {
      const double* row = values_.data() + i * static_cast<std::size_t>(h.columns_count);
      atoms::Vector value{};
      std::array<double, 3> image{};
      for (std::size_t d = 0; d < 3; ++d) {
        value[d] = row[columns.coordinates()[d]];
        if (columns.has_images())
          image[d] = row[columns.images()[d]];
        if (!std::isfinite(value[d]) || !std::isfinite(image[d]))
          bad(fmt::format("coordinate {} of atom {}", value[d], i), "finite numbers");
      }
      out.positions[i] = columns.place(out.box, value, image);
      if (columns.id() >= 0)
        out.ids[i] = whole(row[columns.id()], -9e15, 9e15, "id");
      const Index type = columns.type() >= 0 ? whole(row[columns.type()], 1, 1000, "type") : 1;
      while (static_cast<Index>(info_.species.size()) < type)
        info_.species.push_back(std::to_string(info_.species.size() + 1));
      out.species[i] = static_cast<std::int32_t>(type - 1);
    }
  }
  Index whole(double value, double low, double high, const char* what) const {
    if (!(value >= low && value <= high) || value != std::floor(value))
      bad(fmt::format("{} {}", what, value),
          fmt::format("a whole number from {} to {}", low, high));
    return static_cast<Index>(value);
  }

  void find_frames() {
    while (at_ < file_.size()) {
      frame_ = static_cast<Index>(offset_.size());
      const Index begin = at_;
      Header h;
      try {
        h = read_header();
        for (Index c = 0; c < h.chunks; ++c) {
          const Index count = number<std::int32_t>();
          if (count < 0)
            bad(fmt::format("a chunk of {} numbers", count), "0 or more");
          at_ += 8 * count;
        }
        if (at_ > file_.size())
          throw FormatError(info_.path, place(), "the end of the file", "more atoms");
      } catch (const FormatError&) {
        // what cannot be read at the very end is a frame that was being written
        if (offset_.empty() || at_ + 64 < file_.size())
          throw;
        info_.problems.push_back(fmt::format(
            "frame {} is left out: the file ends within it, at byte {}", frame_, file_.size()));
        break;
      }
      require_ascending_step(info_.path, place(), h.step, info_.steps);
      if (offset_.empty()) {
        first_ = h;
        info_.atoms = h.atoms;
      } else if (h.atoms != info_.atoms) {
        bad(fmt::format("{} atoms", h.atoms), fmt::format("{} as in the first frame", info_.atoms));
      }
      offset_.push_back(begin);
      info_.steps.push_back(h.step);
      if (!std::isnan(h.time))
        info_.times.push_back(h.time);
    }
    info_.frames = static_cast<Index>(offset_.size());
    if (info_.times.size() != info_.steps.size())
      info_.times.clear();
  }

  InputFile file_;
  atoms::TrajectoryInfo info_;
  std::vector<Index> offset_;
  std::vector<double> values_;
  Header first_;
  AtomOrder order_;
  Index at_ = 0, frame_ = 0;
};

} // namespace

TrajectoryReader lammps_binary_reader() {
  return {[] {
            FormatDescription d;
            d.name = "lammps-binary";
            d.description = "LAMMPS binary dump of atoms";
            d.extensions = {"bin"};
            d.recognised_by = "DUMPATOM or DUMPCUSTOM at byte 8";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            const std::string_view head(reinterpret_cast<const char*>(probe.head.data()),
                                        probe.head.size());
            return head.size() > 32 && (head.substr(8).starts_with("DUMPATOM") ||
                                        head.substr(8).starts_with("DUMPCUSTOM"));
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Binary>(path);
          }};
}

} // namespace vitrum::io
