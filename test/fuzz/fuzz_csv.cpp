#include "memory_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tables.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const vitrum::fuzz::MemoryFile file(data, size);
  try {
    const auto table = vitrum::io::read_csv(file.path());
    static_cast<void>(vitrum::io::to_csv(table));
  } catch (const vitrum::Error&) {
    // what a reader is meant to do with nonsense
  }
  return 0;
}
