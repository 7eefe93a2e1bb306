// floor-server: the floor of the performance budget. It accepts connections on N threads, parses nothing, and answers
// +OK for each request, so that what it costs is the kernel's share, which no server can go below.
//
//   floor-server PORT [--threads N] [--port-file FILE]      port 0: any free one, written to the file
//
// A request is counted where a '*' stands at the start of a line ("\n*", or the first byte of the stream); that is
// right for every request whose words do not begin with '*'. One read and one write per event, as the best server
// would.
//
// Thread safety: every thread has its own listener (SO_REUSEPORT shares the port out) and its own connections.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace usher::bench {
namespace {

constexpr std::string_view kReply = "+OK\r\n";
constexpr size_t kReadBytes = 64 * 1024;
constexpr int kEventsMax = 256;
constexpr int kBacklog = 1024;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// Listens on *port (0: chosen by the kernel and stored there).
int Listen(uint16_t* port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(*port);
  socklen_t size = sizeof name;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&name), size) != 0) Die("bind");
  if (listen(listener, kBacklog) != 0) Die("listen");
  getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
  *port = ntohs(name.sin_port);
  return listener;
}

size_t CountRequests(const char* bytes, size_t size, char* last_byte) {
  size_t requests = *last_byte == '\n' && bytes[0] == '*' ? 1 : 0;
  for (const char* at = bytes;
       (at = static_cast<const char*>(std::memchr(at, '*', size - static_cast<size_t>(at - bytes)))); ++at) {
    if (at > bytes && at[-1] == '\n') ++requests;
  }
  *last_byte = bytes[size - 1];
  return requests;
}

class FloorThread {
 public:
  explicit FloorThread(int listener) : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)) { Watch(listener); }

  void Run() {
    std::array<epoll_event, kEventsMax> events;
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(), kEventsMax, -1);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == listener_) {
          Accept();
        } else {
          Serve(fd);
        }
      }
    }
  }

 private:
  void Watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) Die("epoll_ctl");
  }

  void Accept() {
    int fd;
    while ((fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      last_bytes_[fd] = '\n';  // the stream's first byte starts a line
      Watch(fd);
    }
  }

  void Serve(int fd) {
    const ssize_t bytes = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (bytes <= 0) {
      close(fd);
      last_bytes_.erase(fd);
      return;
    }
    const size_t requests = CountRequests(buffer_.data(), static_cast<size_t>(bytes), &last_bytes_[fd]);
    while (replies_.size() < requests * kReply.size()) replies_ += kReply;
    if (requests > 0) send(fd, replies_.data(), requests * kReply.size(), MSG_NOSIGNAL);
  }

  const int listener_;
  const int epoll_;
  std::unordered_map<int, char> last_bytes_;  // of each connection's stream
  std::array<char, kReadBytes> buffer_;
  std::string replies_;
};

int Main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: floor-server PORT [--threads N] [--port-file FILE]\n");
    return 2;
  }
  auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  int thread_count = 1;
  std::string port_file;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--threads") == 0) thread_count = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--port-file") == 0) port_file = argv[i + 1];
  }
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(thread_count));
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([listener = Listen(&port)] { FloorThread(listener).Run(); });
  }
  if (!port_file.empty()) {
    std::FILE* file = std::fopen(port_file.c_str(), "w");
    if (file == nullptr) Die("port file");
    std::fprintf(file, "%d\n", port);
    std::fclose(file);
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace usher::bench

int main(int argc, char** argv) {
  return usher::bench::Main(argc, argv);
}
