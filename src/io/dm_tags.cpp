#include "dm_tags.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "bytes.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr int deepest = 64;
constexpr Index most_tags = 1000000;
constexpr Index longest_text = 4096; // characters; longer arrays of 16-bit numbers stay arrays

void append_utf8(std::string& out, std::uint32_t letter) {
  if (letter < 0x80) {
    out += static_cast<char>(letter);
  } else if (letter < 0x800) {
    out += static_cast<char>(0xC0 | (letter >> 6));
    out += static_cast<char>(0x80 | (letter & 63));
  } else {
    out += static_cast<char>(0xE0 | (letter >> 12));
    out += static_cast<char>(0x80 | ((letter >> 6) & 63));
    out += static_cast<char>(0x80 | (letter & 63));
  }
}

/// Reads forward through the file with a window, as tags are many and small.
class Cursor {
public:
  explicit Cursor(const InputFile& file) : file_(file) {}

  [[nodiscard]] Index at() const { return at_; }
  [[nodiscard]] Index rest() const { return file_.size() - at_; }

  const std::byte* take(Index count) {
    if (count < 0 || count > rest())
      fail(fmt::format("{} bytes up to the end of the file", rest()), fmt::format("{}", count));
    if (at_ < begin_ || at_ + count > begin_ + static_cast<Index>(window_.size())) {
      begin_ = at_;
      window_.resize(static_cast<std::size_t>(std::min(std::max(count, Index{1} << 16), rest())));
      file_.read(begin_, static_cast<Index>(window_.size()), window_.data());
    }
    const std::byte* here = window_.data() + (at_ - begin_);
    at_ += count;
    return here;
  }
  void skip(Index count) {
    if (count < 0 || count > rest())
      fail(fmt::format("{} bytes up to the end of the file", rest()), fmt::format("{}", count));
    at_ += count;
  }
  template <class T>
  T big() {
    return load_big<T>(take(sizeof(T)));
  }
  [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
    throw FormatError(file_.path(), fmt::format("byte {}", at_), found, expected);
  }

private:
  const InputFile& file_;
  std::vector<std::byte> window_;
  Index begin_ = 0, at_ = 0;
};

class Parser {
public:
  explicit Parser(const InputFile& file) : in_(file) {}

  DmTags parse() {
    const auto version = in_.big<std::uint32_t>();
    if (version != 3 && version != 4)
      in_.fail(fmt::format("version {}", version), "version 3 or 4 of the DM format");
    wide_ = version == 4;
    (void)word(); // size of the file without this header; files that were cut keep it
    tags_.little_endian = in_.big<std::uint32_t>() == 1;
    group("", 0);
    return std::move(tags_);
  }

private:
  /// 32 bits in DM3, 64 in DM4.
  Index word() {
    const std::uint64_t value = wide_ ? in_.big<std::uint64_t>() : in_.big<std::uint32_t>();
    if (value > static_cast<std::uint64_t>(std::numeric_limits<Index>::max() / 64))
      in_.fail(fmt::format("{}", value), "a count that the file can hold");
    return static_cast<Index>(value);
  }

  void group(const std::string& path, int depth) {
    if (depth > deepest)
      in_.fail("a group within more than 64 others", "at most 64");
    in_.skip(2); // sorted, open
    const Index entries = word();
    if (entries > in_.rest())
      in_.fail(fmt::format("a group of {} tags in {} bytes", entries, in_.rest()),
               "tags that the file can hold");
    for (Index i = 0; i < entries; ++i) {
      if (++count_ > most_tags)
        in_.fail("more than a million tags", "at most a million");
      const auto kind = std::to_integer<int>(*in_.take(1));
      const Index letters = in_.big<std::uint16_t>();
      std::string name;
      for (const std::byte* letter = in_.take(letters); static_cast<Index>(name.size()) < letters;)
        name += static_cast<char>(letter[name.size()]);
      if (name.empty())
        name = fmt::format("[{}]", i);
      if (wide_)
        (void)word(); // bytes of the entry
      const std::string key = path.empty() ? name : path + "/" + name;
      if (kind == 20)
        group(key, depth + 1);
      else if (kind == 21)
        data(key);
      else if (kind == 0)
        return;
      else
        in_.fail(fmt::format("tag kind {}", kind), "20 (group), 21 (data) or 0 (end)");
    }
  }

