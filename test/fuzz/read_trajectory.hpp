// Opens a trajectory with a stated reader and reads what is affordable of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "memory_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/open_trajectory.hpp"

namespace vitrum::fuzz {

inline void read_trajectory(const std::uint8_t* data, std::size_t size, const std::string& format) {
  const MemoryFile file(data, size);
  try {
    const auto source = io::open_trajectory(file.path(), {.format = format, .species = {}});
    const auto& info = source->info();
    if (info.frames > 64 || info.atoms > 100000)
      return;
    atoms::Configuration frame;
    for (Index f = info.frames; f-- > 0;) {
      source->read(f, frame);
      atoms::validate(frame, static_cast<Index>(source->info().species.size()));
    }
  } catch (const Error&) {
    // what a reader is meant to do with nonsense
  }
}

} // namespace vitrum::fuzz
