// A file in memory with a path, for readers that open paths.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace vitrum::fuzz {

class MemoryFile {
public:
  MemoryFile(const std::uint8_t* data, std::size_t size) : descriptor_(::memfd_create("fuzz", 0)) {
    for (std::size_t done = 0; done < size;) {
      const auto some = ::write(descriptor_, data + done, size - done);
      if (some <= 0)
        break;
      done += static_cast<std::size_t>(some);
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
  int descriptor_;
};

} // namespace vitrum::fuzz
