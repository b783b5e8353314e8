// XTC of GROMACS: positions compressed as differences of neighbouring atoms in mixed-radix integers
// (Green, van der Spoel; the scheme that all XTC libraries share). Big-endian XDR, lengths in nm.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

__extension__ typedef unsigned __int128 Wide; // products of three 32-bit numbers

constexpr Index mark = 1995;
constexpr int first_size = 9; // smaller steps of the table are 0

/// Sizes of small differences: cube roots of powers of two, as the format fixes them.
constexpr std::array<int, 73> sizes{
    0,        0,        0,       0,       0,       0,       0,       0,       0,       8,
    10,       12,       16,      20,      25,      32,      40,      50,      64,      80,
    101,      128,      161,     203,     256,     322,     406,     512,     645,     812,
    1024,     1290,     1625,    2048,    2580,    3250,    4096,    5060,    6501,    8192,
    10321,    13003,    16384,   20642,   26007,   32768,   41285,   52015,   65536,   82570,
    104031,   131072,   165140,  208063,  262144,  330280,  416127,  524287,  660561,  832255,
    1048576,  1321122,  1664510, 2097152, 2642245, 3329021, 4194304, 5284491, 6658042, 8388607,
    10568983, 13316085, 16777216};

/// Bits from the front of a string of bytes.
class Bits {
public:
  Bits(const unsigned char* data, std::size_t size) : data_(data), size_(size) {}
  std::uint32_t take(int count) {
    std::uint32_t value = 0;
    for (; count > 0; --count) {
      const std::size_t byte = at_ >> 3;
      if (byte >= size_)
        ended_ = true;
      const std::uint32_t bit =
          byte < size_ ? (static_cast<std::uint32_t>(data_[byte]) >> (7 - (at_ & 7))) & 1U : 0U;
      value = (value << 1) | bit;
      ++at_;
    }
    return value;
  }
  [[nodiscard]] bool ended() const { return ended_; }

private:
  const unsigned char* data_;
  std::size_t size_, at_ = 0;
  bool ended_ = false;
};

int bits_of(std::uint32_t size) {
  int bits = 0;
  while (bits < 32 && (std::uint64_t{1} << bits) <= size)
    ++bits;
  return bits;
}

/// Bits that hold any three numbers below these sizes as one number.
int bits_of(const std::array<std::uint32_t, 3>& size) {
  // the product has up to 96 bits
  Wide product = 1;
  for (const auto s : size)
    product *= s;
  int bits = 0;
  while (product > 0) {
    ++bits;
    product >>= 1;
  }
  // the writers count the bits of the product itself, not of the largest number below it
  return bits;
}

/// Three numbers from one: its bytes come lowest first.
std::array<std::int32_t, 3>
take_three(Bits& bits, int count, const std::array<std::uint32_t, 3>& size) {
  Wide value = 0;
  int shift = 0;
  for (; count > 8; count -= 8, shift += 8)
    value |= static_cast<Wide>(bits.take(8)) << shift;
  if (count > 0)
    value |= static_cast<Wide>(bits.take(count)) << shift;
  std::array<std::int32_t, 3> out{};
  for (std::size_t k = 2; k > 0; --k) {
    out[k] = static_cast<std::int32_t>(value % size[k]);
    value /= size[k];
  }
  out[0] = static_cast<std::int32_t>(value);
  return out;
}

class Xtc final : public atoms::TrajectorySource {
public:
  explicit Xtc(const std::string& path) : file_(path) {
    info_.path = path;
    info_.format = "xtc";
    info_.length_unit = "nm";
    info_.time_unit = "ps";
    find_frames();
    info_.species = {"1"};
    info_.species_atoms = {info_.atoms};
    info_.problems.push_back("XTC does not say which species an atom is: all are taken for one");
    atoms::Configuration first;
    read(0, first);
    info_.first_box = first.box;
  }

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    frame_ = frame;
    at_ = offset_.at(static_cast<std::size_t>(frame));
    const auto h = read_header();
    out.step = h.step;
    out.time = h.time;
    out.unwrapped = false;
    out.ids.clear();
    out.species.assign(static_cast<std::size_t>(h.atoms), 0);
    out.positions.resize(static_cast<std::size_t>(h.atoms));
    try {
      out.box = atoms::Box(h.edges);
    } catch (const DataError& error) {
      bad(error.what(), "a box");
    }
    if (h.atoms <= few) {
      for (auto& r : out.positions)
        for (double& x : r)
          x = real();
    } else {
      decode(out);
    }
    for (std::size_t i = 0; i < out.positions.size(); ++i)
      for (const double x : out.positions[i])
        if (!std::isfinite(x))
          bad(fmt::format("coordinate {} of atom {}", x, i), "finite numbers");
  }

