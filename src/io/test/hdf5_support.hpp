// Small HDF5 files for the tests, made with the C library alone.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include <hdf5.h>

#include "../bitshuffle.hpp"
#include "../filters.hpp"
#include "../hdf5_handle.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::io::testing {

template <class T>
hid_t h5_type() {
  if constexpr (std::is_same_v<T, float>)
    return H5T_NATIVE_FLOAT;
  else if constexpr (std::is_same_v<T, double>)
    return H5T_NATIVE_DOUBLE;
  else if constexpr (sizeof(T) == 1)
    return std::is_signed_v<T> ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
  else if constexpr (sizeof(T) == 2)
    return std::is_signed_v<T> ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
  else if constexpr (sizeof(T) == 4)
    return std::is_signed_v<T> ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
  else
    return std::is_signed_v<T> ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
}

/// 0, 1, … modulo 251 from `start` on.
template <class T>
std::vector<T> counting(Index n, Index start = 0) {
  std::vector<T> values(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i)
    values[static_cast<std::size_t>(i)] = static_cast<T>((start + i) % 251);
  return values;
}

inline std::vector<double> doubles(Index n, Index start = 0) {
  return counting<double>(n, start);
}

/// A file that is being written, groups made on the way.
class H5Writer {
public:
  explicit H5Writer(const std::string& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)),
        links_(H5Pcreate(H5P_LINK_CREATE)) {
    H5Pset_create_intermediate_group(links_.get(), 1);
  }
  [[nodiscard]] hid_t id() const { return file_.get(); }
  [[nodiscard]] hid_t links() const { return links_.get(); }

  template <class T>
  h5::Handle dataset(const std::string& name,
                     const std::vector<hsize_t>& dims,
                     const std::vector<T>& values,
                     hid_t creation = H5P_DEFAULT,
                     hid_t type = -1) {
    const h5::Handle space(
        dims.empty() ? H5Screate(H5S_SCALAR)
                     : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
    h5::Handle set(H5Dcreate2(id(),
                              name.c_str(),
                              type < 0 ? h5_type<T>() : type,
                              space.get(),
                              links_.get(),
                              creation,
                              H5P_DEFAULT));
    if (!values.empty())
      H5Dwrite(set.get(), h5_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    return set;
  }

  template <class T>
  void scalar(const std::string& name, T value, const std::string& units = "") {
    const auto set = dataset(name, {}, std::vector<T>{value});
    if (!units.empty())
      attribute(name, "units", units);
  }

  void text(const std::string& name, const std::string& value) {
    const h5::Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), value.size() + 1);
    const h5::Handle space(H5Screate(H5S_SCALAR));
    const h5::Handle set(H5Dcreate2(
        id(), name.c_str(), type.get(), space.get(), links_.get(), H5P_DEFAULT, H5P_DEFAULT));
    H5Dwrite(set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, value.c_str());
  }

  void group(const std::string& name) {
    h5::Handle(H5Gcreate2(id(), name.c_str(), links_.get(), H5P_DEFAULT, H5P_DEFAULT));
  }

  void attribute(const std::string& object, const std::string& name, const std::string& value) {
    const h5::Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), value.size() + 1);
    const h5::Handle space(H5Screate(H5S_SCALAR));
    const h5::Handle attribute(H5Acreate_by_name(id(),
                                                 object.c_str(),
                                                 name.c_str(),
                                                 type.get(),
                                                 space.get(),
                                                 H5P_DEFAULT,
                                                 H5P_DEFAULT,
                                                 H5P_DEFAULT));
    H5Awrite(attribute.get(), type.get(), value.c_str());
  }

  void external(const std::string& name, const std::string& file, const std::string& target) {
    H5Lcreate_external(file.c_str(), target.c_str(), id(), name.c_str(), links_.get(), H5P_DEFAULT);
  }

private:
  h5::Handle file_, links_;
};

/// Dataset creation with chunks and the HDF5 library's own filters.
inline h5::Handle
chunked(const std::vector<hsize_t>& chunk, bool shuffle = false, int deflate = 0) {
  h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data());
  if (shuffle)
    H5Pset_shuffle(creation.get());
  if (deflate > 0)
    H5Pset_deflate(creation.get(), static_cast<unsigned>(deflate));
  return creation;
}

inline h5::Handle
with_filter(h5::Handle creation, H5Z_filter_t id, const std::vector<unsigned>& values) {
  H5Pset_filter(creation.get(), id, H5Z_FLAG_MANDATORY, values.size(), values.data());
  return creation;
}

} // namespace vitrum::io::testing
