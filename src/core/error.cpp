#include "vitrum/core/error.hpp"

#include <cstring>

#include <fmt/format.h>

namespace vitrum {
namespace {

std::string format_message(std::string_view path,
                           std::string_view place,
                           std::string_view found,
                           std::string_view expected) {
  std::string text(path);
  if (!place.empty())
    text += fmt::format(":{}", place);
  text += fmt::format(": {}", found);
  if (!expected.empty())
    text += fmt::format(", expected {}", expected);
  return text;
}

} // namespace

FileError::FileError(std::string_view path, std::string_view what, int error_number)
    : Error(error_number == 0
                ? fmt::format("{}: {}", path, what)
                : fmt::format("{}: {} ({})", path, what, std::strerror(error_number))) {}

FormatError::FormatError(std::string_view path,
                         std::string_view place,
                         std::string_view found,
                         std::string_view expected)
    : Error(format_message(path, place, found, expected)) {}

} // namespace vitrum
