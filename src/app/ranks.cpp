#include "vitrum/app/ranks.hpp"

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#ifdef VITRUM_MPI
#include <mpi.h>
#endif

#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

/// How many processes the launcher started, by the variables of Open MPI, and of MPICH and its kin.
int launched() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (const char* text = std::getenv(name))
      return std::atoi(text);
  // srun --mpi=pmix says the rank alone
  if (std::getenv("PMIX_RANK") != nullptr)
    if (const char* text = std::getenv("SLURM_NTASKS"))
      return std::atoi(text);
  return 1;
}

#ifdef VITRUM_MPI

class MpiRanks final : public Ranks {
public:
  MpiRanks() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    if (provided < MPI_THREAD_FUNNELED)
      throw Error("this MPI library allows no threads beside it");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }

  [[nodiscard]] Index rank() const override { return rank_; }
  [[nodiscard]] Index size() const override { return size_; }

  [[nodiscard]] std::vector<std::string> exchange(const std::string& text,
                                                  const Monitor& monitor) override {
    const int own = static_cast<int>(text.size());
    std::vector<int> lengths(static_cast<std::size_t>(size_)), begins(lengths.size());
    MPI_Request request{};
    MPI_Iallgather(&own, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD, &request);
    wait(request, monitor);
    int all = 0;
    for (std::size_t r = 0; r < lengths.size(); ++r) {
      begins[r] = all;
      all += lengths[r];
    }
    std::string joined(static_cast<std::size_t>(all), '\0');
    MPI_Iallgatherv(text.data(),
                    own,
                    MPI_CHAR,
                    joined.data(),
                    lengths.data(),
                    begins.data(),
                    MPI_CHAR,
                    MPI_COMM_WORLD,
                    &request);
    wait(request, monitor);
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < lengths.size(); ++r)
      texts.push_back(
          joined.substr(static_cast<std::size_t>(begins[r]), static_cast<std::size_t>(lengths[r])));
    return texts;
  }

  void leave(int code) override {
    if (code != 0 && alone_)
      MPI_Abort(MPI_COMM_WORLD, code);
    MPI_Finalize();
  }

private:
  /// MPI's own waiting keeps a processor busy.
  static void wait(MPI_Request& request, const Monitor& monitor) {
    using namespace std::chrono_literals;
    auto pause = 10us;
    for (int done = 0;;) {
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done != 0)
        return;
      monitor.check();
      std::this_thread::sleep_for(pause);
      if (pause < 20ms)
        pause *= 2;
    }
  }

  int rank_ = 0, size_ = 1;
};

#endif

} // namespace

std::shared_ptr<Ranks> join_ranks() {
  const int processes = launched();
  if (processes < 2)
    return nullptr;
#ifdef VITRUM_MPI
  return std::make_shared<MpiRanks>();
#else
  throw OptionError(fmt::format("started as one of {} processes that share the work, but this "
                                "vitrum was built without MPI (cmake -D VITRUM_MPI=ON)",
                                processes));
#endif
}

} // namespace vitrum::app
