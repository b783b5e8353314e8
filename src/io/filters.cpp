#include "filters.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "bitshuffle.hpp"
#include "bytes.hpp"
#include "lz4_frames.hpp"
#include "lzf.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr Index max_chunk_bytes = Index{1} << 32; // HDF5 stores chunk sizes in 32 bits

void decode_zstd(std::span<const std::byte> in, std::span<std::byte> out) {
  const auto got = ZSTD_decompress(out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(got) != 0)
    throw DataError(fmt::format("zstd: {}", ZSTD_getErrorName(got)));
  if (got != out.size())
    throw DataError(fmt::format("zstd gives {} bytes, expected {}", got, out.size()));
}

void decode_deflate(std::span<const std::byte> in, std::span<std::byte> out) {
  auto got = static_cast<uLongf>(out.size());
  const int status = uncompress(reinterpret_cast<Bytef*>(out.data()),
                                &got,
                                reinterpret_cast<const Bytef*>(in.data()),
                                static_cast<uLong>(in.size()));
  if (status != Z_OK || got != out.size())
    throw DataError(fmt::format("deflate gives {} bytes ({}), expected {}",
                                status == Z_OK ? got : 0,
                                status == Z_OK ? "ends early" : zError(status),
                                out.size()));
}

void decode_byte_shuffle(std::span<const std::byte> in, std::span<std::byte> out, Index element) {
  const auto size = static_cast<Index>(out.size());
  if (element < 1 || static_cast<Index>(in.size()) != size)
    throw DataError(fmt::format("{} shuffled bytes, expected {}", in.size(), size));
  const Index count = size / element;
  for (Index j = 0; j < element; ++j)
    for (Index i = 0; i < count; ++i)
      out[static_cast<std::size_t>(i * element + j)] = in[static_cast<std::size_t>(j * count + i)];
  const Index done = count * element;
  std::memcpy(out.data() + done, in.data() + done, static_cast<std::size_t>(size - done));
}

/// The sum of the library's filter 3 (Fletcher, IEEE Trans. Commun. 30, 247 (1982)) over big-endian
/// 16-bit words; an odd byte counts as the upper half of a word.
std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    low += std::to_integer<std::uint64_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size())
      low += std::to_integer<std::uint64_t>(bytes[i + 1]);
    high += low;
    if (i % 8192 == 8190) { // modulo 65535, in its ones' complement form that keeps 65535
      low = (low & 0xFFFF) + (low >> 16);
      high = (high & 0xFFFF) + (high >> 16);
    }
  }
  while (low >> 16 != 0)
    low = (low & 0xFFFF) + (low >> 16);
  while (high >> 16 != 0)
    high = (high & 0xFFFF) + (high >> 16);
  return static_cast<std::uint32_t>(high << 16 | low);
}

void decode_fletcher32(std::span<const std::byte> in, std::span<std::byte> out) {
  if (in.size() != out.size() + 4)
    throw DataError(
        fmt::format("{} bytes with their checksum, expected {}", in.size(), out.size() + 4));
  const auto data = in.first(out.size());
  const auto sum = in.subspan(out.size());
  std::uint32_t stored = 0;
  for (std::size_t i = 4; i-- > 0;)
    stored = stored << 8 | std::to_integer<std::uint32_t>(sum[i]);
  // versions before 1.6.3 kept the halves swapped on machines of this byte order
  const std::uint32_t found = fletcher32(data);
  const std::uint32_t old = (found & 0x00FF00FFU) << 8 | (found & 0xFF00FF00U) >> 8;
  if (stored != found && stored != old)
    throw DataError(fmt::format("checksum {:08x}, expected {:08x}", stored, found));
  std::memcpy(out.data(), data.data(), data.size());
}

Packing packing_of(const Filter& filter) {
  return filter.values.size() > 4 ? static_cast<Packing>(filter.values[4]) : Packing::none;
}

bool known(const Filter& filter) {
  switch (filter.id) {
  case H5Z_FILTER_DEFLATE:
  case H5Z_FILTER_FLETCHER32:
  case filter_lz4:
  case filter_lzf:
  case filter_zstd:
    return true;
  case H5Z_FILTER_SHUFFLE:
    return !filter.values.empty();
  case filter_bitshuffle: {
    const Packing packing = packing_of(filter);
    return filter.values.size() > 2 && filter.values[2] > 0 && filter.values[2] <= 4096 &&
           (packing == Packing::none || packing == Packing::lz4 || packing == Packing::zstd);
  }
  default:
    return false;
  }
}

void decode_one(const Filter& filter, std::span<const std::byte> in, std::span<std::byte> out) {
  switch (filter.id) {
  case H5Z_FILTER_DEFLATE:
    return decode_deflate(in, out);
  case H5Z_FILTER_FLETCHER32:
    return decode_fletcher32(in, out);
  case H5Z_FILTER_SHUFFLE:
    return decode_byte_shuffle(in, out, filter.values[0]);
  case filter_lz4:
    return decode_lz4(in, out);
  case filter_zstd:
    return decode_zstd(in, out);
  case filter_lzf:
    if (const Index got = decode_lzf(in, out); got != static_cast<Index>(out.size()))
      throw DataError(fmt::format("LZF gives {} bytes, expected {}", got, out.size()));
    return;
  default:
    return decode_bitshuffle(in,
                             out,
                             filter.values[2],
                             filter.values.size() > 3 ? filter.values[3] : 0,
                             packing_of(filter));
  }
}

