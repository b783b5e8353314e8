// The processes of one command that mpirun or srun started on one machine or many.
#pragma once
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/monitor.hpp"

namespace vitrum::app {

class Ranks {
public:
  virtual ~Ranks() = default;
  [[nodiscard]] virtual Index rank() const = 0; // 0 … size − 1
  [[nodiscard]] virtual Index size() const = 0;

  /// The texts of all ranks, in their order; each must call it. Waits without using a processor.
  [[nodiscard]] virtual std::vector<std::string> exchange(const std::string& text,
                                                          const Monitor& monitor) = 0;

  /// From here on, and no longer, an error of this rank is not known to the others.
  void set_alone(bool alone) { alone_ = alone; }

  /// The last call. With a code other than 0 while alone, all other ranks are ended, too.
  virtual void leave(int code) = 0;

protected:
  bool alone_ = false;
};

/// The ranks, when this process is one of several; null when it was started alone. Throws
/// OptionError for one of several processes when MPI is not built in.
[[nodiscard]] std::shared_ptr<Ranks> join_ranks();

/// Thrown where another rank says what is wrong; `code` is that of the program.
struct ToldElsewhere final : std::exception {
  explicit ToldElsewhere(int exit_code) : code(exit_code) {}
  [[nodiscard]] const char* what() const noexcept override { return "another rank failed"; }
  int code;
};

} // namespace vitrum::app
