// SocketTransport over recv() and send().
#include "server/transport.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace usher::server {

namespace {
TransportResult FromSystem(ssize_t result) {
  if (result > 0) return {TransportResult::Kind::kBytes, static_cast<size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
    return {TransportResult::Kind::kWouldBlock, 0};
  }
  return {TransportResult::Kind::kClosed, 0};
}
}  // namespace

SocketTransport::~SocketTransport() {
  close(fd_);
}

TransportResult SocketTransport::Receive(std::span<char> room) {
  return FromSystem(recv(fd_, room.data(), room.size(), 0));
}

TransportResult SocketTransport::Send(std::string_view bytes) {
  return FromSystem(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

bool SocketTransport::PeerClosed() {
  char byte = 0;
  return FromSystem(recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT)).kind == TransportResult::Kind::kClosed;
}

}  // namespace usher::server
