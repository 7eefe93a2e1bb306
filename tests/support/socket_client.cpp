// See socket_client.h.
#include "tests/support/socket_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace usher::tests {

SocketClient::SocketClient(const std::string& unix_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  for (int attempt = 0; attempt < 200; ++attempt) {
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  throw std::runtime_error("cannot connect to " + unix_path);
}

SocketClient::~SocketClient() {
  close(fd_);
}

void SocketClient::Add(const std::vector<std::string>& args) {
  out_ += '*' + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) out_ += '$' + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
}

void SocketClient::Flush() {
  size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t count = send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("send failed");
    sent += static_cast<size_t>(count);
  }
  out_.clear();
}

void SocketClient::Fill(int timeout_s) {
  pollfd waiting{fd_, POLLIN, 0};
  if (poll(&waiting, 1, timeout_s * 1000) != 1) throw std::runtime_error("no reply in time");
  char bytes[16384];
  const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
  if (count <= 0) throw std::runtime_error("connection closed");
  if (read_ == in_.size()) {
    in_.clear();
    read_ = 0;
  }
  in_.append(bytes, static_cast<size_t>(count));
}

std::string SocketClient::ReadLine(int timeout_s) {
  for (;;) {
    const size_t end = in_.find("\r\n", read_);
    if (end != std::string::npos) {
      std::string line = in_.substr(read_, end + 2 - read_);
      read_ = end + 2;
      return line;
    }
    Fill(timeout_s);
  }
}

std::string SocketClient::ReadReply(int timeout_s) {
  std::string reply = ReadLine(timeout_s);
  const char type = reply[0];
  if (type != '$' && type != '*' && type != '%' && type != '~' && type != '>') return reply;
  const int64_t length = std::stoll(reply.substr(1));
  if (type == '$') {
    if (length < 0) return reply;
    while (in_.size() - read_ < static_cast<size_t>(length) + 2) Fill(timeout_s);
    reply += in_.substr(read_, static_cast<size_t>(length) + 2);
    read_ += static_cast<size_t>(length) + 2;
    return reply;
  }
  for (int64_t i = 0; i < length * (type == '%' ? 2 : 1); ++i) reply += ReadReply(timeout_s);
  return reply;
}

std::string SocketClient::Run(const std::vector<std::string>& args) {
  Add(args);
  Flush();
  return ReadReply();
}

}  // namespace usher::tests
