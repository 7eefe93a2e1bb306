// Binding, accepting and choosing a worker.
#include "server/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "server/server.h"
#include "server/worker.h"

namespace usher::server {

namespace {

constexpr int kAcceptsPerEvent = 1000;

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ':' + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return '[' + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return {};
}

using NameFunction = int (*)(int, sockaddr*, socklen_t*);
std::string SocketAddress(int fd, NameFunction name) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (name(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "?:0";
  return AddressText(address);
}

bool IsLoopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("[::1]") || address.starts_with("[::ffff:127.");
}

void SetTcpOptions(int fd, int64_t keepalive_seconds) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (keepalive_seconds <= 0) return;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const int idle = static_cast<int>(keepalive_seconds);
  const int interval = std::max(idle / 3, 1);
  const int count = 3;
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

std::string SystemError(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

}  // namespace

Listener::~Listener() {
  for (const auto& socket : sockets_) {
    socket->watcher.reset();
    close(socket->fd);
  }
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
}

std::string Listener::Open() {
  const ConfigValues& config = server_.config();
  if (config.port != 0) {
    for (const std::string& configured : config.bind_addresses) {
      const bool optional = configured.starts_with("-");
      const std::string error = OpenTcp(optional ? configured.substr(1) : configured, config.port);
      if (!error.empty() && !optional) return error;
    }
    if (sockets_.empty()) return "Failed listening on port " + std::to_string(config.port) + " (TCP), aborting.";
  }
  if (!config.unix_socket.empty()) return OpenUnix(config.unix_socket, config.unix_socket_mode);
  return {};
}

std::string Listener::OpenTcp(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_family = address == "*" ? AF_INET : (address == "::*" ? AF_INET6 : AF_UNSPEC);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  const bool any = address == "*" || address == "::*";
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int status = getaddrinfo(any ? nullptr : address.c_str(), service.c_str(), &hints, &found);
  if (status != 0) return std::string("Could not resolve bind address ") + address + ": " + gai_strerror(status);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::string error;
  if (fd < 0) {
    error = SystemError("Could not create server TCP listening socket " + address + ':' + service);
  } else {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (found->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, server_.config().tcp_backlog) != 0) {
      error = SystemError("Could not create server TCP listening socket " + address + ':' + service + ": bind");
      close(fd);
    }
  }
  freeaddrinfo(found);
  if (error.empty()) AddSocket(fd, false);
  return error;
}

std::string Listener::OpenUnix(const std::string& path, unsigned mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return "Opening Unix socket: path is too long";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  unlink(path.c_str());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return SystemError("Opening Unix socket");
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, server_.config().tcp_backlog) != 0) {
    const std::string error = SystemError("Opening Unix socket: bind");
    close(fd);
    return error;
  }
  if (mode != 0) chmod(path.c_str(), mode);
  unix_path_ = path;
  AddSocket(fd, true);
  return {};
}

void Listener::AddSocket(int fd, bool is_unix) {
  auto socket = std::make_unique<Socket>();
  socket->listener = this;
  socket->fd = fd;
  socket->is_unix = is_unix;
  socket->watcher = std::make_unique<SocketWatcher>(loop_, fd, &Listener::OnReadable, socket.get());
  socket->watcher->Watch(SocketWatcher::kReadable);
  sockets_.push_back(std::move(socket));
}

void Listener::OnReadable(void* owner, int, bool) {
  const auto* socket = static_cast<Socket*>(owner);
  socket->listener->Accept(*socket);
}

void Listener::Accept(const Socket& socket) {
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    const int fd = accept4(socket.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    Admit(fd, socket.is_unix);
  }
}

void Listener::Admit(int fd, bool is_unix) {
  server_.stats().connections_received.fetch_add(1);
  const ConfigValues& config = server_.config();
  if (server_.clients().size() >= static_cast<size_t>(config.max_clients)) {
    static constexpr std::string_view kFull = "-ERR max number of clients reached\r\n";
    [[maybe_unused]] const ssize_t sent = send(fd, kFull.data(), kFull.size(), MSG_NOSIGNAL);
    server_.stats().connections_rejected.fetch_add(1);
    close(fd);
    return;
  }
  const std::string peer = is_unix ? config.unix_socket + ":0" : SocketAddress(fd, &getpeername);
  if (!is_unix && RefuseProtected(fd, peer)) return;
  if (!is_unix) SetTcpOptions(fd, config.tcp_keepalive_seconds);
  Worker* home = server_.workers().front().get();
  for (const auto& worker : server_.workers()) {
    if (worker->connection_count() < home->connection_count()) home = worker.get();
  }
  auto info = server_.clients().Add(*home);
  info->fd = fd;
  info->address = peer;
  info->local_address = is_unix ? config.unix_socket + ":0" : SocketAddress(fd, &getsockname);
  info->connected_ms = server_.clock().NowUs() / 1000;
  if (is_unix) info->flags.fetch_or(kClientUnixSocket, std::memory_order_relaxed);
  home->Adopt(fd, std::move(info));
}

bool Listener::RefuseProtected(int fd, const std::string& peer) const {
  const ConfigValues& config = server_.config();
  if (!config.protected_mode || !config.password.empty() || IsLoopback(peer)) return false;
  static constexpr std::string_view kRefusal =
      "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
      "default user. In this mode connections are only accepted from the loopback interface. If you want to connect "
      "from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode "
      "sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the "
      "same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. "
      "Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by "
      "editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the "
      "server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' "
      "option. 4) Setup a an authentication password for the default user. NOTE: You only need to do one of the above "
      "things in order for the server to start accepting connections from the outside.\r\n";
  [[maybe_unused]] const ssize_t sent = send(fd, kRefusal.data(), kRefusal.size(), MSG_NOSIGNAL);
  server_.stats().connections_rejected.fetch_add(1);
  close(fd);
  return true;
}

}  // namespace usher::server
