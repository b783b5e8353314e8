// Series that stand in several files: DECTRIS masters and virtual datasets, whole and with files
// missing.
#include <cmath>
#include <numeric>

#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::io {
namespace {

using testing::all_values;
using testing::chunked;
using testing::counting;
using testing::doubles;
using testing::H5Writer;
using testing::message_of;
using testing::Scratch;

void write_data_file(
    const std::string& path, Index frames, Index start, Index height = 6, Index width = 5) {
  H5Writer file(path);
  file.dataset(
      "/entry/data/data",
      {static_cast<hsize_t>(frames), static_cast<hsize_t>(height), static_cast<hsize_t>(width)},
      counting<std::uint16_t>(frames * height * width, start),
      chunked({1, static_cast<hsize_t>(height), static_cast<hsize_t>(width)}, true, 1).get());
}

void write_master(const Scratch& scratch) {
  const h5::Lock lock;
  write_data_file(scratch / "scan_data_000001.h5", 4, 0);
  write_data_file(scratch / "scan_data_000002.h5", 4, 120);
  write_data_file(scratch / "scan_data_000003.h5", 2, 240);
  H5Writer master(scratch / "scan_master.h5");
  for (int i = 3; i >= 1; --i)
    master.external("/entry/data/data_00000" + std::to_string(i),
                    "scan_data_00000" + std::to_string(i) + ".h5",
                    "/entry/data/data");
  const std::string d = "/entry/instrument/detector/";
  master.scalar(d + "frame_time", 5.0, "ms");
  master.scalar(d + "count_time", 4.99e-3, "s");
  master.scalar(d + "x_pixel_size", 75.0, "um");
  master.scalar(d + "y_pixel_size", 75e-6, "m");
  master.scalar(d + "detector_distance", 5.5, "m");
  master.scalar(d + "beam_center_x", 2.5, "pixel");
  master.scalar(d + "beam_center_y", 0.3, "mm");
  master.text(d + "description", "Dectris EIGER2 Si 4M");
  master.scalar("/entry/instrument/beam/incident_wavelength", 1.2, "angstrom");
  std::vector<std::uint32_t> mask(30, 0);
  mask[7] = 1;
  master.dataset(d + "detectorSpecific/pixel_mask", {6, 5}, mask);
}

TEST(DataFiles, MasterWithThreeDataFiles) {
  const Scratch scratch;
  write_master(scratch);
  const auto source = open_series(scratch / "scan_master.h5");
  const auto& info = source->info();
  EXPECT_EQ(info.path, (scratch / "scan_master.h5") + "::/entry/data");
  EXPECT_EQ(info.frames, 10);
  EXPECT_EQ(all_values(*source), doubles(300));
  EXPECT_DOUBLE_EQ(info.frame_time_s, 5e-3);
  EXPECT_DOUBLE_EQ(info.exposure_s, 4.99e-3);
  EXPECT_DOUBLE_EQ(info.geometry.pixel_size_x_m, 75e-6);
  EXPECT_DOUBLE_EQ(info.geometry.pixel_size_y_m, 75e-6);
  EXPECT_DOUBLE_EQ(info.geometry.distance_m, 5.5);
  EXPECT_DOUBLE_EQ(info.geometry.beam_center_x_px, 2.5);
  EXPECT_DOUBLE_EQ(info.geometry.beam_center_y_px, 4.0); // 0.3 mm / 75 µm
  EXPECT_DOUBLE_EQ(info.geometry.wavelength_angstrom, 1.2);
  EXPECT_EQ(info.invalid_value, 65535);
  ASSERT_EQ(info.bad_pixels.size(), 30U);
  EXPECT_EQ(info.bad_pixels[7], 1);
  EXPECT_EQ(std::accumulate(info.bad_pixels.begin(), info.bad_pixels.end(), 0), 1);
  // across the borders of files
  std::vector<std::uint16_t> part(4 * 30);
  source->read(3, 4, reinterpret_cast<std::byte*>(part.data()));
  EXPECT_EQ(part, counting<std::uint16_t>(120, 90));
}

TEST(DataFiles, MissingDataFileIsNamed) {
  const Scratch scratch;
  write_master(scratch);
  std::filesystem::remove(scratch / "scan_data_000002.h5");
  const std::string master = scratch / "scan_master.h5";
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(open_series(master)); }),
            master + ":/entry/data/data_000002: the data file " +
                (scratch / "scan_data_000002.h5") + " is missing");
  const h5::Lock lock;
  write_data_file(scratch / "scan_data_000002.h5", 4, 0, 6, 4);
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(open_series(master)); }),
            (scratch / "scan_data_000002.h5") +
                ":/entry/data/data: 3-D [4, 6, 4] uint16, expected frames [6, 5] of uint16 as in " +
                (scratch / "scan_data_000001.h5"));
}

