#include <algorithm>

#include "memory_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::uint8_t hdf5[] = {0x89, 'H', 'D', 'F'};
  for (std::size_t at = 0; at + 4 <= size; at = at == 0 ? 512 : 2 * at) // left to fuzz_hdf5_chunks
    if (std::equal(hdf5, hdf5 + 4, data + at))
      return 0;
  const vitrum::fuzz::MemoryFile file(data, size);
  try {
    const auto maps = vitrum::io::read_label_maps(file.path());
    if (maps.height * maps.width < 100'000 &&
        *std::max_element(maps.dynamic_labels.begin(), maps.dynamic_labels.end()) < 100'000)
      static_cast<void>(vitrum::io::to_partition(maps));
  } catch (const vitrum::Error&) {
    // what a reader is meant to do with nonsense
  }
  try {
    static_cast<void>(vitrum::io::read_mask(file.path()));
  } catch (const vitrum::Error&) {
    // the same
  }
  return 0;
}
