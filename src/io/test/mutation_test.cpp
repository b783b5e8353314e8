// Small valid files with flipped, cut and repeated bytes: a reader succeeds or throws
// vitrum::Error, whatever is in the file.
#include <functional>

#include <gtest/gtest.h>

#include "../bitshuffle.hpp"
#include "../filters.hpp"
#include "../lzf.hpp"
#include "../zip_file.hpp"
#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/core/random.hpp"
#include "vitrum/io/atom_file.hpp"
#include "vitrum/io/instrument_table.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/spectra.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

using testing::Scratch;

std::string mutate(std::string bytes, Random& random) {
  const auto place = [&] {
    return static_cast<std::size_t>(random.below(static_cast<Index>(bytes.size())));
  };
  for (Index n = 1 + random.below(4); n > 0 && !bytes.empty(); --n)
    switch (random.below(5)) {
    case 0:
      bytes[place()] ^= static_cast<char>(1 << random.below(8));
      break;
    case 1:
      bytes[place()] = static_cast<char>(random());
      break;
    case 2:
      bytes[place()] = static_cast<char>(random.below(2) == 0 ? 0 : 255);
      break;
    case 3:
      bytes.resize(place());
      break;
    default:
      bytes.insert(place(), bytes.substr(place(), static_cast<std::size_t>(random.below(16))));
    }
  return bytes;
}

/// Runs `read` on `rounds` mutations of `bytes` under `name`; counts how many it refused.
void survive(const std::string& name,
             const std::string& bytes,
             int rounds,
             const std::function<void(const std::string&)>& read) {
  const Scratch scratch;
  Random random(20261120, std::hash<std::string>{}(name));
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    testing::write_bytes(scratch / name, mutate(bytes, random));
    try {
      read(scratch / name);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0) << name << ": no mutation was noticed, so the test tests nothing";
}

void read_whole_series(const std::string& path) {
  const auto source = open_series(path);
  const auto& info = source->info();
  if (info.frames > 1000 || info.frame_bytes() > (Index{1} << 22))
    return; // a shape that the file can back, but not worth the time
  std::vector<std::byte> out(static_cast<std::size_t>(info.frames * info.frame_bytes()));
  source->read(0, info.frames, out.data());
}

std::string bytes_of(const std::string& name,
                     const std::function<void(const std::string&)>& write) {
  const Scratch scratch;
  write(scratch / name);
  return testing::read_bytes(scratch / name);
}

const Array image = make_array(std::vector<Index>{6, 7}, std::vector<std::uint16_t>(42, 3), "");

TEST(Mutation, Npy) {
  survive("a.npy",
          bytes_of("a.npy", [](const auto& path) { write_npy(path, image); }),
          2000,
          read_whole_series);
}

TEST(Mutation, Npz) {
  const auto bytes = bytes_of("a.npz", [](const auto& path) { write_npz(path, {{"a", image}}); });
  survive("a.npz", bytes, 1500, read_whole_series);
}

