// SocketClient: a blocking RESP client over a unix socket, for tests that need a real server with threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace usher::tests {

class SocketClient {
 public:
  /// Connects, retrying for some seconds; throws when nobody answers.
  explicit SocketClient(const std::string& unix_path);
  ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  /// Queues a command; Flush() sends all that is queued.
  void Add(const std::vector<std::string>& args);
  void Flush();
  /// One reply as raw RESP text, "\r\n" at its end. Throws when the connection closes or nothing comes for `timeout_s`.
  std::string ReadReply(int timeout_s = 60);
  /// Add, Flush, ReadReply.
  std::string Run(const std::vector<std::string>& args);

 private:
  std::string ReadLine(int timeout_s);
  void Fill(int timeout_s);

  int fd_ = -1;
  std::string out_;
  std::string in_;
  size_t read_ = 0;
};

}  // namespace usher::tests
