// Writes small files of every event format from dense counts, with nothing of the readers.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/core/random.hpp"

namespace vitrum::io::testing {

/// Counts [frame, y, x].
struct Counts {
  Index frames, height, width;
  std::vector<std::uint32_t> value;
  [[nodiscard]] Index pixels() const { return height * width; }
  [[nodiscard]] std::uint32_t at(Index f, Index p) const {
    return value[static_cast<std::size_t>(f * pixels() + p)];
  }
};

/// `events` counts of 1 … most at random places; some frames stay empty, the last one does not.
inline Counts random_counts(
    Index frames, Index height, Index width, Index events, std::uint32_t most, std::uint64_t seed) {
  Counts c{frames,
           height,
           width,
           std::vector<std::uint32_t>(static_cast<std::size_t>(frames * height * width))};
  Random random(seed);
  for (Index i = 0; i < events; ++i) {
    Index f = random.below(frames);
    if (f % 5 == 3 && f != frames - 1)
      ++f;
    const Index p = random.below(c.pixels());
    c.value[static_cast<std::size_t>(f * c.pixels() + p)] =
        1 + static_cast<std::uint32_t>(random.below(most));
  }
  c.value[static_cast<std::size_t>((frames - 1) * c.pixels() + 1)] = most;
  return c;
}

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void put_at(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

inline std::string rigaku_word(std::uint64_t frame, std::uint64_t pixel, std::uint64_t count) {
  std::string bytes;
  put<std::uint64_t>(bytes, frame << 40 | pixel << 16 | count);
  return bytes;
}

/// Words of the part of the frames that a module of height × width at (y0, x0) sees.
inline std::string rigaku_bytes(const Counts& c,
                                Index y0,
                                Index x0,
                                Index height,
                                Index width,
                                bool column_major,
                                Index first_frame,
                                Index pixel_offset) {
  std::string bytes;
  for (Index f = 0; f < c.frames; ++f)
    for (Index k = 0; k < height * width; ++k) { // in the order of the file's own pixel numbers
      const Index y = column_major ? k % height : k / width;
      const Index x = column_major ? k / height : k % width;
      if (const auto n = c.at(f, (y0 + y) * c.width + x0 + x); n > 0)
        bytes += rigaku_word(static_cast<std::uint64_t>(f + first_frame),
                             static_cast<std::uint64_t>(k + pixel_offset),
                             n);
    }
  return bytes;
}

/// The six files: the module at (row, column) of the layout is in file order[row][column].
inline void write_rigaku_3m(const std::string& stem,
                            const Counts& c,
                            bool column_major,
                            Index first_frame,
                            Index pixel_offset) {
  static constexpr int order[3][2] = {{5, 0}, {4, 1}, {3, 2}};
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 2; ++column)
      write_bytes(stem + ".00" + std::to_string(order[row][column]),
                  rigaku_bytes(c,
                               row * (512 + 70),
                               column * (1024 + 52),
                               512,
                               1024,
                               column_major,
                               first_frame,
                               pixel_offset));
}

inline std::string ufxc_bytes(const Counts& c, Index first_counter) {
  std::string bytes;
  for (Index f = 0; f < c.frames; ++f)
    for (Index p = 0; p < c.pixels(); ++p)
      if (const auto n = c.at(f, p); n > 0)
        put<std::uint32_t>(bytes,
                           static_cast<std::uint32_t>((f + first_counter) % 2048) << 21 | n << 15 |
                               static_cast<std::uint32_t>(p));
  return bytes;
}

inline std::string imm_header(const Counts& c, Index frame, bool sparse, std::uint32_t events) {
  std::string h(1024, '\0');
  put_at<std::int32_t>(h, 4, sparse ? 6 : 0);
  put_at<std::int32_t>(h, 108, static_cast<std::int32_t>(c.height));
  put_at<std::int32_t>(h, 112, static_cast<std::int32_t>(c.width));
  put_at<std::int32_t>(h, 116, 2);
  put_at<double>(h, 128, 0.5 * static_cast<double>(frame));
  put_at<double>(h, 136, 0.25);
  put_at<std::uint32_t>(h, 152, events);
  put_at<std::int32_t>(h, 160, static_cast<std::int32_t>(frame + 1));
  put_at<std::int32_t>(h, 616, 11);
  return h;
}

inline std::string imm_bytes(const Counts& c, bool sparse) {
  std::string bytes;
  for (Index f = 0; f < c.frames; ++f) {
    std::string indices;
    std::string values;
    for (Index p = 0; p < c.pixels(); ++p) {
      const auto n = c.at(f, p);
      if (sparse && n == 0)
        continue;
      if (sparse)
        put<std::int32_t>(indices, static_cast<std::int32_t>(p));
      put<std::uint16_t>(values, static_cast<std::uint16_t>(n));
    }
    bytes += imm_header(c, f, sparse, static_cast<std::uint32_t>(values.size() / 2));
    bytes += indices + values;
  }
  return bytes;
}

inline std::string comp_header(const Counts& c, std::uint32_t value_bytes) {
  std::string bytes = "Version-COMP0001";
  for (const double v : {1143.0, 1229.0, 0.001997, 16235.55, 0.002, 1.2851, 7.5e-05, 75.0})
    put(bytes, v);
  const auto width = static_cast<std::uint32_t>(c.width);
  const auto height = static_cast<std::uint32_t>(c.height);
  for (const std::uint32_t v : {value_bytes, width, height, 0U, width, 0U, height})
    put(bytes, v);
  bytes.resize(1024, '\0');
  return bytes;
}

/// T: the values, 2, 4 or 8 bytes. `scale` makes averages of them.
template <class T>
std::string comp_bytes(const Counts& c, double scale = 1) {
  std::string bytes = comp_header(c, sizeof(T));
  for (Index f = 0; f < c.frames; ++f) {
    std::string indices;
    std::string values;
    for (Index p = 0; p < c.pixels(); ++p)
      if (const auto n = c.at(f, p); n > 0) {
        put<std::int32_t>(indices, static_cast<std::int32_t>(p));
        put<T>(values, static_cast<T>(scale * n));
      }
    put<std::uint32_t>(bytes, static_cast<std::uint32_t>(indices.size() / 4));
    bytes += indices + values;
  }
  return bytes;
}

/// Frames [first, last) as one file.
template <class T>
void write_esrf(const std::string& path,
                const Counts& c,
                Index first,
                Index last,
                bool with_mask,
                bool packed) {
  std::vector<std::uint64_t> begin{0};
  std::vector<std::uint32_t> index;
  std::vector<T> intensity;
  for (Index f = first; f < last; ++f) {
    for (Index p = 0; p < c.pixels(); ++p)
      if (const auto n = c.at(f, p); n > 0) {
        index.push_back(static_cast<std::uint32_t>(p));
        intensity.push_back(static_cast<T>(n));
      }
    begin.push_back(index.size());
  }
  const h5::Lock lock;
  H5Writer file(path);
  const std::string group = "/entry_0000/measurement/data";
  const auto n = static_cast<hsize_t>(index.size());
  const h5::Handle plain(H5Pcreate(H5P_DATASET_CREATE));
  h5::Handle chunks = chunked({8});
  H5Pset_deflate(chunks.get(), 3);
  const hid_t how = packed ? chunks.get() : plain.get();
  file.dataset(group + "/frame_ptr", {static_cast<hsize_t>(begin.size())}, begin, how);
  file.dataset(group + "/index", {n}, index, how);
  file.dataset(group + "/intensity", {n}, intensity, how);
  if (with_mask)
    file.dataset(group + "/mask",
                 {static_cast<hsize_t>(c.height), static_cast<hsize_t>(c.width)},
                 std::vector<std::uint8_t>(static_cast<std::size_t>(c.pixels())),
                 plain.get());
}

/// Frames and events of a series against the counts it was written from: whole, in blocks of
/// several sizes, and with a mask.
inline void expect_series(frames::FrameSource& source, const Counts& c) {
  const auto& info = source.info();
  ASSERT_EQ(info.frames, c.frames);
  ASSERT_EQ(info.height, c.height);
  ASSERT_EQ(info.width, c.width);
  EXPECT_EQ(all_values(source), std::vector<double>(c.value.begin(), c.value.end()));
  std::vector<std::uint8_t> some(static_cast<std::size_t>(c.pixels()));
  for (std::size_t p = 0; p < some.size(); ++p)
    some[p] = p % 3 != 1;
  for (const auto& used : {std::vector<std::uint8_t>(), some})
    for (const Index block : {Index{1}, Index{3}, c.frames}) {
      frames::EventList events;
      for (Index first = 0; first < c.frames; first += block) {
        const Index count = std::min(block, c.frames - first);
        source.read_events(first, count, used, events);
        ASSERT_EQ(events.frames(), count);
        frames::validate(events, c.pixels());
        std::vector<std::uint32_t> dense(static_cast<std::size_t>(count * c.pixels()));
        for (Index f = 0; f < count; ++f)
          for (Index i = events.frame_begin[static_cast<std::size_t>(f)];
               i < events.frame_begin[static_cast<std::size_t>(f) + 1];
               ++i)
            dense[static_cast<std::size_t>(f * c.pixels() +
                                           events.pixel[static_cast<std::size_t>(i)])] =
                events.count[static_cast<std::size_t>(i)];
        Index wrong = 0;
        for (Index f = 0; f < count; ++f)
          for (Index p = 0; p < c.pixels(); ++p) {
            const bool use = used.empty() || used[static_cast<std::size_t>(p)] != 0;
            wrong += dense[static_cast<std::size_t>(f * c.pixels() + p)] !=
                     (use ? c.at(first + f, p) : 0);
          }
        EXPECT_EQ(wrong, 0) << "frames from " << first << " in blocks of " << block;
      }
    }
}

} // namespace vitrum::io::testing
