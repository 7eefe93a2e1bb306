// See socket.h.
#include "bench/socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

namespace usher::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

[[noreturn]] void FailWith(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

FileDescriptor ConnectUnix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) throw std::runtime_error("socket path too long: " + path);
  std::memcpy(name.sun_path, path.data(), path.size());
  FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.Get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    FailWith("cannot connect to " + path);
  return fd;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

void FileDescriptor::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

int FileDescriptor::Release() {
  return std::exchange(fd_, -1);
}

FileDescriptor ConnectTo(const Address& address) {
  if (!address.unix_path.empty()) return ConnectUnix(address.unix_path);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) throw std::runtime_error(address.host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  for (const addrinfo* candidate = found; candidate != nullptr; candidate = candidate->ai_next) {
    FileDescriptor fd(socket(candidate->ai_family, SOCK_STREAM | SOCK_CLOEXEC, candidate->ai_protocol));
    if (connect(fd.Get(), candidate->ai_addr, candidate->ai_addrlen) != 0) continue;
    const int on = 1;
    setsockopt(fd.Get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  FailWith("cannot connect to " + address.host + ":" + port);
}

void MakeNonBlocking(int fd) {
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) FailWith("fcntl");
}

void BlockingClient::Flush() {
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t bytes = send(fd_.Get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) FailWith("the server closed the connection");
    sent += static_cast<size_t>(bytes);
  }
  out_.clear();
}

Reply BlockingClient::Receive() {
  ReplyScanner scanner;
  ReplyScanner::Result result;
  while ((result = scanner.Scan(std::string_view(in_).substr(in_consumed_))) == ReplyScanner::Result::kIncomplete) {
    in_.erase(0, in_consumed_);  // only when more is read, so that a batch of small replies is not moved once for each
    in_consumed_ = 0;
    const size_t before = in_.size();
    in_.resize(before + kReadBytes);
    const ssize_t bytes = recv(fd_.Get(), in_.data() + before, kReadBytes, 0);
    in_.resize(before + (bytes > 0 ? static_cast<size_t>(bytes) : 0));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) FailWith("the server closed the connection");
  }
  if (result == ReplyScanner::Result::kBroken) throw std::runtime_error("the server's reply is not RESP");
  const std::string_view reply = std::string_view(in_).substr(in_consumed_, scanner.Length());
  in_consumed_ += scanner.Length();
  return ParseReply(reply);
}

Reply BlockingClient::Call(CommandArgs args) {
  Queue(args);
  Flush();
  return Receive();
}

Reply BlockingClient::CallOk(CommandArgs args) {
  Reply reply = Call(args);
  if (reply.IsError()) throw std::runtime_error(std::string(args.front()) + ": " + std::string(reply.text));
  return reply;
}

}  // namespace usher::bench
