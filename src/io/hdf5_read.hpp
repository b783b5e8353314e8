// Reading attributes and whole datasets of HDF5 into vectors. A Lock is held by the caller.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "hdf5_handle.hpp"
#include "vitrum/core/index.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/frames/pixel_type.hpp"

namespace vitrum::io::h5 {

/// An open dataset and what messages call it.
struct Dataset {
  Handle id;
  std::string file;        // path of the file
  std::string name;        // "/entry/data/data"
  std::vector<Index> dims; // empty: a scalar
  [[nodiscard]] Index size() const;
};

/// Throws FormatError when `name` is absent (with the names that come near it) or no dataset.
[[nodiscard]] Dataset open_dataset(hid_t file, const std::string& path, const std::string& name);

/// "3-D uint16 [7, 48, 64]", "text", "complex or compound" for messages.
[[nodiscard]] std::string describe(const Dataset& dataset);
/// "3-D [7, 48, 64]"
[[nodiscard]] std::string describe_dims(const std::vector<Index>& dims);

/// The pixel type of an integer, boolean or floating dataset; nothing for other types.
[[nodiscard]] std::optional<frames::PixelType> pixel_type(hid_t type);
/// True when the values are stored in the byte order of this machine and at their full width.
[[nodiscard]] bool native_order(hid_t type);
[[nodiscard]] hid_t memory_type(frames::PixelType type);

/// All values, converted. Throws FormatError for text and compounds, or more than `limit` values.
inline constexpr Index no_limit = Index{1} << 40;
[[nodiscard]] std::vector<double> read_doubles(const Dataset& dataset, Index limit = no_limit);
template <class T>
[[nodiscard]] std::vector<T> read_as(const Dataset& dataset, Index limit = no_limit);

/// Text of any kind (fixed, variable length, ASCII, UTF-8), one per element.
[[nodiscard]] bool is_text(hid_t type);
[[nodiscard]] std::vector<std::string> read_texts(const Dataset& dataset);

/// One number or text, absent when the object is, has another type, or more than one element.
[[nodiscard]] std::optional<double> scalar(hid_t location, const std::string& name);
[[nodiscard]] std::optional<std::string> text(hid_t location, const std::string& name);
/// The text attribute of the object `name` ("." for `location` itself); "" when absent.
[[nodiscard]] std::string attribute(hid_t location, const std::string& name, const char* attribute);
/// Attributes that Tree can hold; others (references, compounds) are left out.
[[nodiscard]] Attributes read_attributes(hid_t object);

struct Member {
  std::string name;
  H5O_type_t type = H5O_TYPE_UNKNOWN; // of the object the link leads to; UNKNOWN: it leads nowhere
  H5L_type_t link = H5L_TYPE_HARD;
};
/// The links of a group by name; at most `limit`.
[[nodiscard]] std::vector<Member> members(hid_t group, Index limit = 1'000'000);

} // namespace vitrum::io::h5
