#include "vitrum/app/jobs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "inside.hpp"
#include "vitrum/app/progress_text.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t longest_log = 500;
constexpr std::size_t most_jobs = 200;

/// `show` answers on standard output; the page shows numbers and figures itself.
bool writes(const Command& command) {
  const auto session = command.start();
  return command.name != "show" &&
         std::any_of(session.settings.begin(), session.settings.end(), [](const Setting& setting) {
           return setting.name == "output";
         });
}

const Command& runnable(const std::string& name) {
  const auto& command = find_command(name);
  if (!writes(command))
    throw OptionError(fmt::format("{}: is not run from a page", name));
  return command;
}

} // namespace

const char* name(JobStatus status) {
  constexpr const char* names[] = {"queued", "running", "done", "failed", "cancelled"};
  return names[static_cast<std::size_t>(status)];
}

std::vector<const Command*> runnable_commands() {
  std::vector<const Command*> out;
  for (const auto& command : commands())
    if (writes(command))
      out.push_back(&command);
  return out;
}

JobQueue::JobQueue(fs::path folder) : folder_(std::move(folder)), worker_([this] { work(); }) {}

JobQueue::~JobQueue() {
  {
    const std::lock_guard hold(mutex_);
    over_ = true;
    for (const auto& job : jobs_)
      job->cancelled = true;
  }
  wake_.notify_all();
  worker_.join();
}

/// Any text may be a path, also one of a list, and a path may end before any "::" or not: what is
/// no file harms nothing by being looked at.
void JobQueue::require_inside(const std::string& text) const {
  if (text.find('\0') != text.npos)
    throw FileError("", "lies outside the folder that is viewed");
  std::vector<std::string> words{text};
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const auto& word : words)
    for (std::size_t end = 0; end != word.npos;) {
      end = word.find("::", end);
      const fs::path path = word.substr(0, end);
      if (end != word.npos)
        end += 2;
      const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
      std::error_code error;
      const auto file = fs::weakly_canonical(folder_ / path, error);
      if (path.is_absolute() || climbs || error || !lies_inside(folder_, file))
        throw FileError(path.string(), "lies outside the folder that is viewed");
    }
}

JobWords JobQueue::check(const JobRequest& request) const {
  const auto& command = runnable(request.command);
  for (const auto& input : request.inputs)
    require_inside(input);
  const auto session = command.start();
  for (const auto& [name, text] : request.values) {
    require_inside(text);
    for (const auto& setting : session.settings)
      if (setting.name == name && setting.value == "PROGRAM")
        throw OptionError(fmt::format("--{}: no program is chosen from a page", name));
  }
  apply_values(command, session.settings, {}, request.values);
  return {command_line_of(command, session.settings, request.inputs, request.values),
          python_call_of(command, session.settings, request.inputs, request.values)};
}

Index JobQueue::start(JobRequest request) {
  auto job = std::make_unique<Job>();
  job->state.words = check(request);
  const auto& command = runnable(request.command);
  if (request.inputs.size() < command.min_inputs)
    throw OptionError(fmt::format("{}: expected {}", command.name, command.inputs));
  for (const auto& [setting, text] : request.values)
    if (setting == "output")
      job->state.output = text;
  job->request = std::move(request);
  const std::lock_guard hold(mutex_);
  if (jobs_.size() >= most_jobs)
    throw OptionError(
        fmt::format("{} analyses were started here: start the viewer anew", most_jobs));
  job->state.number = static_cast<Index>(jobs_.size()) + 1;
  jobs_.push_back(std::move(job));
  wake_.notify_all();
  return static_cast<Index>(jobs_.size());
}

std::vector<JobState> JobQueue::states() const {
  const std::lock_guard hold(mutex_);
  std::vector<JobState> out;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job)
    out.push_back((*job)->state);
  return out;
}

void JobQueue::cancel(Index number) {
  const std::lock_guard hold(mutex_);
  if (number < 1 || number > static_cast<Index>(jobs_.size()))
    throw OptionError(fmt::format("no job has the number {}", number));
  auto& job = *jobs_[static_cast<std::size_t>(number - 1)];
  job.cancelled = true;
  if (job.state.status == JobStatus::queued)
    job.state.status = JobStatus::cancelled;
}

void JobQueue::work() {
  for (;;) {
    Job* next = nullptr;
    {
      std::unique_lock hold(mutex_);
      const auto find = [&] {
        const auto it = std::find_if(jobs_.begin(), jobs_.end(), [](const auto& job) {
          return job->state.status == JobStatus::queued;
        });
        next = it == jobs_.end() ? nullptr : it->get();
        return over_ || next != nullptr;
      };
      wake_.wait(hold, find);
      if (over_)
        return;
      next->state.status = JobStatus::running;
    }
    run(*next);
  }
}

void JobQueue::run(Job& job) {
  Monitor monitor;
  monitor.cancel = &job.cancelled;
  monitor.on_message = [&](Level level, std::string_view text) {
    if (level == Level::debug)
      return;
    const std::lock_guard hold(mutex_);
    auto& log = job.state.log;
    log.push_back(fmt::format("{}{}", level == Level::warning ? "warning: " : "", text));
    if (log.size() > longest_log)
      log.erase(log.begin());
  };
  monitor.on_progress = [&](const ProgressState& progress) {
    const std::lock_guard hold(mutex_);
    auto& state = job.state;
    state.done = progress.done;
    state.total = progress.total;
    state.progress = progress_text(progress);
  };
  std::string text;
  auto status = JobStatus::failed;
  try {
    const auto& command = find_command(job.request.command);
    const auto session = command.start();
    apply_values(command, session.settings, {}, job.request.values);
    text =
        run_session(command, session, job.request.inputs, {job.state.words.command_line}, monitor);
    status = JobStatus::done;
  } catch (const Interrupted&) {
    status = JobStatus::cancelled;
  } catch (const std::exception& error) {
    text = error.what();
  }
  const std::lock_guard hold(mutex_);
  job.state.text = std::move(text);
  job.state.status = status;
}

} // namespace vitrum::app
