#include "read_series.hpp"

/// The first byte chooses the options, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1)
    return 0;
  vitrum::io::OpenOptions options;
  options.format = "rigaku-500k";
  options.rigaku_column_major = (data[0] & 1) != 0;
  options.rigaku_first_frame = data[0] >> 1 & 1;
  if ((data[0] & 4) != 0) {
    options.raw_height = 1 + (data[0] >> 3);
    options.raw_width = 7;
  }
  const vitrum::fuzz::MemoryFile file(data + 1, size - 1);
  vitrum::fuzz::read_series(file.path(), options);
  return 0;
}
