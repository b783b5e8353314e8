#include "hdf5_read.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "filters.hpp"
#include "hdf5_chunks.hpp"
#include "similar.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io::h5 {
namespace {

std::vector<Index> dims_of(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank <= 0)
    return {};
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  return {dims.begin(), dims.end()};
}

/// Elements of a dataspace; 0 for a null one.
Index count_of(hid_t space) {
  const auto n = H5Sget_simple_extent_npoints(space);
  return n < 0 ? 0 : static_cast<Index>(n);
}

/// Texts behind a type, read by `read(memory type, buffer)`.
template <class Read>
std::vector<std::string> texts_of(hid_t type, Index count, Read&& read) {
  std::vector<std::string> out(static_cast<std::size_t>(count));
  if (count == 0)
    return out;
  const Handle memory(H5Tcopy(H5T_C_S1));
  H5Tset_cset(memory.get(), H5Tget_cset(type));
  if (H5Tis_variable_str(type) > 0) {
    H5Tset_size(memory.get(), H5T_VARIABLE);
    std::vector<char*> pointers(static_cast<std::size_t>(count), nullptr);
    if (!read(memory.get(), pointers.data()))
      return {};
    for (std::size_t i = 0; i < pointers.size(); ++i)
      if (pointers[i] != nullptr) {
        out[i] = pointers[i];
        H5free_memory(pointers[i]);
      }
    return out;
  }
  const std::size_t width = H5Tget_size(type);
  if (width == 0 || width > (std::size_t{1} << 28) / static_cast<std::size_t>(count))
    return {};
  H5Tset_size(memory.get(), width);
  H5Tset_strpad(memory.get(), H5T_STR_NULLPAD);
  std::vector<char> bytes(width * static_cast<std::size_t>(count));
  const Handle native(H5Tcopy(type));
  if (!read(native.get(), bytes.data()))
    return {};
  const bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char* first = bytes.data() + i * width;
    std::string value(first, strnlen(first, width));
    while (spaces && !value.empty() && value.back() == ' ')
      value.pop_back();
    out[i] = std::move(value);
  }
  return out;
}

template <class T>
constexpr frames::PixelType element = frames::pixel_type_of<T>();

void require_filters(const Dataset& dataset) {
  const auto missing = missing_filter(read_pipeline(dataset.id.get()));
  if (!missing.empty())
    throw FormatError(dataset.file,
                      dataset.name,
                      missing,
                      "bitshuffle, lz4, zstd, lzf, gzip, shuffle or an installed plug-in");
}

Handle open_object(hid_t file, const std::string& name) {
  return Handle(exists(file, name) ? H5Oopen(file, name.c_str(), H5P_DEFAULT) : -1);
}

} // namespace

Index Dataset::size() const {
  Index product = 1;
  for (const Index n : dims)
    product *= n;
  return product;
}

Dataset open_dataset(hid_t file, const std::string& path, const std::string& name) {
  const Handle object = open_object(file, name);
  if (!object) {
    H5Eclear2(H5E_DEFAULT);
    const auto near = similar_names(file, name);
    throw FormatError(path,
                      name,
                      "no such dataset",
                      near.empty() ? "" : fmt::format("one of: {}", fmt::join(near, ", ")));
  }
  if (H5Iget_type(object.get()) != H5I_DATASET)
    throw FormatError(path, name, "a group", "a dataset");
  Dataset dataset;
  dataset.id = Handle(H5Dopen2(file, name.c_str(), H5P_DEFAULT));
  check(!dataset.id, path, name, "cannot be opened");
  dataset.file = path;
  dataset.name = name;
  const Handle space(H5Dget_space(dataset.id.get()));
  dataset.dims = dims_of(space.get());
  return dataset;
}

std::string describe_dims(const std::vector<Index>& dims) {
  return dims.empty() ? "a scalar" : fmt::format("{}-D [{}]", dims.size(), fmt::join(dims, ", "));
}

std::string describe(const Dataset& dataset) {
  const Handle type(H5Dget_type(dataset.id.get()));
  if (is_text(type.get()))
    return "text";
  const auto pixels = pixel_type(type.get());
  if (!pixels) {
    const auto kind = H5Tget_class(type.get());
    return kind == H5T_COMPOUND ? "complex or compound values"
                                : "values of a type that is no number";
  }
  return fmt::format("{} {}", describe_dims(dataset.dims), frames::name_of(*pixels));
}

std::optional<frames::PixelType> pixel_type(hid_t type) {
  using frames::PixelType;
  auto kind = H5Tget_class(type);
  if (kind == H5T_ENUM) { // how h5py stores booleans
    const Handle base(H5Tget_super(type));
    if (H5Tget_size(base.get()) == 1)
      return PixelType::u8;
    return std::nullopt;
  }
  const std::size_t bytes = H5Tget_size(type);
  if (kind == H5T_FLOAT) {
    if (bytes == 8)
      return PixelType::f64;
    return bytes == 4 || bytes == 2 ? std::optional(PixelType::f32) : std::nullopt;
  }
  if (kind != H5T_INTEGER)
    return std::nullopt;
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  switch (bytes) {
  case 1:
    return is_signed ? PixelType::i8 : PixelType::u8;
  case 2:
    return is_signed ? PixelType::i16 : PixelType::u16;
  case 4:
    return is_signed ? PixelType::i32 : PixelType::u32;
  case 8:
    return is_signed ? PixelType::i64 : PixelType::u64;
  default:
    return std::nullopt;
  }
}

