#include "hdf5_write.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>

#include "hdf5_driver.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io::h5 {
namespace {

constexpr Index chunk_threshold_bytes = 16 * 1024;
constexpr Index chunk_values = 65536; // 256 × 256: tiles of two-time maps that viewers read alone
constexpr Index batch_bytes = Index{64} << 20;

void fail(bool failed, const std::string& path, const std::string& place) {
  if (failed)
    throw FileError(path, fmt::format("{} cannot be written: {}", place, reason()));
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

const char* plain_text(const std::string& text, const std::string& place) {
  if (text.find('\0') != std::string::npos)
    throw DataError(fmt::format("{}: text with a NUL character", place));
  return text.c_str();
}

std::vector<hsize_t> chunk_shape(const std::vector<Index>& shape) {
  std::vector<hsize_t> chunk(shape.size(), 1);
  Index room = chunk_values;
  for (std::size_t d = shape.size(); d-- > 0;) {
    // images are cut square, so that rows and columns cost alike
    const Index most =
        shape.size() > 1 && d + 1 == shape.size() ? std::min<Index>(room, 256) : room;
    const Index n = std::clamp<Index>(shape[d], 1, std::max<Index>(most, 1));
    chunk[d] = static_cast<hsize_t>(n);
    room /= n;
  }
  return chunk;
}

/// Copies one chunk out of a C-ordered array; what lies outside stays zero.
void cut(const std::byte* values,
         const std::vector<Index>& shape,
         const std::vector<hsize_t>& offset,
         const std::vector<hsize_t>& chunk,
         Index element,
         std::byte* out) {
  const std::size_t rank = shape.size();
  std::vector<Index> at(rank, 0);
  const std::size_t last = rank - 1;
  const Index run =
      std::min(static_cast<Index>(chunk[last]), shape[last] - static_cast<Index>(offset[last]));
  Index rows = 1;
  for (std::size_t d = 0; d < last; ++d)
    rows *= static_cast<Index>(chunk[d]);
  for (Index row = 0; row < rows; ++row) {
    Index rest = row;
    Index from = 0;
    bool inside = true;
    for (std::size_t d = last; d-- > 0;) {
      at[d] = rest % static_cast<Index>(chunk[d]);
      rest /= static_cast<Index>(chunk[d]);
    }
    for (std::size_t d = 0; d < last; ++d) {
      const Index position = static_cast<Index>(offset[d]) + at[d];
      inside = inside && position < shape[d];
      from = (from + position) * shape[d + 1];
    }
    if (inside)
      std::memcpy(out + row * static_cast<Index>(chunk[last]) * element,
                  values + (from + static_cast<Index>(offset[last])) * element,
                  static_cast<std::size_t>(run * element));
  }
}

std::vector<std::byte> pack(const std::vector<std::byte>& chunk, Index element, int level) {
  const auto count = static_cast<Index>(chunk.size()) / element;
  std::vector<std::byte> shuffled(chunk.size());
  for (Index j = 0; j < element; ++j)
    for (Index i = 0; i < count; ++i)
      shuffled[static_cast<std::size_t>(j * count + i)] =
          chunk[static_cast<std::size_t>(i * element + j)];
  auto bytes = compressBound(static_cast<uLong>(shuffled.size()));
  std::vector<std::byte> packed(bytes);
  if (compress2(reinterpret_cast<Bytef*>(packed.data()),
                &bytes,
                reinterpret_cast<const Bytef*>(shuffled.data()),
                static_cast<uLong>(shuffled.size()),
                level) != Z_OK)
    throw DataError("deflate ran out of memory");
  packed.resize(bytes);
  return packed;
}

/// Chunks are packed by all processors and written as they are.
void write_chunks(hid_t dataset,
                  const std::byte* values,
                  const std::vector<Index>& shape,
                  const std::vector<hsize_t>& chunk,
                  Index element,
                  int level,
                  const std::string& path,
                  const std::string& place) {
  Index total = 1;
  std::vector<Index> tiles(shape.size());
  Index chunk_bytes = element;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    tiles[d] = (shape[d] + static_cast<Index>(chunk[d]) - 1) / static_cast<Index>(chunk[d]);
    total *= tiles[d];
    chunk_bytes *= static_cast<Index>(chunk[d]);
  }
  const Index batch = std::max<Index>(batch_bytes / chunk_bytes, 1);
  for (Index first = 0; first < total; first += batch) {
    const Index count = std::min(batch, total - first);
    std::vector<std::vector<std::byte>> packed(static_cast<std::size_t>(count));
    std::vector<std::vector<hsize_t>> offsets(static_cast<std::size_t>(count));
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k) {
        std::vector<hsize_t> offset(shape.size());
        Index rest = first + k;
        for (std::size_t d = shape.size(); d-- > 0;) {
          offset[d] = static_cast<hsize_t>(rest % tiles[d]) * chunk[d];
          rest /= tiles[d];
        }
        std::vector<std::byte> bytes(static_cast<std::size_t>(chunk_bytes));
        cut(values, shape, offset, chunk, element, bytes.data());
        packed[static_cast<std::size_t>(k)] = pack(bytes, element, level);
        offsets[static_cast<std::size_t>(k)] = std::move(offset);
      }
    });
    for (std::size_t k = 0; k < packed.size(); ++k)
      fail(H5Dwrite_chunk(
               dataset, H5P_DEFAULT, 0, offsets[k].data(), packed[k].size(), packed[k].data()) < 0,
           path,
           place);
  }
}

