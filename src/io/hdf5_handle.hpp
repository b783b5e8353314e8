// Owning HDF5 identifiers, one lock round the library, and its error stack as one line of text.
// Every function below and in hdf5_read.hpp is called with a Lock held.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <hdf5.h>

namespace vitrum::io::h5 {

/// Serialises all use of the library and keeps it from printing. Registers the filters of
/// filters.hpp the first time. May be taken again by the thread that holds it.
class Lock {
public:
  Lock();
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

private:
  std::unique_lock<std::recursive_mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

/// An identifier that is released at the end of its scope.
class Handle {
public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  [[nodiscard]] hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  void reset();

private:
  hid_t id_ = -1;
};

/// The innermost entry of the library's error stack, in words; empties the stack.
[[nodiscard]] std::string reason();

/// Throws FormatError(path, place, "<what>: <reason>") when `failed`.
void check(bool failed, std::string_view path, std::string_view place, std::string_view what);

/// Opens for reading. Throws FileError when the system refuses, FormatError when it is not HDF5.
[[nodiscard]] Handle open_file(const std::string& path);
/// Whether this thread reads files that grow, see WhileItGrows. Returns what was.
bool set_growing(bool on);
[[nodiscard]] bool growing();

/// True when a link chain `name` (no leading slash, or an absolute path) leads to an object.
[[nodiscard]] bool exists(hid_t location, const std::string& name);

} // namespace vitrum::io::h5
