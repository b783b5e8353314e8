// Tables and matrices of numbers: CSV, npy, npz, HDF5. For g2 curves and two-time maps made
// elsewhere, and for the export of results.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::io {

/// Columns of equal length.
struct Table {
  std::vector<std::string> comments; // without '#'
  std::vector<std::string> names;    // empty when the file has no header
  std::vector<std::string> units;    // as many as names; "" = none
  std::vector<std::vector<double>> columns;

  [[nodiscard]] Index rows() const {
    return columns.empty() ? 0 : static_cast<Index>(columns[0].size());
  }
  /// The column of this name (without its unit). Throws DataError that lists the names.
  [[nodiscard]] const std::vector<double>& column(const std::string& name) const;
};

/// Numbers separated by comma, semicolon, tab or blanks; lines that begin with # are comments; the
/// first other line is a header when a cell of it is no number: "lag [s],g2". Throws FormatError:
/// "t.csv:line 3, column 2: 'x', expected a number".
[[nodiscard]] Table read_csv(const std::string& path);

/// Numbers are written so that reading gives the same double.
void write_csv(const std::string& path, const Table& table, bool overwrite = false);
[[nodiscard]] std::string to_csv(const Table& table);

template <class T>
struct MatrixOf {
  Index rows = 0, columns = 0;
  std::vector<T> values; // row after row
};
using Matrix = MatrixOf<double>;

/// 2-D numbers from .npy, .npz ("file.npz::name"), CSV or HDF5 ("file.h5::/path"). Throws
/// FormatError.
[[nodiscard]] Matrix read_matrix(const std::string& path);
/// The same in half the memory: for maps.
[[nodiscard]] MatrixOf<float> read_float_matrix(const std::string& path);

/// One array as .npy, or several by name as .npz. Text arrays are refused (DataError).
void write_npy(const std::string& path, const Array& array, bool overwrite = false);
void write_npz(const std::string& path,
               const std::vector<std::pair<std::string, Array>>& arrays,
               bool overwrite = false);

/// One image [y, x] of float32 or uint8 … as TIFF. Throws DataError unless `array` is 2-D numbers.
void write_tiff(const std::string& path, const Array& array, bool overwrite = false);

} // namespace vitrum::io