  void data(const std::string& key) {
    const auto mark = in_.big<std::uint32_t>();
    if (mark != 0x25252525)
      in_.fail(fmt::format("{:08x} before the data of {}", mark, key), "25252525");
    const Index words = word();
    if (words < 1 || words > 4096)
      in_.fail(fmt::format("{} words that describe {}", words, key), "1 to 4096");
    std::vector<Index> info(static_cast<std::size_t>(words));
    for (Index& value : info)
      value = word();
    const auto kind = info[0];
    if (dm_element_bytes(static_cast<int>(kind)) > 0 && kind < 13) {
      tags_.numbers[key] = scalar(static_cast<int>(kind));
    } else if (kind == 15) {
      structure(key, info);
    } else if (kind == 18 && words >= 2) {
      in_.skip(info[1] * 2);
    } else if (kind == 20 && words >= 3) {
      array(key, info);
    } else {
      in_.fail(fmt::format("data type {} of {}", kind, key), "a type of the DM format");
    }
  }

  double scalar(int type) {
    const Index bytes = dm_element_bytes(type);
    std::byte value[8];
    std::copy_n(in_.take(bytes), bytes, value);
    if (!tags_.little_endian)
      std::reverse(value, value + bytes);
    switch (type) {
    case 2:
      return load_little<std::int16_t>(value);
    case 3:
      return load_little<std::int32_t>(value);
    case 4:
      return load_little<std::uint16_t>(value);
    case 5:
      return load_little<std::uint32_t>(value);
    case 6:
      return static_cast<double>(load_little<float>(value));
    case 7:
      return load_little<double>(value);
    case 9:
      return load_little<std::int8_t>(value);
    case 11:
      return static_cast<double>(load_little<std::int64_t>(value));
    case 12:
      return static_cast<double>(load_little<std::uint64_t>(value));
    default:
      return load_little<std::uint8_t>(value);
    }
  }

  /// [15, length of name, fields, (length of name, type) …]: its numbers get keys of their own.
  void structure(const std::string& key, const std::vector<Index>& info) {
    const Index fields = info.size() >= 3 ? info[2] : -1;
    if (fields < 0 || static_cast<Index>(info.size()) < 3 + 2 * fields)
      in_.fail(fmt::format("{} words that describe the structure {}", info.size(), key),
               "two for each field");
    for (Index f = 0; f < fields; ++f) {
      const auto type = static_cast<int>(info[static_cast<std::size_t>(4 + 2 * f)]);
      if (dm_element_bytes(type) == 0)
        in_.fail(fmt::format("type {} in the structure {}", type, key), "a number");
      tags_.numbers[fmt::format("{}/[{}]", key, f)] = scalar(type);
    }
  }

  void array(const std::string& key, const std::vector<Index>& info) {
    Index bytes = 0;
    const Index count = info.back();
    if (info[1] == 15) { // of structures: passed over
      for (std::size_t i = 5; i + 1 < info.size(); i += 2)
        bytes += dm_element_bytes(static_cast<int>(info[i]));
    } else if (info[1] == 20) {
      in_.fail(fmt::format("an array of arrays in {}", key), "an array of numbers");
    } else {
      bytes = dm_element_bytes(static_cast<int>(info[1]));
      if (bytes == 0)
        in_.fail(fmt::format("an array of type {} in {}", info[1], key), "numbers");
    }
    if (bytes > 0 && count > in_.rest() / bytes)
      in_.fail(fmt::format("{} bytes up to the end of the file", in_.rest()),
               fmt::format("{} elements of {} bytes of {}", count, bytes, key));
    if (info[1] == 4 && count <= longest_text) {
      std::string text;
      const std::byte* letters = in_.take(2 * count);
      for (Index i = 0; i < count; ++i)
        append_utf8(text,
                    tags_.little_endian ? load_little<std::uint16_t>(letters + 2 * i)
                                        : load_big<std::uint16_t>(letters + 2 * i));
      tags_.texts[key] = text;
      return;
    }
    if (info[1] != 15)
      tags_.arrays[key] = {static_cast<int>(info[1]), count, in_.at()};
    in_.skip(bytes * count);
  }

  Cursor in_;
  DmTags tags_;
  bool wide_ = false;
  Index count_ = 0;
};

} // namespace

double DmTags::number(const std::string& key) const {
  const auto found = numbers.find(key);
  return found == numbers.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

std::string DmTags::text(const std::string& key) const {
  const auto found = texts.find(key);
  return found == texts.end() ? std::string() : found->second;
}

bool is_dm(std::span<const unsigned char> head) {
  if (head.size() < 24)
    return false;
  const auto version = load_big<std::uint32_t>(head.data());
  if (version != 3 && version != 4)
    return false;
  const auto order = load_big<std::uint32_t>(head.data() + (version == 3 ? 8 : 12));
  return order <= 1;
}

Index dm_element_bytes(int type) {
  switch (type) {
  case 8:
  case 9:
  case 10:
    return 1;
  case 2:
  case 4:
    return 2;
  case 3:
  case 5:
  case 6:
    return 4;
  case 7:
  case 11:
  case 12:
    return 8;
  default:
    return 0;
  }
}

DmTags read_dm_tags(const InputFile& file) {
  return Parser(file).parse();
}

} // namespace vitrum::io
