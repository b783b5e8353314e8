// The exceptions of vitrum. The type says whose fault it is, the text where, what was found and
// what was expected: lower case, no full stop.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace vitrum {

/// Anything vitrum throws.
class Error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The caller asked for something that makes no sense; the command line exits with 2.
class OptionError : public Error {
public:
  using Error::Error;
};

/// The operating system refused: "path: what (reason of errno)".
class FileError : public Error {
public:
  /// `error_number` 0 leaves the reason out.
  FileError(std::string_view path, std::string_view what, int error_number = 0);
};

/// The bytes of a file are not what its format demands: "path:place: found, expected …".
class FormatError : public Error {
public:
  /// `place` is a byte position, a line or a dataset; it may be empty, and so may `expected`.
  FormatError(std::string_view path,
              std::string_view place,
              std::string_view found,
              std::string_view expected);
};

/// The numbers make no sense (all zero, NaN, shapes that do not agree).
class DataError : public Error {
public:
  using Error::Error;
};

/// The user cancelled.
class Interrupted : public Error {
public:
  Interrupted() : Error("interrupted") {}
};

} // namespace vitrum