/// How large the decoded data are, as far as the filter says; 0 when it does not.
Index stated_size(const Filter& filter, std::span<const std::byte> in) {
  switch (filter.id) {
  case H5Z_FILTER_FLETCHER32:
    return static_cast<Index>(in.size()) - 4;
  case filter_lz4:
    return in.size() < 12 ? -1 : static_cast<Index>(load_big<std::uint64_t>(in.data()));
  case filter_bitshuffle:
    if (packing_of(filter) == Packing::none)
      return static_cast<Index>(in.size());
    return in.size() < 12 ? -1 : static_cast<Index>(load_big<std::uint64_t>(in.data()));
  case filter_zstd: {
    const auto size = ZSTD_getFrameContentSize(in.data(), in.size());
    return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR
               ? -1
               : static_cast<Index>(size);
  }
  default: // LZF keeps the size of the chunk among its values
    return filter.values.size() > 2 ? static_cast<Index>(filter.values[2]) : -1;
  }
}

/// What HDF5 calls for a dataset that is read through the library. Returns 0 on failure.
template <H5Z_filter_t id>
std::size_t call_filter(unsigned flags,
                        std::size_t value_count,
                        const unsigned* values,
                        std::size_t bytes,
                        std::size_t* buffer_bytes,
                        void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0)
    return 0; // frames are written as finished chunks, never through here
  try {
    const Filter filter{id, {values, values + value_count}, ""};
    const std::span in(static_cast<const std::byte*>(*buffer), bytes);
    if (!known(filter))
      return 0;
    const Index size = stated_size(filter, in);
    if (size <= 0 || size > max_chunk_bytes)
      return 0;
    auto* out = static_cast<std::byte*>(H5allocate_memory(static_cast<std::size_t>(size), false));
    if (out == nullptr)
      return 0;
    try {
      decode_one(filter, in, {out, static_cast<std::size_t>(size)});
    } catch (...) {
      H5free_memory(out);
      return 0;
    }
    H5free_memory(*buffer);
    *buffer = out;
    *buffer_bytes = static_cast<std::size_t>(size);
    return static_cast<std::size_t>(size);
  } catch (...) {
    return 0;
  }
}

template <H5Z_filter_t id>
void register_one(const char* name) {
  const H5Z_class2_t description{
      H5Z_CLASS_T_VERS, id, 1, 1, name, nullptr, nullptr, call_filter<id>};
  H5Zregister(&description);
}

} // namespace

void register_filters() {
  register_one<filter_bitshuffle>("bitshuffle");
  register_one<filter_lz4>("lz4");
  register_one<filter_lzf>("lzf");
  register_one<filter_zstd>("zstd");
}

Pipeline read_pipeline(hid_t dataset) {
  Pipeline pipeline;
  const hid_t creation = H5Dget_create_plist(dataset);
  const int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    unsigned configuration = 0;
    std::array<unsigned, 32> values{};
    std::size_t value_count = values.size();
    std::array<char, 64> name{};
    const auto id = H5Pget_filter2(creation,
                                   static_cast<unsigned>(i),
                                   &flags,
                                   &value_count,
                                   values.data(),
                                   name.size(),
                                   name.data(),
                                   &configuration);
    name.back() = '\0';
    value_count = std::min(value_count, values.size());
    pipeline.push_back({id,
                        {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(value_count)},
                        name.data()});
  }
  H5Pclose(creation);
  return pipeline;
}

std::string missing_filter(const Pipeline& pipeline) {
  for (const Filter& filter : pipeline)
    if (filter.id < 1 || H5Zfilter_avail(filter.id) <= 0) {
      H5Eclear2(H5E_DEFAULT);
      return filter.name.empty() ? fmt::format("filter {}", filter.id)
                                 : fmt::format("filter {} ({})", filter.id, filter.name);
    }
  return "";
}

bool can_decode(const Pipeline& pipeline) {
  return std::all_of(pipeline.begin(), pipeline.end(), known);
}

void decode_chunk(const Pipeline& pipeline,
                  unsigned skipped,
                  std::span<const std::byte> in,
                  std::span<std::byte> out) {
  std::vector<const Filter*> applied;
  for (std::size_t k = 0; k < pipeline.size(); ++k)
    if ((skipped >> k & 1U) == 0)
      applied.push_back(&pipeline[k]);
  if (applied.empty()) {
    if (in.size() != out.size())
      throw DataError(fmt::format("{} bytes, expected {}", in.size(), out.size()));
    std::memcpy(out.data(), in.data(), in.size());
    return;
  }
  // all filters but shuffles change the size only on their own step; the sizes in between are those
  // of the decoded chunk, because a packing filter stands last but for a second packing one
  thread_local std::array<std::vector<std::byte>, 2> scratch;
  std::span<const std::byte> from = in;
  for (std::size_t k = applied.size(); k-- > 0;) {
    std::span<std::byte> to = out;
    if (k > 0) {
      auto& buffer = scratch[k % 2];
      buffer.resize(out.size());
      to = buffer;
      const bool packs_below =
          std::any_of(applied.begin(),
                      applied.begin() + static_cast<std::ptrdiff_t>(k),
                      [](const Filter* f) { return f->id != H5Z_FILTER_SHUFFLE; });
      if (packs_below) {
        const Index size = stated_size(*applied[k], from);
        if (size < 0 || size > 2 * static_cast<Index>(out.size()) + 65536)
          throw DataError(fmt::format("two packing filters, the outer of unknown size"));
        buffer.resize(static_cast<std::size_t>(size));
        to = buffer;
      }
    }
    decode_one(*applied[k], from, to);
    from = to;
  }
}

} // namespace vitrum::io
