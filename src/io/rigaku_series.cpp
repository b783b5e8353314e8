// Rigaku XSPA-500k (one file of words) and 3M (six files, one for each module, with gaps between
// the modules). Words are 64-bit, little-endian and sorted by frame; there is no header.
#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "bytes.hpp"
#include "event_series.hpp"
#include "event_words.hpp"
#include "hdf5_companion.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

constexpr Index module_height = 512, module_width = 1024;

/// Which file holds the module at each place of the 3M, row after row, two in a row.
constexpr std::array<int, 6> file_of_place = {5, 0, 4, 1, 3, 2};
constexpr Index gap_y = 70, gap_x = 52;

struct Module {
  RigakuWords words;
  Index y = 0, x = 0; // of its first pixel
  Index height, width;
};

class RigakuSeries final : public EventSeries {
public:
  RigakuSeries(const std::string& path, const OpenOptions& options) { // 500k
    info_.format = "rigaku-500k";
    set_shape(info_, options, module_height, module_width);
    add_module(path, options, 0, 0, info_.height, info_.width);
    finish(path, path, options);
  }

  RigakuSeries(const std::array<std::string, 6>& files,
               const std::string& stem,
               const OpenOptions& options) {
    info_.format = "rigaku-3m";
    set_shape(info_, {}, 3 * module_height + 2 * gap_y, 2 * module_width + gap_x);
    if ((options.raw_height > 0 && options.raw_height != info_.height) ||
        (options.raw_width > 0 && options.raw_width != info_.width))
      throw OptionError(fmt::format("frames of {} × {} pixels: a Rigaku 3M has {} × {}",
                                    options.raw_height,
                                    options.raw_width,
                                    info_.height,
                                    info_.width));
    info_.bad_pixels.assign(static_cast<std::size_t>(info_.pixels()), 1);
    for (int place = 0; place < 6; ++place) {
      const Index y = place / 2 * (module_height + gap_y);
      const Index x = place % 2 * (module_width + gap_x);
      add_module(files[static_cast<std::size_t>(file_of_place[static_cast<std::size_t>(place)])],
                 options,
                 y,
                 x,
                 module_height,
                 module_width);
      for (Index row = y; row < y + module_height; ++row)
        std::fill_n(info_.bad_pixels.begin() + row * info_.width + x, module_width, 0);
    }
    finish(files[0], stem, options);
  }

protected:
  [[nodiscard]] Index stored_events(Index first, Index count) const override {
    Index sum = 0;
    for (const Module& m : modules_)
      sum += m.words.begin(first + count) - m.words.begin(first);
    return sum;
  }

  void load(Index first, Index count, frames::EventList& out) override {
    out.frame_begin.resize(static_cast<std::size_t>(count) + 1);
    Index total = 0;
    for (Index f = 0; f <= count; ++f) {
      out.frame_begin[static_cast<std::size_t>(f)] = total;
      if (f < count)
        for (const Module& m : modules_)
          total += m.words.begin(first + f + 1) - m.words.begin(first + f);
    }
    out.pixel.resize(static_cast<std::size_t>(total));
    out.count.resize(static_cast<std::size_t>(total));
    constexpr Index piece_events = Index{1} << 16;
    const Index piece = std::max<Index>(1, count * piece_events / std::max<Index>(total, 1));
    parallel_for(0, count, std::min(piece, count), [&](Index begin, Index end) {
      fill(first, begin, end, out);
    });
  }

private:
  void add_module(const std::string& path,
                  const OpenOptions& options,
                  Index y,
                  Index x,
                  Index height,
                  Index width) {
    column_major_ = options.rigaku_column_major;
    modules_.push_back(
        {RigakuWords(path, options.rigaku_first_frame, height * width), y, x, height, width});
  }

  void finish(const std::string& path, const std::string& shown, const OpenOptions& options) {
    info_.path = shown;
    info_.type = frames::PixelType::u16; // of counts below 4096
    Index frames = 0;
    bool spare = false;
    for (const Module& m : modules_) {
      frames = std::max(frames, m.words.frames());
      spare = spare || m.words.spare_bits();
    }
    info_.frames = stated_frames(shown, options, frames);
    info_.metadata.emplace_back("pixel order", column_major_ ? "column-major" : "row-major");
    if (spare)
      info_.problems.push_back("bits that Rigaku's words leave unused are set in some of them");
    if (options.rigaku_first_frame == 0 && frames > 1 && stored_events(0, 1) == 0 &&
        stored_events(1, 1) > 0)
      info_.problems.push_back(
          "frame 0 holds no event, frame 1 does: the file may count its frames from 1");
    read_companion(path, info_);
  }

