#include <algorithm>

#include <hdf5.h>

#include "hdf5_handle.hpp"
#include "read_series.hpp"

namespace {

using vitrum::io::h5::Handle;

/// The three lists from the bytes: the structure of the file stays whole, because the HDF5 library
/// is not safe against broken structure.
void write(const std::string& path, const std::uint8_t* data, std::size_t size) {
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const Handle links(H5Pcreate(H5P_LINK_CREATE));
  H5Pset_create_intermediate_group(links.get(), 1);
  const auto put = [&](const char* name, hid_t type, std::size_t count) {
    const std::size_t given = std::min(count * H5Tget_size(type), size);
    std::vector<std::uint8_t> values(std::max<std::size_t>(count * H5Tget_size(type), 1));
    std::copy_n(data, given, values.begin());
    data += given;
    size -= given;
    const hsize_t extent = count;
    const Handle space(H5Screate_simple(1, &extent, nullptr));
    const std::string full = std::string("/entry_0000/measurement/data/") + name;
    const Handle set(H5Dcreate2(
        file.get(), full.c_str(), type, space.get(), links.get(), H5P_DEFAULT, H5P_DEFAULT));
    H5Dwrite(set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  };
  const std::size_t frames = data[0] % 16;
  const std::size_t events = data[1] % 32;
  const std::size_t more = data[2] % 8 == 7 ? 1 : 0;
  data += 3;
  size -= 3;
  put("frame_ptr", H5T_NATIVE_INT64, frames);
  put("index", H5T_NATIVE_INT32, events);
  put("intensity", H5T_NATIVE_INT16, events + more);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3)
    return 0;
  const vitrum::fuzz::MemoryFile file(nullptr, 0);
  {
    const vitrum::io::h5::Lock lock;
    write(file.path(), data, size);
  }
  vitrum::io::OpenOptions options;
  options.format = "esrf-sparse";
  options.raw_height = 5;
  options.raw_width = 7;
  vitrum::fuzz::read_series(file.path(), options);
  return 0;
}