void write_virtual(const Scratch& scratch) {
  write_master(scratch);
  const h5::Lock lock;
  H5Writer file(scratch / "virtual.h5");
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t whole[] = {10, 6, 5};
  const h5::Handle space(H5Screate_simple(3, whole, nullptr));
  hsize_t first = 0;
  for (int i = 1; i <= 3; ++i) {
    const hsize_t part[] = {i == 3 ? hsize_t{2} : hsize_t{4}, 6, 5};
    const hsize_t start[] = {first, 0, 0};
    const h5::Handle source(H5Screate_simple(3, part, nullptr));
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, part, nullptr);
    H5Pset_virtual(creation.get(),
                   space.get(),
                   ("scan_data_00000" + std::to_string(i) + ".h5").c_str(),
                   "/entry/data/data",
                   source.get());
    first += part[0];
  }
  H5Sselect_all(space.get());
  const h5::Handle set(H5Dcreate2(file.id(),
                                  "/entry/data/data",
                                  H5T_NATIVE_UINT16,
                                  space.get(),
                                  file.links(),
                                  creation.get(),
                                  H5P_DEFAULT));
  ASSERT_TRUE(set);
}

TEST(DataFiles, VirtualDatasetIsReadFromItsSources) {
  const Scratch scratch;
  write_virtual(scratch);
  const auto source = open_series(scratch / "virtual.h5");
  EXPECT_EQ(all_values(*source), doubles(300));
  const std::pair<std::string, std::string> joined("datasets", "3 that follow each other");
  EXPECT_EQ(std::count(source->info().metadata.begin(), source->info().metadata.end(), joined), 1)
      << "read by the library, frame by frame, instead of from the sources";
  std::filesystem::remove(scratch / "scan_data_000003.h5");
  EXPECT_EQ(
      message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "virtual.h5")); }),
      (scratch / "virtual.h5") + ":/entry/data/data: the data file " +
          (scratch / "scan_data_000003.h5") + " is missing");
  const h5::Lock lock;
  write_data_file(scratch / "scan_data_000003.h5", 5, 240);
  EXPECT_EQ(
      message_of<FormatError>([&] { static_cast<void>(open_series(scratch / "virtual.h5")); }),
      (scratch / "scan_data_000003.h5") +
          ":/entry/data/data: 3-D [5, 6, 5] uint16, expected [2, 6, 5] as " +
          (scratch / "virtual.h5") + " states");
}

/// What is left of the series when the files of `gone` are missing; the message when it is refused.
std::string opened_without(const Scratch& scratch,
                           const std::string& name,
                           const std::vector<int>& gone,
                           std::vector<double>& values,
                           std::vector<std::string>& problems) {
  write_virtual(scratch);
  for (const int i : gone)
    std::filesystem::remove(scratch / ("scan_data_00000" + std::to_string(i) + ".h5"));
  OpenOptions options;
  options.missing_data_files = true;
  try {
    const auto source = open_series(scratch / name, options);
    values = all_values(*source);
    problems = source->info().problems;
    return "";
  } catch (const FormatError& error) {
    return error.what();
  }
}

TEST(DataFiles, SeriesThatStoppedEarlyAreReadOnRequest) {
  for (const std::string name : {"scan_master.h5", "virtual.h5"}) {
    SCOPED_TRACE(name);
    const Scratch scratch;
    const std::string place =
        (scratch / name) + (name == "virtual.h5" ? ":/entry/data/data" : ":/entry/data/data_00000");
    std::vector<double> values;
    std::vector<std::string> problems;
    EXPECT_EQ(opened_without(scratch, name, {}, values, problems), "");
    EXPECT_EQ(values, doubles(300));
    EXPECT_EQ(problems, std::vector<std::string>{});
    EXPECT_EQ(opened_without(scratch, name, {3}, values, problems), "");
    EXPECT_EQ(values, doubles(240));
    EXPECT_EQ(problems,
              std::vector<std::string>{"the last 1 of 3 data files are missing, from " +
                                       (scratch / "scan_data_000003.h5") +
                                       " on: the series ends before them"});
    EXPECT_EQ(opened_without(scratch, name, {2, 3}, values, problems), "");
    EXPECT_EQ(values, doubles(120));
    // a gap would give the frames behind it wrong times; and nothing at all is no series
    for (const std::vector<int>& gone : {std::vector{2}, std::vector{1, 2, 3}}) {
      const std::string first = std::to_string(gone[0]);
      EXPECT_EQ(opened_without(scratch, name, gone, values, problems),
                place + (name == "virtual.h5" ? "" : first) + ": the data file " +
                    (scratch / ("scan_data_00000" + first + ".h5")) + " is missing");
    }
  }
}

} // namespace
} // namespace vitrum::io
