// Where a Zarr v2 hierarchy is kept: a folder or a zip archive. Keys are "group/.zarray" and so on.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

class ZarrStore {
public:
  virtual ~ZarrStore() = default;
  /// The bytes of a key, nothing when it is absent. Throws FormatError when there are more than
  /// `most`. May be called from several threads.
  [[nodiscard]] virtual std::optional<std::vector<std::byte>> get(const std::string& key,
                                                                  Index most) const = 0;
  /// Names of arrays: every NAME for which NAME/.zarray exists ("" for the root).
  [[nodiscard]] virtual std::vector<std::string> arrays() const = 0;
};

[[nodiscard]] std::unique_ptr<ZarrStore> open_zarr_store(const std::string& path);

/// Whether a folder or zip archive holds one.
[[nodiscard]] bool is_zarr_folder(const std::string& path);
[[nodiscard]] bool is_zarr_zip(const std::string& path);

} // namespace vitrum::io
