// Members of a zip archive, as .npz files are.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

class ZipFile {
public:
  explicit ZipFile(const std::string& path); // throws FileError, FormatError
  ~ZipFile();
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;

  struct Member {
    std::string name;
    Index bytes = 0; // unpacked
  };
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  /// The first `count` bytes (all: −1) of a member. Throws FormatError.
  [[nodiscard]] std::vector<std::byte> read(std::size_t member, Index count = -1) const;
  void read(std::size_t member, Index skip, Index count, std::byte* out) const;

private:
  std::string path_;
  void* archive_ = nullptr;
  std::vector<Member> members_;
};

/// The member "name" or "name.npy"; the only one when `name` is empty. Throws FormatError that
/// lists the names.
[[nodiscard]] std::size_t
find_member(const ZipFile& zip, const std::string& path, const std::string& name);

} // namespace vitrum::io
