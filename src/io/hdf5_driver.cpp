#include "hdf5_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <new>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vitrum::io::h5 {
namespace {

constexpr haddr_t page_bytes = 4096;

struct File {
  H5FD_t common; // first: HDF5 sees this part
  int descriptor;
  int* error;
  std::vector<haddr_t>* places; // of arrays that are not written; null: they are
  haddr_t end_of_addresses, end_of_file;
  std::map<haddr_t, std::vector<char>> pages; // what could not be written, by number of the page

  void read_stored(haddr_t at, std::size_t size, char* out) const {
    std::memset(out, 0, size);
    while (size > 0) {
      const auto got = ::pread(descriptor, out, size, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return; // beyond the end: zeros
      at += static_cast<haddr_t>(got);
      out += got;
      size -= static_cast<std::size_t>(got);
    }
  }

  /// Calls part(page, offset in it, bytes, position in the buffer) for each page that is touched.
  template <class Part>
  static void for_each_page(haddr_t at, std::size_t size, Part&& part) {
    for (std::size_t done = 0; done < size;) {
      const haddr_t page = (at + done) / page_bytes;
      const std::size_t offset = static_cast<std::size_t>((at + done) % page_bytes);
      const std::size_t some = std::min(size - done, static_cast<std::size_t>(page_bytes) - offset);
      part(page, offset, some, done);
      done += some;
    }
  }
};

struct Settings {
  int* error;
  std::vector<haddr_t>* places;
};

File* as_file(H5FD_t* file) {
  return reinterpret_cast<File*>(file);
}
const File* as_file(const H5FD_t* file) {
  return reinterpret_cast<const File*>(file);
}

H5FD_t* open_driver(const char* name, unsigned flags, hid_t access, haddr_t) {
  const auto* settings = static_cast<const Settings*>(H5Pget_driver_info(access));
  if (settings == nullptr)
    return nullptr;
  const int how = ((flags & H5F_ACC_RDWR) != 0 ? O_RDWR : O_RDONLY) |
                  ((flags & H5F_ACC_TRUNC) != 0 ? O_TRUNC : 0) |
                  ((flags & H5F_ACC_CREAT) != 0 ? O_CREAT : 0) | O_CLOEXEC;
  const int descriptor = ::open(name, how, 0666);
  if (descriptor < 0)
    return nullptr;
  struct stat status {};
  ::fstat(descriptor, &status);
  auto* file = new (std::nothrow) File{};
  if (file == nullptr) {
    ::close(descriptor);
    return nullptr;
  }
  file->descriptor = descriptor;
  file->error = settings->error;
  file->places = settings->places;
  file->end_of_file = static_cast<haddr_t>(status.st_size);
  return &file->common;
}

herr_t close_driver(H5FD_t* file) {
  ::close(as_file(file)->descriptor);
  delete as_file(file);
  return 0;
}

herr_t query_driver(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t get_end_of_addresses(const H5FD_t* file, H5FD_mem_t) {
  return as_file(file)->end_of_addresses;
}

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  as_file(file)->end_of_addresses = address;
  return 0;
}

haddr_t get_end_of_file(const H5FD_t* file, H5FD_mem_t) {
  return as_file(file)->end_of_file;
}

herr_t read_driver(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t size, void* out) {
  const File& f = *as_file(file);
  f.read_stored(at, size, static_cast<char*>(out));
  if (!f.pages.empty())
    File::for_each_page(
        at, size, [&](haddr_t page, std::size_t offset, std::size_t some, std::size_t done) {
          if (const auto held = f.pages.find(page); held != f.pages.end())
            std::memcpy(static_cast<char*>(out) + done, held->second.data() + offset, some);
        });
  return 0;
}

herr_t
write_driver(H5FD_t* file, H5FD_mem_t type, hid_t, haddr_t at, std::size_t size, const void* data) {
  File& f = *as_file(file);
  if (type == H5FD_MEM_DRAW && f.places != nullptr) {
    f.places->push_back(at);
    return 0;
  }
  f.end_of_file = std::max(f.end_of_file, at + size);
  const char* from = static_cast<const char*>(data);
  std::size_t left = size;
  for (haddr_t to = at; left > 0 && *f.error == 0;) {
    const auto done = ::pwrite(f.descriptor, from, left, static_cast<off_t>(to));
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0) {
      *f.error = done < 0 ? errno : ENOSPC;
      break;
    }
    from += done;
    to += static_cast<haddr_t>(done);
    left -= static_cast<std::size_t>(done);
  }
  // the library must be able to read its own metadata back until it has closed the file
  if (*f.error != 0 && type != H5FD_MEM_DRAW)
    File::for_each_page(
        at, size, [&](haddr_t page, std::size_t offset, std::size_t some, std::size_t done) {
          auto& held = f.pages[page];
          if (held.empty()) {
            held.resize(page_bytes);
            f.read_stored(page * page_bytes, page_bytes, held.data());
          }
          std::memcpy(held.data() + offset, static_cast<const char*>(data) + done, some);
        });
  return 0;
}

herr_t truncate_driver(H5FD_t* file, hid_t, hbool_t) {
  File& f = *as_file(file);
  if (f.end_of_addresses != f.end_of_file && *f.error == 0) {
    if (::ftruncate(f.descriptor, static_cast<off_t>(f.end_of_addresses)) != 0)
      *f.error = errno;
    f.end_of_file = f.end_of_addresses;
  }
  return 0;
}

hid_t driver() {
  static const hid_t id = [] {
    H5FD_class_t description{};
    description.name = "vitrum";
    description.maxaddr = (haddr_t{1} << 62) - 1;
    description.fc_degree = H5F_CLOSE_STRONG;
    description.fapl_size = sizeof(Settings);
    description.open = open_driver;
    description.close = close_driver;
    description.query = query_driver;
    description.get_eoa = get_end_of_addresses;
    description.set_eoa = set_end_of_addresses;
    description.get_eof = get_end_of_file;
    description.read = read_driver;
    description.write = write_driver;
    description.truncate = truncate_driver;
    for (auto& type : description.fl_map)
      type = H5FD_MEM_DEFAULT;
    return H5FDregister(&description);
  }();
  return id;
}

} // namespace

void use_patient_driver(hid_t access, int* error) {
  use_planning_driver(access, error, nullptr);
}

void use_planning_driver(hid_t access, int* error, std::vector<haddr_t>* places) {
  const Settings settings{error, places};
  H5Pset_driver(access, driver(), &settings);
}

} // namespace vitrum::io::h5