bool native_order(hid_t type) {
  const auto pixels = pixel_type(type);
  if (!pixels || static_cast<Index>(H5Tget_size(type)) != frames::size_of(*pixels))
    return false;
  if (H5Tget_class(type) == H5T_ENUM)
    return true;
  return H5Tequal(type, memory_type(*pixels)) > 0;
}

hid_t memory_type(frames::PixelType type) {
  using frames::PixelType;
  switch (type) {
  case PixelType::u8:
    return H5T_NATIVE_UINT8;
  case PixelType::u16:
    return H5T_NATIVE_UINT16;
  case PixelType::u32:
    return H5T_NATIVE_UINT32;
  case PixelType::u64:
    return H5T_NATIVE_UINT64;
  case PixelType::i8:
    return H5T_NATIVE_INT8;
  case PixelType::i16:
    return H5T_NATIVE_INT16;
  case PixelType::i32:
    return H5T_NATIVE_INT32;
  case PixelType::i64:
    return H5T_NATIVE_INT64;
  case PixelType::f32:
    return H5T_NATIVE_FLOAT;
  case PixelType::f64:
    break;
  }
  return H5T_NATIVE_DOUBLE;
}

template <class T>
std::vector<T> read_as(const Dataset& dataset, Index limit) {
  const Handle type(H5Dget_type(dataset.id.get()));
  if (!pixel_type(type.get()))
    throw FormatError(dataset.file, dataset.name, describe(dataset), "numbers");
  require_filters(dataset);
  const Handle space(H5Dget_space(dataset.id.get()));
  const Index count = count_of(space.get());
  if (count > limit)
    throw FormatError(dataset.file,
                      dataset.name,
                      fmt::format("{} values", count),
                      fmt::format("at most {}", limit));
  std::vector<T> values(static_cast<std::size_t>(count));
  if (count == 0)
    return values;
  if (H5Tget_class(type.get()) == H5T_ENUM) { // does not convert to numbers: read as its bytes
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    if (const auto decoded = read_decoded(dataset))
      std::memcpy(bytes.data(), decoded->data(), bytes.size());
    else
      check(H5Dread(dataset.id.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0,
            dataset.file,
            dataset.name,
            "cannot be read");
    std::transform(bytes.begin(), bytes.end(), values.begin(), [](std::uint8_t b) {
      return static_cast<T>(b);
    });
    return values;
  }
  const hid_t memory = memory_type(element<T>);
  if (auto decoded = read_decoded(dataset, sizeof(T))) {
    check(H5Tequal(type.get(), memory) <= 0 && H5Tconvert(type.get(),
                                                          memory,
                                                          static_cast<std::size_t>(count),
                                                          decoded->data(),
                                                          nullptr,
                                                          H5P_DEFAULT) < 0,
          dataset.file,
          dataset.name,
          "cannot be converted");
    std::memcpy(values.data(), decoded->data(), values.size() * sizeof(T));
    return values;
  }
  check(H5Dread(dataset.id.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0,
        dataset.file,
        dataset.name,
        "cannot be read");
  return values;
}

template std::vector<double> read_as(const Dataset&, Index);
template std::vector<float> read_as(const Dataset&, Index);
template std::vector<std::uint8_t> read_as(const Dataset&, Index);
template std::vector<std::uint16_t> read_as(const Dataset&, Index);
template std::vector<std::uint32_t> read_as(const Dataset&, Index);
template std::vector<std::int32_t> read_as(const Dataset&, Index);
template std::vector<Index> read_as(const Dataset&, Index);

std::vector<double> read_doubles(const Dataset& dataset, Index limit) {
  return read_as<double>(dataset, limit);
}

bool is_text(hid_t type) {
  return H5Tget_class(type) == H5T_STRING;
}

std::vector<std::string> read_texts(const Dataset& dataset) {
  const Handle type(H5Dget_type(dataset.id.get()));
  if (!is_text(type.get()))
    throw FormatError(dataset.file, dataset.name, describe(dataset), "text");
  require_filters(dataset);
  const Handle space(H5Dget_space(dataset.id.get()));
  const Index count = count_of(space.get());
  if (!dataset.dims.empty())
    check_all_chunks(dataset);
  auto out = texts_of(type.get(), count, [&](hid_t memory, void* buffer) {
    return H5Dread(dataset.id.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer) >= 0;
  });
  check(static_cast<Index>(out.size()) != count, dataset.file, dataset.name, "text cannot be read");
  return out;
}

std::optional<double> scalar(hid_t location, const std::string& name) {
  const Handle object = open_object(location, name);
  if (!object || H5Iget_type(object.get()) != H5I_DATASET)
    return std::nullopt;
  const Handle type(H5Dget_type(object.get()));
  const Handle space(H5Dget_space(object.get()));
  const auto pixels = pixel_type(type.get());
  double value = 0;
  if (!pixels || H5Tget_class(type.get()) == H5T_ENUM || count_of(space.get()) != 1 ||
      H5Dread(object.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) {
    H5Eclear2(H5E_DEFAULT);
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> text(hid_t location, const std::string& name) {
  const Handle object = open_object(location, name);
  if (!object || H5Iget_type(object.get()) != H5I_DATASET)
    return std::nullopt;
  const Handle type(H5Dget_type(object.get()));
  const Handle space(H5Dget_space(object.get()));
  if (!is_text(type.get()) || count_of(space.get()) != 1)
    return std::nullopt;
  auto out = texts_of(type.get(), 1, [&](hid_t memory, void* buffer) {
    return H5Dread(object.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer) >= 0;
  });
  H5Eclear2(H5E_DEFAULT);
  return out.empty() ? std::nullopt : std::optional(out[0]);
}

namespace {

std::optional<Attribute> read_attribute(hid_t id) {
  const Handle type(H5Aget_type(id));
  const Handle space(H5Aget_space(id));
  const Index count = count_of(space.get());
  const bool one = H5Sget_simple_extent_type(space.get()) == H5S_SCALAR;
  if (count > 1'000'000)
    return std::nullopt;
  if (is_text(type.get())) {
    auto texts = texts_of(type.get(), count, [&](hid_t memory, void* buffer) {
      return H5Aread(id, memory, buffer) >= 0;
    });
    if (static_cast<Index>(texts.size()) != count)
      return std::nullopt;
    if (one)
      return Attribute(texts[0]);
    return Attribute(std::move(texts));
  }
  const auto pixels = pixel_type(type.get());
  if (!pixels)
    return std::nullopt;
  const auto read = [&](auto values, hid_t memory) -> std::optional<Attribute> {
    values.resize(static_cast<std::size_t>(count));
    if (count > 0 && H5Aread(id, memory, values.data()) < 0)
      return std::nullopt;
    if (one)
      return Attribute(values[0]);
    return Attribute(std::move(values));
  };
  if (H5Tget_class(type.get()) == H5T_ENUM) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    if (count > 0 && H5Aread(id, type.get(), bytes.data()) < 0)
      return std::nullopt;
    if (one)
      return Attribute(static_cast<Index>(bytes[0]));
    return Attribute(std::vector<Index>(bytes.begin(), bytes.end()));
  }
  if (frames::is_integer(*pixels))
    return read(std::vector<Index>{}, H5T_NATIVE_INT64);
  return read(std::vector<double>{}, H5T_NATIVE_DOUBLE);
}

} // namespace

std::string attribute(hid_t location, const std::string& name, const char* attribute) {
  std::string out;
  if (H5Aexists_by_name(location, name.c_str(), attribute, H5P_DEFAULT) > 0) {
    const Handle id(H5Aopen_by_name(location, name.c_str(), attribute, H5P_DEFAULT, H5P_DEFAULT));
    if (id)
      if (const auto value = read_attribute(id.get())) {
        if (const auto* single = std::get_if<std::string>(&*value))
          out = *single;
        else if (const auto* list = std::get_if<std::vector<std::string>>(&*value);
                 list && list->size() == 1)
          out = list->front();
      }
  }
  H5Eclear2(H5E_DEFAULT);
  return out;
}

Attributes read_attributes(hid_t object) {
  std::vector<std::string> names;
  hsize_t at = 0;
  H5Aiterate2(
      object,
      H5_INDEX_NAME,
      H5_ITER_INC,
      &at,
      [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
      },
      &names);
  Attributes attributes;
  for (const auto& name : names) {
    const Handle id(H5Aopen(object, name.c_str(), H5P_DEFAULT));
    if (id)
      if (auto value = read_attribute(id.get()))
        attributes[name] = std::move(*value);
  }
  H5Eclear2(H5E_DEFAULT);
  return attributes;
}

std::vector<Member> members(hid_t group, Index limit) {
  struct State {
    std::vector<Member> list;
    Index limit;
  } state{{}, limit};
  H5Literate(
      group,
      H5_INDEX_NAME,
      H5_ITER_INC,
      nullptr,
      [](hid_t, const char* name, const H5L_info_t* info, void* out) -> herr_t {
        auto& target = *static_cast<State*>(out);
        target.list.push_back({name, H5O_TYPE_UNKNOWN, info->type});
        return static_cast<Index>(target.list.size()) >= target.limit ? 1 : 0;
      },
      &state);
  for (Member& member : state.list) {
    H5O_info_t info{};
    if (H5Oget_info_by_name2(group, member.name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0)
      member.type = info.type;
  }
  H5Eclear2(H5E_DEFAULT);
  return state.list;
}

} // namespace vitrum::io::h5
