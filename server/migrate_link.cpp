// See migrate_link.h.
#include "server/migrate_link.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "engine/base/cycle_clock.h"

namespace usher::server {

namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;
constexpr size_t kReceiveBytes = size_t{16} << 10;

int64_t NowMs() {
  return engine::CycleClock::NowNs() / 1'000'000;
}

/// The first address that a connection could be begun to; -1: none.
int BeginConnecting(const addrinfo* addresses) {
  for (const addrinfo* at = addresses; at != nullptr; at = at->ai_next) {
    const int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) continue;
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0 || errno == EINPROGRESS) return fd;
    close(fd);
  }
  return -1;
}

}  // namespace

MigrateLink::~MigrateLink() {
  close(socket_);
}

std::unique_ptr<MigrateLink> MigrateLink::Connect(const std::string& host, const std::string& port, int timeout_ms) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() || getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return nullptr;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  const int fd = BeginConnecting(addresses.get());
  if (fd < 0) return nullptr;
  auto link = std::make_unique<MigrateLink>(fd);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return link->WaitFor(POLLOUT, NowMs() + timeout_ms) ? std::move(link) : nullptr;
}

bool MigrateLink::WaitFor(short events, int64_t deadline_ms) {
  for (;;) {
    pollfd watched{socket_, events, 0};
    const int64_t left_ms = std::max<int64_t>(0, deadline_ms - NowMs());
    const int ready = poll(&watched, 1, static_cast<int>(left_ms));
    if (ready > 0) return true;
    if (ready == 0) return Fail(Failure::kTimeout);
    if (errno != EINTR) return Fail(Failure::kBroken);
  }
}

bool MigrateLink::Send(std::string_view bytes, int timeout_ms) {
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, kPieceBytes);
    bytes.remove_prefix(piece.size());
    const int64_t deadline_ms = NowMs() + timeout_ms;
    while (!piece.empty()) {
      const ssize_t sent = send(socket_, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        piece.remove_prefix(static_cast<size_t>(sent));
      } else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!WaitFor(POLLOUT, deadline_ms)) return false;
      } else {
        return Fail(Failure::kBroken);
      }
    }
  }
  return true;
}

std::optional<std::string> MigrateLink::ReadLine(int timeout_ms) {
  const int64_t deadline_ms = NowMs() + timeout_ms;
  for (;;) {
    if (const size_t end = received_.find('\n'); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    std::array<char, kReceiveBytes> room{};
    const ssize_t got = recv(socket_, room.data(), room.size(), 0);
    if (got > 0) {
      received_.append(room.data(), static_cast<size_t>(got));
    } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      if (!WaitFor(POLLIN, deadline_ms)) return std::nullopt;
    } else {
      Fail(Failure::kBroken);
      return std::nullopt;
    }
  }
}

std::unique_ptr<MigrateLink> MigrateLinks::Take(std::string_view target) {
  const engine::MutexLock lock(mutex_);
  const auto found =
      std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) { return idle.target == target; });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<MigrateLink> link = std::move(found->link);
  idle_.erase(std::next(found).base());
  return link;
}

void MigrateLinks::GiveBack(std::string_view target, std::unique_ptr<MigrateLink> link, int64_t now_ms) {
  const engine::MutexLock lock(mutex_);
  if (idle_.size() >= kLinksMax) idle_.erase(idle_.begin());
  idle_.push_back({std::string(target), std::move(link), now_ms});
}

void MigrateLinks::CloseIdle(int64_t now_ms) {
  const engine::MutexLock lock(mutex_);
  std::erase_if(idle_, [&](const Idle& idle) { return now_ms - idle.since_ms > kIdleMs; });
}

size_t MigrateLinks::size() const {
  const engine::MutexLock lock(mutex_);
  return idle_.size();
}

}  // namespace usher::server