template <class T>
void write_numbers(hid_t parent,
                   const std::string& name,
                   const Array& array,
                   const std::vector<T>& values,
                   int level,
                   const std::string& path,
                   const std::string& place) {
  const hid_t type = []() -> hid_t {
    if constexpr (std::is_same_v<T, double>)
      return H5T_IEEE_F64LE;
    else if constexpr (std::is_same_v<T, float>)
      return H5T_IEEE_F32LE;
    else if constexpr (std::is_same_v<T, std::uint8_t>)
      return H5T_STD_U8LE;
    else if constexpr (std::is_same_v<T, std::uint16_t>)
      return H5T_STD_U16LE;
    else if constexpr (std::is_same_v<T, std::uint32_t>)
      return H5T_STD_U32LE;
    else if constexpr (std::is_same_v<T, std::int32_t>)
      return H5T_STD_I32LE;
    else
      return H5T_STD_I64LE;
  }();
  const auto bytes = static_cast<Index>(values.size() * sizeof(T));
  const bool packed = level > 0 && bytes > chunk_threshold_bytes && !array.shape.empty();
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  std::vector<hsize_t> chunk;
  if (packed) {
    chunk = chunk_shape(array.shape);
    H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data());
    H5Pset_shuffle(creation.get());
    H5Pset_deflate(creation.get(), static_cast<unsigned>(level));
  }
  H5Pset_attr_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED);
  const Handle space = make_space(array.shape);
  const Handle dataset(H5Dcreate2(
      parent, name.c_str(), type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT));
  fail(!dataset, path, place);
  if (packed)
    write_chunks(dataset.get(),
                 reinterpret_cast<const std::byte*>(values.data()),
                 array.shape,
                 chunk,
                 sizeof(T),
                 level,
                 path,
                 place);
  else if (!values.empty())
    fail(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0,
         path,
         place);
  for (const auto& [key, value] : array.attributes)
    write_attribute(dataset.get(), key, value, path, place);
}

void write_texts(hid_t parent,
                 const std::string& name,
                 const Array& array,
                 const std::vector<std::string>& values,
                 const std::string& path,
                 const std::string& place) {
  std::vector<const char*> pointers;
  for (const auto& value : values)
    pointers.push_back(plain_text(value, place));
  const Handle type = text_type();
  const Handle space = make_space(array.shape);
  const Handle dataset(H5Dcreate2(
      parent, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  fail(!dataset, path, place);
  if (!pointers.empty())
    fail(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0,
         path,
         place);
  for (const auto& [key, value] : array.attributes)
    write_attribute(dataset.get(), key, value, path, place);
}

Handle writing_access() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS));
  // the format of HDF5 1.8: large attributes, and every reader of the last fifteen years
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  return access;
}

} // namespace

Handle make_space(const std::vector<Index>& shape) {
  if (shape.empty())
    return Handle(H5Screate(H5S_SCALAR));
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  return Handle(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
}

Handle create_file(const std::string& path,
                   const std::string& name,
                   int* error,
                   std::vector<haddr_t>* places) {
  const Handle access = writing_access();
  use_planning_driver(access.get(), error, places);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE));
  H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()));
  if (!file)
    throw FileError(name, fmt::format("cannot be made: {}", reason()));
  return file;
}

Handle reopen_file(const std::string& path, const std::string& name, int* error) {
  const Handle access = writing_access();
  use_patient_driver(access.get(), error);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get()));
  if (!file)
    throw FileError(name, fmt::format("cannot be opened: {}", reason()));
  return file;
}

void close_file(Handle file, const std::string& name, const int& error) {
  if (H5Fflush(file.get(), H5F_SCOPE_GLOBAL) < 0)
    throw FileError(name, fmt::format("cannot be written: {}", reason()));
  file.reset();
  if (error != 0)
    throw FileError(name, "cannot be written", error);
}

Handle create_file(OutputFile& output) {
  return create_file(output.temporary(), output.path(), output.error());
}

void close_file(Handle file, OutputFile& output) {
  close_file(std::move(file), output.path(), *output.error());
}

Handle create_group(hid_t parent, const std::string& name, const std::string& path) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  Handle group(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT));
  fail(!group, path, name);
  return group;
}

void write_attribute(hid_t object,
                     const std::string& name,
                     const Attribute& value,
                     const std::string& path,
                     const std::string& place) {
  const std::string full = place + "@" + name;
  const auto put = [&](hid_t type, const std::vector<Index>& shape, const void* data, bool empty) {
    const Handle space = make_space(shape);
    const Handle id(H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT));
    fail(!id, path, full);
    if (!empty)
      fail(H5Awrite(id.get(), type, data) < 0, path, full);
  };
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string>) {
          const char* pointer = plain_text(v, full);
          put(text_type().get(), {}, &pointer, false);
        } else if constexpr (std::is_same_v<T, double>) {
          put(H5T_NATIVE_DOUBLE, {}, &v, false);
        } else if constexpr (std::is_same_v<T, Index>) {
          put(H5T_NATIVE_INT64, {}, &v, false);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::vector<const char*> pointers;
          for (const auto& text : v)
            pointers.push_back(plain_text(text, full));
          put(text_type().get(), {static_cast<Index>(v.size())}, pointers.data(), v.empty());
        } else {
          put(std::is_same_v<T, std::vector<double>> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64,
              {static_cast<Index>(v.size())},
              v.data(),
              v.empty());
        }
      },
      value);
}

void write_array(hid_t parent,
                 const std::string& name,
                 const Array& array,
                 int compression_level,
                 const std::string& path,
                 const std::string& place) {
  std::visit(
      [&](const auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if (static_cast<Index>(values.size()) != array.size())
          throw DataError(fmt::format(
              "{}: {} values do not fill the shape of {}", place, values.size(), array.size()));
        if constexpr (std::is_same_v<T, std::string>)
          write_texts(parent, name, array, values, path, place);
        else
          write_numbers(parent, name, array, values, compression_level, path, place);
      },
      array.values);
}

} // namespace vitrum::io::h5
