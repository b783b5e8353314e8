#include "vitrum/io/map_file.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "hdf5_tree.hpp"
#include "hdf5_write.hpp"
#include "output_file.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"

namespace vitrum::io {
namespace {

constexpr Index value_bytes = sizeof(float);

/// The group above a dataset, made with all groups above it.
h5::Handle group_above(hid_t file, const std::string& path, const std::string& name) {
  h5::Handle group(H5Gopen2(file, "/", H5P_DEFAULT));
  for (std::size_t from = 1;;) {
    const auto slash = path.find('/', from);
    if (slash == std::string::npos)
      return group;
    const std::string part = path.substr(from, slash - from);
    group = h5::exists(group.get(), part)
                ? h5::Handle(H5Gopen2(group.get(), part.c_str(), H5P_DEFAULT))
                : h5::create_group(group.get(), part, name);
    from = slash + 1;
  }
}

void add_array(hid_t file, const MapLayout& layout, const std::string& name) {
  const auto fail = [&](bool failed) {
    if (failed)
      throw FileError(name, fmt::format("{} cannot be made: {}", layout.path, h5::reason()));
  };
  const h5::Handle group = group_above(file, layout.path, name);
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t chunk[2] = {static_cast<hsize_t>(layout.chunk), static_cast<hsize_t>(layout.chunk)};
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  H5Pset_chunk(creation.get(), 2, chunk);
  H5Pset_fill_value(creation.get(), H5T_NATIVE_FLOAT, &nan);
  H5Pset_attr_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED);
  const h5::Handle space = h5::make_space({layout.size, layout.size});
  const auto leaf = layout.path.substr(layout.path.rfind('/') + 1);
  const h5::Handle dataset(H5Dcreate2(group.get(),
                                      leaf.c_str(),
                                      H5T_IEEE_F32LE,
                                      space.get(),
                                      H5P_DEFAULT,
                                      creation.get(),
                                      H5P_DEFAULT));
  fail(!dataset);
  const Buffer<float> nothing(layout.chunk_values()); // nobody looks at it
  for (const auto& [row, column] : layout.chunks) {
    const hsize_t offset[2] = {static_cast<hsize_t>(row * layout.chunk),
                               static_cast<hsize_t>(column * layout.chunk)};
    fail(H5Dwrite_chunk(
             dataset.get(), H5P_DEFAULT, 0, offset, nothing.span().size_bytes(), nothing.data()) <
         0);
  }
}

/// All of a buffer at one place, by pread or pwrite.
template <class Transfer, class Byte>
void transfer(
    Transfer&& call, Byte* bytes, Index count, Index at, const std::string& name, bool reading) {
  while (count > 0) {
    const auto done = call(bytes, static_cast<std::size_t>(count), static_cast<off_t>(at));
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      throw FileError(name, reading ? "cannot be read" : "cannot be written", errno);
    if (done == 0)
      throw reading ? FileError(name, fmt::format("ends at byte {}, expected a chunk there", at))
                    : FileError(name, "cannot be written", ENOSPC);
    bytes += done;
    at += done;
    count -= done;
  }
}

} // namespace

std::unique_ptr<MapFile> MapFile::make(const std::string& part,
                                       const std::string& name,
                                       std::span<const MapLayout> layouts) {
  std::unique_ptr<MapFile> file(new MapFile(part, name));
  file->open(true, true);
  file->build(layouts);
  file->require_room();
  return file;
}

std::unique_ptr<MapFile>
MapFile::resume(const std::string& part, const std::string& name, MapTable table) {
  std::unique_ptr<MapFile> file(new MapFile(part, name));
  file->keep_ = true;
  file->open(false, true);
  file->table_ = std::move(table);
  const MapTable& t = file->table_;
  const auto put = [&](const void* from, std::size_t count, off_t at) {
    return ::pwrite(file->descriptor_, from, count, at);
  };
  Index done = 0;
  for (std::size_t i = 0; i < t.piece.size(); ++i) {
    transfer(put, t.structure.data() + done, t.length[i], t.piece[i], name, false);
    done += t.length[i];
  }
  if (::ftruncate(file->descriptor_, static_cast<off_t>(t.bytes)) != 0)
    throw FileError(name, "cannot be written", errno);
  return file;
}

std::unique_ptr<MapFile>
MapFile::join(const std::string& part, const std::string& name, MapTable table) {
  std::unique_ptr<MapFile> file(new MapFile(part, name));
  file->keep_ = true;
  file->open(false, false);
  file->table_ = std::move(table);
  return file;
}

