#include "vitrum/stream/socket.hpp"

#include <unistd.h>

#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

Part bytes_of(const std::string& text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

TEST(Sockets, BringMessagesOfSeveralParts) {
  const std::string address = "ipc:///tmp/vitrum_socket_test_" + std::to_string(::getpid());
  Receiver receiver(address); // before there is a sender
  EXPECT_FALSE(receiver.receive(0.01));
  Sender sender(address);
  EXPECT_TRUE(sender.send({bytes_of("a"), bytes_of(""), bytes_of("ccc")}, 10));
  EXPECT_TRUE(sender.send({bytes_of("d")}, 10));
  const auto first = receiver.receive(10);
  ASSERT_TRUE(first);
  const auto parts = first->parts();
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].size(), 1U);
  EXPECT_EQ(parts[1].size(), 0U);
  EXPECT_EQ(parts[2].size(), 3U);
  const auto second = receiver.receive(10);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->parts().size(), 1U);
  ::unlink(address.substr(6).c_str());
}

TEST(Sockets, SendNothingWhereNobodyListens) {
  Sender sender("ipc:///tmp/vitrum_socket_test_none_" + std::to_string(::getpid()), 1);
  EXPECT_FALSE(sender.send({bytes_of("a")}, 0.01));
}

TEST(Sockets, RefuseWhatIsNoAddress) {
  for (const char* address : {"host:1", "tcp://", "tcp://host", "http://host:1"})
    EXPECT_THROW(Receiver{address}, OptionError) << address;
}

} // namespace
} // namespace vitrum::stream
