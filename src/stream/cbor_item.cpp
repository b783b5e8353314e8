#include "cbor_item.hpp"

#include <cbor.h>
#include <fmt/format.h>

#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

constexpr int deepest = 16;
constexpr Index most_items = 100000; // of a message; its arrays of numbers are one item each

/// What one step of the decoder found.
struct Event {
  CborItem item;
  std::uint64_t children = 0; // of an array or map that says how many
  bool open = false;          // an array or map that ends with a break
  bool stop = false;          // the break
  bool refused = false;       // a string in pieces
};

Event& event_of(void* context) {
  return *static_cast<Event*>(context);
}

void set_integer(void* context, std::uint64_t value) {
  event_of(context).item.kind = CborItem::Kind::integer;
  event_of(context).item.number = value;
}
void set_negative(void* context, std::uint64_t value) {
  event_of(context).item.kind = CborItem::Kind::negative;
  event_of(context).item.number = value;
}
void set_real(void* context, double value) {
  event_of(context).item.kind = CborItem::Kind::real;
  event_of(context).item.real = value;
}
template <CborItem::Kind kind>
void set_string(void* context, cbor_data data, std::size_t size) {
  event_of(context).item.kind = kind;
  event_of(context).item.bytes = {reinterpret_cast<const std::byte*>(data), size};
}
template <CborItem::Kind kind, class Size>
void set_group(void* context, Size children) {
  event_of(context).item.kind = kind;
  event_of(context).children = static_cast<std::uint64_t>(children);
}
template <CborItem::Kind kind>
void set_open_group(void* context) {
  event_of(context).item.kind = kind;
  event_of(context).open = true;
}
void set_tag(void* context, std::uint64_t number) {
  event_of(context).item.kind = CborItem::Kind::tag;
  event_of(context).item.number = number;
}
void set_boolean(void* context, bool value) {
  event_of(context).item.kind = CborItem::Kind::boolean;
  event_of(context).item.number = value ? 1 : 0;
}

cbor_callbacks make_callbacks() {
  cbor_callbacks all = cbor_empty_callbacks;
  all.uint8 = [](void* c, std::uint8_t v) { set_integer(c, v); };
  all.uint16 = [](void* c, std::uint16_t v) { set_integer(c, v); };
  all.uint32 = [](void* c, std::uint32_t v) { set_integer(c, v); };
  all.uint64 = [](void* c, std::uint64_t v) { set_integer(c, v); };
  all.negint8 = [](void* c, std::uint8_t v) { set_negative(c, v); };
  all.negint16 = [](void* c, std::uint16_t v) { set_negative(c, v); };
  all.negint32 = [](void* c, std::uint32_t v) { set_negative(c, v); };
  all.negint64 = [](void* c, std::uint64_t v) { set_negative(c, v); };
  all.float2 = [](void* c, float v) { set_real(c, static_cast<double>(v)); };
  all.float4 = [](void* c, float v) { set_real(c, static_cast<double>(v)); };
  all.float8 = set_real;
  all.string = set_string<CborItem::Kind::text>;
  all.byte_string = set_string<CborItem::Kind::bytes>;
  all.array_start = set_group<CborItem::Kind::array>;
  all.map_start = set_group<CborItem::Kind::map>;
  all.indef_array_start = set_open_group<CborItem::Kind::array>;
  all.indef_map_start = set_open_group<CborItem::Kind::map>;
  all.tag = set_tag;
  all.boolean = set_boolean;
  all.string_start = [](void* c) { event_of(c).refused = true; };
  all.byte_string_start = [](void* c) { event_of(c).refused = true; };
  all.indef_break = [](void* c) { event_of(c).stop = true; };
  return all;
}

class Reader {
public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}

  CborItem whole() {
    auto item = complete(next(), 0);
    if (at_ != in_.size())
      fail(fmt::format("{} bytes after the end of the item", in_.size() - at_));
    return item;
  }

