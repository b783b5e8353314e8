#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "hdf5_read.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/map_file.hpp"

namespace vitrum::io {

struct StoredMap::Opened {
  h5::Handle file;
  h5::Dataset dataset;
  Index chunk = 0;
  Attributes attributes;
};

/// Opens the map again with room for a row of chunks, so that reading it row by row takes each
/// chunk from disk once.
void StoredMap::keep_chunks() {
  constexpr std::size_t most_bytes = std::size_t{1024}
                                     << 20; // a band of 480 × 480 of 500,000 frames
  constexpr std::size_t slots = 20011;      // a prime, many more than chunks
  auto& dataset = opened_->dataset;
  const auto edge = static_cast<std::size_t>(opened_->chunk);
  const auto row = (static_cast<std::size_t>(size()) + edge - 1) / edge;
  const std::size_t bytes =
      row * edge * edge * H5Tget_size(h5::Handle(H5Dget_type(dataset.id.get())).get());
  const h5::Handle access(H5Pcreate(H5P_DATASET_ACCESS));
  H5Pset_chunk_cache(access.get(), slots, std::min(bytes, most_bytes), H5D_CHUNK_CACHE_W0_DEFAULT);
  dataset.id = h5::Handle();
  dataset.id = h5::Handle(H5Dopen2(opened_->file.get(), dataset.name.c_str(), access.get()));
  h5::check(!dataset.id, dataset.file, dataset.name, "cannot be opened");
}

StoredMap::StoredMap(const std::string& path) : opened_(std::make_unique<Opened>()) {
  const auto [file_path, inside] = split_path(path);
  const h5::Lock hold;
  opened_->file = h5::open_file(file_path);
  opened_->dataset = h5::open_dataset(opened_->file.get(), file_path, inside);
  const auto& dims = opened_->dataset.dims;
  if (dims.size() != 2 || dims[0] != dims[1] || dims[0] < 1)
    throw FormatError(file_path, inside, h5::describe_dims(dims), "a square two-time map");
  const h5::Handle creation(H5Dget_create_plist(opened_->dataset.id.get()));
  std::array<hsize_t, 2> chunk{};
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED &&
      H5Pget_chunk(creation.get(), 2, chunk.data()) == 2)
    opened_->chunk = static_cast<Index>(chunk[0]);
  if (opened_->chunk > 0)
    keep_chunks();
  opened_->attributes = h5::read_attributes(opened_->dataset.id.get());
}

StoredMap::~StoredMap() {
  const h5::Lock hold;
  opened_.reset();
}

StoredMap::StoredMap(StoredMap&&) noexcept = default;
StoredMap& StoredMap::operator=(StoredMap&&) noexcept = default;

Index StoredMap::size() const {
  return opened_->dataset.dims[0];
}

Index StoredMap::chunk() const {
  return opened_->chunk;
}

const Attributes& StoredMap::attributes() const {
  return opened_->attributes;
}

bool StoredMap::has_chunk(Index row, Index column) const {
  const h5::Lock hold;
  const hsize_t offset[2] = {static_cast<hsize_t>(row * opened_->chunk),
                             static_cast<hsize_t>(column * opened_->chunk)};
  unsigned filters = 0;
  haddr_t place = HADDR_UNDEF;
  hsize_t bytes = 0;
  const auto& dataset = opened_->dataset;
  h5::check(H5Dget_chunk_info_by_coord(dataset.id.get(), offset, &filters, &place, &bytes) < 0,
            dataset.file,
            dataset.name,
            fmt::format("chunk {}, {} cannot be found", row, column));
  return place != HADDR_UNDEF;
}

void StoredMap::read(Index row0, Index rows, Index col0, Index cols, float* out) const {
  const h5::Lock hold;
  const hsize_t start[2] = {static_cast<hsize_t>(row0), static_cast<hsize_t>(col0)};
  const hsize_t count[2] = {static_cast<hsize_t>(rows), static_cast<hsize_t>(cols)};
  const auto& dataset = opened_->dataset;
  const h5::Handle space(H5Dget_space(dataset.id.get()));
  const h5::Handle memory(H5Screate_simple(2, count, nullptr));
  h5::check(
      H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, count, nullptr) < 0 ||
          H5Dread(dataset.id.get(), H5T_NATIVE_FLOAT, memory.get(), space.get(), H5P_DEFAULT, out) <
              0,
      dataset.file,
      dataset.name,
      fmt::format("rows {}:{} cannot be read", row0, row0 + rows));
}

} // namespace vitrum::io
