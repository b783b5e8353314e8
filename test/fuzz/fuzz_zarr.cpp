#include "read_series.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vitrum::fuzz::read_series(data, size, "zarr");
  return 0;
}
