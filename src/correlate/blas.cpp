#include "vitrum/correlate/blas.hpp"

#include <cstdlib>

namespace vitrum::correlate {

std::vector<std::string> blas_overrides() {
  std::vector<std::string> set;
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_BLOCK_FACTOR"})
    if (std::getenv(name) != nullptr)
      set.emplace_back(name);
  return set;
}

bool blas_environment_is_clean() {
  return blas_overrides().empty();
}

} // namespace vitrum::correlate