private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("CBOR at byte {}: {}", at_, what));
  }

  Event next() {
    static const cbor_callbacks callbacks = make_callbacks();
    Event event;
    const auto result = cbor_stream_decode(
        reinterpret_cast<cbor_data>(in_.data() + at_), in_.size() - at_, &callbacks, &event);
    if (result.status == CBOR_DECODER_NEDATA || at_ >= in_.size())
      fail(fmt::format("the message ends within an item ({} bytes)", in_.size()));
    if (result.status != CBOR_DECODER_FINISHED)
      fail(fmt::format("no item begins with {:02X}", std::to_integer<unsigned>(in_[at_])));
    if (event.refused)
      fail("a string in pieces");
    at_ += result.read;
    if (++items_ > most_items)
      fail(fmt::format("more than {} items", most_items));
    return event;
  }

  CborItem complete(Event event, int depth) {
    if (event.stop)
      fail("a break outside of an array or map");
    if (depth > deepest)
      fail(fmt::format("nested deeper than {}", deepest));
    auto& item = event.item;
    if (item.kind == CborItem::Kind::tag)
      item.items.push_back(complete(next(), depth + 1));
    else if (item.kind == CborItem::Kind::array || item.kind == CborItem::Kind::map)
      fill(event, depth);
    return std::move(item);
  }

  void fill(Event& event, int depth) {
    const std::uint64_t each = event.item.kind == CborItem::Kind::map ? 2 : 1;
    if (!event.open && event.children > in_.size() / each)
      fail(fmt::format("{} items announced in a message of {} bytes", event.children, in_.size()));
    for (std::uint64_t i = 0; event.open || i < event.children * each; ++i) {
      auto below = next();
      if (event.open && below.stop && i % each == 0)
        return;
      event.item.items.push_back(complete(std::move(below), depth + 1));
    }
  }

  std::span<const std::byte> in_;
  std::size_t at_ = 0;
  Index items_ = 0;
};

} // namespace

const CborItem* CborItem::find(std::string_view key) const {
  if (kind == Kind::map)
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      if (items[i].kind == Kind::text && items[i].text() == key)
        return &items[i + 1];
  return nullptr;
}

std::string_view name_of(CborItem::Kind kind) {
  switch (kind) {
  case CborItem::Kind::integer:
    return "an integer";
  case CborItem::Kind::negative:
    return "a negative integer";
  case CborItem::Kind::real:
    return "a float";
  case CborItem::Kind::text:
    return "a text";
  case CborItem::Kind::bytes:
    return "a byte string";
  case CborItem::Kind::array:
    return "an array";
  case CborItem::Kind::map:
    return "a map";
  case CborItem::Kind::tag:
    return "a tag";
  case CborItem::Kind::boolean:
    return "a boolean";
  case CborItem::Kind::null:
    break;
  }
  return "null";
}

CborItem read_cbor(std::span<const std::byte> in) {
  return Reader(in).whole();
}

template <class Encode>
CborWriter& CborWriter::head(Encode&& encode) {
  constexpr std::size_t longest = 9;
  unsigned char buffer[longest];
  const std::size_t size = encode(buffer, longest);
  const auto* bytes = reinterpret_cast<const std::byte*>(buffer);
  out_.insert(out_.end(), bytes, bytes + size);
  return *this;
}

CborWriter& CborWriter::map(Index pairs) {
  return head([&](auto* to, auto room) {
    return cbor_encode_map_start(static_cast<std::size_t>(pairs), to, room);
  });
}
CborWriter& CborWriter::array(Index items) {
  return head([&](auto* to, auto room) {
    return cbor_encode_array_start(static_cast<std::size_t>(items), to, room);
  });
}
CborWriter& CborWriter::tag(std::uint64_t number) {
  return head([&](auto* to, auto room) { return cbor_encode_tag(number, to, room); });
}
CborWriter& CborWriter::integer(std::uint64_t value) {
  return head([&](auto* to, auto room) { return cbor_encode_uint(value, to, room); });
}
CborWriter& CborWriter::real(double value) {
  return head([&](auto* to, auto room) { return cbor_encode_double(value, to, room); });
}
CborWriter& CborWriter::text(std::string_view value) {
  head([&](auto* to, auto room) { return cbor_encode_string_start(value.size(), to, room); });
  const auto* bytes = reinterpret_cast<const std::byte*>(value.data());
  out_.insert(out_.end(), bytes, bytes + value.size());
  return *this;
}
CborWriter& CborWriter::bytes(std::span<const std::byte> value) {
  head([&](auto* to, auto room) { return cbor_encode_bytestring_start(value.size(), to, room); });
  out_.insert(out_.end(), value.begin(), value.end());
  return *this;
}

} // namespace vitrum::stream
