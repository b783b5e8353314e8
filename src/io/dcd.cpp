// DCD of CHARMM, NAMD and LAMMPS: Fortran records, either byte order, boxes by lengths and angles.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr double akma_ps = 0.0488882129; // the time unit of CHARMM in ps

class Dcd final : public atoms::TrajectorySource {
public:
  explicit Dcd(const std::string& path) : file_(path) {
    info_.path = path;
    info_.format = "dcd";
    info_.length_unit = "angstrom";
    read_header();
    info_.species = {"1"};
    info_.species_atoms = {info_.atoms};
    info_.problems.push_back("DCD does not say which species an atom is: all are taken for one");
    atoms::Configuration first;
    read(0, first);
    info_.first_box = first.box;
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    Index at = first_frame_ + frame * frame_bytes_;
    const auto place = fmt::format("frame {}, byte {}", frame, at);
    out.step = info_.steps.at(static_cast<std::size_t>(frame));
    out.time = info_.times.empty() ? std::nan("") : info_.times[static_cast<std::size_t>(frame)];
    out.unwrapped = false;
    out.ids.clear();
    out.species.assign(static_cast<std::size_t>(info_.atoms), 0);
    out.positions.resize(static_cast<std::size_t>(info_.atoms));
    const auto cell = record(at, place);
    out.box = box_of(cell, place);
    for (std::size_t d = 0; d < 3; ++d) {
      const auto values = record(at, place);
      if (static_cast<Index>(values.size()) != 4 * info_.atoms)
        throw FormatError(info_.path,
                          place,
                          fmt::format("a record of {} bytes", values.size()),
                          fmt::format("{} for {} atoms", 4 * info_.atoms, info_.atoms));
      for (std::size_t i = 0; i < out.positions.size(); ++i) {
        const auto value = real<float, std::uint32_t>(values.data() + 4 * i);
        if (!std::isfinite(value))
          throw FormatError(info_.path,
                            place,
                            fmt::format("coordinate {} of atom {}", value, i),
                            "finite numbers");
        out.positions[i][d] = value;
      }
    }
  }

private:
  template <class Real, class Bits>
  [[nodiscard]] Real real(const std::byte* from) const {
    const Bits bits = big_ ? load_big<Bits>(from) : load_little<Bits>(from);
    Real value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  [[nodiscard]] std::int32_t whole(const std::byte* from) const {
    return static_cast<std::int32_t>(big_ ? load_big<std::uint32_t>(from)
                                          : load_little<std::uint32_t>(from));
  }

  /// A Fortran record: its length, its bytes, its length again.
  std::vector<std::byte> record(Index& at, const std::string& place) const {
    std::byte mark[4];
    file_.read(at, 4, mark);
    const Index length = whole(mark);
    if (length < 0 || at + 8 + length > file_.size())
      throw FormatError(info_.path,
                        place,
                        fmt::format("a record of {} bytes at byte {}", length, at),
                        "one that fits into the file");
    std::vector<std::byte> bytes(static_cast<std::size_t>(length));
    file_.read(at + 4, length, bytes.data());
    file_.read(at + 4 + length, 4, mark);
    if (whole(mark) != length)
      throw FormatError(info_.path,
                        place,
                        fmt::format("lengths {} and {} around a record", length, whole(mark)),
                        "the same twice");
    at += 8 + length;
    return bytes;
  }

  void read_header() {
    std::byte mark[4]{};
    file_.read(0, 4, mark);
    big_ = load_big<std::uint32_t>(mark) == 84;
    Index at = 0;
    const auto header = record(at, "byte 0");
    if (header.size() != 84 || std::memcmp(header.data(), "CORD", 4) != 0)
      throw FormatError(info_.path, "byte 0", "no header CORD of 84 bytes", "a DCD file");
    const auto control = [&](std::size_t k) { return whole(header.data() + 4 + 4 * k); };
    const Index start = control(1), every = std::max<Index>(1, control(2));
    if (control(8) != 0)
      throw FormatError(info_.path,
                        "byte 4",
                        fmt::format("{} fixed atoms", control(8)),
                        "none, so that each frame holds all atoms");
    const double step = real<float, std::uint32_t>(header.data() + 4 + 4 * 9);
    if (control(10) == 0)
      throw FormatError(info_.path, "byte 4", "frames without a box", "a unit cell in each frame");
    (void)record(at, fmt::format("byte {}", at)); // titles
    const auto count = record(at, fmt::format("byte {}", at));
    if (count.size() != 4)
      throw FormatError(info_.path,
                        fmt::format("byte {}", at),
                        fmt::format("a record of {} bytes", count.size()),
                        "the number of atoms in 4");
    info_.atoms = whole(count.data());
    require_atoms(info_.path, "header", info_.atoms, file_.size(), 12);
    first_frame_ = at;
    const bool fourth = control(11) != 0; // a fourth dimension in each frame
    frame_bytes_ = 56 + (fourth ? 4 : 3) * (8 + 4 * info_.atoms);
    info_.frames = (file_.size() - at) / frame_bytes_;
    if (info_.frames < 1)
      throw FormatError(
          info_.path, fmt::format("byte {}", at), "the end of the file", "a whole frame");
    if ((file_.size() - at) % frame_bytes_ != 0)
      info_.problems.push_back(fmt::format(
          "frame {} is left out: the file ends within it, at byte {}", info_.frames, file_.size()));
    for (Index f = 0; f < info_.frames; ++f) {
      info_.steps.push_back(start + f * every);
      if (step > 0)
        info_.times.push_back(static_cast<double>(start + f * every) * step * akma_ps);
    }
    info_.time_unit = step > 0 ? "ps" : "";
  }

  [[nodiscard]] atoms::Box box_of(const std::vector<std::byte>& cell,
                                  const std::string& place) const {
    if (cell.size() != 48)
      throw FormatError(
          info_.path, place, fmt::format("a unit cell of {} bytes", cell.size()), "six doubles");
    std::array<double, 6> v{};
    for (std::size_t k = 0; k < 6; ++k)
      v[k] = real<double, std::uint64_t>(cell.data() + 8 * k);
    // A, gamma, B, beta, alpha, C; NAMD writes cosines, others degrees
    atoms::Vector angles{v[4], v[3], v[1]};
    const bool cosines =
        std::all_of(angles.begin(), angles.end(), [](double a) { return std::abs(a) <= 1; });
    if (cosines)
      for (double& a : angles)
        a = a == 0 ? 90 : std::acos(a) * 180 / M_PI;
    try {
      return atoms::Box(atoms::edges_of_angles({v[0], v[2], v[5]}, angles));
    } catch (const DataError& error) {
      throw FormatError(info_.path, place, error.what(), "a box");
    }
  }

  InputFile file_;
  atoms::TrajectoryInfo info_;
  bool big_ = false;
  Index first_frame_ = 0, frame_bytes_ = 0;
};

} // namespace

TrajectoryReader dcd_reader() {
  return {[] {
            FormatDescription d;
            d.name = "dcd";
            d.description = "DCD of CHARMM, NAMD and LAMMPS";
            d.extensions = {"dcd"};
            d.recognised_by = "84 in either byte order, then CORD";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.head.size() >= 8 && std::memcmp(probe.head.data() + 4, "CORD", 4) == 0;
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Dcd>(path);
          }};
}

} // namespace vitrum::io
