// RedisOracle: a real redis-server for the length of one test, on a unix socket in a folder of its own. Where the
// binary is not installed, available() is false and the test has nothing to compare with.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace usher::tests {

class RedisOracle {
 public:
  /// `options` go behind the arguments of its own.
  explicit RedisOracle(const std::vector<std::string>& options = {});
  ~RedisOracle();
  RedisOracle(const RedisOracle&) = delete;
  RedisOracle& operator=(const RedisOracle&) = delete;

  bool available() const { return socket_ >= 0; }

  /// Sends one inline command and returns the bytes of its reply. Aborts the test program after 20 seconds of silence.
  std::string Call(std::string_view command);

  /// What it has propagated since the last time it was asked, as RESP commands. Only with kWithAof.
  std::string NewEffects();
  static inline const std::vector<std::string> kWithAof = {"--appendonly", "yes", "--appendfsync", "always"};

 private:
  void Start(const std::vector<std::string>& options) const;
  void Connect();

  char folder_[32] = "/tmp/usher-oracle-XXXXXX";
  pid_t pid_ = -1;
  int socket_ = -1;
  size_t effects_read_ = 0;
};

}  // namespace usher::tests
