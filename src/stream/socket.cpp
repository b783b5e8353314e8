#include "vitrum/stream/socket.hpp"

#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <zmq.hpp>

#include "vitrum/core/error.hpp"

namespace vitrum::stream {
namespace {

constexpr int linger_ms = 10000;

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(std::llround(1000 * seconds));
}

/// What `work` throws of ZeroMQ as errors that name the address.
template <class Work>
decltype(auto) with_address(const std::string& address, const char* what, Work&& work) {
  try {
    return work();
  } catch (const zmq::error_t& error) {
    if (error.num() == EINVAL || error.num() == EPROTONOSUPPORT || error.num() == ENOCOMPATPROTO)
      throw OptionError(
          fmt::format("{}: is no address of a stream, expected tcp://HOST:PORT", address));
    throw FileError(address, fmt::format("{} ({})", what, error.what()));
  }
}

} // namespace

struct Packet::Content {
  std::vector<zmq::message_t> parts;
};

Packet::Packet() : content_(std::make_shared<Content>()) {}
Packet::~Packet() = default;
Packet::Packet(Packet&&) noexcept = default;
Packet& Packet::operator=(Packet&&) noexcept = default;

Parts Packet::parts() const {
  Parts all;
  for (const auto& part : content_->parts)
    all.emplace_back(static_cast<const std::byte*>(part.data()), part.size());
  return all;
}

std::shared_ptr<const void> Packet::owner() const {
  return content_;
}

struct Receiver::State {
  std::string address;
  zmq::context_t context;
  zmq::socket_t socket;
};

Receiver::Receiver(const std::string& address, Index queue) : state_(std::make_unique<State>()) {
  state_->address = address;
  with_address(address, "cannot connect", [&] {
    state_->socket = zmq::socket_t(state_->context, zmq::socket_type::pull);
    state_->socket.set(zmq::sockopt::rcvhwm, static_cast<int>(queue));
    state_->socket.set(zmq::sockopt::linger, 0);
    state_->socket.connect(address);
  });
}
Receiver::~Receiver() = default;

std::optional<Packet> Receiver::receive(double wait_s) {
  return with_address(state_->address, "cannot receive", [&]() -> std::optional<Packet> {
    zmq::pollitem_t item{state_->socket.handle(), 0, ZMQ_POLLIN, 0};
    try {
      if (zmq::poll(&item, 1, milliseconds(wait_s)) == 0)
        return std::nullopt;
    } catch (const zmq::error_t& error) {
      if (error.num() == EINTR) // Ctrl-C
        return std::nullopt;
      throw;
    }
    Packet packet;
    do {
      packet.content_->parts.emplace_back();
      // the parts of a message come together
      while (!state_->socket.recv(packet.content_->parts.back(), zmq::recv_flags::none)) {
      }
    } while (packet.content_->parts.back().more());
    return packet;
  });
}

struct Sender::State {
  std::string address;
  zmq::context_t context;
  zmq::socket_t socket;
};

Sender::Sender(const std::string& address, Index queue) : state_(std::make_unique<State>()) {
  state_->address = address;
  with_address(address, "cannot be bound", [&] {
    state_->socket = zmq::socket_t(state_->context, zmq::socket_type::push);
    state_->socket.set(zmq::sockopt::sndhwm, static_cast<int>(queue));
    state_->socket.set(zmq::sockopt::linger, linger_ms);
    state_->socket.bind(address);
  });
}
Sender::~Sender() = default;

bool Sender::send(const std::vector<Part>& parts, double wait_s) {
  return with_address(state_->address, "cannot send", [&] {
    zmq::pollitem_t item{state_->socket.handle(), 0, ZMQ_POLLOUT, 0};
    try {
      if (zmq::poll(&item, 1, milliseconds(wait_s)) == 0)
        return false;
    } catch (const zmq::error_t& error) {
      if (error.num() == EINTR)
        return false;
      throw;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      zmq::message_t message(parts[i].data(), parts[i].size());
      const auto flags = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      while (!state_->socket.send(message, flags)) {
      }
    }
    return true;
  });
}

} // namespace vitrum::stream
