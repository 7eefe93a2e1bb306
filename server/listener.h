// Listener: accepts connections on the main thread's loop and hands each to the worker with the fewest. It enforces
// maxclients and protected mode, and sets TCP options. Thread safety: the main thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/event_loop.h"

namespace usher::server {

class Server;

class Listener {
 public:
  Listener(Server& owner, EventLoop& loop) : server_(owner), loop_(loop) {}
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Binds all configured addresses and the unix socket. An error text when one cannot be bound.
  std::string Open();

 private:
  struct Socket {
    Listener* listener = nullptr;
    int fd = -1;
    bool is_unix = false;
    std::unique_ptr<SocketWatcher> watcher;
  };

  static void OnReadable(void* owner, int events, bool error);
  std::string OpenTcp(const std::string& address, int port);
  std::string OpenUnix(const std::string& path, unsigned mode);
  void AddSocket(int fd, bool is_unix);
  void Accept(const Socket& socket);
  void Admit(int fd, bool is_unix);
  bool RefuseProtected(int fd, const std::string& peer) const;

  Server& server_;
  EventLoop& loop_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::string unix_path_;
};

}  // namespace usher::server
