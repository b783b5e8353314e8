#include "path.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::io {

PathParts split_path(const std::string& path) {
  const auto at = path.rfind("::");
  // a file whose own name holds "::" is taken as it is
  if (at == std::string::npos || ::access(path.c_str(), F_OK) == 0)
    return {path, ""};
  return {path.substr(0, at), path.substr(at + 2)};
}

void require_readable_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw FileError(path, "cannot be opened", errno);
  if (S_ISDIR(status.st_mode))
    throw FileError(path, "is a folder, expected a file");
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw FileError(path, "cannot be opened", errno);
  ::close(descriptor);
}

void require_writable_name(const std::string& path, bool overwrite) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return;
  if (S_ISDIR(status.st_mode))
    throw FileError(path, "is a folder, expected the name of a file");
  if (!overwrite)
    throw FileError(path, "exists (use --overwrite to replace it)");
}

namespace {

template <class Iterator>
std::vector<std::string> list_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  Iterator entry(folder, error);
  for (; !error && entry != Iterator(); entry.increment(error))
    if (std::error_code unreadable; entry->is_regular_file(unreadable))
      files.push_back(entry->path().string());
  if (error)
    throw FileError(folder, "cannot be listed", error.value());
  std::sort(
      files.begin(), files.end(), [](const auto& a, const auto& b) { return numeric_less(a, b); });
  return files;
}

} // namespace

std::vector<std::string> files_in(const std::string& folder, bool deep) {
  return deep ? list_files<std::filesystem::recursive_directory_iterator>(folder)
              : list_files<std::filesystem::directory_iterator>(folder);
}

std::string missing_numbers(const std::vector<std::string>& files) {
  namespace fs = std::filesystem;
  // the last number in a name, apart from what follows it
  const auto number_of = [](const std::string& file) -> std::optional<Index> {
    const std::string name = fs::path(file).stem().string();
    const auto last = name.find_last_of("0123456789");
    if (last == std::string::npos)
      return std::nullopt;
    const auto before = name.find_last_not_of("0123456789", last);
    const auto first = before == std::string::npos ? 0 : before + 1;
    Index value = 0;
    const auto [stop, error] = std::from_chars(name.data() + first, name.data() + last + 1, value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
  };
  std::vector<std::pair<std::size_t, Index>> steps; // after which file, to the next one
  for (std::size_t i = 0; i + 1 < files.size(); ++i) {
    if (fs::path(files[i]).parent_path() != fs::path(files[i + 1]).parent_path())
      continue;
    const auto here = number_of(files[i]), next = number_of(files[i + 1]);
    if (!here || !next || *next <= *here)
      return "";
    steps.emplace_back(i, *next - *here);
  }
  if (steps.size() < 2)
    return "";
  Index step = steps[0].second;
  for (const auto& [at, one] : steps)
    step = std::min(step, one);
  std::size_t first = files.size();
  Index missing = 0, jumps = 0;
  for (const auto& [at, one] : steps)
    if (one != step) {
      first = std::min(first, at);
      missing += one / step - 1;
      ++jumps;
    }
  // names that are times of day and the like are no numbering
  if (jumps == 0 || 5 * jumps > static_cast<Index>(steps.size()))
    return "";
  return fmt::format("{} file number{} missing, the first between {} and {}: the frames that are "
                     "there count as neighbours, times after a missing one are too early",
                     missing,
                     missing == 1 ? " is" : "s are",
                     fs::path(files[first]).filename().string(),
                     fs::path(files[first + 1]).filename().string());
}

std::vector<std::string> files_of_stem(const std::string& name) {
  for (const char* end : {"", ".bin"}) {
    std::vector<std::string> parts;
    for (int k = 0; k < 1000; ++k) {
      parts.push_back(fmt::format("{}{}.{:03}", name, end, k));
      if (!std::filesystem::exists(parts.back())) {
        parts.pop_back();
        break;
      }
    }
    if (!parts.empty())
      return parts;
  }
  if (std::filesystem::exists(name + ".bin"))
    return {name + ".bin"};
  return {};
}

Index file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw FileError(path, "cannot be opened", errno);
  return static_cast<Index>(status.st_size);
}

std::vector<unsigned char> first_bytes(const std::string& path, Index count) {
  require_readable_file(path);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(count));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto got = ::read(descriptor, bytes.data(), bytes.size());
  const int error = errno;
  ::close(descriptor);
  if (got < 0)
    throw FileError(path, "cannot be read", error);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

std::string lower_extension(const std::string& path) {
  std::string text = std::filesystem::path(path).extension().string();
  if (!text.empty())
    text.erase(0, 1);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

bool numeric_less(std::string_view a, std::string_view b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (!a.empty() && !b.empty()) {
    if (digit(a[0]) && digit(b[0])) {
      const auto run = [&](std::string_view& text) {
        std::size_t n = 0;
        while (n < text.size() && digit(text[n]))
          ++n;
        std::string_view number = text.substr(0, n);
        text.remove_prefix(n);
        while (number.size() > 1 && number[0] == '0')
          number.remove_prefix(1);
        return number;
      };
      const auto x = run(a);
      const auto y = run(b);
      if (x.size() != y.size())
        return x.size() < y.size();
      if (x != y)
        return x < y;
    } else {
      if (a[0] != b[0])
        return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.empty() && !b.empty();
}

} // namespace vitrum::io
