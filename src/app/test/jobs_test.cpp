#include "vitrum/app/jobs.hpp"

#include <chrono>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "vitrum/core/error.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// Jobs work in the folder of the process.
class Jobs : public testing::Test {
protected:
  Jobs()
      : before_(fs::current_path()), folder_(fs::canonical(fs::temp_directory_path()) /
                                             ("vitrum_jobs_" + std::to_string(getpid()))) {
    fs::create_directories(folder_ / "inner");
    fs::current_path(folder_);
  }
  ~Jobs() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
  }
  static JobState wait(const JobQueue& queue, Index number) {
    for (int i = 0; i < 6000; ++i) {
      for (auto& state : queue.states())
        if (state.number == number && state.status != JobStatus::queued &&
            state.status != JobStatus::running)
          return state;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw DataError("job does not end");
  }
  static std::string refusal(const JobQueue& queue, const JobRequest& request) {
    try {
      (void)queue.check(request);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
  fs::path before_, folder_;
};

JobRequest movie(const std::string& output, const char* frames, const char* edge) {
  return {"synth xpcs",
          {},
          {{"frames", frames},
           {"height", edge},
           {"width", edge},
           {"tau", "10"},
           {"q-bins", "1"},
           {"output", output}}};
}

JobRequest small_movie(const std::string& output) {
  return movie(output, "200", "24");
}

/// Takes minutes.
JobRequest long_movie(const std::string& output) {
  return movie(output, "20000", "512");
}

TEST_F(Jobs, RunOneAfterTheOtherAndLeaveWhatTheCommandLineLeaves) {
  JobQueue queue(folder_);
  EXPECT_EQ(queue.start(small_movie("movie.h5")), 1);
  EXPECT_EQ(queue.start({"xpcs", {"movie.h5"}, {{"models", "kww,ml"}, {"output", "r.h5"}}}), 2);
  const auto done = wait(queue, 2);
  EXPECT_EQ(done.status, JobStatus::done) << done.text;
  EXPECT_EQ(done.words.command_line, "vitrum xpcs movie.h5 --models kww,ml -o r.h5");
  EXPECT_EQ(done.words.python,
            "vitrum.xpcs(\"movie.h5\", models=[\"kww\", \"ml\"], output=\"r.h5\")");
  EXPECT_EQ(done.output, "r.h5");
  EXPECT_THAT(done.text, HasSubstr("tau = "));
  EXPECT_EQ(done.done, done.total);
  EXPECT_EQ(wait(queue, 1).status, JobStatus::done);
  EXPECT_EQ(io::read_tree("r.h5").text("entry/process/command_line"), done.words.command_line);
}

TEST_F(Jobs, FailureHasTheMessageOfTheCommandLine) {
  JobQueue queue(folder_);
  const auto number = queue.start({"xpcs", {"absent.h5"}, {{"output", "r.h5"}}});
  const auto state = wait(queue, number);
  EXPECT_EQ(state.status, JobStatus::failed);
  EXPECT_THAT(state.text, HasSubstr("absent.h5: "));
  EXPECT_FALSE(fs::exists("r.h5"));
}

TEST_F(Jobs, CancelledWhileTheyRunAndWhileTheyWait) {
  JobQueue queue(folder_);
  const auto first = queue.start(long_movie("long.h5"));
  const auto second = queue.start(small_movie("never.h5"));
  queue.cancel(second);
  queue.cancel(first);
  EXPECT_EQ(wait(queue, first).status, JobStatus::cancelled);
  EXPECT_EQ(wait(queue, second).status, JobStatus::cancelled);
  EXPECT_FALSE(fs::exists("never.h5"));
  EXPECT_FALSE(fs::exists("long.h5"));
  EXPECT_THROW(queue.cancel(3), OptionError);
  EXPECT_EQ(wait(queue, queue.start(small_movie("next.h5"))).status, JobStatus::done);
}

TEST_F(Jobs, EndWithTheQueue) {
  const auto began = std::chrono::steady_clock::now();
  {
    JobQueue queue(folder_);
    (void)queue.start(long_movie("long.h5"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
}

TEST_F(Jobs, NothingOutsideTheFolder) {
  JobQueue queue(folder_);
  fs::create_symlink("/etc", "inner/out");
  const std::string outside = ": lies outside the folder that is viewed";
  EXPECT_EQ(refusal(queue, {"xpcs", {"/etc/passwd"}, {}}), "/etc/passwd" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {"../x.h5"}, {}}), "../x.h5" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {"inner/out/x.h5::/data"}, {}}), "inner/out/x.h5" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {"a.h5"}, {{"mask", "a.npy,/etc/shadow"}}}),
            "/etc/shadow" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {"a.h5"}, {{"output", "inner/../../r.h5"}}}),
            "inner/../../r.h5" + outside);
  // a name may hold "::" itself: every place where it could end is looked at
  EXPECT_EQ(refusal(queue, {"xpcs", {"a.h5"}, {{"output", "a::x/../../r.h5"}}}),
            "a::x/../../r.h5" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {"a::x/../../secret.h5::d"}, {}}),
            "a::x/../../secret.h5" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {"inner/out::a/x.h5"}, {}}), "inner/out" + outside);
  EXPECT_EQ(refusal(queue, {"demo", {}, {{"output", "a,b/../../elsewhere"}}}),
            "a,b/../../elsewhere" + outside);
  EXPECT_EQ(refusal(queue, {"xpcs", {std::string("a\0/etc", 6)}, {}}), outside);
  EXPECT_EQ(refusal(queue, {"md simulate", {}, {{"lammps", "inner/lmp"}}}),
            "--lammps: no program is chosen from a page");
  EXPECT_EQ(refusal(queue, {"xpcs", {"inner/a.h5::/entry/data"}, {{"output", "inner/r.h5"}}}),
            "accepted");
}

TEST_F(Jobs, RefusesWhatTheCommandLineRefuses) {
  JobQueue queue(folder_);
  EXPECT_EQ(refusal(queue, {"xpcss", {"a.h5"}, {}}),
            "unknown command 'xpcss', did you mean 'xpcs'?");
  EXPECT_EQ(refusal(queue, {"info", {"a.h5"}, {}}), "info: is not run from a page");
  EXPECT_EQ(refusal(queue, {"xpcs", {"a.h5"}, {{"modles", "kww"}}}),
            "unknown flag '--modles', did you mean '--models'?");
  EXPECT_THAT(refusal(queue, {"xpcs", {"a.h5"}, {{"q-bins", "many"}}}), HasSubstr("q-bins"));
  EXPECT_THROW(queue.start({"xpcs", {}, {}}), OptionError);
  EXPECT_TRUE(queue.states().empty());
}

TEST_F(Jobs, EveryRunnableCommandWritesSomething) {
  std::vector<std::string> names;
  for (const auto* command : runnable_commands())
    names.push_back(command->name);
  EXPECT_THAT(names,
              testing::IsSupersetOf({"demo", "synth xpcs", "xpcs", "ecm", "fem", "age", "report"}));
  EXPECT_THAT(names, testing::Not(testing::Contains("info")));
  EXPECT_THAT(names, testing::Not(testing::Contains("show")));
}

} // namespace
} // namespace vitrum::app
