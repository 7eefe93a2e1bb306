// Transport: bytes in and out of one connection. TCP and unix sockets today; TLS later implements the same calls.
// Non-blocking: kWouldBlock instead of waiting. Thread safety: the home worker only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace usher::server {

struct TransportResult {
  enum class Kind : uint8_t { kBytes, kWouldBlock, kClosed };
  Kind kind = Kind::kClosed;
  size_t bytes = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual TransportResult Receive(std::span<char> room) = 0;
  virtual TransportResult Send(std::string_view bytes) = 0;
  /// True when the peer has closed and nothing is left to read; reads nothing.
  virtual bool PeerClosed() = 0;
  virtual int fd() const = 0;
};

/// A connected non-blocking socket, which it owns.
class SocketTransport final : public Transport {
 public:
  explicit SocketTransport(int socket_fd) : fd_(socket_fd) {}
  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  TransportResult Receive(std::span<char> room) override;
  TransportResult Send(std::string_view bytes) override;
  bool PeerClosed() override;
  int fd() const override { return fd_; }

 private:
  const int fd_;
};

}  // namespace usher::server
