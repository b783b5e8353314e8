#include "memory_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/atom_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const vitrum::fuzz::MemoryFile file(data, size);
  try {
    static_cast<void>(vitrum::io::read_atom_file(file.path()));
  } catch (const vitrum::Error&) {
    // what a reader is meant to do with nonsense
  }
  return 0;
}
