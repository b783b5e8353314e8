#include "hdf5_handle.hpp"

#include <fmt/format.h>

#include "filters.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io::h5 {
namespace {

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

int depth = 0; // of locks, all of the thread that has the mutex

herr_t keep_first(unsigned n, const H5E_error2_t* entry, void* out) {
  if (n == 0 && entry->desc != nullptr)
    *static_cast<std::string*>(out) = entry->desc;
  return 0;
}

} // namespace

Lock::Lock() : lock_(library_mutex()) {
  ++depth;
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  static const bool registered = (register_filters(), true);
  static_cast<void>(registered);
}

Lock::~Lock() {
  // What failed is on a stack of this thread. Left there when the program ends, it keeps the
  // library from closing: it says so and gives up flushing.
  if (--depth == 0)
    H5Eclear2(H5E_DEFAULT);
  H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
}

void Handle::reset() {
  if (id_ >= 0)
    H5Idec_ref(id_);
  id_ = -1;
}

Handle::~Handle() {
  if (id_ >= 0) {
    const Lock lock;
    H5Idec_ref(id_);
  }
}

std::string reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "no reason given" : text;
}

void check(bool failed, std::string_view path, std::string_view place, std::string_view what) {
  if (failed)
    throw FormatError(path, place, fmt::format("{} ({})", what, reason()), "");
}

namespace {
thread_local bool it_grows = false;
}

bool set_growing(bool on) {
  return std::exchange(it_grows, on);
}
bool growing() {
  return it_grows;
}

Handle open_file(const std::string& path) {
  require_readable_file(path);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS));
  if (it_grows)
    H5Pset_file_locking(access.get(), false, true);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_WEAK);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
  if (!file) {
    const auto why = reason();
    if (it_grows) // by one that lets others read (SWMR)?
      file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, access.get()));
    H5Eclear2(H5E_DEFAULT);
    if (!file)
      throw FormatError(path, "", fmt::format("unreadable HDF5 ({})", why), "an HDF5 file");
  }
  return file;
}

bool exists(hid_t location, const std::string& name) {
  // each link of the chain is asked for: H5Lexists fails on a chain whose middle is missing
  for (std::size_t slash = name.find('/', 1);; slash = name.find('/', slash + 1)) {
    const std::string part = name.substr(0, slash);
    if (part != "/" && H5Lexists(location, part.c_str(), H5P_DEFAULT) <= 0) {
      H5Eclear2(H5E_DEFAULT);
      return false;
    }
    if (slash == std::string::npos)
      break;
  }
  const bool there = name == "/" || H5Oexists_by_name(location, name.c_str(), H5P_DEFAULT) > 0;
  H5Eclear2(H5E_DEFAULT);
  return there;
}

} // namespace vitrum::io::h5
