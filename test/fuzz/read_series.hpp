// Opens a series with a stated reader and reads what is affordable of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "memory_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"

namespace vitrum::fuzz {

inline void read_series(const std::string& path, const io::OpenOptions& options) {
  try {
    const auto source = io::open_series(path, options);
    const auto& info = source->info();
    if (info.frames > 64 || info.frame_bytes() > (Index{1} << 20))
      return;
    std::vector<std::byte> out(static_cast<std::size_t>(info.frame_bytes()));
    for (Index f = 0; f < info.frames; ++f)
      source->read(f, 1, out.data());
    if (source->sparse()) {
      frames::EventList events;
      source->read_events(0, info.frames, {}, events);
      frames::validate(events, info.pixels());
    }
  } catch (const Error&) {
    // what a reader is meant to do with nonsense
  }
}

inline void read_series(const std::uint8_t* data, std::size_t size, const std::string& format) {
  const MemoryFile file(data, size);
  io::OpenOptions options;
  options.format = format;
  read_series(file.path(), options);
}

} // namespace vitrum::fuzz
