// One array of an .npz archive, in memory.
#pragma once
#include <string>

#include "npy_header.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::io {

struct NpzArray {
  std::string name; // of the member, "stack.npy"
  NpyHeader header;
  Buffer<std::byte> values; // C order, byte order of this machine
};

/// `name` may be empty when the archive holds one array. Throws FileError, FormatError.
[[nodiscard]] NpzArray read_npz_array(const std::string& path, const std::string& name);

/// Values as stored to C order and the byte order of this machine.
void to_c_order(const NpyHeader& header, Buffer<std::byte>& values);

} // namespace vitrum::io
