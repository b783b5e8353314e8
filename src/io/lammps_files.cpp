#include "vitrum/io/lammps_files.hpp"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "number_text.hpp"
#include "text_stream.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {

Index restart_step(const std::string& path) {
  constexpr std::string_view magic("LammpS RestartT", 16); // with its NUL
  const InputFile file(path);
  char mark[16];
  if (file.size() < 64)
    return -1;
  file.read(0, 16, reinterpret_cast<std::byte*>(mark));
  if (std::string_view(mark, 16) != magic)
    return -1;
  file.read(file.size() - 16, 16, reinterpret_cast<std::byte*>(mark));
  if (std::string_view(mark, 16) != magic)
    return -1; // the run was stopped while it was written
  constexpr std::int32_t version = 0, units = 4, step = 5; // of LAMMPS' enumeration of headers
  Index at = 16 + 8;                                       // magic, byte order, revision
  const auto whole = [&] {
    std::byte bytes[4];
    file.read(at, 4, bytes);
    at += 4;
    return static_cast<std::int32_t>(load_little<std::uint32_t>(bytes));
  };
  for (int field = 0; field < 16 && at + 12 < file.size(); ++field) {
    const auto flag = whole();
    if (flag == step) {
      std::byte bytes[8];
      file.read(at, 8, bytes);
      return static_cast<Index>(load_little<std::uint64_t>(bytes));
    }
    const auto value = whole();
    if (flag == version || flag == units) {
      if (value < 0 || value > 4096)
        return -1;
      at += value;
    }
  }
  return -1;
}

Index cut_dump(const std::string& path, Index last_step) {
  Index keep = -1, cut = 0;
  {
    TextStream stream(path);
    if (stream.compressed())
      throw FormatError(path, "", "a compressed file", "a plain one, whose end can be cut off");
    std::string_view line;
    // a frame begins with the first of the lines that may stand before its step
    Index begin = 0;
    bool before_step = false;
    for (Index at = 0; stream.next_line(line); at = stream.position()) {
      if (line.starts_with("ITEM: UNITS") || line == "ITEM: TIME" || line == "ITEM: TIMESTEP") {
        if (!before_step)
          begin = at;
        before_step = true;
      }
      if (line != "ITEM: TIMESTEP")
        continue;
      before_step = false;
      Index step = 0;
      const bool known = stream.next_line(line) && parse_number(line, step);
      if (keep < 0 && (!known || step > last_step))
        keep = begin;
      cut += keep >= 0 ? 1 : 0;
    }
  }
  if (keep >= 0 && ::truncate(path.c_str(), keep) != 0)
    throw FileError(path, "cannot be cut", errno);
  return cut;
}

std::vector<std::vector<double>> read_number_rows(const std::string& path, Index columns) {
  TextStream stream(path);
  std::vector<std::vector<double>> out;
  std::string_view line;
  while (stream.next_line(line)) {
    if (line.starts_with("#"))
      continue;
    std::vector<double> row;
    auto rest = line;
    double value = 0;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
      if (!parse_number(word, value))
        throw FormatError(path,
                          fmt::format("line {}", stream.line()),
                          fmt::format("'{}'", word.substr(0, 40)),
                          "a number");
      row.push_back(value);
    }
    if (static_cast<Index>(row.size()) != columns)
      throw FormatError(path,
                        fmt::format("line {}", stream.line()),
                        fmt::format("{} numbers", row.size()),
                        fmt::format("{}", columns));
    out.push_back(std::move(row));
  }
  return out;
}

} // namespace vitrum::io