TEST(Mutation, Tiff) {
  survive("a.tif",
          bytes_of("a.tif", [](const auto& path) { write_tiff(path, image); }),
          1500,
          read_whole_series);
  std::string path;
  if (testing::shared_file("formats/u2_deflate_pred.tif", path))
    survive("b.tif", testing::read_bytes(path), 1000, read_whole_series);
  if (testing::shared_file("formats/u2_imagej_oneifd.tif", path))
    survive("c.tif", testing::read_bytes(path).substr(0, 43'266), 500, read_whole_series);
}

/// Camera files; of large ones a piece, whose last frames are then cut.
TEST(Mutation, CameraFiles) {
  for (const char* name : {"samples/dm/test-1.dm3",
                           "samples/dm/test-6.dm4",
                           "samples/ser/16x16x5_STEM_BF_DF_preview_1.ser",
                           "samples/mib/Single_1_Frame_CounterDepth_1_Rows_256RAW.mib",
                           "formats/mode0.mrc"}) {
    std::string path;
    if (!testing::shared_file(name, path))
      GTEST_SKIP() << "no " << path;
    survive(std::string("a") + path.substr(path.rfind('.')),
            testing::read_bytes(path),
            300,
            read_whole_series);
  }
}

TEST(Mutation, Csv) {
  survive("a.csv", "# c\nlag [s],g2\n1,2.5\n2,1e3\n3,nan\n", 3000, [](const auto& path) {
    static_cast<void>(read_csv(path));
  });
}

TEST(Mutation, InstrumentTable) {
  survive("a.txt",
          "#MASS /mg:;10.4\n##Temp./\xB0\x43;DSC/(mW/mg)\n30,0;0,11\n30,2;0,12\n",
          3000,
          [](const auto& path) { static_cast<void>(read_instrument_table(path)); });
}

TEST(Mutation, AtomFile) {
  survive("a.xyz", "2\n10 11 12\nCu 1 2 -3\nZr 0 0 7\n", 2000, [](const auto& path) {
    static_cast<void>(read_atom_file(path));
  });
}

TEST(Mutation, Spectra) {
  const auto read = [](const auto& path) { static_cast<void>(read_spectra(path)); };
  survive("a.msa",
          "#FORMAT : EMSA/MAS Spectral Data File\n#XPERCHAN : 0.2\n#OFFSET : -2\n#SPECTRUM "
          ":\n1,2,3\n4\n"
          "#ENDOFDATA :\n",
          2000,
          read);
  survive("a.npy", bytes_of("a.npy", [](const auto& path) { write_npy(path, image); }), 1000, read);
}

TEST(Mutation, FilterStreams) {
  std::vector<std::byte> plain(6000);
  Random random(3);
  for (auto& b : plain)
    b = static_cast<std::byte>(random.below(4));
  std::vector<std::byte> out(plain.size());
  const auto check =
      [&](const std::string& name, const std::vector<std::byte>& packed, auto&& decode) {
        const std::string bytes(reinterpret_cast<const char*>(packed.data()), packed.size());
        Random mutations(11, std::hash<std::string>{}(name));
        int refused = 0;
        for (int round = 0; round < 3000; ++round) {
          const std::string broken = mutate(bytes, mutations);
          try {
            decode(std::as_bytes(std::span(broken)));
          } catch (const DataError&) {
            ++refused;
          }
        }
        EXPECT_GT(refused, 100) << name;
      };
  for (const Packing packing : {Packing::lz4, Packing::zstd})
    check("bitshuffle", encode_bitshuffle(plain, 2, 0, packing), [&](auto in) {
      decode_bitshuffle(in, out, 2, 0, packing);
    });
  std::vector<std::byte> lzf;
  for (int i = 0; i < 100; ++i)
    lzf.insert(lzf.end(),
               {std::byte{1}, std::byte{7}, std::byte{9}, std::byte{(3 << 5)}, std::byte{1}});
  check("lzf", lzf, [&](auto in) { static_cast<void>(decode_lzf(in, out)); });
}

/// Damage inside the stored chunks alone: the structure of the file stays whole, because the HDF5
/// library itself is not safe against broken structure.
TEST(Mutation, Hdf5Chunks) {
  Random random(5);
  const Scratch scratch;
  std::vector<std::byte> plain(2 * 20 * 30);
  for (auto& b : plain)
    b = static_cast<std::byte>(random.below(3));
  const auto packed = encode_bitshuffle(plain, 2, 0, Packing::lz4);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string broken =
        mutate({reinterpret_cast<const char*>(packed.data()), packed.size()}, random);
    {
      const h5::Lock lock;
      testing::H5Writer file(scratch / "a.h5");
      const auto set = file.dataset(
          "/entry/data/data",
          {1, 20, 30},
          std::vector<std::uint16_t>{},
          testing::with_filter(testing::chunked({1, 20, 30}), filter_bitshuffle, {0, 4, 2, 0, 2})
              .get());
      const hsize_t offset[] = {0, 0, 0};
      if (!broken.empty())
        H5Dwrite_chunk(set.get(), H5P_DEFAULT, 0, offset, broken.size(), broken.data());
    }
    for (const bool direct : {true, false}) {
      OpenOptions options;
      options.decode_chunks = direct;
      try {
        const auto source = open_series(scratch / "a.h5", options);
        std::vector<std::byte> out(plain.size());
        source->read(0, 1, out.data());
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100);
}

} // namespace
} // namespace vitrum::io
