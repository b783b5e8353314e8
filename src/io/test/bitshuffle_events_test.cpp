// Events from bit planes against the decoded elements, element by element.
#include <numeric>

#include "../bitshuffle_events.hpp"
#include "event_writers.hpp"
#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/core/parallel.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::message_of;
using testing::Scratch;

template <class T>
std::vector<T> sparse_elements(Index count, double density, bool high, std::uint64_t seed) {
  std::vector<T> values(static_cast<std::size_t>(count));
  Random random(seed);
  for (T& v : values)
    if (random.uniform() < density)
      v = high ? static_cast<T>(random()) : static_cast<T>(1 + random.below(3));
  return values;
}

/// The obvious way.
template <class T>
ElementList nonzero(const std::vector<T>& values) {
  ElementList list;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) {
      list.at.push_back(static_cast<std::uint32_t>(i));
      list.value.push_back(values[i]);
    }
  return list;
}

template <class T>
void expect_all_kernels() {
  for (const Index count : {8, 16, 56, 64, 72, 520, 2048, 4096, 8192, 20008})
    for (const double density : {0.0, 0.0005, 0.01, 0.1, 0.6, 1.0})
      for (const bool high : {false, true}) {
        const auto values = sparse_elements<T>(
            count, density, high, static_cast<std::uint64_t>(count) + (high ? 7 : 0));
        std::vector<std::byte> planes(values.size() * sizeof(T));
        bit_shuffle(
            reinterpret_cast<const std::byte*>(values.data()), planes.data(), count, sizeof(T));
        const auto expected = nonzero(values);
        for (const EventKernel& kernel : event_kernels()) {
          std::vector<std::uint32_t> at(values.size() + 16);
          std::vector<std::uint32_t> value(values.size() + 16);
          const Index found =
              kernel.run(planes.data(), count, sizeof(T), 1000, at.data(), value.data());
          at.resize(static_cast<std::size_t>(found));
          value.resize(static_cast<std::size_t>(found));
          for (auto& i : at)
            i -= 1000;
          ASSERT_EQ(at, expected.at) << kernel.name << ", " << count << ", " << density;
          ASSERT_EQ(value, expected.value) << kernel.name << ", " << count << ", " << density;
        }
      }
}

TEST(BitshuffleEvents, EveryKernelFindsWhatIsThere) {
  expect_all_kernels<std::uint8_t>();
  expect_all_kernels<std::uint16_t>();
  expect_all_kernels<std::uint32_t>();
}

