#include "text_stream.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "file_bytes.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr std::size_t block = std::size_t{1} << 18;
constexpr std::size_t longest_line = std::size_t{1} << 20;

enum class Compression { none, gzip, zstd };

Compression compression_of(const InputFile& file) {
  unsigned char head[4]{};
  if (file.size() >= 4)
    file.read(0, 4, reinterpret_cast<std::byte*>(head));
  if (head[0] == 0x1f && head[1] == 0x8b)
    return Compression::gzip;
  if (head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd)
    return Compression::zstd;
  return Compression::none;
}

} // namespace

/// Decompressed bytes of the file, in order.
struct TextStream::Input {
  explicit Input(const std::string& path) : file(path), compression(compression_of(file)) {
    if (compression != Compression::none)
      packed.resize(block);
    start();
  }
  ~Input() { stop(); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  void stop() {
    if (inflating)
      inflateEnd(&gzip);
    inflating = false;
    ZSTD_freeDStream(zstd);
    zstd = nullptr;
  }

  void start() {
    stop();
    offset = 0;
    packed_begin = packed_end = 0;
    frame_open = false;
    if (compression == Compression::gzip) {
      gzip = {};
      if (inflateInit2(&gzip, 15 + 16) != Z_OK)
        throw std::bad_alloc();
      inflating = true;
    } else if (compression == Compression::zstd) {
      zstd = ZSTD_createDStream();
      if (zstd == nullptr)
        throw std::bad_alloc();
    }
  }

  std::size_t raw(char* out, std::size_t count) {
    const auto some = std::min<Index>(static_cast<Index>(count), file.size() - offset);
    if (some > 0)
      file.read(offset, some, reinterpret_cast<std::byte*>(out));
    offset += std::max<Index>(some, 0);
    return static_cast<std::size_t>(std::max<Index>(some, 0));
  }

  [[noreturn]] void damaged(const char* what) const {
    throw FormatError(file.path(), fmt::format("byte {}", offset), what, "a whole compressed file");
  }

  /// Up to `count` bytes; 0 at the end.
  std::size_t read(char* out, std::size_t count) {
    if (compression == Compression::none)
      return raw(out, count);
    for (;;) {
      if (packed_begin == packed_end) {
        packed_begin = 0;
        packed_end = raw(packed.data(), packed.size());
        if (packed_end == 0) {
          if (frame_open)
            damaged("the end of the file within compressed data");
          return 0;
        }
      }
      const std::size_t made =
          compression == Compression::gzip ? inflate_some(out, count) : unpack_some(out, count);
      if (made > 0)
        return made;
    }
  }

  std::size_t inflate_some(char* out, std::size_t count) {
    gzip.next_in = reinterpret_cast<Bytef*>(packed.data() + packed_begin);
    gzip.avail_in = static_cast<uInt>(packed_end - packed_begin);
    gzip.next_out = reinterpret_cast<Bytef*>(out);
    gzip.avail_out = static_cast<uInt>(count);
    frame_open = true;
    const int status = inflate(&gzip, Z_NO_FLUSH);
    packed_begin = packed_end - gzip.avail_in;
    if (status == Z_STREAM_END) {
      frame_open = false;
      inflateReset(&gzip); // files may hold several members, one after the other
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      damaged("gzip data that cannot be inflated");
    }
    return count - gzip.avail_out;
  }

  std::size_t unpack_some(char* out, std::size_t count) {
    ZSTD_inBuffer in{packed.data(), packed_end, packed_begin};
    ZSTD_outBuffer to{out, count, 0};
    const std::size_t status = ZSTD_decompressStream(zstd, &to, &in);
    if (ZSTD_isError(status) != 0)
      damaged("zstd data that cannot be unpacked");
    frame_open = status != 0;
    packed_begin = in.pos;
    return to.pos;
  }

  InputFile file;
  Compression compression;
  Index offset = 0;
  std::vector<char> packed;
  std::size_t packed_begin = 0, packed_end = 0;
  bool frame_open = false, inflating = false;
  z_stream gzip{};
  ZSTD_DStream* zstd = nullptr;
};

std::vector<unsigned char> first_decompressed_bytes(const std::string& path, Index count) {
  TextStream stream(path);
  std::vector<unsigned char> out(static_cast<std::size_t>(count));
  Index have = 0;
  while (have < count && stream.read_bytes(out.data() + have, 1))
    ++have;
  out.resize(static_cast<std::size_t>(have));
  return out;
}

TextStream::TextStream(const std::string& path)
    : path_(path), input_(std::make_unique<Input>(path)), buffer_(block) {}

TextStream::~TextStream() = default;

bool TextStream::compressed() const {
  return input_->compression != Compression::none;
}

Index TextStream::file_bytes() const {
  return input_->file.size();
}

/// Moves what is left to the front and reads on; false when nothing more came.
bool TextStream::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    if (buffer_.size() > longest_line)
      throw FormatError(
          path_, fmt::format("line {}", line_ + 1), "a line of more than a MiB", "lines of text");
    buffer_.resize(2 * buffer_.size());
  }
  const std::size_t got = input_->read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += got;
  return got > 0;
}

