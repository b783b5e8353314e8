// Helpers of the io tests: scratch folders, whole series, exact messages.
#pragma once
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "data_paths.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/frames/frame_source.hpp"

namespace vitrum::io::testing {

/// A folder of its own for each test, removed afterwards.
class Scratch {
public:
  Scratch() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::temp_directory_path() / ("vitrum_io_" + std::to_string(::getpid()) + "_" +
                                                  test->test_suite_name() + "_" + test->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() {
    std::error_code none;
    std::filesystem::remove_all(folder_, none);
  }
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] std::string folder() const { return folder_.string(); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      list.push_back(entry.path().filename().string());
    return list;
  }

private:
  std::filesystem::path folder_;
};

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All pixels of a series as doubles.
inline std::vector<double> all_values(frames::FrameSource& source) {
  const auto& info = source.info();
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.frames * info.frame_bytes()));
  source.read(0, info.frames, bytes.data());
  std::vector<double> out(static_cast<std::size_t>(info.frames * info.pixels()));
  frames::visit(info.type, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (std::size_t i = 0; i < out.size(); ++i) {
      T value;
      std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
      out[i] = static_cast<double>(value);
    }
  });
  return out;
}

/// The message of the error that `action` throws; fails when it throws none.
template <class ErrorType = Error, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const ErrorType& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error of the expected type";
  return "";
}

inline bool shared_file(const std::string& name, std::string& path) {
  path = shared_data() + "/" + name;
  return std::filesystem::exists(path);
}

} // namespace vitrum::io::testing
