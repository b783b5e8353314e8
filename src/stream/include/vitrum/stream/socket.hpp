// ZeroMQ as detectors use it: the sender binds a PUSH socket, the receiver connects with PULL.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/stream/message.hpp"

namespace vitrum::stream {

/// One message of the network, owned.
class Packet {
public:
  Packet();
  ~Packet();
  Packet(Packet&&) noexcept;
  Packet& operator=(Packet&&) noexcept;

  [[nodiscard]] Parts parts() const;
  /// Keeps the memory of the parts.
  [[nodiscard]] std::shared_ptr<const void> owner() const;

private:
  friend class Receiver;
  struct Content;
  std::shared_ptr<Content> content_;
};

/// Connects to a sender, which need not be there yet. At most `queue` messages wait in memory; the
/// sender holds back the rest.
class Receiver {
public:
  /// Throws OptionError for what is no address such as tcp://host:31001.
  explicit Receiver(const std::string& address, Index queue = 1000);
  ~Receiver();

  /// The next message, waiting at most so long; nothing when none came. Throws FileError.
  [[nodiscard]] std::optional<Packet> receive(double wait_s);

private:
  struct State;
  std::unique_ptr<State> state_;
};

class Sender {
public:
  /// Throws OptionError for what is no address, FileError when it cannot be bound.
  explicit Sender(const std::string& address, Index queue = 1000);
  /// Waits up to ten seconds until what was sent is with the receiver.
  ~Sender();

  /// False when no receiver took it in that time: it was not sent.
  [[nodiscard]] bool send(const std::vector<Part>& parts, double wait_s);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::stream
