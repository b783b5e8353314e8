#include "vitrum/io/recognise.hpp"

#include "file_bytes.hpp"
#include "hdf5_handle.hpp"
#include "path.hpp"
#include "reader.hpp"

namespace vitrum::io {

bool is_hdf5(const std::string& path) {
  const auto [file, inside] = split_path(path);
  const auto head = first_bytes(file, 8192);
  return hdf5_reader().recognises({file, false, head});
}

bool hdf5_has(const std::string& file, const std::string& place) {
  const h5::Lock hold;
  return h5::exists(h5::open_file(file).get(), place);
}

} // namespace vitrum::io
