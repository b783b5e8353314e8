// Analyses that a viewer starts: one at a time, in the order in which they were asked for.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "vitrum/app/command_table.hpp"

namespace vitrum::app {

struct JobRequest {
  std::string command;             // "synth xpcs"
  std::vector<std::string> inputs; // relative to the folder, as all files that values name
  NamedValues values;
};

/// The same request as people type it.
struct JobWords {
  std::string command_line; // vitrum xpcs scan.h5 --models kww -o r.h5
  std::string python;       // vitrum.xpcs("scan.h5", models=["kww"], output="r.h5")
};

enum class JobStatus { queued, running, done, failed, cancelled };
/// "queued", "running", "done", "failed", "cancelled"
[[nodiscard]] const char* name(JobStatus status);

struct JobState {
  Index number = 0; // from 1
  JobWords words;
  JobStatus status = JobStatus::queued;
  Index done = 0, total = 0;    // of the task in hand
  std::string progress;         // as progress_text has it
  std::vector<std::string> log; // messages and warnings, at most the last 500
  std::string text;             // what the command line would print; why it failed
  std::string output;           // the file or folder it writes; "": the command's own choice
};

/// Commands that write something, in the order of the table.
[[nodiscard]] std::vector<const Command*> runnable_commands();

/// Thread-safe. Jobs run in the process, whose working folder must be `folder`.
class JobQueue {
public:
  /// Files outside of `folder` (canonical) are refused, whatever a request says or links point to.
  explicit JobQueue(std::filesystem::path folder);
  /// Cancels what runs and waits for it.
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  /// Throws OptionError, FileError for what the command line would refuse before it starts.
  [[nodiscard]] JobWords check(const JobRequest& request) const;
  /// Returns the number. Throws as `check` does.
  Index start(JobRequest request);
  /// The newest first.
  [[nodiscard]] std::vector<JobState> states() const;
  /// Throws OptionError for a number that no job has. A job that is over stays as it is.
  void cancel(Index number);

private:
  struct Job {
    JobRequest request;
    JobState state;
    std::atomic<bool> cancelled{false};
  };
  void work();
  void run(Job& job);
  void require_inside(const std::string& text) const;

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> jobs_; // by number
  bool over_ = false;
  std::thread worker_;
};

} // namespace vitrum::app
