// Files written by an independent program (h5py, numpy, the reference implementation of
// bitshuffle): the same counts in each container, and the partition that it knows.
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "support.hpp"
#include "vitrum/io/map_files.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::all_values;

constexpr const char* python = "/usr/bin/python3";

bool runs(const std::string& command) {
  return std::system((command + " > /dev/null 2>&1").c_str()) == 0;
}

std::vector<double> values_of(const std::string& path) {
  return all_values(*open_series(path));
}

std::vector<double> as_doubles(const std::vector<std::int32_t>& labels) {
  return {labels.begin(), labels.end()};
}

TEST(IndependentWriter, FramesAndPartitionAgree) {
  const std::string script = shared_data() + "/../tools/make_xpcs_formats.py";
  if (!std::filesystem::exists(script))
    GTEST_SKIP() << "no " << script;
  if (!runs(std::string(python) + " -c 'import bitshuffle.h5, h5py, numpy'"))
    GTEST_SKIP() << "no " << python << " with bitshuffle, h5py and numpy";
  const testing::Scratch scratch;
  ASSERT_TRUE(runs(std::string(python) + " " + script + " " + scratch.folder() +
                   " --frames 20 --h 32 --w 32"));

  const auto counts = values_of(scratch / "data.npy");
  ASSERT_EQ(counts.size(), 20U * 32 * 32);
  EXPECT_GT(*std::max_element(counts.begin(), counts.end()), 0);
  for (const std::string name : {"data.h5", "data_raw.h5"})
    for (const bool direct : {true, false}) {
      OpenOptions options;
      options.decode_chunks = direct;
      const auto source = open_series(scratch / name, options);
      EXPECT_EQ(source->info().path, (scratch / name) + "::/entry/data/data");
      EXPECT_EQ(all_values(*source), counts) << name << direct;
    }
  EXPECT_EQ(open_series(scratch / "data.h5")->info().type, frames::PixelType::u8);
  // what the scan's metadata file, which lies beside, says of all of them
  EXPECT_EQ(open_series(scratch / "data.h5")->info().frame_time_s, 1e-3);

  const auto truth = nlohmann::json::parse(std::ifstream(scratch / "truth.json"));
  const auto maps = read_label_maps(scratch / "qmap.hdf");
  EXPECT_EQ(as_doubles(maps.dynamic_labels), values_of(scratch / "labels.npy"));
  EXPECT_EQ(as_doubles(maps.static_labels), values_of(scratch / "slabels.npy"));
  EXPECT_EQ(maps.dynamic_q, truth["dq"].get<std::vector<double>>());
  EXPECT_EQ(maps.static_q.size(), 36U);
  ASSERT_TRUE(maps.mask);
  EXPECT_EQ(maps.mask->use, read_mask(scratch / "mask.npy").use);
  ASSERT_TRUE(maps.geometry);
  // as the script sets them: 75 µm pixels at 5 m, 1 Å, the beam above the frame
  EXPECT_DOUBLE_EQ(maps.geometry->pixel_size_x_m, 75e-6);
  EXPECT_DOUBLE_EQ(maps.geometry->distance_m, 5.0);
  EXPECT_DOUBLE_EQ(maps.geometry->beam_center_x_px, 16);
  EXPECT_DOUBLE_EQ(maps.geometry->beam_center_y_px, -8);
  EXPECT_NEAR(maps.geometry->wavelength_angstrom, 1.0, 2e-4); // it rounds hc to 12.398 keV Å

  const auto partition = to_partition(maps);
  EXPECT_EQ(partition.bins.size(), 9U);
  const auto npix = truth["npix"].get<std::vector<Index>>();
  for (std::size_t b = 0; b < 9; ++b)
    EXPECT_EQ(std::count(maps.dynamic_labels.begin(),
                         maps.dynamic_labels.end(),
                         static_cast<std::int32_t>(b + 1)),
              npix[b]);
}

} // namespace
} // namespace vitrum::io
