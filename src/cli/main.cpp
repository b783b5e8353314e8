#include "command_line.hpp"
#include "terminal.hpp"

int main(int argc, char** argv) {
  vitrum::cli::install_signal_handlers();
  return vitrum::cli::run_command_line(argc, argv);
}