  /// Events of frames [begin, end) of those that begin at `first`, module after module.
  void fill(Index first, Index begin, Index end, frames::EventList& out) const {
    thread_local std::vector<std::uint64_t> words;
    thread_local std::vector<Index> at;
    at.assign(out.frame_begin.begin() + begin, out.frame_begin.begin() + end);
    for (const Module& m : modules_) {
      const Index from = m.words.begin(first + begin);
      words.resize(static_cast<std::size_t>(m.words.begin(first + end) - from));
      if (words.empty())
        continue;
      m.words.read(from, static_cast<Index>(words.size()), words.data());
      const std::uint64_t* word = words.data();
      for (Index f = begin; f < end; ++f) {
        const Index n = m.words.begin(first + f + 1) - m.words.begin(first + f);
        auto& to = at[static_cast<std::size_t>(f - begin)];
        std::uint32_t* pixel = out.pixel.data() + to;
        std::uint32_t* count = out.count.data() + to;
        for (Index i = 0; i < n; ++i) {
          const auto p =
              static_cast<Index>(RigakuWords::pixel_of(word[i])) - m.words.pixel_offset();
          if (p < 0 || p >= m.height * m.width)
            throw FormatError(m.words.path(),
                              fmt::format("frame {}", first + f),
                              fmt::format("pixel {}", p),
                              "the file as it was when it was opened");
          const Index y = column_major_ ? p % m.height : p / m.width;
          const Index x = column_major_ ? p / m.height : p % m.width;
          pixel[i] = static_cast<std::uint32_t>((m.y + y) * info_.width + m.x + x);
          count[i] = RigakuWords::count_of(word[i]);
        }
        word += n;
        to += n;
      }
    }
  }

  std::vector<Module> modules_;
  bool column_major_ = false;
};

bool is_module(const std::string& path) {
  return path.size() > 8 && path.compare(path.size() - 8, 7, ".bin.00") == 0 &&
         path.back() >= '0' && path.back() <= '5';
}

/// The stem of the six files, if `path` is that or one of them.
std::optional<std::string> stem_of_modules(const std::string& path) {
  if (is_module(path))
    return path.substr(0, path.size() - 4);
  return std::nullopt;
}

std::unique_ptr<frames::FrameSource> open_3m(const std::string& path, const OpenOptions& options) {
  const std::string stem = stem_of_modules(path).value_or(path);
  std::array<std::string, 6> files;
  for (std::size_t k = 0; k < 6; ++k) {
    files[k] = fmt::format("{}.00{}", stem, k);
    if (!std::filesystem::exists(files[k]))
      throw FormatError(
          stem, "", fmt::format("the file {} is missing", files[k]), "six files, .000 to .005");
  }
  return std::make_unique<RigakuSeries>(files, stem, options);
}

/// Whether words of 64 bits could be events: sorted, small pixels, unused bits zero. A few that are
/// not may be damage, of which the reader then names the place.
bool plausible(std::span<const unsigned char> head) {
  constexpr std::size_t damaged = 8; // one word in so many
  std::uint64_t before = 0;
  std::size_t bad = 0;
  const std::size_t words = head.size() / 8;
  for (std::size_t i = 0; i < words; ++i) {
    const auto word = load_little<std::uint64_t>(head.data() + 8 * i);
    const std::uint64_t frame = RigakuWords::frame_of(word);
    const std::uint32_t pixel = RigakuWords::pixel_of(word);
    const std::uint32_t inside = pixel >= 1U << 20 ? pixel - (1U << 20) : pixel;
    if (frame < before || inside >= module_height * module_width ||
        RigakuWords::spare_of(word) != 0 || RigakuWords::count_of(word) == 0)
      ++bad;
    before = frame;
  }
  return words > 0 && bad <= words / damaged;
}

FormatDescription describe(const char* name, const char* text, std::vector<std::string> suffixes) {
  FormatDescription d;
  d.name = name;
  d.description = text;
  d.extensions = std::move(suffixes);
  d.recognised_by = "the suffix, and words that can be events sorted by frame";
  d.reads_frames = true;
  return d;
}

} // namespace

Reader rigaku_3m_reader() {
  return {[] {
            return describe("rigaku-3m",
                            "Rigaku 3M events: the six files .bin.000 to .bin.005, any of which "
                            "stands for all",
                            {"bin.000"});
          },
          [](const Probe& probe) { return is_module(probe.path) && plausible(probe.head); },
          open_3m};
}

Reader rigaku_500k_reader() {
  return {[] {
            return describe("rigaku-500k",
                            "Rigaku 500k events: 64-bit words of frame, pixel and count",
                            {"bin"});
          },
          [](const Probe& probe) {
            return !probe.folder && probe.path.ends_with(".bin") && plausible(probe.head);
          },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<RigakuSeries>(path, options);
          }};
}

} // namespace vitrum::io