private:
  static constexpr Index few = 9; // so few atoms are not compressed

  struct Header {
    Index atoms = 0, step = 0;
    double time = 0;
    std::array<atoms::Vector, 3> edges{};
  };

  [[nodiscard]] std::string place() const { return fmt::format("frame {}, byte {}", frame_, at_); }
  [[noreturn]] void bad(const std::string& found, const std::string& expected) const {
    throw FormatError(info_.path, place(), found, expected);
  }
  std::int32_t whole() {
    std::byte bytes[4];
    file_.read(at_, 4, bytes);
    at_ += 4;
    return static_cast<std::int32_t>(load_big<std::uint32_t>(bytes));
  }
  float real() {
    const auto bits = static_cast<std::uint32_t>(whole());
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  Header read_header() {
    Header h;
    if (const Index number = whole(); number != mark)
      bad(fmt::format("magic number {}", number), "1995");
    h.atoms = whole();
    h.step = whole();
    h.time = real();
    for (auto& edge : h.edges)
      for (double& x : edge)
        x = real();
    const Index again = whole();
    require_atoms(info_.path, place(), h.atoms, file_.size() * 8, 1);
    if (again != h.atoms)
      bad(fmt::format("{} positions", again), fmt::format("{} atoms", h.atoms));
    return h;
  }

  /// Passes over the positions of a frame.
  void skip(Index atoms) {
    if (atoms <= few) {
      at_ += 12 * atoms;
      return;
    }
    at_ += 4 * 8; // precision, bounds, first small size
    const Index bytes = whole();
    if (bytes < 0)
      bad(fmt::format("{} compressed bytes", bytes), "0 or more");
    at_ += (bytes + 3) / 4 * 4;
  }

  void decode(atoms::Configuration& out) {
    const double precision = real();
    if (!(precision > 0))
      bad(fmt::format("precision {}", precision), "a positive one");
    std::array<std::int32_t, 3> low{}, high{};
    for (auto& x : low)
      x = whole();
    for (auto& x : high)
      x = whole();
    int small_at = whole();
    if (small_at < first_size || small_at >= static_cast<int>(sizes.size()))
      bad(fmt::format("small size {}", small_at), "9 to 72");
    const Index bytes = whole();
    if (bytes < 0 || bytes > file_.size() - at_)
      bad(fmt::format("{} compressed bytes", bytes), "what the file holds");
    data_.resize(static_cast<std::size_t>(bytes));
    file_.read(at_, bytes, reinterpret_cast<std::byte*>(data_.data()));
    at_ += (bytes + 3) / 4 * 4;
    std::array<std::uint32_t, 3> size{};
    bool large = false;
    for (std::size_t d = 0; d < 3; ++d) {
      const auto range = static_cast<std::int64_t>(high[d]) - low[d] + 1;
      if (range < 1 || range > 0xffffffffLL)
        bad(fmt::format("positions from {} to {}", low[d], high[d]), "ascending bounds");
      size[d] = static_cast<std::uint32_t>(range);
      large = large || size[d] > 0xffffff;
    }
    const int whole_bits = large ? 0 : bits_of(size);
    std::array<int, 3> single{};
    for (std::size_t d = 0; d < 3; ++d)
      single[d] = bits_of(size[d]);
    Bits bits(data_.data(), data_.size());
    int smaller = sizes[static_cast<std::size_t>(std::max(first_size, small_at - 1))] / 2;
    int small = sizes[static_cast<std::size_t>(small_at)] / 2;
    auto small_size = [&] {
      const auto s = static_cast<std::uint32_t>(sizes[static_cast<std::size_t>(small_at)]);
      return std::array<std::uint32_t, 3>{s, s, s};
    };
    const auto atoms = out.positions.size();
    const auto put = [&](std::size_t i, const std::array<std::int64_t, 3>& r) {
      for (std::size_t d = 0; d < 3; ++d)
        out.positions[i][d] = static_cast<double>(r[d]) / precision;
    };
    int run = 0;
    for (std::size_t i = 0; i < atoms;) {
      std::array<std::int64_t, 3> r{};
      if (large) {
        for (std::size_t d = 0; d < 3; ++d)
          r[d] = static_cast<std::int64_t>(bits.take(single[d])) + low[d];
      } else {
        const auto three = take_three(bits, whole_bits, size);
        for (std::size_t d = 0; d < 3; ++d)
          r[d] = static_cast<std::int64_t>(three[d]) + low[d];
      }
      auto before = r;
      int step = 0;
      if (bits.take(1) == 1) {
        run = static_cast<int>(bits.take(5));
        step = run % 3;
        run -= step;
        --step;
      }
      if (run == 0) {
        put(i++, r);
      } else {
        if (i + static_cast<std::size_t>(run / 3) >= atoms)
          bad(fmt::format("a run of {} atoms after atom {}", run / 3, i), "as many as there are");
        for (int k = 0; k < run; k += 3) {
          const auto three = take_three(bits, small_at, small_size());
          std::array<std::int64_t, 3> next{};
          for (std::size_t d = 0; d < 3; ++d)
            next[d] = static_cast<std::int64_t>(three[d]) + before[d] - small;
          if (k == 0) { // the first two are swapped, which makes water smaller
            put(i++, next);
            put(i++, before);
          } else {
            put(i++, next);
          }
          before = next;
        }
      }
      if (bits.ended())
        bad("the end of the compressed bytes", fmt::format("{} atoms", atoms));
      small_at += step;
      if (small_at < first_size || small_at >= static_cast<int>(sizes.size()))
        bad(fmt::format("small size {}", small_at), "9 to 72");
      if (step < 0) {
        small = smaller;
        smaller = small_at > first_size ? sizes[static_cast<std::size_t>(small_at - 1)] / 2 : 0;
      } else if (step > 0) {
        smaller = small;
        small = sizes[static_cast<std::size_t>(small_at)] / 2;
      }
    }
  }

  void find_frames() {
    while (at_ < file_.size()) {
      frame_ = static_cast<Index>(offset_.size());
      const Index begin = at_;
      Header h;
      try {
        h = read_header();
        skip(h.atoms);
        if (at_ > file_.size())
          throw FormatError(info_.path, place(), "the end of the file", "more positions");
      } catch (const FormatError&) {
        constexpr Index header = 92; // what fits into the rest of a frame that was being written
        if (offset_.empty() || at_ + header < file_.size())
          throw;
        info_.problems.push_back(fmt::format(
            "frame {} is left out: the file ends within it, at byte {}", frame_, file_.size()));
        break;
      }
      require_ascending_step(info_.path, place(), h.step, info_.steps);
      if (offset_.empty())
        info_.atoms = h.atoms;
      else if (h.atoms != info_.atoms)
        bad(fmt::format("{} atoms", h.atoms), fmt::format("{} as in the first frame", info_.atoms));
      offset_.push_back(begin);
      info_.steps.push_back(h.step);
      info_.times.push_back(h.time);
    }
    info_.frames = static_cast<Index>(offset_.size());
    if (info_.frames < 1)
      throw FormatError(info_.path, "", "no frame", "at least one");
  }

  InputFile file_;
  atoms::TrajectoryInfo info_;
  std::vector<Index> offset_;
  std::vector<unsigned char> data_;
  Index at_ = 0, frame_ = 0;
};

} // namespace

TrajectoryReader xtc_reader() {
  return {[] {
            FormatDescription d;
            d.name = "xtc";
            d.description = "XTC of GROMACS";
            d.extensions = {"xtc"};
            d.recognised_by = "the big-endian number 1995";
            d.reads_trajectories = true;
            return d;
          },
          [](const Probe& probe) {
            return probe.head.size() >= 60 && load_big<std::uint32_t>(probe.head.data()) == mark;
          },
          [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
            return std::make_unique<Xtc>(path);
          }};
}

} // namespace vitrum::io
