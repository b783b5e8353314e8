#include "vitrum/io/map_files.hpp"

#include <cmath>

#include "../hdf5_read.hpp"
#include "hdf5_support.hpp"
#include "support.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

using testing::H5Writer;
using testing::message_of;
using testing::Scratch;

frames::Mask checkered() {
  frames::Mask mask{3, 4, {}};
  for (int i = 0; i < 12; ++i)
    mask.use.push_back(i % 3 == 0 ? 0 : 1);
  return mask;
}

TEST(MaskFiles, AllFormatsReadBack) {
  const Scratch scratch;
  const auto mask = checkered();
  for (const std::string name : {"m.npy", "m.tif", "m.h5"}) {
    write_mask(scratch / name, mask);
    const auto back = read_mask(scratch / name);
    EXPECT_EQ(back.height, 3);
    EXPECT_EQ(back.width, 4);
    EXPECT_EQ(back.use, mask.use) << name;
  }
  EXPECT_EQ(message_of<OptionError>([&] { write_mask(scratch / "m.png", mask); }),
            (scratch / "m.png") + ": a mask is written as .npy, .tif or .h5");
  EXPECT_EQ(message_of<FileError>([&] { write_mask(scratch / "m.npy", mask); }),
            (scratch / "m.npy") + ": exists (use --overwrite to replace it)");
}

TEST(MaskFiles, PixelMaskOfNexusCountsReasonsToReject) {
  const Scratch scratch;
  {
    const h5::Lock lock;
    H5Writer file(scratch / "a.h5");
    file.dataset(
        "/entry/instrument/detector/pixel_mask", {2, 2}, std::vector<std::uint32_t>{0, 1, 0, 16});
  }
  EXPECT_EQ(read_mask(scratch / "a.h5").use, (std::vector<std::uint8_t>{1, 0, 1, 0}));
}

TEST(MaskFiles, BadMasksAreNamed) {
  const Scratch scratch;
  write_npy(scratch / "nan.npy",
            make_array(std::vector<Index>{2, 2}, std::vector<double>{1, 0, std::nan(""), 1}, ""));
  EXPECT_EQ(message_of<DataError>([&] { static_cast<void>(read_mask(scratch / "nan.npy")); }),
            (scratch / "nan.npy") + ": the mask is NaN at row 1, column 0");
  write_npy(scratch / "three.npy",
            make_array(std::vector<Index>{3, 2, 2}, std::vector<float>(12), ""));
  EXPECT_EQ(message_of<FormatError>([&] { static_cast<void>(read_mask(scratch / "three.npy")); }),
            (scratch / "three.npy") + ": 3 images of 2 × 2, expected one");
  EXPECT_EQ(message_of<FileError>([&] { static_cast<void>(read_mask(scratch / "gone.npy")); }),
            (scratch / "gone.npy") + ": cannot be opened (No such file or directory)");
}

TEST(LabelMaps, PlainLabels) {
  const Scratch scratch;
  write_npy(scratch / "l.npy",
            make_array(std::vector<Index>{2, 3}, std::vector<std::int32_t>{0, 1, 2, 2, 5, 0}, ""));
  const auto maps = read_label_maps(scratch / "l.npy");
  EXPECT_EQ(maps.dynamic_labels, (std::vector<std::int32_t>{0, 1, 2, 2, 5, 0}));
  EXPECT_EQ(to_partition(maps).bin_count(), 3); // the gap is closed
  write_npy(scratch / "bad.npy",
            make_array(std::vector<Index>{2, 2}, std::vector<float>{0, 1, 0.5, 1}, ""));
  EXPECT_EQ(
      message_of<FormatError>([&] { static_cast<void>(read_label_maps(scratch / "bad.npy")); }),
      (scratch / "bad.npy") + ": label 0.5 at row 1, column 0, expected whole numbers from 0");
}

frames::Partition rings_and_sectors() {
  frames::Geometry geometry{1.0, 5.0, 75e-6, 75e-6, 15.5, 15.5};
  const auto map = frames::make_q_map(geometry, 32, 32);
  auto mask = frames::make_mask(32, 32);
  mask.use[5] = 0;
  frames::PartitionOptions options;
  options.q_bins = 3;
  options.phi_sectors = 4;
  options.static_per_bin = 2;
  return frames::make_partition(map, mask, options);
}

TEST(LabelMaps, PartitionsReadBack) {
  const Scratch scratch;
  const auto partition = rings_and_sectors();
  const frames::Geometry geometry{1.0, 5.0, 75e-6, 80e-6, 15.5, 14.5, 0.5, 0, 0};
  write_partition(scratch / "q.hdf", partition, geometry);
  const auto maps = read_label_maps(scratch / "q.hdf");
  const auto back = to_partition(maps);
  EXPECT_EQ(back.dynamic_labels, partition.dynamic_labels);
  EXPECT_EQ(back.static_labels, partition.static_labels);
  EXPECT_EQ(back.q_unit, "1/angstrom");
  const auto equal = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  ASSERT_EQ(back.bins.size(), partition.bins.size());
  for (std::size_t i = 0; i < back.bins.size(); ++i) {
    const auto& a = back.bins[i];
    const auto& b = partition.bins[i];
    EXPECT_TRUE(equal(a.q_inv_angstrom, b.q_inv_angstrom) &&
                equal(a.q_low_inv_angstrom, b.q_low_inv_angstrom) &&
                equal(a.q_high_inv_angstrom, b.q_high_inv_angstrom) &&
                equal(a.phi_deg, b.phi_deg) && equal(a.phi_low_deg, b.phi_low_deg) &&
                equal(a.phi_high_deg, b.phi_high_deg))
        << i;
  }
  EXPECT_EQ(back.static_bins.size(), partition.static_bins.size());
  ASSERT_TRUE(maps.geometry);
  EXPECT_NEAR(maps.geometry->wavelength_angstrom, 1.0, 1e-12); // to keV and back
  EXPECT_EQ(maps.geometry->pixel_size_y_m, 80e-6);
  EXPECT_EQ(maps.geometry->tilt_x_deg, 0.5);
  ASSERT_TRUE(maps.mask);
  EXPECT_EQ(maps.mask->use[5], 0);
}

