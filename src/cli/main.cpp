#include <unistd.h>

#include "command_line.hpp"
#include "terminal.hpp"
#include "vitrum/correlate/blas.hpp"

int main(int argc, char** argv) {
  if (vitrum::correlate::set_blas_environment())
    execv("/proc/self/exe", argv); // returns only when it failed: then go on, only slower
  vitrum::cli::install_signal_handlers();
  return vitrum::cli::run_command_line(argc, argv);
}
