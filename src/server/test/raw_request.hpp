// Bytes as they come from a socket, through all of httplib's parsing and the site, without a
// socket.
#pragma once
#include <algorithm>
#include <cstring>
#include <string>

#include <httplib.h>

#include "../http.hpp"

namespace vitrum::server {

class RawStream final : public httplib::Stream {
public:
  explicit RawStream(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const auto some = std::min(size, bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, some);
    at_ += some;
    return static_cast<ssize_t>(some);
  }
  ssize_t write(const char* from, std::size_t size) override {
    answer_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = "127.0.0.1";
    port = 1;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    get_remote_ip_and_port(ip, port);
  }
  [[nodiscard]] socket_t socket() const override { return -1; }
  [[nodiscard]] const std::string& answer() const { return answer_; }

private:
  std::string bytes_, answer_;
  std::size_t at_ = 0;
};

class RawServer final : public httplib::Server {
public:
  explicit RawServer(Site& site) { attach(*this, site); }

  /// What it answers, "" when it hangs up.
  std::string answer(std::string bytes) {
    RawStream stream(std::move(bytes));
    bool closed = false;
    (void)process_request(stream, true, closed, nullptr);
    return stream.answer();
  }
};

} // namespace vitrum::server