TEST(LabelMaps, LayoutOf8IdIsComplete) {
  const Scratch scratch;
  const auto partition = rings_and_sectors();
  write_partition(scratch / "q.hdf", partition, {});
  const h5::Lock lock;
  const h5::Handle file = h5::open_file(scratch / "q.hdf");
  for (const std::string name : {"mask",
                                 "blemish",
                                 "dynamic_roi_map",
                                 "static_roi_map",
                                 "dynamic_num_pts",
                                 "static_num_pts",
                                 "dynamic_v_list_dim0",
                                 "dynamic_v_list_dim1",
                                 "static_v_list_dim0",
                                 "static_v_list_dim1",
                                 "dynamic_index_mapping",
                                 "static_index_mapping",
                                 "map_names",
                                 "map_units",
                                 "source_file"})
    EXPECT_TRUE(h5::exists(file.get(), "/qmap/" + name)) << name;
  EXPECT_EQ(h5::attribute(file.get(), "/qmap", "hash").size(), 64U);
}

TEST(LabelMaps, GridOfRingsAndSectorsKeepsTheMapping) {
  const Scratch scratch;
  {
    const h5::Lock lock;
    H5Writer file(scratch / "q.hdf");
    file.dataset("/qmap/dynamic_roi_map", {2, 2}, std::vector<std::uint8_t>{0, 1, 2, 3});
    file.dataset("/qmap/dynamic_v_list_dim0", {2}, std::vector<double>{0.1, 0.2});
    file.attribute("/qmap/dynamic_v_list_dim0", "name", "q");
    file.dataset("/qmap/dynamic_v_list_dim1", {3}, std::vector<double>{-120, 0, 120});
    file.dataset("/qmap/dynamic_index_mapping",
                 {3},
                 std::vector<std::uint8_t>{0, 2, 4}); // 1, 3, 5 were empty
  }
  const auto maps = read_label_maps(scratch / "q.hdf");
  EXPECT_EQ(maps.dynamic_q, (std::vector<double>{0.1, 0.1, 0.2}));
  EXPECT_EQ(maps.dynamic_phi_deg, (std::vector<double>{-120, 120, 0}));
  EXPECT_EQ(maps.q_unit, "1/angstrom");
}

TEST(LabelMaps, FormBefore2024) {
  const Scratch scratch;
  {
    const h5::Lock lock;
    H5Writer file(scratch / "old.hdf");
    file.dataset("/xpcs/dqmap", {2, 2}, std::vector<std::uint32_t>{0, 1, 2, 2});
    file.dataset("/xpcs/sqmap", {2, 2}, std::vector<std::uint32_t>{0, 1, 2, 3});
    file.dataset("/xpcs/mask", {2, 2}, std::vector<std::uint8_t>{0, 1, 1, 1});
    file.dataset("/xpcs/dqlist", {1, 2}, std::vector<double>{0.01, 0.02});
    file.dataset("/xpcs/sqlist", {1, 2}, std::vector<double>{0.01, 0.02});
  }
  EXPECT_EQ(
      message_of<FormatError>([&] { static_cast<void>(read_label_maps(scratch / "old.hdf")); }),
      (scratch / "old.hdf") + ":/xpcs/sqlist: 2 values, expected one for each of 3 bins");
  {
    const h5::Lock lock;
    H5Writer file(scratch / "old2.hdf");
    file.dataset("/data/dqmap", {2, 2}, std::vector<std::uint32_t>{0, 1, 2, 2});
    file.dataset("/data/dqlist", {1, 2}, std::vector<double>{0.01, 0.02});
  }
  const auto maps = read_label_maps(scratch / "old2.hdf");
  EXPECT_EQ(maps.dynamic_q, (std::vector<double>{0.01, 0.02}));
  EXPECT_EQ(to_partition(maps).static_bin_count(), 2);
}

TEST(LabelMaps, RealResultOf8Id) {
  std::string path;
  if (!testing::shared_file("xpcs/aps_8id_result.hdf", path))
    GTEST_SKIP() << "no " << path;
  const auto maps = read_label_maps(path); // lzf without a plug-in
  EXPECT_EQ(maps.height, 1676);
  EXPECT_EQ(maps.width, 2100);
  EXPECT_EQ(maps.dynamic_q.size(), 36U);
  EXPECT_EQ(maps.static_q.size(), 360U);
  const auto partition = to_partition(maps);
  EXPECT_EQ(partition.bin_count(), 36);
  EXPECT_EQ(partition.static_bin_count(), 360);
  ASSERT_TRUE(maps.geometry);
  EXPECT_EQ(maps.geometry->distance_m, 11.6); // of the qmap, not of the metadata
}

} // namespace
} // namespace vitrum::io
