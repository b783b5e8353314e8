// The header of NumPy's .npy: what is stored, in which order.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io {

struct NpyHeader {
  frames::PixelType type = frames::PixelType::f64;
  bool boolean = false;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<Index> shape; // empty: a scalar
  Index data_offset = 0;    // bytes before the values

  [[nodiscard]] Index size() const;
};

/// Bytes of the header that stand in front of the dictionary and its length, for a first look.
[[nodiscard]] bool is_npy(std::span<const unsigned char> head);

/// `head` holds at least the header. Throws FormatError that names `path` and `place`.
[[nodiscard]] NpyHeader parse_npy_header(std::span<const unsigned char> head,
                                         const std::string& path,
                                         const std::string& place = "");

/// How many bytes the header takes, from the first twelve bytes. Throws FormatError.
[[nodiscard]] Index npy_header_bytes(std::span<const unsigned char> head,
                                     const std::string& path,
                                     const std::string& place = "");

/// The header of an array in C order and the byte order of this machine, padded to 64 bytes.
[[nodiscard]] std::string make_npy_header(const std::string& descr,
                                          const std::vector<Index>& shape);
[[nodiscard]] std::string npy_descr(frames::PixelType type);

/// Values in Fortran order to C order.
void fortran_to_c(const std::byte* in,
                  std::byte* out,
                  const std::vector<Index>& shape,
                  Index element_bytes);

} // namespace vitrum::io
