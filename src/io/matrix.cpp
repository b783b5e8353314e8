// Matrices and arrays: reading 2-D numbers from anywhere, writing npy, npz and TIFF.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tiffio.h>
#include <zip.h>

#include "image.hpp"
#include "npy_header.hpp"
#include "output_file.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "tiff_pages.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/tables.hpp"

namespace vitrum::io {
namespace {

bool known_container(const std::string& file) {
  const auto head = first_bytes(file, 8192);
  const Probe probe{file, false, head};
  for (const auto make : {hdf5_reader, npy_reader, npz_reader, tiff_reader})
    if (make().recognises(probe))
      return true;
  return false;
}

/// Header and values of an array as .npy stores them.
std::string npy_bytes(const std::string& what, const Array& array) {
  return std::visit(
      [&](const auto& values) -> std::string {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) {
          throw DataError(fmt::format("{}: text cannot be kept as numbers", what));
        } else {
          if (static_cast<Index>(values.size()) != array.size())
            throw DataError(fmt::format(
                "{}: {} values do not fill the shape of {}", what, values.size(), array.size()));
          std::string out = make_npy_header(npy_descr(frames::pixel_type_of<T>()), array.shape);
          out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
          return out;
        }
      },
      array.values);
}

template <class T, class ReadImage>
MatrixOf<T> read_matrix_of(const std::string& path, ReadImage&& read) {
  const std::string file = split_path(path).file;
  require_readable_file(file);
  if (known_container(file)) {
    auto image = read(path);
    return {image.height, image.width, std::move(image.values)};
  }
  const Table table = read_csv(file);
  MatrixOf<T> matrix{table.rows(), static_cast<Index>(table.columns.size()), {}};
  matrix.values.reserve(static_cast<std::size_t>(matrix.rows * matrix.columns));
  for (std::size_t r = 0; r < static_cast<std::size_t>(matrix.rows); ++r)
    for (const auto& column : table.columns)
      matrix.values.push_back(static_cast<T>(column[r]));
  return matrix;
}

} // namespace

Matrix read_matrix(const std::string& path) {
  return read_matrix_of<double>(path, read_image);
}

MatrixOf<float> read_float_matrix(const std::string& path) {
  return read_matrix_of<float>(path, read_float_image);
}

void write_npy(const std::string& path, const Array& array, bool overwrite) {
  const std::string bytes = npy_bytes(path, array);
  OutputFile file(path, overwrite);
  file.write(bytes);
  file.commit();
}

void write_npz(const std::string& path,
               const std::vector<std::pair<std::string, Array>>& arrays,
               bool overwrite) {
  std::vector<std::string> bytes; // stay alive until the archive is closed
  for (const auto& [name, array] : arrays)
    bytes.push_back(npy_bytes(name, array));
  OutputFile file(path, overwrite);
  int code = 0;
  zip_t* zip = zip_open(file.temporary().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (zip == nullptr)
    throw FileError(path, fmt::format("cannot be made (zip error {})", code));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    zip_source_t* source = zip_source_buffer(zip, bytes[i].data(), bytes[i].size(), 0);
    const auto entry =
        source == nullptr
            ? -1
            : zip_file_add(zip, (arrays[i].first + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (entry < 0 ||
        zip_set_file_compression(zip, static_cast<zip_uint64_t>(entry), ZIP_CM_DEFLATE, 1) != 0) {
      const std::string why = zip_strerror(zip);
      if (source != nullptr && entry < 0)
        zip_source_free(source);
      zip_discard(zip);
      throw FileError(path, fmt::format("'{}' cannot be added ({})", arrays[i].first, why));
    }
  }
  if (zip_close(zip) != 0) {
    const std::string why = zip_strerror(zip);
    zip_discard(zip);
    throw FileError(path, fmt::format("cannot be written ({})", why));
  }
  file.commit();
}

void write_tiff(const std::string& path, const Array& array, bool overwrite) {
  if (array.shape.size() != 2 || array.size() == 0 || array.shape[0] > 1'000'000 ||
      array.shape[1] > 1'000'000)
    throw DataError(fmt::format(
        "{}: shape [{}], expected an image [y, x]", path, fmt::join(array.shape, ", ")));
  OutputFile file(path, overwrite);
  std::visit(
      [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) {
          throw DataError(fmt::format("{}: text cannot be kept as an image", path));
        } else {
          quiet_tiff();
          errno = 0;
          TIFF* tiff = TIFFOpen(file.temporary().c_str(),
                                values.size() * sizeof(T) > (1ULL << 31) ? "w8" : "w");
          if (tiff == nullptr)
            throw FileError(path, "cannot be written", errno);
          const auto height = static_cast<std::uint32_t>(array.shape[0]);
          const auto width = static_cast<std::uint32_t>(array.shape[1]);
          TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
          TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
          TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * sizeof(T)));
          TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
          TIFFSetField(tiff,
                       TIFFTAG_SAMPLEFORMAT,
                       std::is_floating_point_v<T> ? SAMPLEFORMAT_IEEEFP
                       : std::is_signed_v<T>       ? SAMPLEFORMAT_INT
                                                   : SAMPLEFORMAT_UINT);
          TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
          TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
          TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, height);
          const auto bytes = static_cast<tmsize_t>(values.size() * sizeof(T));
          const bool written =
              TIFFWriteEncodedStrip(tiff, 0, const_cast<T*>(values.data()), bytes) == bytes;
          const bool flushed = TIFFFlush(tiff) == 1;
          TIFFClose(tiff);
          if (!written || !flushed)
            throw FileError(path, "cannot be written", errno);
        }
      },
      array.values);
  file.commit();
}

} // namespace vitrum::io
