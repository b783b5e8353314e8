#include "zip_file.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include "path.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

zip_t* as_zip(void* archive) {
  return static_cast<zip_t*>(archive);
}

} // namespace

ZipFile::ZipFile(const std::string& path) : path_(path) {
  require_readable_file(path);
  int code = 0;
  archive_ = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (archive_ == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw FormatError(path, "", fmt::format("unreadable zip archive ({})", text), "an .npz file");
  }
  const Index total = file_size(path);
  const auto count = zip_get_num_entries(as_zip(archive_), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t status;
    zip_stat_init(&status);
    const bool known =
        zip_stat_index(as_zip(archive_), static_cast<zip_uint64_t>(i), 0, &status) == 0;
    Member member{known && status.name != nullptr ? status.name : "",
                  known ? static_cast<Index>(status.size) : -1};
    // deflate packs at most about a thousandfold
    if (member.bytes < 0 || member.bytes / 2000 > total)
      member.bytes = -1;
    members_.push_back(std::move(member));
  }
}

ZipFile::~ZipFile() {
  zip_discard(as_zip(archive_));
}

void ZipFile::read(std::size_t member, Index skip, Index count, std::byte* out) const {
  const auto& name = members_[member].name;
  zip_file_t* file = zip_fopen_index(as_zip(archive_), member, 0);
  if (file == nullptr)
    throw FormatError(
        path_, name, fmt::format("cannot be read ({})", zip_strerror(as_zip(archive_))), "");
  std::vector<std::byte> passed(static_cast<std::size_t>(std::min<Index>(skip, 1 << 20)));
  std::string failure;
  while ((skip > 0 || count > 0) && failure.empty()) {
    std::byte* to = skip > 0 ? passed.data() : out;
    const Index want = skip > 0 ? std::min<Index>(skip, static_cast<Index>(passed.size())) : count;
    const auto got = zip_fread(file, to, static_cast<zip_uint64_t>(want));
    if (got <= 0)
      failure = got == 0 ? "ends early" : zip_file_strerror(file);
    else if (skip > 0)
      skip -= got;
    else {
      out += got;
      count -= got;
    }
  }
  zip_fclose(file);
  if (!failure.empty())
    throw FormatError(path_, name, fmt::format("cannot be unpacked ({})", failure), "");
}

std::vector<std::byte> ZipFile::read(std::size_t member, Index count) const {
  const Index held = members_[member].bytes;
  if (held < 0)
    throw FormatError(path_, members_[member].name, "states no possible size", "");
  std::vector<std::byte> bytes(static_cast<std::size_t>(count < 0 ? held : std::min(count, held)));
  read(member, 0, static_cast<Index>(bytes.size()), bytes.data());
  return bytes;
}

std::size_t find_member(const ZipFile& zip, const std::string& path, const std::string& name) {
  std::vector<std::string> names;
  std::vector<std::size_t> arrays;
  for (std::size_t i = 0; i < zip.members().size(); ++i) {
    const std::string& full = zip.members()[i].name;
    const std::string stem = full.ends_with(".npy") ? full.substr(0, full.size() - 4) : full;
    if (!name.empty() && (full == name || stem == name))
      return i;
    if (full.ends_with(".npy")) {
      arrays.push_back(i);
      names.push_back(stem);
    }
  }
  if (name.empty() && arrays.size() == 1)
    return arrays[0];
  if (name.empty())
    throw FormatError(
        path,
        "",
        fmt::format("{} arrays", arrays.size()),
        arrays.empty()
            ? "one"
            : fmt::format("the name of one as {}::name: {}", path, fmt::join(names, ", ")));
  throw FormatError(path,
                    name,
                    "no such array",
                    names.empty() ? "" : fmt::format("one of: {}", fmt::join(names, ", ")));
}

} // namespace vitrum::io
