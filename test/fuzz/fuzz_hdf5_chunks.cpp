// A whole HDF5 file round chunks and attribute texts that come from the fuzzer. The structure
// itself stays valid: the HDF5 library is not safe against broken structure, and is not ours to
// mend.
#include <algorithm>
#include <string>

#include "filters.hpp"
#include "hdf5_handle.hpp"
#include "read_series.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitrum::io;
  if (size < 8)
    return 0;
  // HDF5 wants a path that leads somewhere: a file in memory has none
  static const std::string path = "/dev/shm/vitrum_fuzz_" + std::to_string(::getpid()) + ".h5";
  {
    const h5::Lock lock;
    const h5::Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const hsize_t dims[] = {2, 1U + data[0] % 40U, 1U + data[1] % 40U};
    const hsize_t chunk[] = {1U + data[2] % 2U,
                             std::min<hsize_t>(dims[1], 1U + data[3] % 40U),
                             std::min<hsize_t>(dims[2], 40)};
    const h5::Handle space(H5Screate_simple(3, dims, nullptr));
    const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(creation.get(), 3, chunk);
    const unsigned values[] = {0, 4, 2, data[4] % 2 * 64U, data[4] / 2 % 4U};
    const H5Z_filter_t filters[] = {filter_bitshuffle, filter_lz4, filter_zstd, filter_lzf};
    H5Pset_filter(creation.get(), filters[data[5] % 4], H5Z_FLAG_MANDATORY, 5, values);
    const h5::Handle set(H5Dcreate2(file.get(),
                                    "data",
                                    H5T_NATIVE_UINT16,
                                    space.get(),
                                    H5P_DEFAULT,
                                    creation.get(),
                                    H5P_DEFAULT));
    const hsize_t offset[] = {0, 0, 0};
    if (set)
      H5Dwrite_chunk(set.get(), H5P_DEFAULT, data[6] % 4 == 3 ? 1 : 0, offset, size - 7, data + 7);
    const h5::Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), 7);
    const h5::Handle scalar(H5Screate(H5S_SCALAR));
    const h5::Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT));
    const h5::Handle attribute(
        H5Acreate2(root.get(), "default", type.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT));
    H5Awrite(attribute.get(), type.get(), data);
  }
  vitrum::io::OpenOptions options;
  options.format = "hdf5";
  vitrum::fuzz::read_series(path, options);
  ::unlink(path.c_str());
  return 0;
}