void MapFile::open(bool create, bool lock) {
  const int how = O_RDWR | (create ? O_CREAT : 0) | O_CLOEXEC;
  descriptor_ = ::open(part_.c_str(), how, 0666);
  if (descriptor_ < 0)
    throw FileError(name_, create ? "cannot be made" : "cannot be opened", errno);
  if (lock && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    keep_ = true; // it is the other's
    throw FileError(name_, fmt::format("{} is being written by another process", part_));
  }
}

void MapFile::build(std::span<const MapLayout> layouts) {
  std::vector<haddr_t> places;
  {
    const h5::Lock hold;
    int error = 0;
    h5::Handle file = h5::create_file(part_, name_, &error, &places);
    for (const auto& layout : layouts)
      add_array(file.get(), layout, name_);
    h5::close_file(std::move(file), name_, error);
    // texts of attributes count as data in the file, so they come when data are written
    file = h5::reopen_file(part_, name_, &error);
    for (const auto& layout : layouts) {
      const h5::Handle dataset(H5Dopen2(file.get(), layout.path.c_str(), H5P_DEFAULT));
      for (const auto& [key, value] : layout.attributes)
        h5::write_attribute(dataset.get(), key, value, name_, layout.path);
    }
    h5::close_file(std::move(file), name_, error);
  }
  std::vector<std::pair<Index, Index>> extents; // offset, bytes
  for (const auto& layout : layouts)
    for (std::size_t c = 0; c < layout.chunks.size(); ++c) {
      table_.place.push_back(static_cast<Index>(places.at(table_.place.size())));
      extents.emplace_back(table_.place.back(), layout.chunk_values() * value_bytes);
    }
  std::sort(extents.begin(), extents.end());
  struct stat status {};
  ::fstat(descriptor_, &status);
  table_.bytes = static_cast<Index>(status.st_size);
  extents.emplace_back(table_.bytes, 0);
  Index at = 0;
  for (const auto& [place, bytes] : extents) {
    if (place > at) {
      table_.piece.push_back(at);
      table_.length.push_back(place - at);
    }
    at = place + bytes;
  }
  const auto get = [&](void* to, std::size_t count, off_t from) {
    return ::pread(descriptor_, to, count, from);
  };
  for (std::size_t i = 0; i < table_.piece.size(); ++i) {
    const auto done = table_.structure.size();
    table_.structure.resize(done + static_cast<std::size_t>(table_.length[i]));
    transfer(get, table_.structure.data() + done, table_.length[i], table_.piece[i], name_, true);
  }
}

void MapFile::require_room() const {
  std::error_code none;
  const auto folder = std::filesystem::path(part_).parent_path();
  const auto space = std::filesystem::space(folder.empty() ? "." : folder, none);
  if (!none && static_cast<Index>(space.available) < table_.bytes)
    throw FileError(name_,
                    fmt::format("the two-time maps take {:.1f} GB, the disk has {:.1f} GB left",
                                static_cast<double>(table_.bytes) * 1e-9,
                                static_cast<double>(space.available) * 1e-9));
}

MapFile::~MapFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!keep_)
    ::unlink(part_.c_str());
}

void MapFile::write(Index chunk, std::span<const float> values) {
  transfer([&](const void* from,
               std::size_t count,
               off_t at) { return ::pwrite(descriptor_, from, count, at); },
           reinterpret_cast<const char*>(values.data()),
           static_cast<Index>(values.size_bytes()),
           table_.place.at(static_cast<std::size_t>(chunk)),
           name_,
           false);
}

void MapFile::read(Index chunk, std::span<float> values, Index first) const {
  transfer(
      [&](void* to, std::size_t count, off_t at) { return ::pread(descriptor_, to, count, at); },
      reinterpret_cast<char*>(values.data()),
      static_cast<Index>(values.size_bytes()),
      table_.place.at(static_cast<std::size_t>(chunk)) + first * value_bytes,
      name_,
      true);
}

void MapFile::sync() {
  if (::fdatasync(descriptor_) != 0)
    throw FileError(name_, "cannot be put on disk", errno);
}

void MapFile::finish(const Tree& rest, const std::string& path, bool overwrite) {
  constexpr int compression_level = 1;
  ::flock(descriptor_, LOCK_UN); // those who read the result lock it themselves
  {
    const h5::Lock hold;
    int error = 0;
    h5::Handle file = h5::reopen_file(part_, name_, &error);
    const h5::Handle root(H5Gopen2(file.get(), "/", H5P_DEFAULT));
    h5::write_group(root.get(), rest, &rest, "", compression_level, name_);
    h5::close_file(std::move(file), name_, error);
  }
  if (::fsync(descriptor_) != 0)
    throw FileError(name_, "cannot be put on disk", errno);
  put_in_place(part_, path, overwrite);
  keep_ = true;
}

} // namespace vitrum::io
