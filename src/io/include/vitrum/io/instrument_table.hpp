// Text files as instruments export them: lines of text of any kind, then columns of numbers.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// The longest block of lines that hold as many numbers each.
struct InstrumentTable {
  std::vector<std::string> header;          // the lines before the block, trimmed, as UTF-8
  std::vector<std::string> names, units;    // of the columns; "" where the file does not say
  std::vector<std::vector<double>> columns; // [column][row]; NaN where a cell is no number
  Index first_line = 0, last_line = 0;      // of the block, from 1
  Index other_rows = 0;                     // lines of numbers outside it

  [[nodiscard]] Index rows() const {
    return columns.empty() ? 0 : static_cast<Index>(columns[0].size());
  }
};

/// UTF-8, UTF-16 with its mark, or Latin-1; comma, semicolon, tab or blanks between cells, point or
/// comma as the decimal sign. Names come from the line above the numbers ("Temp./°C;DSC/(mW/mg)"),
/// units from that or from a line of their own ("[°C]	[mW]"), or from lines "Sig2 Temperature
/// (°C)". Throws FileError; FormatError when no two lines hold two numbers.
[[nodiscard]] InstrumentTable read_instrument_table(const std::string& path);

} // namespace vitrum::io
