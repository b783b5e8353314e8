#include <cstdlib>

#include <unistd.h>

#include "command_line.hpp"
#include "terminal.hpp"

namespace {

/// OpenBLAS reads these when it is loaded, before main; a wrong one halves its speed. So they are
/// dropped and the program starts anew.
void drop_blas_environment(char** argv) {
  bool found = false;
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) {
    found |= std::getenv(name) != nullptr;
    unsetenv(name);
  }
  if (found)
    execv("/proc/self/exe", argv); // returns only when it failed: then go on, only slower
}

} // namespace

int main(int argc, char** argv) {
  drop_blas_environment(argv);
  vitrum::cli::install_signal_handlers();
  return vitrum::cli::run_command_line(argc, argv);
}
