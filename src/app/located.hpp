// Complaints of the analysis, which knows no files, get the name of the file that they are about.
#pragma once
#include <string>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::app {

/// Does the work; a DataError that does not begin with the path is thrown again with it.
template <class Work>
decltype(auto) about(const std::string& path, Work&& work) {
  try {
    return work();
  } catch (const DataError& error) {
    if (std::string_view(error.what()).starts_with(path))
      throw;
    throw DataError(fmt::format("{}: {}", path, error.what()));
  }
}

} // namespace vitrum::app