bool TextStream::next_line(std::string_view& line) {
  std::size_t searched = begin_;
  for (;;) {
    const auto* found =
        static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', end_ - searched));
    if (found != nullptr) {
      const auto length = static_cast<std::size_t>(found - (buffer_.data() + begin_));
      line = {buffer_.data() + begin_, length};
      begin_ += length + 1;
      position_ += static_cast<Index>(length) + 1;
      ended_by_newline_ = true;
      break;
    }
    const std::size_t seen = end_ - begin_;
    if (!fill()) {
      if (begin_ == end_)
        return false;
      line = {buffer_.data() + begin_, end_ - begin_};
      ended_by_newline_ = false;
      position_ += static_cast<Index>(end_ - begin_);
      begin_ = end_;
      break;
    }
    searched = begin_ + seen;
  }
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  ++line_;
  return true;
}

Index TextStream::skip_lines(Index count) {
  std::string_view line;
  Index done = 0;
  while (done < count && next_line(line) && ended_by_newline_)
    ++done; // a last line without its end may be half a number
  return done;
}

bool TextStream::read_bytes(void* out, Index count) {
  auto* to = static_cast<char*>(out);
  while (count > 0) {
    if (begin_ == end_ && !fill())
      return false;
    const auto some = std::min(static_cast<std::size_t>(count), end_ - begin_);
    std::memcpy(to, buffer_.data() + begin_, some);
    to += some;
    begin_ += some;
    position_ += static_cast<Index>(some);
    count -= static_cast<Index>(some);
  }
  return true;
}

bool TextStream::skip_bytes(Index count) {
  if (!compressed() && count > static_cast<Index>(end_ - begin_)) {
    if (position_ + count > input_->file.size())
      return false;
    go_to(position_ + count, line_);
    return true;
  }
  while (count > 0) {
    if (begin_ == end_ && !fill())
      return false;
    const auto some = std::min(static_cast<std::size_t>(count), end_ - begin_);
    begin_ += some;
    position_ += static_cast<Index>(some);
    count -= static_cast<Index>(some);
  }
  return true;
}

void TextStream::go_to(Index position, Index line) {
  if (position == position_) {
    line_ = line;
    return;
  }
  if (!compressed()) {
    input_->offset = position;
    begin_ = end_ = 0;
  } else {
    if (position < position_) {
      input_->start();
      begin_ = end_ = 0;
      position_ = 0;
    }
    if (!skip_bytes(position - position_))
      throw FormatError(path_, "", "a file that became shorter", "the file as it was opened");
  }
  position_ = position;
  line_ = line;
}

} // namespace vitrum::io
