#include "read_trajectory.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vitrum::fuzz::read_trajectory(data, size, "h5md");
  return 0;
}