TEST(BitshuffleEvents, WholeChunksOfAnySizeAndPacking) {
  for (const Index count : {1, 7, 8, 4096, 4099, 30'005})
    for (const double density : {0.0, 0.001, 0.02, 0.5})
      for (const Packing packing : {Packing::lz4, Packing::zstd})
        for (const Index block : {0, 64, 100'000}) {
          const auto values = sparse_elements<std::uint16_t>(count, density, false, 3);
          const auto packed =
              encode_bitshuffle(std::as_bytes(std::span(values)), 2, block, packing);
          ElementList found;
          decode_bitshuffle_events(packed, count, 2, packing, found);
          const auto expected = nonzero(values);
          ASSERT_EQ(found.at, expected.at) << count << ", " << density;
          ASSERT_EQ(found.value, expected.value);
        }
}

/// Writes chunks of `chunk_frames` frames; chunk `unwritten` is left out.
template <class T>
void write_series(const std::string& path,
                  const testing::Counts& c,
                  Index chunk_frames,
                  Index unwritten = -1,
                  T fill = 0) {
  const h5::Lock lock;
  testing::H5Writer file(path);
  auto creation = testing::with_filter(testing::chunked({static_cast<hsize_t>(chunk_frames),
                                                         static_cast<hsize_t>(c.height),
                                                         static_cast<hsize_t>(c.width)}),
                                       filter_bitshuffle,
                                       {0, 4, sizeof(T), 0, 2});
  H5Pset_fill_value(creation.get(), testing::h5_type<T>(), &fill);
  const auto set = file.dataset("/entry/data/data",
                                {static_cast<hsize_t>(c.frames),
                                 static_cast<hsize_t>(c.height),
                                 static_cast<hsize_t>(c.width)},
                                std::vector<T>{},
                                creation.get());
  for (Index k = 0; k * chunk_frames < c.frames; ++k) {
    if (k == unwritten)
      continue;
    std::vector<T> values(static_cast<std::size_t>(chunk_frames * c.pixels()));
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const auto at = static_cast<std::size_t>(k * chunk_frames * c.pixels()) + i;
          at < c.value.size())
        values[i] = static_cast<T>(c.value[at]);
    const auto packed =
        encode_bitshuffle(std::as_bytes(std::span(values)), sizeof(T), 0, Packing::lz4);
    const hsize_t offset[] = {static_cast<hsize_t>(k * chunk_frames), 0, 0};
    H5Dwrite_chunk(set.get(), H5P_DEFAULT, 0, offset, packed.size(), packed.data());
  }
}

template <class T>
void expect_series_of() {
  const Scratch scratch;
  const auto counts = testing::random_counts(13, 21, 17, 300, 200, 9);
  for (const Index chunk_frames : {1, 4, 13}) {
    write_series<T>(scratch / "a.h5", counts, chunk_frames);
    for (const Index threads : {1, 2}) {
      set_thread_count(threads);
      testing::expect_series(*open_series(scratch / "a.h5"), counts);
    }
    set_thread_count(0);
  }
}

TEST(BitshuffleEvents, SeriesInChunksOfOneAndOfManyFrames) {
  expect_series_of<std::uint8_t>();
  expect_series_of<std::uint16_t>();
  expect_series_of<std::uint32_t>();
  expect_series_of<std::int16_t>(); // not from planes
}

TEST(BitshuffleEvents, ChunksThatWereNeverWrittenHoldTheFillValue) {
  const Scratch scratch;
  auto counts = testing::random_counts(6, 5, 8, 60, 9, 2);
  for (const auto fill : {std::uint16_t{0}, std::uint16_t{7}}) {
    write_series<std::uint16_t>(scratch / "a.h5", counts, 2, 1, fill);
    for (Index p = 0; p < 80; ++p)
      counts.value[static_cast<std::size_t>(80 + p)] = fill;
    testing::expect_series(*open_series(scratch / "a.h5"), counts);
  }
}

TEST(BitshuffleEvents, CorruptChunksAreNamedByTheirFrames) {
  const Scratch scratch;
  const auto counts = testing::random_counts(12, 20, 30, 300, 9, 4);
  for (const Index chunk_frames : {1, 4}) {
    write_series<std::uint16_t>(scratch / "a.h5", counts, chunk_frames);
    {
      const h5::Lock lock;
      const h5::Handle file(H5Fopen((scratch / "a.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
      const h5::Handle set(H5Dopen2(file.get(), "/entry/data/data", H5P_DEFAULT));
      const hsize_t offset[] = {8, 0, 0};
      const std::string broken = "too short";
      H5Dwrite_chunk(set.get(), H5P_DEFAULT, 0, offset, broken.size(), broken.data());
    }
    const auto source = open_series(scratch / "a.h5");
    const std::string message = (scratch / "a.h5") + ":/entry/data/data: " +
                                (chunk_frames == 1 ? "frame 8" : "frames 8…11") +
                                ": 9 bytes, too few for the header of a bitshuffle chunk";
    frames::EventList events;
    EXPECT_EQ(message_of([&] { source->read_events(0, 12, {}, events); }), message);
    if (chunk_frames > 1) {
      EXPECT_EQ(message_of([&] { source->read_events(9, 1, {}, events); }), message);
    }
    std::vector<std::byte> out(static_cast<std::size_t>(12 * source->info().frame_bytes()));
    EXPECT_EQ(message_of([&] { source->read(0, 12, out.data()); }), message);
    source->read_events(0, 8, {}, events); // it goes on reading
    EXPECT_EQ(events.frames(), 8);
  }
}

} // namespace
} // namespace vitrum::io
