// Which kernels the BLAS behind the float products runs.
#pragma once

namespace vitrum::correlate {

/// OpenBLAS chooses its kernels when the program is loaded, from the environment or by a table of
/// processors. Both go wrong: an exported OPENBLAS_CORETYPE may name slower ones, and a processor
/// younger than the table gets the ones of 2004. This puts the variables right for this processor
/// (AVX-512: SkylakeX, AVX2: Haswell) and returns true when that changed something: only a program
/// that is executed again then runs at full speed.
[[nodiscard]] bool set_blas_environment();

} // namespace vitrum::correlate
