// A small result to ask for, made once: a virtual experiment with an event, analysed.
#pragma once
#include <cmath>
#include <filesystem>
#include <string>

#include <unistd.h>

#include "vitrum/app/commands.hpp"

namespace vitrum::server {

class SmallResult {
public:
  static const SmallResult& get() {
    static const SmallResult made;
    return made;
  }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }

  static constexpr Index frames = 160;
  static constexpr double window_s = 32;

private:
  SmallResult() {
    folder_ = std::filesystem::canonical(std::filesystem::temp_directory_path()) /
              ("vitrum_server_test_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "inner");
    app::SynthXpcsOptions synth;
    synth.frames = frames;
    synth.height = synth.width = 40;
    synth.q_bins = 2;
    synth.tau_s = 12;
    synth.mean_counts = 4;
    synth.output.output = path("movie.h5");
    (void)app::run_synth_xpcs(synth, {"vitrum synth"}, silent());
    app::XpcsOptions xpcs;
    xpcs.inputs = {path("movie.h5")};
    xpcs.partition.partition = path("movie_qmap.h5");
    xpcs.age.window_s = window_s;
    xpcs.fit.models = {"kww"};
    xpcs.output.output = path("result.h5");
    (void)app::run_xpcs(xpcs, {"vitrum xpcs"}, silent());
  }
  ~SmallResult() {
    std::error_code none;
    std::filesystem::remove_all(folder_, none);
  }
  std::filesystem::path folder_;
};

} // namespace vitrum::server
