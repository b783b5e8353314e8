// What the environment does to the BLAS behind the float kernels.
#pragma once
#include <string>
#include <vector>

namespace vitrum::correlate {

/// Environment variables that are set and make OpenBLAS choose other kernels than the ones made for
/// this processor (OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, …). They are read when the program starts,
/// so only a start without them helps: remove them and execute the program again.
[[nodiscard]] std::vector<std::string> blas_overrides();
[[nodiscard]] bool blas_environment_is_clean();

} // namespace vitrum::correlate
