#include "npy_header.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "bytes.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

constexpr unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
constexpr Index max_header = 1 << 20;

/// The small part of Python's dictionaries that the header uses.
class Dictionary {
public:
  Dictionary(std::string_view text, const std::string& path, const std::string& place)
      : text_(text), path_(path), place_(place) {}

  [[noreturn]] void fail(std::string_view found, std::string_view expected) const {
    throw FormatError(path_, place_.empty() ? "header" : place_ + ": header", found, expected);
  }

  void read(NpyHeader& header) {
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const auto key = quoted();
      expect(':');
      if (key == "descr") {
        parse_descr(header);
        descr = true;
      } else if (key == "fortran_order") {
        const auto word = name();
        if (word != "True" && word != "False")
          fail(fmt::format("fortran_order {}", word), "True or False");
        header.fortran_order = word == "True";
        order = true;
      } else if (key == "shape") {
        parse_shape(header);
        shape = true;
      } else {
        fail(fmt::format("key '{}'", key), "descr, fortran_order and shape");
      }
      take(',');
    }
    if (!descr || !order || !shape)
      fail("a key is missing", "descr, fortran_order and shape");
  }

private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  void expect(char c) {
    if (!take(c))
      fail(at_ < text_.size() ? fmt::format("'{}'", printable(text_[at_])) : "the end",
           fmt::format("'{}'", c));
  }
  static std::string printable(char c) {
    return c >= 32 && c < 127 ? std::string(1, c)
                              : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  std::string_view quoted() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"')
      fail(at_ < text_.size() ? fmt::format("'{}'", printable(text_[at_])) : "the end",
           "a quoted word");
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos)
      fail("an open quote", "its end");
    const auto word = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return word;
  }
  std::string_view name() {
    skip();
    const auto first = at_;
    while (at_ < text_.size() && text_[at_] >= 'A' && text_[at_] <= 'z')
      ++at_;
    return text_.substr(first, at_ - first);
  }
  void parse_descr(NpyHeader& header) {
    skip();
    if (at_ < text_.size() && text_[at_] == '[')
      fail("a structured type", "numbers");
    const std::string word(quoted());
    if (word.size() < 2 || std::string_view("<>|=").find(word[0]) == std::string_view::npos)
      fail(fmt::format("type '{}'", word), "numbers such as '<u2' or '<f4'");
    header.big_endian = word[0] == '>';
    const std::string rest = word.substr(1);
    using frames::PixelType;
    static constexpr std::pair<std::string_view, PixelType> types[] = {{"b1", PixelType::u8},
                                                                       {"u1", PixelType::u8},
                                                                       {"u2", PixelType::u16},
                                                                       {"u4", PixelType::u32},
                                                                       {"u8", PixelType::u64},
                                                                       {"i1", PixelType::i8},
                                                                       {"i2", PixelType::i16},
                                                                       {"i4", PixelType::i32},
                                                                       {"i8", PixelType::i64},
                                                                       {"f4", PixelType::f32},
                                                                       {"f8", PixelType::f64}};
    for (const auto& [text, type] : types)
      if (rest == text) {
        header.type = type;
        header.boolean = rest == "b1";
        return;
      }
    fail(fmt::format("type '{}'", word), "integers of 1 to 8 bytes, f4 or f8");
  }
  void parse_shape(NpyHeader& header) {
    expect('(');
    Index product = 1;
    while (!take(')')) {
      skip();
      Index value = 0;
      bool digits = false;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
        value = value * 10 + (text_[at_++] - '0');
        digits = true;
        if (value > (Index{1} << 40))
          fail("a dimension above 2^40", "a smaller one");
      }
      if (!digits)
        fail("a dimension that is no number", "digits");
      if (value != 0 && product > (Index{1} << 44) / value)
        fail("a shape of more than 2^44 values", "a smaller one");
      product *= std::max<Index>(value, 1);
      header.shape.push_back(value);
      take(',');
    }
  }

  std::string_view text_;
  const std::string& path_;
  const std::string& place_;
  std::size_t at_ = 0;
};

} // namespace

Index NpyHeader::size() const {
  Index product = 1;
  for (const Index n : shape)
    product *= n;
  return product;
}

bool is_npy(std::span<const unsigned char> head) {
  return head.size() >= sizeof magic && std::memcmp(head.data(), magic, sizeof magic) == 0;
}

Index npy_header_bytes(std::span<const unsigned char> head,
                       const std::string& path,
                       const std::string& place) {
  if (!is_npy(head))
    throw FormatError(path, place, "no NumPy signature", "an .npy array");
  if (head.size() < 12)
    throw FormatError(
        path, place, fmt::format("{} bytes", head.size()), "the header of an .npy array");
  const int version = head[6];
  if (version < 1 || version > 3)
    throw FormatError(path, place, fmt::format(".npy version {}", version), "1, 2 or 3");
  const Index bytes = version == 1 ? 10 + Index{load_little<std::uint16_t>(head.data() + 8)}
                                   : 12 + Index{load_little<std::uint32_t>(head.data() + 8)};
  if (bytes > max_header)
    throw FormatError(path,
                      place,
                      fmt::format("a header of {} bytes", bytes),
                      fmt::format("at most {}", max_header));
  return bytes;
}

NpyHeader parse_npy_header(std::span<const unsigned char> head,
                           const std::string& path,
                           const std::string& place) {
  NpyHeader header;
  header.data_offset = npy_header_bytes(head, path, place);
  const Index from = head[6] == 1 ? 10 : 12;
  if (static_cast<Index>(head.size()) < header.data_offset)
    throw FormatError(path,
                      place,
                      fmt::format("{} bytes", head.size()),
                      fmt::format("a header of {}", header.data_offset));
  const std::string_view text(reinterpret_cast<const char*>(head.data()) + from,
                              static_cast<std::size_t>(header.data_offset - from));
  Dictionary(text, path, place).read(header);
  return header;
}

std::string npy_descr(frames::PixelType type) {
  const Index bytes = frames::size_of(type);
  const char kind = !frames::is_integer(type)              ? 'f'
                    : frames::name_of(type).front() == 'u' ? 'u'
                                                           : 'i';
  return fmt::format("{}{}{}", bytes == 1 ? '|' : '<', kind, bytes);
}

std::string make_npy_header(const std::string& descr, const std::vector<Index>& shape) {
  std::string dims;
  for (const Index n : shape)
    dims += fmt::format("{}, ", n);
  if (shape.size() > 1)
    dims.resize(dims.size() - 2);
  else if (shape.size() == 1)
    dims.pop_back();
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
  const std::size_t total = (10 + text.size() + 1 + 63) / 64 * 64;
  text.append(total - 10 - text.size() - 1, ' ');
  text += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(text.size() & 0xFF);
  out += static_cast<char>(text.size() >> 8);
  return out + text;
}

void fortran_to_c(const std::byte* in,
                  std::byte* out,
                  const std::vector<Index>& shape,
                  Index element_bytes) {
  const std::size_t rank = shape.size();
  std::vector<Index> at(rank, 0);
  std::vector<Index> stride(rank, 1); // in the input
  Index total = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    stride[d] = total;
    total *= shape[d];
  }
  Index from = 0;
  for (Index i = 0; i < total; ++i) {
    std::memcpy(out + i * element_bytes,
                in + from * element_bytes,
                static_cast<std::size_t>(element_bytes));
    for (std::size_t d = rank; d-- > 0;) {
      from += stride[d];
      if (++at[d] < shape[d])
        break;
      from -= stride[d] * shape[d];
      at[d] = 0;
    }
  }
}

} // namespace vitrum::io
