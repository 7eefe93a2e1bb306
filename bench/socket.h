// Sockets of the load generator: where the server is, connecting to it, and a blocking client for everything that is
// not load (preparing, admitting, sampling, verifying).
//
// Errors: a server that is not there or goes away in the middle ends the run, so these throw std::runtime_error, which
// main() prints.  Thread safety: none; a BlockingClient belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/resp_client.h"

namespace usher::bench {

struct Address {
  std::string host = "127.0.0.1";
  int64_t port = 6379;
  std::string unix_path;  // used instead of host and port when set
};

/// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { Close(); }

  int Get() const { return fd_; }
  void Close();

 private:
  int Release();
  int fd_ = -1;
};

/// Connects, waiting until it is done; TCP sockets get TCP_NODELAY.
FileDescriptor ConnectTo(const Address& address);
void MakeNonBlocking(int fd);

class BlockingClient {
 public:
  explicit BlockingClient(const Address& address) : fd_(ConnectTo(address)) {}

  /// Sends one command and waits for its reply. The reply's texts are valid until the next call.
  Reply Call(CommandArgs args);
  /// As Call, but an error reply is thrown.
  Reply CallOk(CommandArgs args);

  /// Adds a command to the pipeline, Flush sends what has been added, Receive reads one reply (valid until the next).
  void Queue(CommandArgs args) { AppendCommand(out_, args); }
  void Flush();
  Reply Receive();

 private:
  FileDescriptor fd_;
  std::string out_;
  std::string in_;
  size_t in_consumed_ = 0;
};

}  // namespace usher::bench
