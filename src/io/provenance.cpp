#include "vitrum/io/provenance.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "bytes.hpp"
#include "file_bytes.hpp"
#include "path.hpp"

namespace vitrum::io {
namespace {

constexpr Index whole_below = Index{256} << 20;
constexpr Index piece_bytes = Index{1} << 20;
constexpr Index pieces = 64;

constexpr std::array<std::uint32_t, 64> round_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

class Sha256 {
public:
  void add(std::span<const std::byte> bytes) {
    length_ += bytes.size();
    while (!bytes.empty()) {
      const std::size_t some = std::min(bytes.size(), block_.size() - held_);
      std::memcpy(block_.data() + held_, bytes.data(), some);
      held_ += some;
      bytes = bytes.subspan(some);
      if (held_ == block_.size()) {
        digest_block();
        held_ = 0;
      }
    }
  }

  std::string hex() {
    const std::uint64_t bits = length_ * 8;
    const std::byte one{0x80};
    add({&one, 1});
    const std::byte zero{0};
    while (held_ != 56)
      add({&zero, 1});
    store_big(bits, block_.data() + 56);
    digest_block();
    std::string out;
    for (const std::uint32_t word : state_)
      out += fmt::format("{:08x}", word);
    return out;
  }

private:
  static std::uint32_t rotate(std::uint32_t x, int n) { return x >> n | x << (32 - n); }

  void digest_block() {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i)
      w[i] = load_big<std::uint32_t>(block_.data() + 4 * i);
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      const std::uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                               ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
      const std::uint32_t t2 =
          (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> added{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i)
      state_[i] += added[i];
  }

  std::array<std::uint32_t, 8> state_{0x6a09e667,
                                      0xbb67ae85,
                                      0x3c6ef372,
                                      0xa54ff53a,
                                      0x510e527f,
                                      0x9b05688c,
                                      0x1f83d9ab,
                                      0x5be0cd19};
  std::array<std::byte, 64> block_{};
  std::size_t held_ = 0;
  std::uint64_t length_ = 0;
};

/// Several files as one, by their names below `path` and their stamps.
FileStamp stamp_files(const std::string& path, const std::vector<std::string>& names) {
  FileStamp out{path, 0, ""};
  Sha256 hash;
  bool sampled = false;
  for (const auto& name : names) {
    const FileStamp one = stamp(name);
    out.bytes += one.bytes;
    sampled = sampled || one.checksum.starts_with("sha256-sampled");
    const std::string line =
        std::filesystem::path(name).lexically_relative(path).string() + " " + one.checksum + "\n";
    hash.add(std::as_bytes(std::span(line)));
  }
  out.checksum = (sampled ? "sha256-sampled:" : "sha256:") + hash.hex();
  return out;
}

} // namespace

std::string sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

FileStamp stamp(const std::string& path) {
  const std::string name = split_path(path).file;
  if (std::filesystem::is_directory(name))
    return stamp_files(path, files_in(name, true));
  if (!std::filesystem::exists(name))
    if (const auto parts = files_of_stem(name); !parts.empty())
      return stamp_files(path, parts);
  const InputFile file(name);
  FileStamp out{path, file.size(), ""};
  Sha256 hash;
  std::vector<std::byte> piece(static_cast<std::size_t>(piece_bytes));
  if (file.size() <= whole_below) {
    for (Index at = 0; at < file.size(); at += piece_bytes) {
      const Index some = std::min(piece_bytes, file.size() - at);
      file.read(at, some, piece.data());
      hash.add(std::span(piece).first(static_cast<std::size_t>(some)));
    }
    out.checksum = "sha256:" + hash.hex();
    return out;
  }
  const auto size = static_cast<std::uint64_t>(file.size());
  hash.add(std::as_bytes(std::span(&size, 1)));
  for (Index i = 0; i < pieces; ++i) {
    file.read(i * (file.size() - piece_bytes) / (pieces - 1), piece_bytes, piece.data());
    hash.add(piece);
  }
  out.checksum = "sha256-sampled:" + hash.hex();
  return out;
}

} // namespace vitrum::io
